"""Photos that travel with a model: packed only where that was asked for, and checked like any data set where they arrive."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.basics.errors import CheckpointError, DataError
from core.basics.files import whole_folder, write_whole
from core.basics.text import are_missing
from core.data import catalog
from core.data.dataset import DataSet
from core.data.photos import stored
from core.store import card
from core.store.card import Card
from core.store.checkpoints import CARD, Checkpoint


def packed(checkpoint: Checkpoint) -> Iterator[tuple[str, bytes]]:
    """Yield the (name, content) of each file of the model's data set of photos, without the path that they came from.

    Raises DataError when it is not here, or no longer what the model was trained on.
    """
    key = checkpoint.task.data.key
    facts = catalog.facts(key)
    if facts is None:
        raise DataError(
            f"{checkpoint.task.data.name} is no data set of photos that is kept here; export the model alone."
        )
    _compare(catalog.get(key), checkpoint.card)
    folder = catalog.OWN / key
    for name in (stored.IMAGES, stored.MASKS):
        if (folder / name).exists():
            yield name, (folder / name).read_bytes()
    yield stored.FACTS, msgspec.json.encode(msgspec.structs.replace(facts, origin="", stamp=""))


@contextlib.contextmanager
def kept(photos: dict[str, bytes], content: bytes) -> Iterator[str]:
    """Keep the photos that came with a model, `content` being its card; yield a sentence on it, "" where none came.

    They are removed again when the block fails. Raises CheckpointError when they are no data set, or not the model's.
    """
    if not photos:
        yield ""
        return
    if missing := [name for name in (stored.IMAGES, stored.FACTS) if name not in photos]:
        raise CheckpointError(f"{are_missing(missing)}; photos that come along need both files.")
    known = card.decode(content, Path(CARD))
    key = known.task.data.key
    if key in catalog.available():
        try:
            _compare(catalog.get(key), known)
        except DataError as error:
            raise CheckpointError(
                f"Another data set is called {key} here. Import the model alone, or rename that one's folder first."
            ) from error
        yield " Its photos were here already."
        return
    new = folder = catalog.OWN / key
    try:
        catalog.refuse_taken(key)
        with whole_folder(folder) as new:
            for name, part in photos.items():
                write_whole(new / name, part)
            _compare(stored.open_folder(new, key), known)
    except DataError as error:
        raise CheckpointError(f"The photos that came along cannot be taken: {error}".replace(f"{new}/", "")) from error
    try:
        count = sum(len(catalog.get(key).load(split).images) for split in ("train", "test"))
        yield f" Its {count:,} photos came along and are kept as {key}."
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _compare(data: DataSet, known: Card) -> None:
    """Raise DataError unless the data set is the one that the card describes, image by image. Loading reads its masks, too."""
    data.masks("test")
    theirs = (known.task.data, known.data_fingerprint, known.test_fingerprint)
    if theirs != (data.description, data.load("train").fingerprint, data.load("test").fingerprint):
        raise DataError(f"{data.description.name} has other photos than the model was trained and tested on.")
