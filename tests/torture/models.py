"""Checkpoints' folders made malformed: weights, stored scores and cards, with hashes that fit and hashes that do not."""

import contextlib
import json
import os
import pickle
import random
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.basics.errors import CheckpointError, DataError
from core.basics.files import sha256
from core.basics.text import is_line
from core.store import checkpoints, model_cards, saving
from core.store.card import decode, encode
from core.store.checkpoints import CARD, SCORES, WEIGHTS
from tests.torture.mutations import HOSTILE, Canary, as_json, damaged, twisted

Files = dict[str, bytes]


def shipped() -> list[Files]:
    """The three files of a model of each GAN in the box; the first has a card of format 1, without its data set in it."""
    folders = [checkpoints.shipped(model, "t-shirt") for model in ("traditional", "dcgan")]
    old, new = ({name: (folder / name).read_bytes() for name in (WEIGHTS, SCORES, CARD)} for folder in folders)
    new[CARD] = encode(checkpoints.load(folders[1]).card)
    values = json.loads(old[CARD]) | {"format": 1}
    del values["test_fingerprint"], values["task"]["data"]
    old[CARD] = as_json(values)
    return [old, new]


class Checkpoints:
    """Case -1 is sound; then one of each special kind, then damaged ones."""

    def __init__(self, root: Path) -> None:
        import torch

        torch.set_num_threads(1)
        self.sound = shipped()
        self.specials = _specials(root)

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        place = folder / "in" / "model"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        files = dict(self.sound[number % 2])
        if 0 <= number < len(self.specials):
            files = self.specials[number](files)
        elif number >= 0:
            files = malformed(rng, files)
        for name, content in files.items():
            (place / name).write_bytes(content)
        if number >= 0 and rng.random() < 0.02:  # no file at all
            odd = place / rng.choice((WEIGHTS, SCORES, CARD))
            odd.unlink(missing_ok=True)
            rng.choice(
                (os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path), lambda path: os.symlink(path, path))
            )(odd)
        return lambda: opened(place)


def opened(place: Path) -> None:
    """All that pages and the command line do with a model's folder."""
    one = checkpoints.load(place)
    assert np.isfinite(one.scores.test).all()
    generator = one.generator()
    assert all(value.isfinite().all() for value in generator.state_dict().values())
    card, test = one.card, one.card.test
    assert f"{test.auroc or 0:.3f} {test.normal_error:.3f} {card.trained_at:%Y} {one.threshold} {one.task.regime} {one.name}"
    assert all(
        map(is_line, (card.device, card.data_source, *card.versions, *card.versions.values(), one.task.data.name))
    )
    said = model_cards.markdown([one], level=3)
    if re.search(r"(?<!\\)(<script|!\[x\]\(|\[x\]\(javascript|:red\[)", said):
        raise AssertionError("a card's text is markdown")
    with contextlib.suppress(DataError):  # another data set's, or tested on other images
        evaluated = saving.test_report(one.task, one.test_scores(one.test_images()), one.test_images().labels)
        json.dumps(msgspec.to_builtins(evaluated), allow_nan=False)
    assert decode(encode(card), place) == card


def malformed(rng: random.Random, files: Files) -> Files:
    """One of the files damaged; most with hashes that fit, so that more than the hash is put to the test."""
    files = dict(files)
    which = rng.choice((WEIGHTS, WEIGHTS, SCORES, CARD, CARD, CARD))
    if which == CARD:
        card = json.loads(files[CARD])
        if rng.random() < 0.75:
            card["history"] = card["history"][:2]
            files[CARD] = as_json(_changed(rng, card))
        else:
            files[CARD] = damaged(rng, files[CARD], files[WEIGHTS])
        return files
    if rng.random() < 0.6:
        files[which] = _tensors(rng, files[which])
    else:
        files[which] = damaged(rng, files[which], files[SCORES])
    return rehashed(files) if rng.random() < 0.85 else files


def rehashed(files: Files) -> Files:
    """The files with a card whose hashes fit."""
    card = json.loads(files[CARD])
    return files | {
        CARD: json.dumps(
            card | {"weights_sha256": sha256(files[WEIGHTS]), "scores_sha256": sha256(files[SCORES])}
        ).encode()
    }


def _changed(rng: random.Random, card: dict[str, Any]) -> Any:
    if rng.random() < 0.6:
        return twisted(rng, card)
    key = rng.choice(list(card))
    value = card[key]
    if isinstance(value, dict) and value and rng.random() < 0.8:
        card[key] = value | {rng.choice(list(value)): rng.choice(HOSTILE)}
    else:
        card[key] = rng.choice(HOSTILE)
    return card


def packed(header: Any, values: bytes) -> bytes:
    """A safetensors file of this header."""
    content = header if isinstance(header, bytes) else as_json(header)
    return struct.pack("<Q", len(content)) + content + values


def unpacked(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def _tensors(rng: random.Random, content: bytes) -> bytes:
    """Header or values changed as somebody would who knows the format."""
    header, values = unpacked(content)
    name = rng.choice([key for key in header if key != "__metadata__"])
    entry = header[name]
    way = rng.randrange(10)
    if way == 0:
        return packed(twisted(rng, header), values)
    if way == 1:
        entry["dtype"] = rng.choice(("F64", "F16", "I32", "BF16", "BOOL", "U8", "F8_E4M3", "X", "", None, 3))
    elif way == 2:
        entry["shape"] = rng.choice(
            ([], [0], [2**63], [-1, 4], [1] * 100, entry["shape"][::-1], [*entry["shape"], 1], "x")
        )
    elif way == 3:
        begin, end = entry["data_offsets"]
        entry["data_offsets"] = rng.choice(
            ([end, begin], [begin - 4, end - 4], [begin, end + 4], [0, 2**62], [begin], None)
        )
    elif way == 4:
        header[rng.choice(("extra", "__metadata__", "../x", "<b>"))] = rng.choice((dict(entry), {"a": 1}, "x"))
    elif way == 5:
        del header[name]
    elif way == 6:  # the length says something else
        return rng.choice((0, 7, 2**31, 2**63, len(content))).to_bytes(8, "little") + content[8:]
    elif way == 7:
        begin, end = entry["data_offsets"]
        at = begin + 4 * rng.randrange(max(1, (end - begin) // 4))
        odd = struct.pack("<f", rng.choice((float("nan"), float("inf"), -float("inf"))))
        return packed(header, values[:at] + odd + values[at + 4 :])
    elif way == 8:
        return packed(header, values[: rng.randrange(len(values))])
    else:
        return packed(header, values + rng.randbytes(rng.choice((1, 4, 4096))))
    return packed(header, values)


def _specials(root: Path) -> list[Callable[[Files], Files]]:
    """Canaries and bombs."""
    canary = pickle.dumps(Canary(root / "canary"))
    largest = checkpoints.LARGEST_FILE

    def torch_file(files: Files) -> Files:
        import io

        import torch

        buffer = io.BytesIO()
        torch.save({"decoder.0.0.bias": Canary(root / "canary")}, buffer)
        return rehashed(files | {WEIGHTS: buffer.getvalue()})

    def config(files: Files, **changes: Any) -> Files:
        card = json.loads(files[CARD])
        return files | {CARD: json.dumps(card | {"config": card["config"] | changes}).encode()}

    def wide(files: Files) -> Files:
        traditional = json.loads(files[CARD])["model"] == "traditional"
        return config(
            files,
            **({"hidden": [8192] * 6, "discriminator_hidden": [8192] * 6} if traditional else {"widths": [1024] * 4}),
        )

    def many(files: Files) -> Files:
        entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
        content = b"{" + b",".join(b'"%d":%s' % (n, json.dumps(entry).encode()) for n in range(500_000)) + b"}"
        return rehashed(files | {WEIGHTS: packed(content, b"")})

    def nested(mark: bytes) -> Callable[[Files], Files]:
        return lambda files: files | {CARD: mark * (checkpoints.LARGEST[CARD] // len(mark))}

    return [
        lambda files: rehashed(files | {WEIGHTS: canary}),
        lambda files: rehashed(files | {SCORES: canary}),
        lambda files: files | {CARD: canary},
        torch_file,
        wide,
        wide,
        many,
        nested(b"["),
        nested(b"[],"),
        lambda files: files | {CARD: b"[" + b"{}," * (checkpoints.LARGEST[CARD] // 3 - 2) + b"{}]"},
        lambda files: files | {CARD: b"[" + b"1e9," * (checkpoints.LARGEST[CARD] // 4 - 2) + b"1]"},
        lambda files: files | {CARD: b"9" * checkpoints.LARGEST[CARD]},
        lambda files: files | {CARD: bytes(largest + 1)},
        lambda files: rehashed(files | {WEIGHTS: bytes(largest)}),
        lambda files: rehashed(files | {WEIGHTS: packed({"a": {"dtype": "F32", "shape": [16 * 2**20 - 32], "data_offsets": [0, 4 * (16 * 2**20 - 32)]}}, bytes(4 * (16 * 2**20 - 32)))}),
        lambda files: rehashed(files | {WEIGHTS: bytes(largest + 1)}),
        lambda files: rehashed(files | {SCORES: bytes(largest)}),
        lambda files: {name: b"" for name in files},
        lambda files: {CARD: files[CARD]},
        lambda files: {},
    ]  # fmt: skip


__all__ = ["CheckpointError", "Checkpoints", "malformed", "opened", "rehashed", "shipped"]
