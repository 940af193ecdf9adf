"""The photographs of the benchmark, all of them out of scikit-image's wheel: textures in tiles, coins on gravel, faces."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import skimage.data
from PIL import Image

from core.data.dataset import Description
from core.data.tasks import Split

TEXTURES = ("brick", "gravel", "grass")
SIDE = 64


class Photos(NamedTuple):
    """Photos for training, validation and test: uint8 [N, side, side, C]. `inside` marks the object on the test ones."""

    train: np.ndarray
    validation: np.ndarray
    good: np.ndarray  # test
    to_damage: np.ndarray  # test, other ones
    inside: np.ndarray | None = None


def describe(side: int, channels: int) -> Description:
    """Describe a set of photos as core/data/photos does."""
    kinds = ("good", "bad")
    return Description(
        "photos", "Photos", kinds, kinds, side, channels, "photo", mirror=True, outside="edge", only_normal="good"
    )


def split(photos: Photos, data: Description) -> Split:
    """Make the split of a training without labelled anomalies."""
    none = photos.train[:0]
    return Split(data, photos.train, none, photos.validation, none)


@lru_cache(maxsize=4)
def texture(name: str) -> np.ndarray:
    """Load a picture of 512×512 pixels: uint8 [512, 512, 3]."""
    return np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("RGB"))


def _tiles(picture: np.ndarray, count: int, seed: list[int]) -> np.ndarray:
    """Cut tiles from anywhere in the picture: uint8 [count, SIDE, SIDE, 3]."""
    random = np.random.default_rng(seed)
    corners = random.integers(0, np.array(picture.shape[:2]) - SIDE + 1, (count, 2))
    return np.stack([picture[top : top + SIDE, left : left + SIDE] for top, left in corners])


def tiles(name: str) -> Photos:
    """Cut 160 tiles for training and 40 for validation from the upper half of a texture, 100 + 40 for test from the lower half.

    Training and validation share no pixel either.
    """
    upper, lower = texture(name)[:256], texture(name)[256:]
    return Photos(
        _tiles(upper[:, :400], 160, [0]),
        _tiles(upper[:, 400:], 40, [1]),
        _tiles(lower, 100, [2]),
        _tiles(lower, 40, [3]),
    )


def others(name: str) -> np.ndarray:
    """Cut 100 test tiles of the textures other than `name`."""
    return np.concatenate([_tiles(texture(other)[256:], 50, [4]) for other in TEXTURES if other != name])


@lru_cache(maxsize=1)
def _coins() -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut the 24 coins out of scikit-image's picture: the picture of each, float [SIDE, SIDE], and its outline."""
    from scipy.ndimage import binary_fill_holes, label
    from skimage.filters import sobel
    from skimage.morphology import remove_small_objects
    from skimage.segmentation import watershed

    picture = skimage.data.coins()
    markers = np.zeros_like(picture, int)
    markers[picture < 30], markers[picture > 150] = 1, 2
    found, count = label(remove_small_objects(binary_fill_holes(watershed(sobel(picture), markers) == 2), max_size=500))
    coins = []
    for number in range(1, count + 1):
        rows, columns = np.nonzero(found == number)
        half = max(np.ptp(rows), np.ptp(columns)) // 2 + 2
        row, column = (rows.min() + rows.max()) // 2, (columns.min() + columns.max()) // 2
        box = (slice(max(0, row - half), row + half + 1), slice(max(0, column - half), column + half + 1))
        coins.append((picture[box].astype(float), (found == number)[box]))
    return coins


def on_gravel(count: int, upper: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Lay coins in any turn on any piece of the upper or the lower half of the gravel, in a changing light, tinted like copper.

    Returns uint8 [count, SIDE, SIDE, 3] and where the coin is, bool [count, SIDE, SIDE].
    """
    from scipy.ndimage import gaussian_filter, rotate, shift, zoom

    random, coins = np.random.default_rng([seed, 7]), _coins()
    ground = texture("gravel")[:256] if upper else texture("gravel")[256:]
    made, inside = np.empty((count, SIDE, SIDE, 3), np.uint8), np.empty((count, SIDE, SIDE), bool)
    for place in range(count):
        coin, outline = coins[random.integers(len(coins))]
        scale, turn = random.uniform(0.62, 0.72) * SIDE / max(coin.shape), random.uniform(0, 360)
        move = random.uniform(-0.08, 0.08, 2) * SIDE
        layers = []
        for layer in (coin, outline.astype(float)):
            layer = rotate(zoom(layer, scale, order=1), turn, reshape=False, order=1, mode="nearest")
            canvas = np.zeros((SIDE, SIDE))
            top, left = (SIDE - layer.shape[0]) // 2, (SIDE - layer.shape[1]) // 2
            canvas[top : top + layer.shape[0], left : left + layer.shape[1]] = layer
            layers.append(shift(canvas, move, order=1))
        top, left = random.integers(0, np.array(ground.shape[:2]) - SIDE + 1)
        back = ground[top : top + SIDE, left : left + SIDE].astype(float) * 0.55
        share = gaussian_filter(np.clip(layers[1], 0, 1), 0.6)[..., None]
        copper = layers[0][..., None] * np.array([1.1, 0.92, 0.75])
        photo = (back * (1 - share) + copper * share) * random.uniform(0.85, 1.1)
        made[place], inside[place] = photo.round().clip(0, 255), layers[1] > 0.6
    return made, inside


def coins(kinds: int = 0, each: int = 0) -> tuple[Photos, np.ndarray, np.ndarray]:
    """Make 120 + 30 photos of coins for training and validation, 100 + 40 for test on another half of the gravel, and `kinds` · `each`
    more of the first half, to be damaged for training, with where the coin is on them."""
    first, _ = on_gravel(150, True, 0)
    good, _ = on_gravel(100, False, 1)
    bad, inside = on_gravel(40, False, 2)
    labelled, where = on_gravel(max(1, kinds * each), True, 3)
    return Photos(first[:120], first[120:], good, bad, inside), labelled[: kinds * each], where[: kinds * each]


def faces(side: int = 28) -> tuple[Photos, np.ndarray]:
    """Enlarge the 100 faces and 100 non-faces of scikit-image's lfw_subset: 64 + 16 + 20 faces, and the non-faces."""
    pictures = (skimage.data.lfw_subset() * 255).round().astype(np.uint8)
    larger = [
        np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC)) for picture in pictures
    ]
    images = np.stack(larger)[..., None]
    order = np.random.default_rng(0).permutation(100)
    people = images[:100][order]
    return Photos(people[:64], people[64:80], people[80:], people[80:]), images[100:]
