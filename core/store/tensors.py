"""A safetensors file of unknown origin: its header is looked through before a tensor is made of it.

The library checks much of this too, but only after it has made an object of every entry, and a header of 60 MB has a
million of them.
"""

import json
import math
import struct
from typing import Any

LARGEST_HEADER = 2**20  # bytes; ours have four thousand
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
Entry = tuple[str, tuple[int, ...]]  # type as safetensors names it, shape


def header(content: bytes, size: int | None = None, largest: int = LARGEST_HEADER) -> dict[str, Entry]:
    """Type and shape of every tensor by its name (https://huggingface.co/docs/safetensors: length, JSON, values).

    `content` may be no more than the header of a file that has `size` bytes. Raises ValueError with what is wrong: a header
    that is too long or no JSON, an unknown type, offsets that do not fit the shape, overlap, or leave a gap.
    """
    found, at = {}, 0
    start, entries = split(content, largest)
    for name, entry in sorted(entries.items(), key=lambda one: _begins(one[1])):
        kind, shape = entry.get("dtype"), entry.get("shape")
        if set(entry) != {"dtype", "shape", "data_offsets"} or kind not in BYTES:
            raise ValueError(f"tensor {name[:80]!r} has no type or shape that is known")
        if not isinstance(shape, list) or len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
            raise ValueError(f"the shape of tensor {name[:80]!r} is no list of sizes")
        end = at + math.prod(shape) * BYTES[kind]
        if entry["data_offsets"] != [at, end]:
            raise ValueError(f"the offsets of tensor {name[:80]!r} do not fit its shape, or overlap another's")
        found[name], at = (kind, tuple(shape)), end
    if start + at != (len(content) if size is None else size):
        raise ValueError("it is longer or shorter than its header says")
    return found


def split(content: bytes, largest: int = LARGEST_HEADER) -> tuple[int, dict[str, dict[str, Any]]]:
    """(where the values begin, the header's entries without its metadata). Raises ValueError."""
    if len(content) < 8:
        raise ValueError("it has no header")
    (length,) = struct.unpack("<Q", content[:8])
    if length > largest or length > len(content) - 8:
        raise ValueError("its header is longer than a header may be")
    try:
        entries = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError) as error:  # the latter from brackets nested by the thousand
        raise ValueError("its header is not JSON") from error
    if not isinstance(entries, dict):
        raise ValueError("its header is not a JSON object")
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("its metadata are not texts")
    if not all(isinstance(entry, dict) for entry in entries.values()):
        raise ValueError("an entry of its header is not a JSON object")
    return 8 + length, entries


def _begins(entry: dict[str, Any]) -> tuple[int, int]:
    """Where a tensor begins and ends, to sort by. Raises ValueError."""
    offsets = entry.get("data_offsets")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(n) is int for n in offsets):
        raise ValueError("a tensor has no two offsets")
    return offsets[0], offsets[1]
