"""IDX files (http://yann.lecun.com/exdb/mnist), the format of MNIST, Fashion-MNIST and KMNIST, gzipped or not.

numpy alone reads them, because torchvision takes six seconds to import and most pages only show images.
"""

import math
import struct
import zlib
from pathlib import Path

import numpy as np

IMAGES, LABELS = "images", "labels"
LARGEST = 2**29  # bytes of a file, unpacked; nothing longer is read
_UNSIGNED_BYTE = 0x08
_NAMES = {
    IMAGES: ("images-idx3-ubyte", "images.idx3-ubyte", "images-idx4-ubyte", "images.idx4-ubyte"),
    LABELS: ("labels-idx1-ubyte", "labels.idx1-ubyte"),
}


def path(folder: Path, stem: str, kind: str) -> Path | None:
    """Return the file of `kind` (IMAGES or LABELS) whose name begins with `stem` ("train", "t10k"), or None."""
    candidates = (folder / f"{stem}-{name}{packed}" for name in _NAMES[kind] for packed in (".gz", ""))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def shape(path: Path) -> tuple[int, ...]:
    """Return the sizes in the file's header. Raises ValueError, OSError or zlib.error."""
    return _shape(_content(path, 4 + 4 * 4))


def read(path: Path, largest: int = LARGEST) -> tuple[bytes, np.ndarray]:
    """Return the unpacked bytes and the uint8 array in them (big-endian magic, sizes, values).

    Unpacks no more than the header states, and never more than `largest` bytes. Raises ValueError, OSError or
    zlib.error with what is wrong.
    """
    sizes = shape(path)
    start = 4 + 4 * len(sizes)
    length = start + math.prod(sizes)
    if length > largest:
        raise ValueError(f"it says {'×'.join(map(str, sizes))}, which is more than {largest} bytes")
    content = _content(path, length + 1)
    if len(content) != length:
        follow = "more" if len(content) > length else f"only {len(content) - start}"
        raise ValueError(f"it says {'×'.join(map(str, sizes))}, but {follow} bytes follow")
    return content, np.frombuffer(content, np.uint8, offset=start).reshape(sizes)


def _shape(content: bytes) -> tuple[int, ...]:
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE or not 1 <= content[3] <= 4:
        raise ValueError("it is not an IDX file of bytes")
    if len(content) < 4 + 4 * content[3]:
        raise ValueError("it ends within its header")
    return struct.unpack_from(f">{content[3]}I", content, 4)


def _content(path: Path, largest: int) -> bytes:
    """Return the first `largest` bytes of the file, unpacked."""
    with open(path, "rb") as file:
        if path.suffix != ".gz":
            return file.read(largest)
        return _unpacked(file.read(max(largest, 2**16)), largest)  # except in tiny files, packed bytes are fewer


def _unpacked(packed: bytes, largest: int) -> bytes:
    """Return the first `largest` unpacked bytes of a gzip file with a single member. Raises zlib.error, ValueError.

    The gzip module is not used: it is slow for a million empty members, and reads a long name letter by letter.
    """
    unpacking = zlib.decompressobj(wbits=31)
    content = unpacking.decompress(packed, largest)
    if not unpacking.eof and len(content) < largest:
        raise ValueError("it ends too early")
    if unpacking.unused_data:
        raise ValueError("something follows its end")
    return content
