"""Arrays as pictures that a browser shows crisply."""

import base64
import functools
import io

import numpy as np
from PIL import Image

RESIDUAL_FULL = 1.0  # residuals from here on get the brightest colour; scale 0…2, the same for every image

# Black → blue → vermilion → yellow-white, rising in lightness, so that it can be read without colour, too.
_STOPS = np.array([[0, 0, 0], [24, 40, 110], [150, 40, 90], [230, 110, 40], [255, 245, 200]], np.float64)
_RAMP = np.stack(
    [np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(_STOPS)), _STOPS[:, channel]) for channel in range(3)],
    axis=1,
).astype(np.uint8)


def heat(residual: np.ndarray, full: float = RESIDUAL_FULL) -> np.ndarray:
    """Colour a residual [H, W], 0…2, as uint8 [H, W, 3] on a scale fixed for all images; `full` is the brightest."""
    return _RAMP[(residual / full * 255.0).clip(0, 255).astype(np.uint8)]


def times(side: int) -> int:
    """Return the factor by which an image of `side` pixels is enlarged for a page."""
    return max(4, 224 // side)


def enlarged(image: np.ndarray) -> np.ndarray:
    """Enlarge each pixel of [H, W] or [H, W, C] to a square of `times` pixels a side: crisp at every browser scale."""
    by = times(len(image))
    return image.repeat(by, 0).repeat(by, 1)


def picture(image: np.ndarray) -> Image.Image:
    """Make a picture of uint8 [H, W, C] with 1 (grey) or 3 (colour) channels, or of [H, W]."""
    return Image.fromarray(image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image)


def png(image: np.ndarray) -> bytes:
    """Encode an image as PNG; shapes as for `picture`."""
    buffer = io.BytesIO()
    picture(image).save(buffer, "PNG")
    return buffer.getvalue()


def data_url(image: np.ndarray) -> str:
    """Encode an image as PNG in a data: address; shapes as for `picture`."""
    return _data_url(image.tobytes(), image.shape)


@functools.lru_cache(maxsize=4096)
def _data_url(content: bytes, shape: tuple[int, ...]) -> str:
    image = np.frombuffer(content, np.uint8).reshape(shape)
    return "data:image/png;base64," + base64.b64encode(png(image)).decode()
