"""Real photographs, brought in every layout that is taken: what is read of them, and which data set they make."""

import mmap
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.basics.errors import DataError
from core.data import catalog, decoding, drafts, tasks
from core.data.dataset import Counts, Description
from core.data.photos import files, shaping
from core.data.photos.bringing import Gathered
from core.data.photos.reading import Shape
from core.data.tasks import Task
from core.judging import intake
from tests import photographs


def gathered(path: Path, tmp_path: Path, shape: Shape | None = None, normal: str | None = None) -> Gathered:
    folder = tmp_path / "scratch"
    folder.mkdir(exist_ok=True)
    with files.opened(path) as brought:
        return catalog.gather(brought, folder, catalog.key_of(brought.name), shape or Shape(), normal)


def zipped(folder: Path, top: str = "") -> Path:
    """Pack a folder's content, below the folder `top` if it is named."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, top / file.relative_to(folder))
    return path


def in_classes(folder: Path, *names: str) -> Path:
    """Twelve brick tiles in each of these folders, no tile twice."""
    for number, name in enumerate(names):
        photographs.write(folder / name, photographs.tiles()[12 * number : 12 * number + 12])
    return folder


@pytest.mark.parametrize(
    ("folders", "kinds", "only_normal"),
    [
        ([""], ("good",), True),
        (["bricks"], ("good",), True),
        (["good/monday", "good/tuesday"], ("good",), True),
        (["good", "bad"], ("good", "bad"), True),
        (["OK", "nok/torn", "nok/Dented part"], ("OK", "Dented part", "torn"), True),
        (["fresh", "rotten", "moldy"], ("fresh", "moldy", "rotten"), True),
        (["", "bad"], ("good", "bad"), True),
        (["train", "test/good", "test/scratch"], ("good", "scratch"), True),
        (["top/in/good", "top/in/bad"], ("good", "bad"), True),
    ],
    ids=str,
)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_folders_say_what_is_good(
    folders: list[str], kinds: tuple[str, ...], only_normal: bool, packed: bool, tmp_path: Path
) -> None:
    path = in_classes(tmp_path / "parts", *folders)
    found = gathered(zipped(path, "parts") if packed else path, tmp_path)
    assert (found.layout.kinds, found.layout.only_normal, found.brought.name) == (kinds, only_normal, "parts")
    photos = found.decoded.photos
    assert len(photos) == 12 * len(folders) and found.decoded.images.shape == (12 * len(folders), 64, 64, 3)
    originals = {image.tobytes() for image in photographs.tiles()[: len(photos)]}
    assert {image.tobytes() for image in found.decoded.images} == originals


def test_classes_of_equal_rank_need_a_normal_one(tmp_path: Path) -> None:
    folder = in_classes(tmp_path / "pets", "cat", "dog", "お")
    with pytest.raises(
        DataError, match=r"None of the folders cat, dog, お is called good; choose the normal one \(--norm"
    ):
        gathered(folder, tmp_path)
    found = gathered(folder, tmp_path, normal="dog")
    assert (found.layout.kinds, found.layout.only_normal) == (("dog", "cat", "お"), False)
    assert found.description.classes == ("dog", "cat", "class-2")
    assert found.description.normal_choices == ("dog", "cat", "class-2")
    assert gathered(folder, tmp_path, normal="Dog").layout.kinds[0] == "dog"
    apples = in_classes(tmp_path / "apples", "гнилое", "свежее")
    assert gathered(apples, tmp_path, normal="Свежее").layout.kinds == ("свежее", "гнилое")  # as pages show its name
    with pytest.raises(DataError, match="There is no folder called bird; there are: cat, dog, お"):
        gathered(folder, tmp_path, normal="bird")


@pytest.mark.parametrize(
    ("folders", "reason"),
    [
        (["good", "Good"], "The folders Good and good have the same name but for capitals or signs; rename one"),
        (["good", "part torn", "part-torn"], "The folders part torn and part-torn have the same name"),
        (["bad"], "parts has no folder of good items beside bad; call one good"),
        (["good", "ok"], "The folders good, ok all sound like good items; choose the normal one"),
        (["", "good"], "000.png, 001.png, 002.png and 9 more: beside the folder good, not in it"),
        (["", "extra"], "beside the folder extra, not in it"),
        (["good", "x" * 41], "has a name of more than 40 letters"),
    ],
)
def test_folders_that_contradict_each_other_are_named(folders: list[str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=reason) as error:
        gathered(in_classes(tmp_path / "parts", *folders), tmp_path)
    assert "\n" not in str(error.value)


def test_mvtec_keeps_its_split_and_its_masks(tmp_path: Path) -> None:
    folder = photographs.mvtec(tmp_path / "Brick Wall")
    data = catalog.add(folder)
    assert data.description == Description(
        "brick-wall",
        "Brick Wall",
        ("good", "scratch"),
        ("Good", "Scratch"),
        64,
        3,
        "photo",
        True,
        "edge",
        "fit",
        "good",
    )
    assert [data.counts("train"), data.counts("test")] == [[40, 0], [12, 12]]
    train, test = data.load("train"), data.load("test")
    assert train.held is not None and 6 <= train.held.sum() <= 14
    assert {image.tobytes() for image in train.images} == {tile.tobytes() for tile in photographs.tiles()[:40]}
    scratched, expected = photographs.scratched(photographs.tiles()[52:])
    assert np.array_equal(test.images[test.labels == 1], scratched)
    masks = data.masks("test")
    assert masks is not None and masks.known.all()
    assert np.array_equal(masks.masks[test.labels == 1], expected) and not masks.masks[test.labels == 0].any()
    assert data.masks("train") is None


def test_a_mask_finds_its_photo_however_its_accents_are_written(tmp_path: Path) -> None:
    folder = photographs.mvtec(tmp_path / "wall")
    photo, mask = folder / "test" / "scratch", folder / "ground_truth" / "scratch"
    (photo / "003.png").rename(photo / unicodedata.normalize("NFD", "é.png"))
    (mask / "003_mask.png").rename(mask / unicodedata.normalize("NFC", "é_mask.png"))
    photo.rename(photo.with_name(unicodedata.normalize("NFC", "fêlé")))
    mask.rename(mask.with_name(unicodedata.normalize("NFD", "fêlé")))
    masks = catalog.add(folder).masks("test")
    assert masks is not None and masks.known.all()


def test_each_kind_has_its_own_masks_in_any_script(tmp_path: Path) -> None:
    folder = photographs.mvtec(tmp_path / "wall")
    for parent, ending in (("test", ""), ("ground_truth", "_mask")):
        place = folder / parent / "scratch"
        for name, numbers in (("царапина", range(6)), ("вмятина", range(6, 12))):
            place.with_name(name).mkdir()
            for number in numbers:  # both kinds have the files 000 to 005
                new = place.with_name(name) / f"{number % 6:03}{ending}.png"
                (place / f"{number:03}{ending}.png").rename(new)
        place.rmdir()
    data = catalog.add(folder)
    masks, test = data.masks("test"), data.load("test")
    assert masks is not None and masks.known.all()
    for image, mask in zip(test.images[test.labels > 0], masks.masks[test.labels > 0], strict=True):
        assert (image[mask] == 10).all() and mask.sum() == 64  # the bar is where the mask says


@pytest.mark.parametrize("grey", [False, True])
def test_images_that_have_the_shape_come_through_unchanged(starter, grey: bool, tmp_path: Path) -> None:
    shirts = starter.images[starter.labels == 0][:30]
    photographs.write(tmp_path / "shirts", shirts)
    found = gathered(tmp_path / "shirts", tmp_path, Shape(28, 1 if grey else 3))
    assert np.array_equal(found.decoded.images, shirts if grey else shirts.repeat(3, 3))


@pytest.mark.parametrize("size", [(64, 64), (300, 200), (90, 1100), (40, 33)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_photo_is_trained_on_as_it_will_be_judged(size: tuple[int, int], channels: int, tmp_path: Path) -> None:
    import skimage.data

    data = Description("c", "C", ("good",), ("Good",), 64, channels, outside="edge")
    picture = Image.fromarray(skimage.data.coffee()).resize(size)
    picture.putalpha(Image.fromarray(np.tile(np.arange(size[0], dtype=np.uint8), (size[1], 1))))
    for one in (picture, picture.convert("RGB")):
        assert np.array_equal(shaping.shaped(one, 64, channels), intake.take(one, data).image)


def test_a_crop_keeps_the_middle_and_a_margin_repeats_the_edge() -> None:
    values = np.zeros((60, 100, 3), np.uint8)
    values[:, 20:80] = 200
    values[:, :5], values[:, 95:] = 90, 90
    picture = Image.fromarray(values)
    assert (shaping.shaped(picture, 32, 3, crop=True) == 200).all()
    fitted = shaping.shaped(picture, 32, 3)
    assert fitted.shape == (32, 32, 3) and np.array_equal(fitted[0], fitted[16]) and fitted[0, 0, 0] == 90


def test_a_photo_stands_upright_as_its_camera_says(tmp_path: Path) -> None:
    tile = photographs.tiles()[0]
    path = photographs.write(tmp_path / "parts", np.stack([tile] * 2))[1]
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    Image.fromarray(np.rot90(tile)).save(path, exif=exif)
    first, second = gathered(tmp_path / "parts", tmp_path).decoded.images
    assert np.array_equal(first, second)
    grey = np.rot90(tile[..., 0])
    Image.fromarray(grey.astype(np.uint16) * 257).save(path, exif=exif)  # 16 bits, as of an industrial camera
    picture = decoding.read(path.read_bytes(), path.name)
    assert np.array_equal(np.asarray(picture)[..., 0], tile[..., 0])


def test_a_thin_mask_does_not_vanish() -> None:
    mask = np.zeros((640, 640), np.uint8)
    mask[100:102, 50:600] = 255
    small = shaping.shaped_mask(Image.fromarray(mask), 64)
    assert small.any(1).sum() == 1 and small.sum() > 50


def test_an_unreadable_file_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    photographs.write(folder, photographs.tiles()[:12])
    (folder / "cut.jpg").write_bytes((folder / "000.png").read_bytes()[:999])
    (folder / "scan.TIFF").write_bytes(b"II*\0")
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("12 bricks")
    (folder / ".hidden.png").write_bytes(b"x")
    found = gathered(folder, tmp_path)
    assert len(found.decoded.photos) == 12
    left = next(finding for finding in found.findings if finding.text.startswith("Left out"))
    assert left.severity == "warning" and set(left.files) == {"cut.jpg", "scan.TIFF", "empty.png"}
    assert any("no pictures: notes.txt" in finding.text for finding in found.findings)
    assert not any(".hidden" in finding.text for finding in found.findings)


def test_a_mask_that_does_not_fit_is_left_out_and_named(tmp_path: Path) -> None:
    folder = photographs.mvtec(tmp_path / "wall")
    masks = folder / "ground_truth" / "scratch"
    Image.new("L", (32, 32)).save(masks / "003_mask.png")
    (masks / "004_mask.png").rename(masks / "400_mask.png")
    (masks / "005_mask.png").write_bytes(b"x")
    found = gathered(folder, tmp_path)
    text = " ".join(finding.text for finding in found.findings)
    assert "The mask ground_truth/scratch/003_mask.png is 32×32 pixels but its photo test/scratch/003.png 64×64" in text
    assert "no bad photo has the name: the mask ground_truth/scratch/400_mask.png" in text
    assert (
        "Also left out: ground_truth/scratch/005_mask.png." in text and "Without a mask: test/scratch/004.png" in text
    )
    data = catalog.add(folder)
    masks_read = data.masks("test")
    assert masks_read is not None and (~masks_read.known).sum() == 3


def test_photos_are_kept_until_they_change_and_old_ones_keep_their_place(tmp_path: Path) -> None:
    folder = tmp_path / "Wall"
    paths = photographs.write(folder, photographs.tiles()[:40])
    assert catalog.add(folder).description.key == "wall"
    before = catalog.facts("wall")
    stamp = (catalog.OWN / "wall" / "photos.npy").stat().st_mtime_ns
    catalog.add(folder)
    assert (catalog.OWN / "wall" / "photos.npy").stat().st_mtime_ns == stamp  # not read again
    for path in paths[:5]:
        path.rename(path.with_name("renamed " + path.name))
    photographs.write(folder, photographs.tiles("grass"), "png", 100)
    catalog.add(folder)
    after = catalog.facts("wall")
    assert before is not None and after is not None
    assert (len(before.splits), len(after.splits)) == (40, 104)
    assert before.splits.items() <= after.splits.items()
    assert not [path.name for path in catalog.OWN.iterdir() if path.name != "wall"]


def test_good_photos_alone_are_trained_validated_and_tested_with(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles())
    data = catalog.add(tmp_path / "wall")
    counts = data.counts("train")
    assert isinstance(counts, Counts) and len(counts) == 1 and counts[0] + data.counts("test")[0] == 64
    train = data.load("train")
    dealt = tasks.split(Task("good", "one-class", 0, data=data.description), train)
    assert len(dealt.validation_normal) == counts.held[0] > 5
    assert len(dealt.train_normal) + len(dealt.validation_normal) == counts[0]
    assert train.images.flags.writeable


def test_another_set_is_never_replaced(tmp_path: Path) -> None:
    photographs.write(tmp_path / "wall", photographs.tiles())
    catalog.add(tmp_path / "wall")
    photographs.write(tmp_path / "other" / "wall", photographs.tiles("grass"))
    with pytest.raises(DataError, match="The data set wall has none of these photos; choose another name"):
        catalog.add(tmp_path / "other" / "wall")
    photographs.write(tmp_path / "Fashion MNIST", photographs.tiles())
    with pytest.raises(DataError, match="cannot be called 'fashion-mnist'"):
        catalog.add(tmp_path / "Fashion MNIST")
    assert len(catalog.facts("wall").entries) == 64


def test_photos_that_lie_where_they_would_be_kept_are_not_replaced(tmp_path: Path) -> None:
    folder = catalog.OWN / "wall"
    paths = photographs.write(folder, photographs.tiles())
    with pytest.raises(DataError, match=f"{folder} is there already.*Move the folder elsewhere"):
        catalog.add(folder)
    photographs.write(tmp_path / "bricks", photographs.tiles())
    found = gathered(tmp_path / "bricks", tmp_path)
    with pytest.raises(DataError, match=f"{folder} is there already"):  # the page asks for a name only now
        catalog.keep(found, "wall")
    assert sorted(folder.iterdir()) == paths


@pytest.mark.parametrize("name", ["o" * 59 + " ring", "o" * 49 + " ring"])
def test_a_long_name_makes_a_key_wherever_it_is_cut(name: str, tmp_path: Path) -> None:
    photographs.write(tmp_path / name, photographs.tiles())
    assert catalog.add(tmp_path / name).description.key in catalog.available()
    second = gathered(tmp_path / name, tmp_path)
    key = catalog.keep(second, drafts.free_key(name)).description.key
    assert key.endswith("-2") and key in catalog.available()


@pytest.mark.parametrize("name", ["photos.json", "photos.npy", "masks.npy"])
@pytest.mark.parametrize("harm", ["cut", "gone", "other"])
def test_damage_of_what_is_kept_is_named(name: str, harm: str, tmp_path: Path) -> None:
    catalog.add(photographs.mvtec(tmp_path / "wall"))
    path = catalog.OWN / "wall" / name
    content = path.read_bytes()
    path.unlink()
    if harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "other":
        np.save(path.open("wb"), np.zeros((3, 4), np.float32))
    with pytest.raises(DataError, match="wall"):
        data = catalog.get("wall")
        data.load("test")
        data.masks("test")
    assert "fashion-mnist" in catalog.available()


def test_more_than_memory_should_hold_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.data.photos import stored

    photographs.write(tmp_path / "wall", photographs.tiles())
    whole = catalog.add(tmp_path / "wall").load("train")
    monkeypatch.setattr(stored, "IN_MEMORY", 1000)
    mapped = catalog.get("wall").load("train")
    bases = [mapped.images]
    while isinstance(bases[-1], np.ndarray):
        bases.append(bases[-1].base)
    assert isinstance(bases[-1], mmap.mmap)
    assert mapped.fingerprint == whole.fingerprint and mapped.images.flags.writeable
