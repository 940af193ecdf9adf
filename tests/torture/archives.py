"""What is given to "Import a model": zips and loose files, malformed inside and outside."""

import io
import pickle
import random
import shutil
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from core.runs import folders, transfer, unpacking
from core.store import checkpoints
from core.store.checkpoints import CARD, SCORES, WEIGHTS
from tests.torture.models import Files, malformed, opened, shipped
from tests.torture.mutations import Canary, damaged


class Archives:
    """Case -1 is sound; then bombs, then damaged ones."""

    def __init__(self, root: Path) -> None:
        import torch

        from core.gans import scoring

        torch.set_num_threads(1)
        self.sound = shipped()
        self.zips = [zipped(files) for files in self.sound]
        self.scoring = 0.0  # seconds: an import scores every image again, and says how far it is
        real = scoring.score

        def timed(*arguments):
            begun = time.perf_counter()
            try:
                return real(*arguments)
            finally:
                self.scoring += time.perf_counter() - begun

        scoring.score = timed
        self.bombs = _bombs(root, self.sound[1])
        (root / "runs" / ".lock").touch()  # anybody's who makes a run

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        if number < 0:
            files = [("model.zip", self.zips[number % 2])]
        elif number < len(self.bombs):
            files = self.bombs[number]()
        elif rng.random() < 0.4:
            files = [("model.zip", damaged(rng, self.zips[number % 2], self.zips[1]))]
        else:
            loose = malformed(rng, self.sound[number % 2])
            files = list(loose.items()) if rng.random() < 0.3 else [("model.zip", zipped(loose))]

        def attempt() -> None:
            name = transfer.take(files)
            opened(folders.folder(name) / checkpoints.LAST)
            shutil.rmtree(folders.folder(name))

        return attempt


def zipped(files: Files, way: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", way) as archive:
        for name, content in files.items():
            archive.writestr(f"model/{name}", content)
    return buffer.getvalue()


def _bombs(root: Path, files: Files) -> list[Callable[[], list[tuple[str, bytes]]]]:
    canary = pickle.dumps(Canary(root / "canary"))
    zeros = bytes(checkpoints.LARGEST_FILE)

    def one(name: str, content: bytes) -> Callable[[], list[tuple[str, bytes]]]:
        return lambda: [("model.zip", zipped(files | {name: content}))]

    def crowded() -> list[tuple[str, bytes]]:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for number in range(30_000):
                archive.writestr(f"{number}", b"")
        return [("model.zip", buffer.getvalue())]

    def twins() -> list[tuple[str, bytes]]:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}/{WEIGHTS}", zeros)
        return [("model.zip", buffer.getvalue())]

    def lied() -> list[tuple[str, bytes]]:
        """The sizes in the list of files say that it is small."""
        content = bytearray(zipped(files | {WEIGHTS: zeros}))
        at = content.index(b"PK\x01\x02")
        content[at + 24 : at + 28] = struct.pack("<I", 10)
        return [("model.zip", bytes(content))]

    return [
        one(WEIGHTS, zeros),
        one(SCORES, zeros),
        one(CARD, zeros),
        one(CARD, b"[" * 8_000_000),
        one(WEIGHTS, canary),
        one(SCORES, canary),
        one(CARD, canary),
        one("data.pkl", canary),
        one("../../canary", b"x"),
        one("/tmp/canary", b"x"),
        twins,
        crowded,
        lied,
        lambda: [("model.zip", zipped(files, zipfile.ZIP_LZMA))],
        lambda: [("model.zip", zipped(files, zipfile.ZIP_BZIP2))],
        lambda: [("model.zip", canary)],
        lambda: [("model.zip", bytes(unpacking.LARGEST_ZIP + 1))],
        lambda: [("model.zip", b"")],
        lambda: [(WEIGHTS, canary), (CARD, files[CARD])],
        lambda: [("../" * 20 + CARD, files[CARD])] * 2,
        lambda: [],
    ]
