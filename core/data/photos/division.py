"""Which photo is for training, validation and test: decided by its content, so that later photos move no old one.

A photo's SHA-256 is a number that is as good as random but always the same. Photos that are equal or nearly so stay on one
side. A split that the folders give is kept; folders that name training and test alone leave validation to the content.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from core.basics.files import sha256
from core.data.photos.reading import Photo

SPLITS = ("train", "validation", "test")
SHARES = {"test": 0.2, "validation": 0.2}  # the rest is for training
LEAST = 0.75  # of its share; a split has at least so much of every class
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
    """Return the split that a group draws by its smallest SHA-256; `shares` are those of the splits beside training."""
    number = int(sha256(digest.encode())[:16], 16) / 2**64  # the smallest of many is small, so it is mixed again
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
    """Give every class its least number in each split, as far as it has groups: chance may leave a small one without a test."""
    classes: dict[int, list[int]] = {}
    rest = 1 - sum(shares.values())
    for group, places in members.items():
        classes.setdefault(photos[places[0]].label, []).append(group)
    for groups in classes.values():
        wanted = [split for split in FIRST if split == "train" or split in shares][: len(groups)]
        movable = sorted(set(groups) - fixed, key=lambda group: min(photos[place].sha256 for place in members[group]))
        sizes = Counter(placed[group] for group in groups)
        least = {name: max(1, int(LEAST * shares.get(name, rest) * len(groups))) for name in wanted}
        for split in wanted:
            for group in movable:
                if sizes[split] >= least[split]:
                    break
                over = {name: size - least.get(name, 0) for name, size in sizes.items()}
                if placed[group] == max(over, key=lambda name: over[name]):
                    sizes[placed[group]] -= 1
                    sizes[split] += 1
                    placed[group] = split
