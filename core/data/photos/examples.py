"""Examples: real photographs that come with scikit-image, brought as if somebody had a folder of them.

They are read from the package's own folder, so nothing is ever downloaded.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from core.basics.errors import DataError
from core.basics.files import sha256
from core.data.photos.files import Brought, File, sorted_out
from core.data.photos.reading import Shape

TILE = 64  # pixels, side of a tile of a texture and of a coin's photo
# (split, its part of the 512×512 picture: top, left, height, width, and rows and columns of tiles). Parts of two splits never
# overlap; within a part neighbours do, so that one picture gives enough tiles.
PARTS = (
    ("train", 0, 0, 512, 256, 15, 8),
    ("validation", 0, 256, 256, 256, 5, 8),
    ("test", 256, 256, 256, 256, 5, 8),
)
# (row, column) of the middle of each coin in the picture coins.png, pixels
COINS = (
    (53, 44), (56, 100), (51, 156), (51, 216), (53, 276), (44, 335), (125, 46), (126, 103), (127, 154), (125, 206),
    (120, 271), (125, 337), (197, 44), (196, 102), (198, 155), (193, 212), (194, 274), (187, 347), (260, 46), (266, 114),
    (262, 173), (263, 244), (263, 301), (268, 352),
)  # fmt: skip
FACES = 100  # the first pictures of lfw_subset; as many without a face follow

Named = tuple[str, np.ndarray]  # path within the folder, and the picture uint8 [H, W]


@dataclass(frozen=True)
class Example:
    """Photos in the box: a name, a sentence on them, and the shape that suits them. `cut` makes the pictures."""

    name: str
    about: str
    shape: Shape
    cut: Callable[[], list[Named]]


def brought(key: str) -> Brought:
    """Return the photos of an example, as files of a folder. Raises DataError for an unknown example, or one that is not here."""
    if key not in EXAMPLES:
        raise DataError(f"There is no example called {key!r:.80}; there are: {' '.join(EXAMPLES)}.")
    files = [_file(path, picture) for path, picture in _pictures(key)]
    return sorted_out(EXAMPLES[key].name, files, [])


def some(key: str, number: int) -> list[np.ndarray]:
    """Return a few good photos of an example to show, uint8 [H, W]. Raises DataError like `brought`."""
    good = [picture for path, picture in _pictures(key) if "good" in Path(path).parts]
    return good[:: max(1, len(good) // number)][:number]


@lru_cache(maxsize=8)
def _pictures(key: str) -> Sequence[Named]:
    return EXAMPLES[key].cut()


def _file(path: str, picture: np.ndarray) -> File:
    def read() -> bytes:
        content = io.BytesIO()
        Image.fromarray(picture).save(content, "PNG")
        return content.getvalue()

    return File(path, read, (int(sha256(picture.tobytes())[:12], 16),))


def _tiles(name: str) -> list[Named]:
    """Cut 200 tiles from a texture: training from its left half, validation and test from a quarter each of its right half."""
    picture = _read(name)
    tiles = []
    for split, top, left, height, width, rows, columns in PARTS:
        for row in np.linspace(top, top + height - TILE, rows).astype(int).tolist():
            for column in np.linspace(left, left + width - TILE, columns).astype(int).tolist():
                tile = picture[row : row + TILE, column : column + TILE]
                tiles.append((f"{split}/good/row-{row:03}-column-{column:03}.png", tile))
    return tiles


def _coins() -> list[Named]:
    picture = _read("coins.png")
    coins = []
    for number, (row, column) in enumerate(COINS, 1):
        top = min(max(0, row - TILE // 2), picture.shape[0] - TILE)
        left = min(max(0, column - TILE // 2), picture.shape[1] - TILE)
        coins.append((f"good/coin-{number:02}.png", picture[top : top + TILE, left : left + TILE]))
    return coins


def _faces() -> list[Named]:
    try:
        pictures = np.load(_folder() / "lfw_subset.npy", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _missing("lfw_subset.npy") from error
    levels = (pictures * 255).round().astype(np.uint8)
    return [
        (f"good/face-{place:03}.png" if place < FACES else f"no-face/{place - FACES:03}.png", levels[place])
        for place in range(len(levels))
    ]


def _read(name: str) -> np.ndarray:
    try:
        with Image.open(_folder() / name, formats=["PNG"]) as picture:
            return np.asarray(picture.convert("L"))
    except OSError as error:
        raise _missing(name) from error


def _folder() -> Path:
    """Return scikit-image's folder of pictures; the package itself is not imported."""
    spec = find_spec("skimage")
    return Path((spec.submodule_search_locations or ["."])[0] if spec else ".") / "data"


def _missing(name: str) -> DataError:
    return DataError(f"The picture {name} of scikit-image is not here or damaged; install scikit-image anew.")


EXAMPLES = {
    "brick-wall": Example(
        "Brick wall", "200 pieces of one photo of a wall.", Shape(TILE, 1), lambda: _tiles("brick.png")
    ),
    "gravel": Example("Gravel", "200 pieces of one photo of a path.", Shape(TILE, 1), lambda: _tiles("gravel.png")),
    "grass": Example("Grass", "200 pieces of one photo of a lawn.", Shape(TILE, 1), lambda: _tiles("grass.png")),
    "coins": Example("Coins", "24 old coins: what very few photos can do.", Shape(TILE, 1), _coins),
    "faces": Example("Faces", "100 faces, and 100 pictures without one as bad photos.", Shape(28, 1), _faces),
}
