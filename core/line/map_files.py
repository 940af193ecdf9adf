"""The pictures that --maps writes: an image repaired, and its residual."""

import io
from pathlib import Path

import numpy as np

from core.basics.files import write_whole

KINDS = ("repaired", "residual")


def paths(target: Path) -> dict[str, Path]:
    """Return the paths TARGET.repaired.png and TARGET.residual.png, by kind."""
    return {kind: target.with_name(f"{target.name}.{kind}.png") for kind in KINDS}


def pictures(image: np.ndarray, reconstruction: np.ndarray) -> dict[str, bytes]:
    """Return PNG files of the repaired image and the residual, by kind: uint8 and float32 [H, W, C].

    The residual is grey: 255 is a difference of 1 or more on the scale 0 to 2.
    """
    from PIL import Image

    from core.gans import maps

    residual = maps.residual(image[None], reconstruction[None])[0]
    pixels = (maps.to_grey(reconstruction).squeeze(), (255.0 * residual).round().clip(0, 255).astype(np.uint8))
    files = {}
    for kind, values in zip(KINDS, pixels, strict=True):
        buffer = io.BytesIO()
        Image.fromarray(values).save(buffer, "PNG")
        files[kind] = buffer.getvalue()
    return files


def write(target: Path, image: np.ndarray, reconstruction: np.ndarray) -> None:
    """Write both pictures beside TARGET, each whole or not at all. Raises OSError."""
    for kind, content in pictures(image, reconstruction).items():
        write_whole(paths(target)[kind], content)
