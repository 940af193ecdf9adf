"""Which photo is for training, validation and test: decided by its content, so that later photos move no old one.

A photo's SHA-256 is a number that is as good as random but always the same. Photos that are equal or nearly so stay on one
side. A split that the folders give is kept; folders that name training and test alone leave validation to the content.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.data.photos.reading import Photo

SPLITS = ("train", "validation", "test")
SHARES = {"test": 0.2, "validation": 0.2}  # the rest is for training
FIRST = ("test", "train", "validation")  # a class of few photos has something in these, in this order


def divide(photos: Sequence[Photo], groups: np.ndarray, earlier: Mapping[str, str] | None = None) -> list[str]:
    """Return the split of each photo, one of SPLITS.

    `groups` [N] are those of core/data/photos/likeness.py. `earlier` has the splits of photos placed before, by SHA-256:
    those never move, and what is nearly the same joins them.
    """
    earlier = earlier or {}
    given = {photo.split for photo in photos}
    shares = {split: share for split, share in SHARES.items() if split not in given}
    free: dict[int, list[int]] = {}
    for place, group in enumerate(groups.tolist()):
        if photos[place].split in (None, "train"):
            free.setdefault(group, []).append(place)
    placed, fixed = {}, set()
    for group, places in free.items():
        digests = sorted(photos[place].sha256 for place in places)
        before = next((earlier[digest] for digest in digests if digest in earlier), None)
        placed[group] = before or _drawn(digests[0], shares)
        fixed |= {group} if before else set()
    _fill(photos, free, placed, fixed, shares)
    splits = [photo.split or "train" for photo in photos]
    for group, places in free.items():
        for place in places:  # a new photo that joins two old groups moves neither
            splits[place] = earlier.get(photos[place].sha256) or placed[group]
    return splits


def _drawn(digest: str, shares: Mapping[str, float]) -> str:
    """Return the split that a group's smallest SHA-256 draws; `shares` are those of the splits beside training."""
    number = int(digest[:16], 16) / 2**64
    for split, share in shares.items():
        if number < share:
            return split
        number -= share
    return "train"


def _fill(
    photos: Sequence[Photo],
    members: Mapping[int, list[int]],
    placed: dict[int, str],
    fixed: set[int],
    shares: Mapping[str, float],
) -> None:
    """Give every class something in each split, as far as it has groups: chance may leave a small class without a test."""
    classes: dict[int, list[int]] = {}
    for group, places in members.items():
        classes.setdefault(photos[places[0]].label, []).append(group)
    for groups in classes.values():
        wanted = [split for split in FIRST if split == "train" or split in shares][: len(groups)]
        movable = sorted(set(groups) - fixed, key=lambda group: min(photos[place].sha256 for place in members[group]))
        for split in wanted:
            sizes = {name: sum(placed[group] == name for group in groups) for name in SPLITS}
            if not sizes[split]:
                spare = [g for g in movable if sizes[placed[g]] > 1 or placed[g] not in wanted]
                if spare:
                    placed[max(spare, key=lambda group: sizes[placed[group]])] = split
