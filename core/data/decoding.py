"""Decoding a file from a stranger: a picture in one of FORMATS, within limits of time and memory."""

import io
import math
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from core.basics.errors import PictureError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
SUFFIXES = ("png", "jpg", "jpeg", "webp", "bmp", "gif")
LARGEST_BYTES = 10 * 2**20
LARGEST_PIXELS = 16_000_000
LARGEST_JPEG = 25_000_000  # pixels; the format of cameras ("24 megapixels" are up to 24.5 million); needs half of the others' memory
ENOUGH = 1024  # pixels; a JPEG whose longer edge keeps as many is decoded at a half, a quarter or an eighth of its size
MUCH = 8_000_000  # pixels; a larger picture is reduced as soon as it is decoded
MOST_READS = 60_000  # reads of one file; a file of a million tiny parts takes a decoder minutes
MOST_SCANS = 100  # of a progressive JPEG; ten are usual, and each is a pass over the whole picture
_SCAN = b"\xff\xda"


class _Counted(io.BytesIO):
    """A file in memory that raises ValueError after MOST_READS reads."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > MOST_READS:
            raise ValueError("it is made of far too many parts")
        return super().read(size)


def read(content: bytes, name: str) -> Image.Image:
    """Decode the first frame of a picture: RGB or RGBA, upright by EXIF, without metadata, reduced if large.

    Raises PictureError that names the file.
    """
    if not content:
        raise PictureError(f"{name} is empty.")
    if len(content) > LARGEST_BYTES:
        raise PictureError(f"{name} has more than {LARGEST_BYTES // 2**20} MB, the most that is taken.")
    # These filters stay: restoring the earlier ones is not safe while another thread reads a picture.
    warnings.filterwarnings("ignore", module="PIL")  # such as a damaged EXIF block, which does no harm
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        picture: Image.Image = Image.open(_Counted(content), formats=FORMATS)
        jpeg = picture.format in ("JPEG", "MPO")
        most = LARGEST_JPEG if jpeg else LARGEST_PIXELS
        if picture.width * picture.height > most:
            raise PictureError(
                f"{name} has {picture.width}×{picture.height} pixels; the largest {'JPEG' if jpeg else picture.format} "
                f"taken has {most // 1_000_000} million."
            )
        if jpeg and content.count(_SCAN) > MOST_SCANS:
            raise PictureError(f"{name} is a JPEG of more than {MOST_SCANS} passes; save it anew.")
        if (
            jpeg and (factor := max(picture.size) // ENOUGH) > 1
        ):  # each block's mean is in the file: no pixel is lost sight of
            picture.draft(None, (max(1, picture.width // factor), max(1, picture.height // factor)))
        if picture.mode.startswith("I"):  # 16-bit grey: keep the upper eight bits
            picture.load()
            exif = picture.info.get("exif", b"")
            picture = Image.fromarray((np.asarray(picture) // 257).clip(0, 255).astype(np.uint8))
            picture.info["exif"] = exif  # it tells which way is up
        mode = "RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB"
        picture.load()
        if picture.mode != mode:
            picture = picture.convert(mode)
        if picture.width * picture.height > MUCH:  # each of the next steps makes a copy
            info = picture.info
            picture = picture.reduce(math.ceil(math.sqrt(picture.width * picture.height / MUCH)))
            picture.info = info
        picture = ImageOps.exif_transpose(picture)
        return Image.frombytes(mode, picture.size, picture.tobytes())  # the pixels only
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"{name} is not a picture that can be read; PNG, JPEG, WebP, BMP and GIF can.") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PictureError(f"{name} unpacks to far too many pixels.") from None
    except Exception as error:  # a damaged file can fail anywhere in Pillow's decoders
        raise PictureError(f"{name} is damaged and cannot be read ({error!s:.120}).") from None


def upright_size(content: bytes) -> tuple[int, int]:
    """Return the width and height that a picture has in its file, upright by EXIF. `read` may have reduced it."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in range(5, 9)
        return picture.size[::-1] if turned else picture.size


def content(path: Path) -> bytes:
    """Return the bytes of a file on disk, at most one more than a picture may have. Raises PictureError."""
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}).") from None
