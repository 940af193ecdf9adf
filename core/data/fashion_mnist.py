"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): its description, the places of its files, and their download.

torchvision downloads the files once (`fetch`); reading them needs numpy alone (core/data/idx.py).
"""

import os
import shutil
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.basics.errors import DataError
from core.basics.files import ROOT, sha256, whole_folder
from core.data import idx
from core.data.dataset import DataSet, Description, Images, Source, count_labels

SHIPPED = ROOT / "data" / "shipped"
DOWNLOADED = ROOT / "data" / "downloaded"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")

DESCRIPTION = Description(
    key="fashion-mnist",
    name="Fashion-MNIST",
    classes=("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"),
    class_names=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    side=28,
    noun="garment",
    mirror=True,
    intake="garment",
)  # fmt: skip

# SHA-256 of the *unpacked* IDX files. The gzip wrapping differs between Zalando's server and Debian's package;
# the unpacked bytes do not.
CHECKSUMS = {
    "train-images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    "starter-images": "d33512cfdc636a0d8972818e6659995be209a88891df7fa2109d7895922c8985",
    "starter-labels": "620cb8e3b9348037c5ff9a07b02d773ab165330e072dfd19e0d21c59f8042dcf",
}
# Images of each class in the known training sets, by Images.fingerprint: the whole split, and the starter set, which
# holds the first images of each class in the same order.
EACH_CLASS = {
    "16d82e2b505296aa2b78bd5ea0992634f30419a4c97def7c907d154a35ac6157": 6000,
    "73194a0c06a93deab58b95e00e618cc5c80fb5c9a84df26bbc429eeb3507846a": 1000,
}
# Images.fingerprint of the test split, which is the same everywhere. Cards of format 1 do not name it.
TEST_FINGERPRINT = "9f1ec356a747bfe4ebab3cfb722d3694c9ca737e2570f6f90cf31d7b6fd689d4"
STEMS = {"train": "train", "test": "t10k"}  # beginnings of the file names
LARGEST = {idx.IMAGES: 16 + 60_000 * 28 * 28, idx.LABELS: 8 + 60_000}  # bytes of a file, unpacked
DOWNLOAD_BYTES = 30_878_645  # the four gzip files on Zalando's server, for the progress bar

REMEDY = "Run `python -m core fetch`, install Debian's dataset-fashion-mnist, or set FASHION_MNIST_DIR."


def find(split: str) -> Source:
    """Return the first place that holds `split` ("train" or "test"), in the order given in the README.

    Raises DataError when FASHION_MNIST_DIR is set but does not hold the training split, or when no place holds the
    split.
    """
    stem = STEMS[split]
    folder = os.environ.get("FASHION_MNIST_DIR")
    if folder:
        chosen = Source("FASHION_MNIST_DIR", Path(folder), stem)
        if _holds(chosen):
            return chosen
        if split == "train":  # never replace a folder that the user named by another one silently
            raise DataError(
                f"FASHION_MNIST_DIR is {folder}, but there are no train-images-idx3-ubyte.gz and "
                "train-labels-idx1-ubyte.gz in it. Point it at a folder with the four IDX files, or unset it."
            )
    places = [
        Source("Debian's dataset-fashion-mnist", DEBIAN, stem),
        Source("downloaded", DOWNLOADED, stem),
        Source("shipped", SHIPPED, "starter", complete=False) if split == "train" else Source("shipped", SHIPPED, stem),
    ]
    for place in places:
        if _holds(place):
            return place
    raise DataError(f"Fashion-MNIST's {split} split was not found, not even the shipped one. {REMEDY}")


def load(split: str) -> Images:
    """Read all images and labels of `split` ("train" or "test"). Raises DataError when missing, damaged or altered."""
    source = find(split)
    images, labels = _read(source, idx.IMAGES), _read(source, idx.LABELS)
    if len(images) != len(labels):
        raise DataError(f"{source.folder} has {len(images)} images but {len(labels)} labels. {REMEDY}")
    return Images(images.reshape(-1, *DESCRIPTION.shape), labels, source)


def counts(split: str) -> list[int]:
    """Count the images of each class in `split`, from its labels alone. Raises DataError like `load`."""
    return count_labels(_read(find(split), idx.LABELS), DESCRIPTION.classes)


FASHION_MNIST = DataSet(DESCRIPTION, find, load, counts)


def fetch(mirror: str | None = None) -> Iterator[tuple[int, int]]:
    """Download all of Fashion-MNIST with torchvision into `data/downloaded`; yield (bytes so far, bytes in all).

    Files are downloaded and checked in a temporary folder beside the target and moved there together at the end, so a
    broken download leaves nothing behind. `mirror` is the base address of a server with the four .gz files, to use
    instead of Zalando's. Raises DataError with a remedy when the download fails.
    """
    failure: list[BaseException] = []

    def download(folder: Path) -> None:
        try:
            _torchvision_download(folder, mirror)
        except BaseException as error:  # raised in the caller's thread below
            failure.append(error)

    with whole_folder(DOWNLOADED, age=24 * 3600.0) as new:
        worker = threading.Thread(target=download, args=(new,), daemon=True)
        worker.start()
        while worker.is_alive():
            worker.join(0.2)
            so_far = sum(file.stat().st_size for file in new.rglob("*.gz"))
            yield min(so_far, DOWNLOAD_BYTES), DOWNLOAD_BYTES
        if failure:
            reason = " ".join(str(failure[0]).split()) or type(failure[0]).__name__
            raise DataError(f"Fashion-MNIST could not be downloaded ({reason}). {REMEDY}")
        raw = new / "FashionMNIST" / "raw"
        for stem in STEMS.values():  # check every file before the folder is put in place
            for kind in (idx.IMAGES, idx.LABELS):
                _read(Source("downloaded", raw, stem), kind)
        for file in raw.glob("*.gz"):
            file.rename(new / file.name)
        shutil.rmtree(new / "FashionMNIST")  # 55 MB of unpacked copies that torchvision leaves
    yield DOWNLOAD_BYTES, DOWNLOAD_BYTES


def _torchvision_download(folder: Path, mirror: str | None) -> None:
    from torchvision.datasets import FashionMNIST

    mirrors = [mirror.rstrip("/") + "/"] if mirror else FashionMNIST.mirrors
    # The subclass keeps its parent's name, because torchvision makes it part of the path.
    type("FashionMNIST", (FashionMNIST,), {"mirrors": mirrors})(root=str(folder), train=True, download=True)


def _holds(source: Source) -> bool:
    return all(idx.path(source.folder, source.stem, kind) for kind in (idx.IMAGES, idx.LABELS))


def _read(source: Source, kind: str) -> np.ndarray:
    """Read the array in one of the data set's files. Raises DataError unless its checksum is Zalando's."""
    path = idx.path(source.folder, source.stem, kind)
    if path is None:
        raise DataError(f"{source.folder} has no {source.stem}-{kind} file. {REMEDY}")
    try:
        content, array = idx.read(path, LARGEST[kind])
    except (OSError, ValueError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error}). {REMEDY}") from error
    if sha256(content) != CHECKSUMS[f"{source.stem}-{kind}"]:
        raise DataError(f"{path} is not the file that Zalando published: its checksum is wrong. {REMEDY}")
    return array
