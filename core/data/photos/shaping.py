"""A decoded picture → an image in a data set's shape, in the same way for photos to train on and photos to judge.

Each pixel of the small image is the mean of the pixels that it replaces, so one step is enough, whatever the size.
"""

import numpy as np
from PIL import Image

MARKED = 0.25  # least share of a small pixel that a mask must cover


def flattened(picture: Image.Image) -> Image.Image:
    """Convert to RGB; transparency becomes white or black, by the stronger contrast with the visible pixels."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    grey = np.asarray(picture.convert("RGB").convert("L"), np.float64)
    alpha = np.asarray(picture.getchannel("A"), np.float64) / 255.0
    mean = float((grey * alpha).sum() / max(alpha.sum(), 1e-9))
    ground = Image.new("RGBA", picture.size, (0, 0, 0, 255) if mean > 127 else (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def cropped(picture: Image.Image) -> Image.Image:
    """Cut the largest square out of the middle."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)) if picture.width != picture.height else picture


def shaped(picture: Image.Image, side: int, channels: int, crop: bool = False) -> np.ndarray:
    """Fit a picture to uint8 [side, side, channels] by its longest edge, or cut to a square first.

    A margin repeats the outermost pixels. A picture of that shape is left unchanged.
    """
    flat = flattened(cropped(picture) if crop else picture)
    return fitted(flat.convert("L") if channels == 1 else flat, side, "edge")


def shaped_mask(picture: Image.Image, side: int, crop: bool = False) -> np.ndarray:
    """Fit a mask as `shaped` fits its photo: bool [side, side]. A defect never vanishes, however thin it is."""
    levels = (cropped(picture) if crop else picture).convert("L").point(lambda level: 255 if level > 127 else 0)
    shares = fitted(levels, side, "black")[..., 0]
    return np.asarray(shares >= max(1, min(MARKED * 255, int(shares.max()))))


def border(pixels: np.ndarray) -> np.ndarray:
    """Return the outermost pixels of [H, W, …] as [N, …]; those in the corners twice."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def fitted(picture: Image.Image, side: int, outside: str) -> np.ndarray:
    """Fit a grey or RGB picture to uint8 [side, side, C] by its longest edge, in the middle.

    The rest is black, or repeats the outermost pixels where `outside` is "edge".
    """
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    values = np.asarray(picture).reshape(size[1], size[0], -1)
    rows, columns = side - size[1], side - size[0]
    margin = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0))
    return np.pad(values, margin, mode="edge" if outside == "edge" else "constant")
