"""The check before training: what is wrong or odd about the photos, one plain sentence each."""

from collections.abc import Iterable, Sequence

import numpy as np

from core.data.photos.division import SPLITS
from core.data.photos.findings import SEVERITIES, Finding, count, error, named, note, short, warning
from core.data.photos.reading import Decoded, Photo, Shape

FEWEST, FEW, ENOUGH = 10, 50, 100  # good photos: refused below the first, warned of below the second
FEW_BAD = 5  # of a kind; below, its figure says little
COMPARED_GOOD, COMPARED_BAD = 10, 5  # photos of each that a comparison of good with bad needs
TELLS_APART = 0.9  # AUROC of one number, above which it is named
BLANK = 24  # levels; a photo that spans fewer shows nothing
DARK, LIGHT = 80, 215  # levels; the lightest hundredth of a dark photo is below, the darkest of a light one above
LONG = 1.5  # longer edge over the shorter; beyond, a crop cuts much away and a margin fills much
_LUMA = np.array([0.299, 0.587, 0.114])


def check(
    decoded: Decoded, groups: np.ndarray, splits: Sequence[str], kinds: Sequence[str], shape: Shape
) -> list[Finding]:
    """Return all findings. `groups` and `splits` are of the photos; class 0 of `kinds` is the normal one."""
    photos = decoded.photos
    good = np.array([photo.label == 0 for photo in photos], bool)
    findings = [
        *decoded.findings,
        *_numbers(photos, kinds, good),
        *_missing(splits, good),
        *_twins(photos, groups, splits, good),
        *_sizes(photos, shape),
    ]
    if photos:
        levels = _levels(decoded.images)
        findings += [*_exposure(photos, levels), *_one_number(photos, levels, good)]
    return findings


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return errors first, then warnings, then notes."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _numbers(photos: Sequence[Photo], kinds: Sequence[str], good: np.ndarray) -> list[Finding]:
    """Say what is possible with so many photos."""
    n, findings = int(good.sum()), []
    if n < FEWEST:
        findings.append(
            error(
                f"There {'is' if n == 1 else 'are'} {count(n, 'good photo')}; at least {FEWEST} are needed, and {ENOUGH} make a fair start."
            )
        )
    elif n < FEW:
        findings.append(
            warning(
                f"There are only {n} good photos: enough for a first look, but the threshold rests on a few of them. From {FEW} on "
                f"it can be trusted roughly, from {ENOUGH} on well."
            )
        )
    counts = {kind: sum(photo.label == label for photo in photos) for label, kind in enumerate(kinds)}
    bad = {kind: number for kind, number in list(counts.items())[1:] if number}
    if not bad:
        findings.append(
            note(
                "There are no bad photos: the model learns from good ones alone, the threshold follows from false alarms, and "
                "no figure can say how many real defects are caught."
            )
        )
    if few := [kind for kind, number in bad.items() if number < FEW_BAD]:
        findings.append(
            note(
                f"Fewer than {FEW_BAD} photos of {named(few)}: figures of {'such kinds' if few[1:] else 'this kind'} say little."
            )
        )
    if empty := [kind for kind, number in counts.items() if not number and kind != kinds[0]]:
        findings.append(warning(f"No photo of {named(empty)} could be read."))
    return findings


def _missing(splits: Sequence[str], good: np.ndarray) -> list[Finding]:
    """Say which split has no good photo, which happens where the folders themselves give the split."""
    having = {split for split, is_good in zip(splits, good, strict=True) if is_good}
    missing = [split for split in SPLITS if split not in having]
    if not missing or good.sum() < FEWEST:
        return []
    return [
        error(
            f"No good photo is for {' or '.join(missing)}. Put some into {missing[0]}/good, or leave the split to Misfit."
        )
    ]


def _twins(photos: Sequence[Photo], groups: np.ndarray, splits: Sequence[str], good: np.ndarray) -> list[Finding]:
    """Name equal photos, near duplicates, good photos equal to bad ones, and groups on both sides of the test."""
    by_digest: dict[str, list[int]] = {}
    for place, photo in enumerate(photos):
        by_digest.setdefault(photo.sha256, []).append(place)
    findings, equal = [], [places for places in by_digest.values() if len(places) > 1]
    if both := [places for places in equal if len({photos[place].label for place in places}) > 1]:
        one, other = both[0][0], next(p for p in both[0] if photos[p].label != photos[both[0][0]].label)
        more = f" So are {count(len(both) - 1, 'more photo')}." if both[1:] else ""
        findings.append(
            error(
                f"{short(photos[one].path)} and {short(photos[other].path)} are the same photo in two classes; remove the one that is wrong.{more}",
                [photos[place].path for places in both for place in places],
            )
        )
    if equal:
        extra = [photos[place].path for places in equal for place in places[1:]]
        findings.append(
            note(
                f"{count(len(extra))} come{'s' * (len(extra) == 1)} twice, such as {short(extra[0])}; copies stay in the same split.",
                extra,
            )
        )
    together = [
        np.flatnonzero(groups == group).tolist() for group in np.flatnonzero(np.bincount(groups, minlength=1) > 1)
    ]
    near = [places for places in together if len({photos[place].sha256 for place in places}) > 1]
    if near:
        files = [photos[place].path for places in near for place in places]
        findings.append(
            note(
                f"{count(len(files))} look nearly the same as another, such as {short(photos[near[0][0]].path)} and "
                f"{short(photos[near[0][1]].path)}; each such group stays in the same split.",
                files,
            )
        )
    if mixed := [places for places in near if 0 < good[places].sum() < len(places)]:
        files = [photos[place].path for places in mixed for place in places]
        findings.append(
            note(
                f"A good photo looks nearly the same as a bad one, such as {named(files[:2])}: are both where they belong?",
                files,
            )
        )
    leaks = [places for places in together if len({splits[place] for place in places}) > 1]
    if leaks:
        sides = [sorted((splits[place], photos[place].path) for place in places) for places in leaks]
        files = [path for places in sides for split, path in places if split == "test"] or [
            path for _, path in sides[0]
        ]
        findings.append(
            warning(
                f"{count(len(files))} of the test {'is' if len(files) == 1 else 'are'} also in training, or nearly the same: "
                f"{named(files)}. Test figures will flatter the model; remove {'it' if len(files) == 1 else 'them'} from one of the two.",
                files,
            )
        )
    return findings


def _sizes(photos: Sequence[Photo], shape: Shape) -> list[Finding]:
    """Say which sizes there are, and which photos are too small or too long for the shape."""
    if not photos:
        return []
    areas = sorted({(photo.width * photo.height, photo.width, photo.height) for photo in photos})
    (_, *smallest), (_, *largest) = areas[0], areas[-1]
    sizes = "{}×{}".format(*smallest) + (" to {}×{}".format(*largest) if len(areas) > 1 else "")
    findings = [note(f"{count(len(photos))} of {sizes} pixels become {shape.side}×{shape.side}.")]
    if small := [photo.path for photo in photos if min(photo.width, photo.height) < shape.side / 2]:
        findings.append(
            warning(
                f"{count(len(small))} will be enlarged to more than twice the size: {named(small)}. A smaller side fits better.",
                small,
            )
        )
    if long := [p.path for p in photos if max(p.width, p.height) > LONG * min(p.width, p.height)]:
        done = "the crop cuts their ends off" if shape.crop else "a margin fills the square"
        verb = "is" if len(long) == 1 else "are"
        findings.append(note(f"{count(len(long))} {verb} much longer than wide, so {done}: {named(long)}.", long))
    return findings


def _levels(images: np.ndarray) -> np.ndarray:
    """Return each image's darkest and lightest hundredth, its span and its mean grey level: float [N, 4]."""
    rows = []
    for first in range(0, len(images), 512):
        some = images[first : first + 512].astype(np.float32)
        grey = (some @ _LUMA if some.shape[3] == 3 else some[..., 0]).reshape(len(some), -1)
        grey.sort(1)
        edge = grey.shape[1] // 100
        rows.append(np.stack([grey[:, edge], grey[:, -1 - edge], grey[:, -1] - grey[:, 0], grey.mean(1)], 1))
    return np.concatenate(rows)


def _exposure(photos: Sequence[Photo], levels: np.ndarray) -> list[Finding]:
    """Name blank, dark and light photos."""
    low, high, span, _ = levels.T
    blank = span < BLANK
    kinds = (
        (blank, "blank: nothing can be seen"),
        ((high < DARK) & ~blank, "too dark: hardly anything can be seen"),
        ((low > LIGHT) & ~blank, "too light: hardly anything can be seen"),
    )
    findings = []
    for found, words in kinds:
        if files := [photos[place].path for place in np.flatnonzero(found).tolist()]:
            verb = "is" if len(files) == 1 else "are"
            findings.append(
                warning(
                    f"{count(len(files))} {verb} {words} in {named(files)}. Take {'it' if verb == 'is' else 'them'} out or anew.",
                    files,
                )
            )
    return findings


def _one_number(photos: Sequence[Photo], levels: np.ndarray, good: np.ndarray) -> list[Finding]:
    """Name each simple number that alone tells good from bad: then a model may learn it instead of the defects."""
    if good.sum() < COMPARED_GOOD or (~good).sum() < COMPARED_BAD:
        return []
    names = sorted({photo.path.rsplit(".", 1)[-1].lower() for photo in photos})
    numbers = {
        "brightness": (levels[:, 3], "the lamp tells them apart, not the defect. Take both in the same light"),
        "the size in pixels": ([p.width * p.height for p in photos], "bring all in the same size"),
        "the ratio of width to height": ([p.width / p.height for p in photos], "cut all alike"),
    } | {
        f"the file type {name}": ([p.path.lower().endswith("." + name) for p in photos], "save all in the same format")
        for name in names[1:]
    }
    findings = []
    for name, (values, advice) in numbers.items():
        values = np.asarray(values, np.float64)
        area = _auroc(values[good], values[~good])
        if max(area, 1 - area) > TELLS_APART:
            findings.append(
                warning(
                    f"Of good and bad photos, {name} alone says which is which (AUROC {max(area, 1 - area):.2f}): {advice}."
                )
            )
    return findings


def _auroc(normal: np.ndarray, anomaly: np.ndarray) -> float:
    """Return how often a number of `anomaly` is above one of `normal`, ties half."""
    ordered = np.sort(normal)
    below = np.searchsorted(ordered, anomaly, "left") + np.searchsorted(ordered, anomaly, "right")
    return float(below.mean() / (2 * len(normal)))
