"""A slider between an image and its repair: left of the line the image, right of it as it would be if it were normal.

It is our own component: the line follows the pointer or the arrow keys in the browser, without a request to the server.
"""

from pathlib import Path

import numpy as np

from pages.parts.component import component
from pages.parts.pictures import data_url

_slider = component("before_after", Path(__file__).parent, "before_after", html=True)


def show(image: np.ndarray, repair: np.ndarray, key: str, of: str = "") -> None:
    """Draw the slider between two pictures uint8 [H, W, C] of one size. `of` is added to its name for screen readers.

    The line stays where it is when the pictures change under the same `key`.
    """
    data = {"before": data_url(image), "after": data_url(repair), "label": f"Share of the image that is shown{of}"}
    _slider(key=key, data=data)
