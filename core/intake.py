"""A drawing, a photo, a file of unknown quality → what the model eats: uint8 [28, 28], light garment on black.

Follows the data set's authors (Xiao et al. 2017, section 2): grey, trimmed, longest edge fitted, light on dark, centred.
"""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.data import SIZE
from core.errors import PictureError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
SUFFIXES = ("png", "jpg", "jpeg", "webp", "bmp", "gif")
LARGEST_BYTES = 10 * 2**20
LARGEST_PIXELS = 40_000_000
SMALLEST_SIDE = 8  # pixels; a smaller picture shows no garment
FAINT = 24  # grey levels above the background that count as garment when trimming
WORKING_SIDE = 512  # pixels; larger pictures are reduced first, the result has 28


@dataclass(frozen=True)
class Taken:
    """A picture on its way in: `original` as a person sees it, `image` uint8 [28, 28] as the model sees it."""

    original: Image.Image
    image: np.ndarray
    inverted: bool
    trimmed: bool


def read(content: bytes, name: str) -> Image.Image:
    """Decode one picture: upright (EXIF), first frame, RGBA or RGB or L. Raises PictureError, naming the file."""
    if not content:
        raise PictureError(f"{name} is empty.")
    if len(content) > LARGEST_BYTES:
        raise PictureError(f"{name} has more than {LARGEST_BYTES // 2**20} MB, the most that is taken.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged EXIF block, say: not worth a word
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            if picture.width * picture.height > LARGEST_PIXELS:
                raise PictureError(
                    f"{name} has {picture.width}×{picture.height} pixels; the largest picture taken has "
                    f"{LARGEST_PIXELS // 1_000_000} million."
                )
            if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):  # 16-bit grey: keep the upper eight bits
                wide = np.asarray(picture, np.float64)
                picture = Image.fromarray((wide / 257.0).clip(0, 255).astype(np.uint8))
            picture = ImageOps.exif_transpose(picture)
            transparent = "A" in picture.getbands() or "transparency" in picture.info
            return picture.convert("RGBA" if transparent else "RGB")
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"{name} is not a picture that can be read; PNG, JPEG, WebP, BMP and GIF can.") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PictureError(f"{name} unpacks to far too many pixels.") from None
    except Exception as error:  # a damaged file can fail anywhere in Pillow's decoders
        raise PictureError(f"{name} is damaged and cannot be read ({error}).") from None


def read_file(path: Path) -> Image.Image:
    """`read` for a file on disk. Raises PictureError when it is missing or not a file."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}).") from None
    return read(content, str(path))


def take(picture: Image.Image, name: str = "The picture", invert: bool | None = None, trim: bool = True) -> Taken:
    """Make Fashion-MNIST of a picture. `invert` None: invert when the border is light. `trim`: cut to the garment.

    A 28×28 picture on black that already fills the frame comes out as it is, bit for bit: test images need no intake.
    Raises PictureError when the picture is too small or shows nothing.
    """
    if min(picture.size) < SMALLEST_SIDE:
        raise PictureError(
            f"{name} is {picture.width}×{picture.height} pixels; it needs at least {SMALLEST_SIDE} on each side."
        )
    grey = _flattened(picture)
    if max(grey.size) > WORKING_SIDE:
        grey.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    levels = np.asarray(grey)
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    light = bool(np.median(border) > 127)
    inverted = light if invert is None else invert
    if inverted:
        levels = 255 - levels
        border = 255 - border
    if levels.max() - levels.min() < FAINT:
        raise PictureError(f"{name} is blank: there is nothing in it to score.")

    if levels.shape == (SIZE, SIZE) and not inverted:
        return Taken(picture, levels.copy(), inverted=False, trimmed=False)

    # Where the guess is overruled, the border's median is the garment, not the background.
    background = int(np.median(border) if inverted == light else border.min())
    raised = np.clip(levels.astype(np.int16) - background, 0, 255)  # background to black
    if raised.max() < FAINT:  # overruled on an even background: nothing is lighter than it, so it is kept
        raised = levels
    trimmed = False
    if trim:
        rows, columns = np.flatnonzero((raised > FAINT).any(1)), np.flatnonzero((raised > FAINT).any(0))
        if len(rows) and len(columns):
            raised = raised[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            trimmed = True
    garment = Image.fromarray(raised.astype(np.uint8))
    # Reduced with averaging; a tiny original is enlarged the same way.
    scale = SIZE / max(garment.size)
    size = (max(1, round(garment.width * scale)), max(1, round(garment.height * scale)))
    canvas = Image.new("L", (SIZE, SIZE), 0)
    # A spare row or column goes above or to the left, as in the data set.
    corner = ((SIZE - size[0] + 1) // 2, (SIZE - size[1] + 1) // 2)
    canvas.paste(garment.resize(size, Image.Resampling.LANCZOS), corner)
    image = np.asarray(canvas)
    if image.max() < FAINT:
        raise PictureError(f"{name} is blank: there is nothing in it to score.")
    return Taken(picture, image.copy(), inverted, trimmed)


def _flattened(picture: Image.Image) -> Image.Image:
    """Grey, with transparency laid over white or black, whichever its visible pixels stand out from more."""
    if picture.mode != "RGBA":
        return picture.convert("L")
    grey = np.asarray(picture.convert("RGB").convert("L"), np.float64)
    alpha = np.asarray(picture.getchannel("A"), np.float64) / 255.0
    mean = float((grey * alpha).sum() / max(alpha.sum(), 1e-9))
    background = 0.0 if mean > 127 else 255.0
    return Image.fromarray((grey * alpha + background * (1 - alpha)).round().astype(np.uint8))
