"""Real files made malformed. Everything comes from the random numbers that are given, so that a case can be made again."""

import json
import os
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**53, 2**63 - 1, 2**64 - 1)
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.5, -0.5, 1e308, -1e308, float("nan"), float("inf"), "", "x" * 5000,
    "<script>alert(1)</script>", "![x](http://127.0.0.1/x.png)", "[x](javascript:alert(1))", ":red[x] $x$ **x**", "\0\n\r",
    "../../etc/passwd", "/etc/passwd", "\ud800", "‮abc", [], {}, [[]], [None], {"": None}, {"a": {"b": {}}}, [1e308] * 50,
    ["x"] * 1000, {"__reduce__": "os.system"}, "t-shirt", "dcgan", 28, 32,
)  # fmt: skip


def damaged(rng: random.Random, content: bytes, spare: bytes = b"") -> bytes:
    """`content` after one to three accidents or attacks; `spare` is another file to splice in."""
    found = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        rng.choice(_WAYS)(rng, found, spare or content)
    return bytes(found) if bytes(found) != content else content[: len(content) // 2]


def _place(rng: random.Random, found: bytearray) -> int:
    """Mostly near the start, where headers are."""
    end = max(1, len(found))
    return rng.randrange(min(end, rng.choice((16, 64, 512, end))))


def _flip(rng: random.Random, found: bytearray, spare: bytes) -> None:
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        if found:
            found[_place(rng, found)] ^= 1 << rng.randrange(8)


def _cut(rng: random.Random, found: bytearray, spare: bytes) -> None:
    del found[rng.randrange(len(found) + 1) :]


def _drop(rng: random.Random, found: bytearray, spare: bytes) -> None:
    start = _place(rng, found)
    del found[start : start + rng.choice((1, 2, 4, 16, 256, 4096))]


def _repeat(rng: random.Random, found: bytearray, spare: bytes) -> None:
    start = _place(rng, found)
    found[start:start] = found[start : start + rng.choice((1, 4, 64, 1024))] * rng.choice((1, 2, 50))


def _splice(rng: random.Random, found: bytearray, spare: bytes) -> None:
    start, other = _place(rng, found), rng.randrange(max(1, len(spare)))
    found[start : start + rng.choice((0, 16, 1024))] = spare[other : other + rng.choice((16, 256, 4096))]


def _number(rng: random.Random, found: bytearray, spare: bytes) -> None:
    """A length, a size or an offset set to what nobody expects."""
    start, size = _place(rng, found), rng.choice((1, 2, 4, 8))
    value = rng.choice(EXTREMES) % 2 ** (8 * size)
    found[start : start + size] = value.to_bytes(size, rng.choice(("big", "little")))


def _noise(rng: random.Random, found: bytearray, spare: bytes) -> None:
    start, size = _place(rng, found), rng.choice((4, 32, 512))
    found[start : start + size] = rng.randbytes(size)


def _more(rng: random.Random, found: bytearray, spare: bytes) -> None:
    found += rng.randbytes(rng.choice((1, 100, 10_000)))


_WAYS: tuple[Callable[[random.Random, bytearray, bytes], None], ...] = (
    _flip, _cut, _drop, _repeat, _splice, _number, _noise, _more,
)  # fmt: skip


def twisted(rng: random.Random, values: Any) -> Any:
    """JSON values with one to three of them replaced, removed, renamed or added, anywhere."""
    found = json.loads(json.dumps(values))
    for _ in range(rng.randint(1, 3)):
        at = found
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.7:
                at = at[key]
                continue
            way = rng.random()
            if way < 0.7:
                at[key] = rng.choice(HOSTILE)
            elif way < 0.8:
                del at[key]
            elif way < 0.9 and isinstance(at, dict):
                at[str(rng.choice(HOSTILE))[:200]] = at.pop(key)
            elif isinstance(at, dict):
                at[str(rng.choice(HOSTILE))[:200]] = rng.choice(HOSTILE)
            else:
                at.append(rng.choice(HOSTILE))
            break
    return found


def as_json(values: Any) -> bytes:
    """As a hostile writer would: surrogates and NaN as they come."""
    return json.dumps(values).encode("utf-8", "surrogatepass")


def with_crcs(content: bytes) -> bytes:
    """A PNG whose checksums fit again, so that a decoder goes on past them."""
    found, at = bytearray(content), 8
    while at + 12 <= len(found):
        length = struct.unpack(">I", found[at : at + 4])[0]
        end = at + 8 + length
        if end + 4 > len(found):
            break
        found[end : end + 4] = struct.pack(">I", zlib.crc32(found[at + 4 : end]))
        at = end + 4
    return bytes(found)


class Canary:
    """Pickled, it makes a file when anybody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (os.mkdir, (str(self.path),))
