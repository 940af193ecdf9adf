"""The examples are real photographs that come with scikit-image; what is tested on was never in training."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from core.basics.errors import DataError
from core.data import catalog
from core.data.photos import examples

TEXTURES = {"brick-wall": "brick", "gravel": "gravel", "grass": "grass"}


def kept(key: str) -> catalog.DataSet:
    with catalog.scratch() as folder:
        shape = examples.EXAMPLES[key].shape
        return catalog.keep(catalog.gather(examples.brought(key), folder, key, shape), key)


@pytest.mark.parametrize("key", TEXTURES)
def test_no_pixel_of_a_test_tile_is_in_training_or_validation(key: str) -> None:
    picture = getattr(skimage.data, TEXTURES[key])()
    seen = {split: np.zeros(picture.shape, bool) for split in ("train", "validation", "test")}
    for file in examples.brought(key).pictures:
        row, column = map(int, re.findall(r"\d+", file.path))
        tile = np.asarray(Image.open(io.BytesIO(file.read())))
        assert np.array_equal(tile, picture[row : row + 64, column : column + 64])
        seen[file.parts[0]][row : row + 64, column : column + 64] = True
    assert sum(mask.astype(int) for mask in seen.values()).max() == 1
    assert seen["train"].mean() == 0.5 and seen["validation"].mean() == seen["test"].mean() == 0.25
    data = kept(key)
    counts = data.counts("train")
    assert (counts, counts.held, data.counts("test")) == ([160], [40], [40])  # type: ignore[attr-defined]
    assert data.description.shape == (64, 64, 1)


@pytest.mark.parametrize("key", examples.EXAMPLES)
def test_every_example_passes_the_check(key: str) -> None:
    with catalog.scratch() as folder:
        found = catalog.gather(examples.brought(key), folder, key, examples.EXAMPLES[key].shape)
        assert not [finding for finding in found.findings if finding.severity == "error"]
        again = {photo.sha256 for photo in found.decoded.photos}
        assert len(again) == len(found.decoded.photos) or key == "faces"  # two of its non-faces are equal
    assert len(examples.some(key, 3)) == 3


def test_the_faces_are_those_of_scikit_image() -> None:
    data = kept("faces")
    both = np.concatenate([data.load(split).images for split in ("train", "test")])
    labels = np.concatenate([data.load(split).labels for split in ("train", "test")])
    assert np.bincount(labels).tolist() == [100, 100] and data.description.normal_choices == ("good",)
    faces = skimage.data.lfw_subset()
    for label, originals in ((0, faces[:100]), (1, faces[100:])):
        means = np.sort(both[labels == label].mean((1, 2, 3)))
        assert np.allclose(means, np.sort(originals.mean((1, 2)) * 255), atol=4)  # enlarged from 25 to 28 pixels


def test_each_coin_is_in_the_middle_of_its_photo() -> None:
    coins = [np.asarray(Image.open(io.BytesIO(file.read()))) for file in examples.brought("coins").pictures]
    assert len(coins) == 24
    for coin in coins:
        middle = coin[24:40, 24:40]
        assert middle.mean() > np.median([*coin[0], *coin[-1]]) + 20  # a coin is lighter than the cloth
    assert len(set(examples.COINS)) == 24


def test_nothing_is_downloaded_where_a_picture_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "_folder", lambda: tmp_path)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection was opened"))
    examples._pictures.cache_clear()
    (tmp_path / "gravel.png").write_bytes(b"no picture")
    for key in ("brick-wall", "gravel", "coins", "faces"):
        with pytest.raises(DataError, match="scikit-image is not here or damaged; install"):
            examples.brought(key)
    with pytest.raises(DataError, match="no example called 'apples'; there are: brick-wall gravel"):
        examples.brought("apples")
