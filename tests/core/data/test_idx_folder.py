"""Folders with IDX files, made here: what is read of them, and what is refused with a line that says why."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.basics.errors import DataError
from core.data import idx, idx_folder
from tests import drawn

TRAIN, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [28, 32, 40, 64, 128])
def test_sides_and_channels_come_from_the_files(side: int, channels: int, tmp_path: Path) -> None:
    data = idx_folder.open_folder(drawn.write(tmp_path / "shapes", side, channels, 6, 3, packed=side == 64))
    assert data.description.shape == (side, side, channels)
    for split, each in (("train", 6), ("test", 3)):
        images = data.load(split)
        assert (images.images.shape, images.images.dtype) == ((4 * each, side, side, channels), np.uint8)
        assert data.counts(split) == np.bincount(images.labels).tolist() == [each] * 4
    expected, labels = drawn.shapes(6, side, channels, 0)
    train = data.load("train")
    assert np.array_equal(train.images, expected) and np.array_equal(train.labels, labels)
    assert len({data.load(split).fingerprint for split in ("train", "train", "test")}) == 2


def test_a_description_says_what_the_folder_says(tmp_path: Path) -> None:
    description = idx_folder.open_folder(drawn.write(tmp_path / "My Shapes")).description
    assert (description.key, description.name) == ("my-shapes", "My Shapes")
    assert description.classes == ("disc", "square", "cross", "ring")
    assert description.class_names == ("Disc", "Square", "Cross", "Ring")
    assert (description.intake, description.mirror, description.only_normal) == ("fit", False, None)


def test_classes_without_names_are_numbers(tmp_path: Path) -> None:
    folder = drawn.write(tmp_path / "shapes")
    (folder / "classes.txt").unlink()
    description = idx_folder.open_folder(folder).description
    assert description.classes == description.class_names == ("0", "1", "2", "3")


def test_a_name_without_a_letter_of_the_alphabet_has_a_number_in_links(tmp_path: Path) -> None:
    folder = drawn.write(tmp_path / "kana")
    (folder / "classes.txt").write_text("お\nき\nSu su\nつ\n", "utf-8")
    description = idx_folder.open_folder(folder).description
    assert description.class_names == ("お", "き", "Su su", "つ")
    assert description.classes == ("0", "1", "su-su", "3")


def refuse(folder: Path, reason: str, load: str = "") -> None:
    """Opening the folder, or loading that split, is refused in one line that names the folder and the reason."""
    with pytest.raises(DataError, match=reason) as error:
        data = idx_folder.open_folder(folder)
        assert load
        data.load(load)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value) or folder.name in str(error.value)


def rewrite(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    """Changes the array in a file of the folder."""

    def harm(folder: Path) -> None:
        drawn.put(folder / name, np.ascontiguousarray(change(idx.read(folder / name)[1])))

    return harm


def cut(name: str) -> Callable[[Path], None]:
    """Takes the second half of a file away."""

    def harm(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return harm


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def named(text: str) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        (folder / "classes.txt").write_text(text, "utf-8")

    return harm


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (gone(TRAIN), "is not a data set: it needs train-images-idx3-ubyte"),
        (gone(TEST_LABELS), "is not a data set.*t10k-labels-idx1-ubyte"),
        (rewrite(TRAIN, lambda images: images[:, :27]), "27×28 pixels; they must be square"),
        (rewrite(TRAIN, lambda images: images[:, :20, :20]), "20×20 pixels; a side must be between 28 and 128"),
        (
            rewrite(TRAIN, lambda images: np.zeros((9, 140, 140), np.uint8)),
            "140×140 pixels; a side must be between 28 and 128",
        ),
        (rewrite(TRAIN, lambda images: images[..., None].repeat(2, 3)), "2 channels; there must be 1 .* or 3"),
        (rewrite(TRAIN, lambda images: images[0]), "cannot be read|dimensions"),
        (rewrite(TRAIN_LABELS, lambda labels: labels[:0]), "has no training labels"),
        (rewrite(TRAIN_LABELS, lambda labels: labels + 200), "classes.txt must name all 204 classes"),
        (rewrite(TRAIN_LABELS, lambda labels: labels[:, None]), "2 dimensions; labels have 1"),
        (cut(TRAIN_LABELS), r"train-labels-idx1-ubyte cannot be read \(it says 160, but only"),
        (named("Disc\nSquare\n"), "classes.txt must name all 4 classes"),
        (named("Disc\nSquare\nCross\n" + "r" * 41 + "\n"), "each in at most 40 letters"),
        (named("Disc\nDisc\nCross\nRing\n"), "each with a name of its own"),
    ],
)
def test_a_folder_that_is_no_data_set_is_refused_when_it_is_opened(
    harm: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    folder = drawn.write(tmp_path / "shapes")
    harm(folder)
    refuse(folder, reason)


@pytest.mark.parametrize(
    ("harm", "split", "reason"),
    [
        (cut(TRAIN), "train", "train-images-idx3-ubyte cannot be read"),
        (rewrite(TRAIN, lambda images: images[:-1]), "train", "159 train images but 160 labels"),
        (rewrite(TEST, lambda images: images[:-1]), "test", "79 test images but 80 labels"),
        (rewrite(TEST, lambda images: np.pad(images, ((0, 0), (2, 2), (2, 2)))), "test", "another shape"),
        (rewrite(TEST, lambda images: images[..., None].repeat(3, 3)), "test", "another shape"),
        (rewrite(TEST, lambda images: images[0]), "test", "2 dimensions; images have 3 or 4"),
        (rewrite(TEST_LABELS, lambda labels: labels + 1), "test", "label 4, but only 4 classes"),
        (cut(TEST_LABELS), "test", "t10k-labels-idx1-ubyte cannot be read"),
    ],
)
def test_a_split_that_does_not_fit_is_refused_when_it_is_loaded(
    harm: Callable[[Path], None], split: str, reason: str, tmp_path: Path
) -> None:
    folder = drawn.write(tmp_path / "shapes")
    harm(folder)
    refuse(folder, reason, load=split)


def test_labels_alone_must_name_at_most_a_hundred_classes(tmp_path: Path) -> None:
    folder = drawn.write(tmp_path / "shapes")
    rewrite(TRAIN_LABELS, lambda labels: labels * np.uint8(60))(folder)  # 181 classes
    gone("classes.txt")(folder)
    refuse(folder, "1 to 100 classes")


def test_a_single_class_is_enough_where_the_test_has_no_other(tmp_path: Path) -> None:
    folder = drawn.write(tmp_path / "shapes")
    rewrite(TRAIN_LABELS, lambda labels: labels * 0)(folder)
    gone("classes.txt")(folder)
    refuse(folder, "label 3, but only 1 class", load="test")
    rewrite(TEST_LABELS, lambda labels: labels * 0)(folder)
    data = idx_folder.open_folder(folder)
    assert (data.description.classes, data.counts("train"), data.counts("test")) == (("0",), [160], [80])


def test_a_class_without_a_training_image_may_be_named(tmp_path: Path) -> None:
    folder = drawn.write(tmp_path / "shapes")
    rewrite(TRAIN_LABELS, lambda labels: labels * 0)(folder)
    data = idx_folder.open_folder(folder)
    assert data.description.classes == ("disc", "square", "cross", "ring")
    assert (data.counts("train"), data.counts("test")) == ([160, 0, 0, 0], [20] * 4)


def test_a_file_that_goes_while_the_data_set_is_open_is_named(tmp_path: Path) -> None:
    data = idx_folder.open_folder(drawn.write(tmp_path / "shapes"))
    (tmp_path / "shapes" / TEST).unlink()
    with pytest.raises(DataError, match="has no t10k-images file any more"):
        data.load("test")
    assert data.counts("test") == [20] * 4
