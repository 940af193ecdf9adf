"""Adding photos to a data set whose files are gone: its decoded photos stay as they are, and the new ones stand behind them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import msgspec

from core.basics.errors import DataError
from core.basics.text import folded
from core.data.dataset import MOST_CLASSES
from core.data.photos import stored
from core.data.photos.findings import count, note
from core.data.photos.layout import Layout
from core.data.photos.reading import Decoded, Photo, new_array
from core.data.photos.stored import Facts


def join(folder: Path, facts: Facts, layout: Layout, new: Decoded, path: Path) -> tuple[Layout, Decoded]:
    """Return the layout and the photos of the data set in `folder` with `new` ones, in a new array file at `path`.

    New photos of a class that the data set has join it by its name; the good ones join its normal class. Files that it
    has already are left out. Raises DataError when no photo is new or a mask file is damaged, OSError when the disk refuses.
    """
    old, kinds = facts.entries, _kinds(facts, layout)
    here = {entry.photo.sha256 for entry in old}
    kept = [place for place, photo in enumerate(new.photos) if photo.sha256 not in here]
    again = [photo.path for photo in new.photos if photo.sha256 in here]
    if not kept:
        raise DataError(f"{facts.description.name} has all of these photos already; there is nothing to add.")
    images, masks = stored.read_arrays(folder, facts)
    joined = new_array(path, (len(old) + len(kept), *facts.description.shape))
    joined[: len(old)] = images
    for place, at in enumerate(kept, len(old)):
        joined[place] = new.images[at]
    masks |= {place: new.masks[at] for place, at in enumerate(kept, len(old)) if at in new.masks}
    # A split that folders once gave is the data set's own by now; so new photos are divided among all splits.
    before = [msgspec.structs.replace(entry.photo, split=None) for entry in old]
    photos = _renamed(before, [_of(new.photos[at], layout, kinds) for at in kept])
    findings = list(new.findings)
    if again:
        findings.append(note(f"{count(len(again))} of these are in the data set already, such as {again[0]}.", again))
    whole = replace(layout, kinds=kinds, only_normal=facts.description.only_normal is not None)
    return whole, Decoded(photos, joined, masks, findings)


def _kinds(facts: Facts, layout: Layout) -> tuple[str, ...]:
    """Return the names of the classes: those of before, then the new ones. Raises DataError for too many."""
    names = facts.description.class_names
    here = {folded(name) for name in names}
    kinds = (*names, *(kind for kind in layout.kinds[1:] if folded(kind) not in here))
    if len(kinds) > MOST_CLASSES:
        raise DataError(f"{facts.description.name} would have {len(kinds)} classes; at most {MOST_CLASSES} are taken.")
    return kinds


def _of(photo: Photo, layout: Layout, kinds: Sequence[str]) -> Photo:
    """Give a new photo the label that its class has in the data set; its split is left to its content."""
    own = folded(layout.kinds[photo.label])
    label = 0 if photo.label == 0 else [folded(kind) for kind in kinds].index(own)
    return msgspec.structs.replace(photo, label=label, split=None)


def _renamed(old: Sequence[Photo], new: Sequence[Photo]) -> list[Photo]:
    """Put new photos behind old ones; one whose path is taken gets a number: cameras count anew in every folder."""
    taken = {photo.path for photo in old}
    photos = list(old)
    for photo in new:
        whole, path, copy = PurePosixPath(photo.path), photo.path, 1
        while path in taken:
            copy += 1
            path = str(whole.with_stem(f"{whole.stem} ({copy})"))
        taken.add(path)
        photos.append(msgspec.structs.replace(photo, path=path))
    return photos
