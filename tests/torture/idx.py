"""IDX files, gzipped or not, made malformed: Fashion-MNIST's in the folder that FASHION_MNIST_DIR names, and a data set of
one's own in the folder for those."""

import gzip
import json
import os
import pickle
import random
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.data import catalog, fashion_mnist, idx_folder
from core.data.fashion_mnist import FASHION_MNIST
from tests import drawn
from tests.torture.mutations import Canary, damaged

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


class IdxFiles:
    """Case -1 is sound; then bombs, then damaged ones."""

    def __init__(self, root: Path) -> None:
        self.packed = {name: (fashion_mnist.SHIPPED / f"{name}.gz").read_bytes() for name in (IMAGES, LABELS)}
        self.plain = {name: gzip.decompress(content) for name, content in self.packed.items()}
        self.place = root / "in" / "data"
        self.bombs = _bombs(root)
        os.environ["FASHION_MNIST_DIR"] = str(self.place)

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        names = [f"{IMAGES}.gz", f"{LABELS}.gz"]
        for name in names:
            (self.place / name).write_bytes(self.packed[name[:-3]])
        if number >= 0:
            victim = IMAGES if rng.random() < 0.4 else LABELS
            if number < len(self.bombs):
                name, content = f"{victim}.gz", self.bombs[number]()
            elif rng.random() < 0.5:
                name, content = f"{victim}.gz", damaged(rng, self.packed[victim], self.packed[LABELS])
            else:
                way = rng.random() < 0.5
                content = damaged(rng, self.plain[victim], self.plain[LABELS])
                name, content = (f"{victim}.gz", gzip.compress(content, 1)) if way else (victim, content)
                (self.place / f"{victim}.gz").unlink()
            (self.place / name).write_bytes(content)
        return _loaded


def _loaded() -> None:
    test = FASHION_MNIST.load("test")
    assert test.images.shape == (10_000, 28, 28, 1) and test.images.dtype == np.uint8 and len(test.labels) == 10_000


class IdxFolders:
    """A data set of one's own, grey or in colour, and the list of places; case -1 is sound, then bombs, then damaged ones."""

    def __init__(self, root: Path) -> None:
        catalog.OWN = root / "in" / "own"
        self.place = catalog.OWN / "shapes"
        self.bombs = _bombs(root)
        self.sound = []
        for side, channels in ((28, 1), (40, 3)):
            folder = drawn.write(root / "in" / f"sound-{side}", side, channels, 12, 5)
            self.sound.append({path.name: path.read_bytes() for path in folder.iterdir()})

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        shutil.rmtree(catalog.OWN, ignore_errors=True)
        self.place.mkdir(parents=True)
        files = dict(rng.choice(self.sound))
        places = json.dumps({"elsewhere": str(self.place)}).encode()
        if number >= 0:
            victim = rng.choice([name for name in files if name != idx_folder.CLASS_FILE])
            if number < len(self.bombs):
                files[f"{victim}.gz"] = self.bombs[number]()
            elif rng.random() < 0.1:
                places = damaged(rng, places)
            else:
                victim = rng.choice(list(files))
                spare = files[rng.choice(list(files))]
                content = damaged(rng, files.pop(victim), spare)
                if victim != idx_folder.CLASS_FILE and rng.random() < 0.5:
                    packed = gzip.compress(content, 1)
                    victim, content = f"{victim}.gz", damaged(rng, packed, spare) if rng.random() < 0.3 else packed
                files[victim] = content
        for name, content in files.items():
            (self.place / name).write_bytes(content)
        (catalog.OWN / catalog.PLACES).write_bytes(places)
        return _opened


def _opened() -> None:
    assert catalog.available()[0] == "fashion-mnist"
    data = catalog.get("shapes")
    for split in ("train", "test"):
        images = data.load(split)
        assert images.images.shape == (len(images.labels), *data.description.shape)
        assert images.images.dtype == np.uint8 and sum(data.counts(split)) == len(images.labels)


def _bombs(root: Path) -> list[Callable[[], bytes]]:
    canary = pickle.dumps(Canary(root / "canary"))

    def zeros() -> bytes:
        packer = zlib.compressobj(9, wbits=31)
        return b"".join([packer.compress(bytes(2**24)) for _ in range(64)]) + packer.flush()

    return [
        zeros,
        lambda: gzip.compress(canary),
        lambda: canary,
        lambda: b"",
        lambda: gzip.compress(b""),
        lambda: gzip.compress(b"") * 1_000_000,
        lambda: b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"n" * 40_000_000,
        lambda: b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\xff\xff" + b"x" * 65535 + gzip.compress(b"x")[10:],
        lambda: bytes(100_000_000),
        lambda: gzip.compress(gzip.compress(bytes(10_000_000))),
    ]
