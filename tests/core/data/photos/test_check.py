"""The check of real photographs: what it finds, and that it finds nothing where nothing is wrong."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import catalog
from core.data.photos import files, likeness
from core.data.photos.bringing import Gathered
from core.data.photos.reading import Shape
from tests import photographs


def gathered(path: Path, shape: Shape | None = None) -> Gathered:
    with files.opened(path) as brought, catalog.scratch() as folder:
        return catalog.gather(brought, folder, catalog.key_of(brought.name), shape or Shape())


def sentences(found: Gathered, severity: str) -> list[str]:
    return [finding.text for finding in found.findings if finding.severity == severity]


def again(images: np.ndarray, quality: int) -> np.ndarray:
    """The images as a JPEG of this quality gives them back."""
    made = []
    for image in images:
        content = io.BytesIO()
        Image.fromarray(image).save(content, "JPEG", quality=quality)
        made.append(np.asarray(Image.open(content)))
    return np.stack(made)


SETS = {
    **{name: lambda name=name: photographs.tiles(name) for name in photographs.TEXTURES},
    "all textures": lambda: np.concatenate([photographs.tiles(name) for name in photographs.TEXTURES]),
    "faces": lambda: photographs.faces()[..., None].repeat(3, 3),
    "one scene": lambda: (
        photographs.tiles()[:1] + np.random.default_rng(0).normal(0, 4, (60, 64, 64, 3)).clip(-20, 20)
    ).astype(np.uint8),
}


@pytest.mark.parametrize("name", SETS)
def test_different_items_are_no_duplicates(name: str) -> None:
    images = SETS[name]()
    assert len(set(likeness.groups([str(number) for number in range(len(images))], images))) == len(images)


def test_garments_on_one_background_are_no_duplicates(starter) -> None:
    for label in (0, 1, 7, 8):
        images = starter.images[starter.labels == label]
        assert len(set(likeness.groups([str(number) for number in range(1000)], images))) > 995


@pytest.mark.parametrize("name", ["brick", "all textures", "faces"])
def test_copies_that_were_changed_a_little_are_found(name: str) -> None:
    images = SETS[name]()
    copies = again(images[:12], 60)
    noisy = (images[12:24] + np.random.default_rng(0).normal(0, 6, images[12:24].shape)).clip(0, 255).astype(np.uint8)
    groups = likeness.groups([str(n) for n in range(len(images) + 24)], np.concatenate([images, copies, noisy]))
    assert np.array_equal(groups[len(images) :], groups[:24]) and len(set(groups)) == len(images)


def test_bursts_are_found_even_where_every_item_has_one() -> None:
    images = np.concatenate([photographs.tiles("brick")[:40], photographs.tiles("grass")[:40]])
    random = np.random.default_rng(0)
    shots = [(images + random.normal(0, 3, images.shape)).clip(0, 255).astype(np.uint8) for _ in range(3)]
    groups = likeness.groups([str(number) for number in range(240)], np.concatenate(shots))
    assert np.array_equal(groups, np.tile(np.arange(80), 3))


def test_one_item_in_any_turn_is_no_burst() -> None:
    import skimage.data

    cup = Image.fromarray(skimage.data.coffee()[:400, 100:500])
    turns = np.random.default_rng(0).uniform(0, 360, 150)
    images = np.stack([np.asarray(cup.rotate(turn).resize((64, 64), Image.Resampling.BOX)) for turn in turns])
    assert np.bincount(likeness.groups([str(number) for number in range(150)], images)).max() < 15


@pytest.mark.parametrize(
    ("number", "severity", "reason"),
    [
        (9, "error", "There are 9 good photos; at least 10 are needed, and 100 make a fair start."),
        (10, "warning", "There are only 10 good photos"),
        (49, "warning", "There are only 49 good photos"),
    ],
)
def test_too_few_are_refused_or_warned_of(number: int, severity: str, reason: str, tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles()[:number])
    assert any(text.startswith(reason) for text in sentences(gathered(tmp_path / "wall"), severity))


def test_of_sound_photos_nothing_is_said_but_what_they_are(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall" / "good", photographs.tiles())
    photographs.write(tmp_path / "wall" / "bad", photographs.scratched(photographs.many(20, seed=3))[0])
    found = gathered(tmp_path / "wall")
    assert (sentences(found, "error"), sentences(found, "warning")) == ([], [])
    assert sentences(found, "note") == ["84 photos of 64×64 pixels become 64×64."]
    assert {split for counts in found.counts.values() for split, number in counts.items() if number} == {
        "train", "validation", "test",
    }  # fmt: skip


def test_a_good_photo_that_is_also_bad_is_an_error(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall" / "good", photographs.tiles()[:30])
    photographs.write(tmp_path / "wall" / "bad", photographs.tiles()[29:35])
    told = "bad/000.png and good/029.png are the same photo in two classes; remove the one that is wrong."
    assert sentences(gathered(tmp_path / "wall"), "error") == [told]
    photographs.write(tmp_path / "wall" / "bad", photographs.tiles()[10:12], first=100)
    found = gathered(tmp_path / "wall")
    assert sentences(found, "error") == [f"{told} So are 2 more photos."]
    assert len(next(finding for finding in found.findings if finding.severity == "error").files) == 6


def test_copies_and_near_copies_are_named_and_stay_together(tmp_path: Path) -> None:
    tiles = photographs.tiles()
    photographs.write(tmp_path / "wall", tiles)
    photographs.write(tmp_path / "wall", tiles[:20], first=100)
    photographs.write(tmp_path / "wall", tiles[20:40], "jpg", first=100)
    found = gathered(tmp_path / "wall")
    notes = sentences(found, "note")
    assert any(
        text.startswith("20 photos come twice, such as 100.png; copies stay in the same split") for text in notes
    )
    assert any(
        text.startswith("40 photos look nearly the same as another, such as 020.png and 100.jpg") for text in notes
    )
    splits = {entry.photo.path: entry.split for entry in found.entries}
    assert all(splits[f"{number:03}.png"] == splits[f"{100 + number}.png"] for number in range(20))
    assert all(splits[f"{20 + number:03}.png"] == splits[f"{100 + number}.jpg"] for number in range(20))


def test_a_training_photo_in_the_test_is_found(tmp_path: Path) -> None:
    folder = photographs.mvtec(tmp_path / "wall")
    photographs.write(folder / "test" / "good", photographs.tiles()[3:5], first=500)
    photographs.write(folder / "test" / "good", photographs.tiles()[7:8], "jpg", first=500)
    found = gathered(folder)
    leak = next(finding for finding in found.findings if "also in training" in finding.text)
    assert leak.severity == "warning" and leak.text.startswith(
        "3 photos of the test are also in training, or nearly the same"
    )
    assert set(leak.files) == {"test/good/500.png", "test/good/501.png", "test/good/500.jpg"}


def test_a_test_without_good_photos_is_refused_before_the_training(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall" / "train" / "good", photographs.tiles()[:30])
    photographs.write(tmp_path / "wall" / "test" / "torn", photographs.tiles("grass")[:9])
    assert sentences(gathered(tmp_path / "wall"), "error") == [
        "No good photo is for test. Put some into test/good, or leave the split to Misfit."
    ]


def test_photos_that_show_nothing_are_named(tmp_path: Path) -> None:
    tiles = photographs.tiles()
    photographs.write(tmp_path / "wall", tiles)
    odd = np.stack([tiles[0] * 0 + 90, tiles[1] // 4, 217 + photographs.tiles("gravel")[2] // 7, tiles[3] // 5])
    photographs.write(tmp_path / "wall", odd, first=900)
    warnings = {
        finding.files: finding.text for finding in gathered(tmp_path / "wall").findings if finding.severity == "warning"
    }
    assert set(warnings) == {("900.png",), ("901.png", "903.png"), ("902.png",)}
    for files_, word in ((("900.png",), "blank"), (("901.png", "903.png"), "too dark"), (("902.png",), "too light")):
        assert word in warnings[files_]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (
            lambda folder, images: photographs.write(folder, images // 3 * 2),
            "brightness alone.*the lamp tells them apart",
        ),
        (lambda folder, images: photographs.write(folder, images, "jpg"), "the file type png alone"),
        (
            lambda folder, images: photographs.write(folder, images.repeat(2, 1).repeat(2, 2)),
            "the size in pixels alone",
        ),
        (lambda folder, images: photographs.write(folder, images[:, :48]), "the ratio of width to height alone"),
    ],
)
@pytest.mark.parametrize("bad", [4, 12])
def test_a_number_that_tells_good_from_bad_is_named_if_there_are_enough(
    change, word: str, bad: int, tmp_path: Path
) -> None:
    import re

    photographs.write(tmp_path / "wall" / "good", photographs.tiles())
    change(tmp_path / "wall" / "bad", photographs.many(40, seed=5)[:bad])
    found = [text for text in sentences(gathered(tmp_path / "wall"), "warning") if re.search(word, text)]
    assert len(found) == (bad >= 5)


def test_sizes_and_shapes_are_told(tmp_path: Path) -> None:
    tiles = photographs.tiles()
    photographs.write(tmp_path / "wall", tiles[:40])
    photographs.write(tmp_path / "wall", tiles[40:42, :20, :20], first=800)
    photographs.write(tmp_path / "wall", tiles[42:43, :32], first=900)
    found = gathered(tmp_path / "wall")
    assert "43 photos of 20×20 to 64×64 pixels become 64×64." in sentences(found, "note")
    assert any(text.startswith("2 photos will be enlarged to more than twice") for text in sentences(found, "warning"))
    assert any(
        text.startswith("1 photo is much longer than wide, so a margin fills the square")
        for text in sentences(found, "note")
    )
