import gzip
import hashlib
import re
import threading
from pathlib import Path

import numpy as np
import pytest

from core.basics.errors import DataError
from core.data import fashion_mnist
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST

KINDS = ("images-idx3-ubyte", "labels-idx1-ubyte")


@pytest.fixture
def train_is_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the starter set's content for the whole training split, which does not ship."""
    for kind in ("images", "labels"):
        monkeypatch.setitem(fashion_mnist.CHECKSUMS, f"train-{kind}", fashion_mnist.CHECKSUMS[f"starter-{kind}"])


def place(folder: Path) -> Path:
    """A folder with the four files, the starter set standing in for the training split."""
    folder.mkdir(parents=True)
    for kind in KINDS:
        (folder / f"train-{kind}.gz").symlink_to(fashion_mnist.SHIPPED / f"starter-{kind}.gz")
        (folder / f"t10k-{kind}.gz").symlink_to(fashion_mnist.SHIPPED / f"t10k-{kind}.gz")
    return folder


def packed(array: np.ndarray) -> bytes:
    """An IDX file as published."""
    magic = bytes([0, 0, 8, array.ndim])
    return gzip.compress(magic + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes(), 1)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_shipped_splits_have_a_thousand_images_of_each_class(split: str) -> None:
    found = FASHION_MNIST.load(split)
    assert found.source.name == "shipped"
    assert found.images.shape == (10_000, 28, 28, 1)
    assert found.images.dtype == found.labels.dtype == np.uint8
    assert np.bincount(found.labels).tolist() == [1000] * 10
    # Background is 0: the outermost ring is nearly always empty.
    assert np.median(found.images[:, 0]) == 0
    assert found.images.max() == 255


def test_only_the_starter_set_is_not_a_whole_split() -> None:
    assert not fashion_mnist.find("train").complete
    assert fashion_mnist.find("test").complete


def test_the_test_split_shares_no_image_with_the_starter_set(starter: Images, test_split: Images) -> None:
    assert not {image.tobytes() for image in starter.images} & {image.tobytes() for image in test_split.images}


@pytest.mark.usefixtures("train_is_starter")
@pytest.mark.parametrize("split", ["train", "test"])
def test_sources_are_asked_in_the_order_of_the_readme(
    split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, debian, downloaded = (place(tmp_path / name) for name in ("own", "debian", "downloaded"))
    monkeypatch.setenv("FASHION_MNIST_DIR", str(own))
    monkeypatch.setattr(fashion_mnist, "DEBIAN", debian)
    monkeypatch.setattr(fashion_mnist, "DOWNLOADED", downloaded)

    assert (fashion_mnist.load(split).source.name, fashion_mnist.find(split).folder) == ("FASHION_MNIST_DIR", own)
    monkeypatch.delenv("FASHION_MNIST_DIR")
    assert (fashion_mnist.load(split).source.name, fashion_mnist.find(split).folder) == (
        "Debian's dataset-fashion-mnist",
        debian,
    )
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "none")
    assert (fashion_mnist.load(split).source.name, fashion_mnist.find(split).folder) == ("downloaded", downloaded)
    monkeypatch.setattr(fashion_mnist, "DOWNLOADED", tmp_path / "none")
    assert (fashion_mnist.load(split).source.name, fashion_mnist.find(split).folder) == (
        "shipped",
        fashion_mnist.SHIPPED,
    )


@pytest.mark.usefixtures("train_is_starter")
def test_a_place_with_only_half_of_a_split_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "DEBIAN", place(tmp_path / "debian"))
    (fashion_mnist.DEBIAN / "train-labels-idx1-ubyte.gz").unlink()
    assert fashion_mnist.find("train").name == "shipped"
    assert fashion_mnist.find("test").name == "Debian's dataset-fashion-mnist"


def test_unpacked_files_are_read_as_well(tmp_path: Path, test_split: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in KINDS:
        content = gzip.decompress((fashion_mnist.SHIPPED / f"t10k-{kind}.gz").read_bytes())
        (tmp_path / f"t10k-{kind}").write_bytes(content)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    found = fashion_mnist.load("test")
    assert found.source.folder == tmp_path
    assert np.array_equal(found.images, test_split.images)


def test_a_named_folder_without_the_training_split_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    with pytest.raises(DataError, match=f"FASHION_MNIST_DIR is {re.escape(str(tmp_path))}.*train-images-idx3-ubyte"):
        fashion_mnist.load("train")
    assert fashion_mnist.load("test").source.name == "shipped"


def test_no_source_at_all_is_an_error_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "SHIPPED", tmp_path)
    for split in ("train", "test"):
        with pytest.raises(DataError, match=f"{split} split was not found.*python -m core fetch"):
            fashion_mnist.load(split)


def _flip(content: bytes) -> bytes:
    unpacked = bytearray(gzip.decompress(content))
    unpacked[5000] ^= 1
    return gzip.compress(bytes(unpacked), 1)


def _corrupt(content: bytes) -> bytes:
    return content[:1000] + bytes(byte ^ 255 for byte in content[1000:1100]) + content[1100:]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_flip, "its checksum is wrong"),
        (_corrupt, "cannot be read"),
        (lambda content: content[: len(content) // 2], "cannot be read"),
        (lambda content: b"this is no gzip file", "cannot be read"),
        (lambda content: gzip.compress(gzip.decompress(content) + b"\0", 1), "but more bytes follow"),
        (lambda content: b"", "its checksum is wrong|cannot be read"),
    ],
    ids=["one pixel", "corrupt", "truncated", "no gzip", "too long", "empty"],
)
def test_a_damaged_file_is_an_error_that_names_it(
    damage, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in KINDS:
        content = (fashion_mnist.SHIPPED / f"t10k-{kind}.gz").read_bytes()
        (tmp_path / f"t10k-{kind}.gz").write_bytes(damage(content) if kind == KINDS[0] else content)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    with pytest.raises(
        DataError, match=f"{re.escape(str(tmp_path / 't10k-images-idx3-ubyte.gz'))}.*({reason})"
    ) as error:
        fashion_mnist.load("test")
    assert "python -m core fetch" in str(error.value)
    assert "\n" not in str(error.value)


def test_images_without_their_labels_are_an_error(
    tmp_path: Path, test_split: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, array in zip(KINDS, (test_split.images[:30], test_split.labels[:29]), strict=True):
        content = packed(array)
        (tmp_path / f"t10k-{kind}.gz").write_bytes(content)
        monkeypatch.setitem(
            fashion_mnist.CHECKSUMS, f"t10k-{kind.split('-')[0]}", hashlib.sha256(gzip.decompress(content)).hexdigest()
        )
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path))
    with pytest.raises(DataError, match="30 images but 29 labels"):
        fashion_mnist.load("test")


def test_a_fingerprint_names_the_images_and_the_labels(small: Images) -> None:
    expected = hashlib.sha256(small.images.tobytes() + small.labels.tobytes()).hexdigest()
    assert small.fingerprint == expected
    pixel, label = small.images.copy(), small.labels.copy()
    pixel[3, 4, 5, 0] ^= 1
    label[0] ^= 1
    others = {
        Images(pixel, small.labels, small.source).fingerprint,
        Images(small.images, label, small.source).fingerprint,
    }
    assert len(others | {expected}) == 3


def test_every_class_has_a_name_and_a_slug_that_finds_its_label() -> None:
    data = FASHION_MNIST.description
    assert len(set(data.classes)) == len(set(data.class_names)) == len(data.classes) == len(data.class_names) == 10
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in data.classes)
    assert [data.label(slug) for slug in data.classes] == list(range(10))
    # Zalando's order (github.com/zalandoresearch/fashion-mnist).
    assert [data.label(slug) for slug in ("trouser", "shirt", "ankle-boot")] == [1, 6, 9]
    assert [data.class_name(slug) for slug in ("t-shirt", "ankle-boot")] == ["T-shirt/top", "Ankle boot"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_images_of_each_class_are_counted(split: str) -> None:
    assert FASHION_MNIST.counts(split) == [1000] * 10


@pytest.mark.parametrize("slug", ["", "T-shirt", "hat", "../t-shirt"])
def test_an_unknown_class_is_an_error_that_lists_the_known_ones(slug: str) -> None:
    with pytest.raises(DataError, match=r"t-shirt trouser .* ankle-boot"):
        FASHION_MNIST.description.label(slug)


def left_over() -> list[str]:
    return sorted(path.name for path in fashion_mnist.DOWNLOADED.parent.iterdir())


def test_fetch_downloads_the_four_files_and_the_next_load_uses_them(mirror, starter: Images) -> None:
    fashion_mnist.DOWNLOADED.mkdir(parents=True)
    (fashion_mnist.DOWNLOADED / "old").write_text("of an earlier download")
    progress = list(fashion_mnist.fetch(mirror.url))
    assert progress == sorted(progress)
    assert progress[-1] == (fashion_mnist.DOWNLOAD_BYTES, fashion_mnist.DOWNLOAD_BYTES)
    assert {path.name: path.read_bytes() for path in fashion_mnist.DOWNLOADED.iterdir()} == mirror.files
    assert left_over() == ["downloaded"]
    found = fashion_mnist.load("train")
    assert (found.source.name, found.source.complete) == ("downloaded", True)
    assert np.array_equal(found.images, starter.images)


@pytest.mark.parametrize("broken", ["404", "breaks off", "wrong bytes"])
def test_a_failed_download_says_what_to_do_and_leaves_nothing_behind(mirror, broken: str) -> None:
    mirror.broken = broken
    with pytest.raises(DataError, match=r"could not be downloaded.*FASHION_MNIST_DIR") as error:
        list(fashion_mnist.fetch(mirror.url))
    assert "\n" not in str(error.value)
    assert mirror.asked[-1] == "train-labels-idx1-ubyte.gz"  # it got as far as the broken file
    assert left_over() == []


def test_a_failed_download_leaves_an_earlier_one_as_it_was(mirror) -> None:
    place(fashion_mnist.DOWNLOADED)
    mirror.broken = "404"
    with pytest.raises(DataError):
        list(fashion_mnist.fetch(mirror.url))
    assert fashion_mnist.load("train").source.name == "downloaded"
    assert left_over() == ["downloaded"]


def test_a_mirror_that_is_not_there_is_an_error(mirror) -> None:
    mirror.stop()
    with pytest.raises(DataError, match="could not be downloaded"):
        list(fashion_mnist.fetch(mirror.url))
    assert left_over() == []


def test_a_mirror_with_other_files_than_zalandos_is_an_error(mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fashion_mnist.CHECKSUMS, "train-images", "0" * 64)
    with pytest.raises(DataError, match="checksum is wrong"):
        list(fashion_mnist.fetch(mirror.url))
    assert left_over() == []


def test_a_download_that_is_given_up_leaves_nothing_behind(mirror) -> None:
    before = set(threading.enumerate())
    mirror.go_on.clear()
    progress = fashion_mnist.fetch(mirror.url)
    while "train-labels-idx1-ubyte.gz" not in mirror.asked:
        next(progress)
    progress.close()
    mirror.go_on.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
    assert left_over() == []
