"""Arrays of numbers on their way to a component's script, which reads them with packed.js."""

import base64

import numpy as np


def packed(values: np.ndarray, kind: str = "<f4") -> str:
    """Pack numbers as base64 of that type of numpy, without loss for their own type: 5.3 bytes each for float32."""
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()
