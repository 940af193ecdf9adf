import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest

from core.data import idx
from tests.drawn import pack

# Two images of 2×3 pixels, byte by byte as the format has it: magic, three sizes, values.
CONTENT = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, *range(12)])


def written(folder: Path, content: bytes, packed: bool = False) -> Path:
    path = folder / ("file.gz" if packed else "file")
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_packed_or_not(packed: bool, tmp_path: Path) -> None:
    path = written(tmp_path, CONTENT, packed)
    content, array = idx.read(path)
    assert content == CONTENT
    assert array.dtype == np.uint8
    assert array.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    assert idx.shape(path) == (2, 2, 3)


def test_one_to_four_dimensions_are_read(tmp_path: Path) -> None:
    for array in (np.zeros(5, np.uint8), np.zeros((2, 3, 3, 3), np.uint8), np.zeros((0, 28, 28), np.uint8)):
        path = written(tmp_path, pack(array))
        assert idx.read(path)[1].shape == idx.shape(path) == array.shape


REFUSED = {
    "empty": (b"", "not an IDX file"),
    "text": (b"these are no images", "not an IDX file"),
    "floats": (CONTENT[:2] + b"\x0d" + CONTENT[3:], "not an IDX file of bytes"),
    "no dimension": (CONTENT[:3] + b"\0" + CONTENT[4:], "not an IDX file"),
    "five dimensions": (CONTENT[:3] + b"\5" + CONTENT[4:], "not an IDX file"),
    "half a header": (CONTENT[:10], "ends within its header"),
    "one value short": (CONTENT[:-1], "it says 2×2×3, but only 11 bytes follow"),
    "one value more": (CONTENT + b"\0", "it says 2×2×3, but more bytes follow"),
    "a size beyond all disks": (CONTENT[:4] + b"\xff" * 12 + CONTENT[16:], "more than 536870912 bytes"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_idx_file_is_refused_with_what_is_wrong(kind: str, packed: bool, tmp_path: Path) -> None:
    content, reason = REFUSED[kind]
    with pytest.raises(ValueError, match=reason):
        idx.read(written(tmp_path, content, packed))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda packed: packed[:-6], "ends too early"),
        (lambda packed: packed + b"more", "something follows its end"),
        (lambda packed: packed + packed, "something follows its end"),
        (lambda packed: CONTENT, "header"),  # zlib: incorrect header check
    ],
    ids=["truncated", "more after it", "two members", "not packed"],
)
def test_a_damaged_gzip_file_is_refused(damage, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(damage(gzip.compress(CONTENT, 1)))
    with pytest.raises((ValueError, zlib.error), match=reason):
        idx.read(path)


@pytest.mark.parametrize("packed", [False, True])
def test_nothing_longer_than_it_may_be_is_unpacked(packed: bool, tmp_path: Path) -> None:
    path = written(tmp_path, pack(np.zeros((200, 28, 28), np.uint8)), packed)
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        idx.read(path, 1000)
    assert idx.shape(path) == (200, 28, 28)  # the header alone is read anyhow


def test_files_are_found_by_both_spellings_and_the_packed_one_first(tmp_path: Path) -> None:
    assert idx.path(tmp_path, "train", idx.IMAGES) is None
    for name in ("train-images.idx3-ubyte", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"):
        (tmp_path / name).write_bytes(b"")
        assert idx.path(tmp_path, "train", idx.IMAGES) == tmp_path / name
    (tmp_path / "t10k-images-idx4-ubyte").write_bytes(b"")
    assert idx.path(tmp_path, "t10k", idx.IMAGES) == tmp_path / "t10k-images-idx4-ubyte"
    assert idx.path(tmp_path, "t10k", idx.LABELS) is None
