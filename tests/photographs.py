"""Folders of real photographs for tests: tiles of scikit-image's textures, its faces, and damaged ones beside them."""

from functools import cache
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

TEXTURES = ("brick", "gravel", "grass")


@cache
def tiles(name: str = "brick", side: int = 64) -> np.ndarray:
    """All tiles of a texture: uint8 [N, side, side, 3], 64 of them for a side of 64."""
    picture = np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("RGB"))
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    cut = picture[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)
    return cut.swapaxes(1, 2).reshape(-1, side, side, 3)


def many(number: int, side: int = 64, seed: int = 0) -> np.ndarray:
    """Tiles from anywhere in the three textures, in any turn, light and mirror: uint8 [number, side, side, 3]."""
    random = np.random.default_rng(seed)
    pictures = [np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("RGB")) for name in TEXTURES]
    made = np.empty((number, side, side, 3), np.uint8)
    for place in range(number):
        picture = pictures[random.integers(len(pictures))]
        top, left = random.integers(0, picture.shape[0] - side, 2)
        tile = np.rot90(picture[top : top + side, left : left + side], random.integers(4))[:, :: random.choice((1, -1))]
        made[place] = (tile * random.uniform(0.8, 1.0)).astype(np.uint8)
    return made


def faces() -> np.ndarray:
    """The 100 faces of scikit-image's lfw_subset: uint8 [100, 25, 25]."""
    return (skimage.data.lfw_subset()[:100] * 255).astype(np.uint8)


def scratched(images: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images with a dark bar each, and the masks: uint8 [N, H, W, 3] and bool [N, H, W]."""
    random = np.random.default_rng(seed)
    masks = np.zeros(images.shape[:3], bool)
    for mask in masks:
        row, column = random.integers(4, images.shape[1] - 20, 2)
        mask[row : row + 4, column : column + 16] = True
    return np.where(masks[..., None], np.uint8(10), images), masks


def write(folder: Path, images: np.ndarray, ending: str = "png", first: int = 0) -> list[Path]:
    """Write images as files 000.png, 001.png, … and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{first + number:03}.{ending}" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image.squeeze()).save(path, quality=90)
    return paths


def mvtec(folder: Path, textures: str = "brick") -> Path:
    """Write train/good, test/good, test/scratch and ground_truth/scratch as MVTec AD has them. Returns the folder."""
    pictures = tiles(textures)
    write(folder / "train" / "good", pictures[:40])
    write(folder / "test" / "good", pictures[40:52])
    images, masks = scratched(pictures[52:])
    write(folder / "test" / "scratch", images)
    for number, mask in enumerate(masks):
        place = folder / "ground_truth" / "scratch" / f"{number:03}_mask.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask.astype(np.uint8) * 255).save(place)
    (folder / "license.txt").write_text("free")
    return folder
