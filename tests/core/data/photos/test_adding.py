"""Photos added to a data set that is kept: what is in it stays as it is, what is new finds its class and its split."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.basics.errors import DataError
from core.data import catalog
from core.data.photos import files
from core.data.photos.bringing import Gathered
from core.data.photos.reading import Shape
from tests import photographs


def added(folder: Path, key: str, scratch: Path) -> Gathered:
    """The photos in `folder`, checked as an addition to the data set `key`."""
    with files.opened(folder) as brought:
        return catalog.gather(brought, scratch, key, Shape(), add_to=True)


@pytest.fixture
def wall(tmp_path: Path) -> str:
    """Forty tiles kept as a data set, whose files are gone."""
    photographs.write(tmp_path / "wall", photographs.tiles()[:40])
    key = catalog.add(tmp_path / "wall").description.key
    shutil.rmtree(tmp_path / "wall")
    return key


def test_old_photos_stay_and_new_ones_join_them(wall: str, tmp_path: Path) -> None:
    before, images = catalog.facts(wall), np.array(catalog.photos(wall))
    tiles = photographs.tiles()
    photographs.write(tmp_path / "more" / "good", tiles[38:60])  # two of them are in it already
    photographs.write(tmp_path / "more" / "bad" / "Deep scratch", photographs.scratched(tiles[:20])[0])
    with catalog.scratch() as scratch:
        found = added(tmp_path / "more", wall, scratch)
        assert any(
            finding.text.startswith("2 photos of these are in the data set already") for finding in found.findings
        )
        data = catalog.keep(found, wall)
    after = catalog.facts(wall)
    assert before and after
    assert data.description.classes == ("good", "deep-scratch") and data.description.name == before.description.name
    assert data.description.class_names == ("Good", "Deep scratch") and data.description.only_normal == "good"
    assert before.splits.items() <= after.splits.items() and len(after.entries) == 40 + 20 + 20
    assert {e.split for e in after.entries if e.photo.label == 1} == {"train", "validation", "test"}
    by_digest = {e.photo.sha256: place for place, e in enumerate(after.entries)}
    for place, entry in enumerate(before.entries):
        assert np.array_equal(catalog.photos(wall)[by_digest[entry.photo.sha256]], images[place])
    assert len({entry.photo.path for entry in after.entries}) == 80


def test_bad_photos_alone_can_be_added_and_a_second_time_too(wall: str, tmp_path: Path) -> None:
    bad = photographs.scratched(photographs.tiles())[0]
    for kind, first in (("dent", 0), ("crack", 10), ("dent", 20)):
        folder = tmp_path / f"{kind}{first}"
        photographs.write(folder / "bad" / kind, bad[first : first + 10])
        with catalog.scratch() as scratch:
            catalog.keep(added(folder, wall, scratch), wall)
    facts = catalog.facts(wall)
    assert facts and facts.description.classes == ("good", "dent", "crack")
    assert np.bincount([entry.photo.label for entry in facts.entries]).tolist() == [40, 20, 10]


def test_classes_are_told_apart_in_any_script(tmp_path: Path) -> None:
    tiles = photographs.tiles()
    bad = photographs.scratched(tiles)[0]
    for place, (name, images) in enumerate((("正常", tiles[:40]), ("вмятина", bad[:5]), ("ısırık", bad[5:10]))):
        photographs.write(tmp_path / "wall" / name, images, first=100 * place)
    key = catalog.add(tmp_path / "wall", "正常").description.key
    for place, name in enumerate(("вмятина", "ısırık", "Вмятина")):
        folder = tmp_path / str(place)
        photographs.write(folder / "bad" / name, bad[10 + 10 * place : 20 + 10 * place])
        with catalog.scratch() as scratch:
            catalog.keep(added(folder, key, scratch), key)
    facts = catalog.facts(key)
    assert facts and facts.description.class_names == ("正常", "Isırık", "Вмятина")
    assert np.bincount([entry.photo.label for entry in facts.entries]).tolist() == [40, 15, 25]


def test_masks_stay_with_their_photos(tmp_path: Path) -> None:
    key = catalog.add(photographs.mvtec(tmp_path / "wall")).description.key
    data = catalog.get(key)
    before = data.masks("test")
    assert before is not None
    marked = {image.tobytes(): mask for image, mask in zip(data.load("test").images, before.masks, strict=True)}
    photographs.write(tmp_path / "more" / "good", photographs.many(30))
    with catalog.scratch() as scratch:
        data = catalog.keep(added(tmp_path / "more", key, scratch), key)
    test, masks = data.load("test"), data.masks("test")
    assert masks is not None and len(test.images) > len(marked)  # some of the new photos are for the test
    for image, mask in zip(test.images, masks.masks, strict=True):
        assert np.array_equal(mask, marked.get(image.tobytes(), np.zeros((64, 64), bool)))


def test_the_shape_is_that_of_the_data_set(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles()[:20])
    with files.opened(tmp_path / "wall") as brought, catalog.scratch() as scratch:
        catalog.keep(catalog.gather(brought, scratch, "wall", Shape(32, 1, True)), "wall")
    (tmp_path / "more" / "good").mkdir(parents=True)
    Image.fromarray(photographs.many(1, 128)[0]).save(tmp_path / "more" / "good" / "a.png")
    with catalog.scratch() as scratch:
        assert added(tmp_path / "more", "wall", scratch).description.shape == (32, 32, 1)


def test_what_cannot_be_added_is_named_and_changes_nothing(wall: str, tmp_path: Path) -> None:
    before = catalog.facts(wall)
    photographs.write(tmp_path / "same" / "good", photographs.tiles()[:5])
    with catalog.scratch() as scratch, pytest.raises(DataError, match="wall has all of these photos already"):
        added(tmp_path / "same", wall, scratch)
    photographs.write(tmp_path / "other" / "bad", [*photographs.tiles()[:3], *photographs.many(3)])
    with catalog.scratch() as scratch:
        found = added(tmp_path / "other", wall, scratch)
        # Three of them are in it as good ones; only what is new is added.
        assert found.counts["bad"] == {"train": 1, "validation": 1, "test": 1}
    assert catalog.facts(wall) == before


def test_a_disk_that_is_full_is_told_before_photos_are_joined(wall: str, tmp_path: Path, monkeypatch) -> None:
    """Whoever writes into a mapped file for which there is no place is ended by the system."""
    photographs.write(tmp_path / "more" / "good", photographs.tiles()[40:50])
    before = catalog.facts(wall)

    def fill(file: int, start: int, length: int) -> None:
        if length > 40 * 64 * 64 * 3:  # the ten new photos still fit, but not all fifty
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", fill)
    with catalog.scratch() as scratch, pytest.raises(OSError, match="No space left"):
        added(tmp_path / "more", wall, scratch)
    assert catalog.facts(wall) == before
