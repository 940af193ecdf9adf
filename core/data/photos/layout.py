"""What the folders mean: which photos are good, which kind of bad the others are, and which split and mask they have.

*.png                                     good items alone; so is a single folder of them
good/  bad/                               good and bad; folders within `bad` are kinds of defect
good/  dented/  torn/                     good, and a folder for each kind of defect
train/good  test/good  test/<defect>  ground_truth/<defect>/<name>_mask.png     as in MVTec AD
<class>/  <class>/                        classes (torchvision's ImageFolder), of which one is chosen as normal
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from core.basics.errors import DataError
from core.basics.text import as_line, folded
from core.data.dataset import MOST_CLASSES
from core.data.idx_folder import LONGEST_NAME, slug
from core.data.photos.files import Brought, File
from core.data.photos.findings import Finding, named, note, warning

GOOD = ("good", "ok", "normal", "fresh", "nominal", "healthy", "intact")
BAD = ("bad", "nok", "ng", "ko", "defect", "defects", "defective", "abnormal", "anomalous", "anomaly", "anomalies",
       "rotten", "broken", "damaged", "reject", "rejects", "not-ok")  # fmt: skip
SPLITS = {"train": "train", "training": "train", "validation": "validation", "val": "validation", "test": "test"}
MASKS = ("ground-truth", "masks", "mask")
MASK_ENDINGS = ("_mask", "-mask", "")


@dataclass(frozen=True)
class Item:
    """A photo before it is decoded: its file, the name of its class, its split if the layout has one, its mask."""

    file: File
    kind: str
    split: str | None = None
    mask: File | None = None


@dataclass(frozen=True)
class Layout:
    """The photos with their classes: `kinds` are the classes' names, the normal one first.

    `only_normal` tells whether the first class is good and the others bad; else the classes are equals, and the user has
    chosen one.
    """

    items: list[Item]
    kinds: tuple[str, ...]
    only_normal: bool
    findings: list[Finding]


def recognise(brought: Brought, normal: str | None = None, adding: bool = False) -> Layout:
    """Find out what the folders mean; `normal` names the folder of good items where its name does not say so.

    With `adding`, there may be bad photos alone, because they are for a data set that has good ones.
    Raises DataError when there is no picture, no good one, or when folders contradict each other.
    """
    findings = _passed_over(brought)
    masks, pictures = _apart(_cut(brought.pictures))
    if not pictures:
        inner = next((path for path in brought.others if path.lower().endswith(".zip")), None)
        raise DataError(
            f"{brought.name} has no picture in it"
            + (f" but the zip {as_line(inner)}, which is not opened; bring that one" if inner else "")
            + "; PNG, JPEG, WebP, BMP and GIF files are taken, or the four IDX files of the MNIST family."
        )
    items = [_item(file) for file in pictures]
    kinds, only_normal = _kinds(items, normal, brought.name, adding)
    items = [replace(item, kind=item.kind or kinds[0]) for item in items]
    marked, more = _with_masks(items, masks, kinds[0])
    return Layout(marked, kinds, only_normal, findings + more)


def choices(brought: Brought) -> list[str]:
    """List the folders of which the user must choose the normal one; none where their names say which it is."""
    folders = sorted({_item(file).kind for file in _apart(_cut(brought.pictures))[1]} - {""})
    if _can_be(brought, None):
        return []
    return [folder for folder in folders if _can_be(brought, folder)]


def _can_be(brought: Brought, normal: str | None) -> bool:
    try:
        recognise(brought, normal)
    except DataError:
        return False
    return True


def _passed_over(brought: Brought) -> list[Finding]:
    findings = []
    zips = [path for path in brought.others if path.lower().endswith((".zip", ".tar", ".gz", ".7z", ".rar"))]
    others = [path for path in brought.others if path not in zips]
    if zips:
        findings.append(warning(f"Not opened, because an archive within is not read: {named(zips)}.", zips))
    if others:
        findings.append(note(f"Passed over, because they are no pictures: {named(others)}.", others))
    if brought.links:
        links = brought.links
        findings.append(warning(f"Not followed, because a link leads elsewhere: {named(links)}.", links))
    return findings


def _cut(files: Sequence[File]) -> list[File]:
    """Cut the folders that all files lie in, except those whose name has a meaning."""
    parents, depth = [file.parts[:-1] for file in files], 0
    known = (*GOOD, *BAD, *SPLITS, *MASKS)
    while (
        len({parent[: depth + 1] for parent in parents}) == 1
        and len(parents[0]) > depth
        and slug(parents[0][depth]) not in known
    ):
        depth += 1
    return [replace(file, path="/".join(file.parts[depth:])) for file in files]


def _apart(files: Sequence[File]) -> tuple[list[File], list[File]]:
    """Tell masks and photos apart: masks lie in a folder of their own beside the others."""
    masks = [file for file in files if len(file.parts) > 1 and slug(file.parts[0]) in MASKS]
    paths = {file.path for file in masks}
    return masks, [file for file in files if file.path not in paths]


def _item(file: File) -> Item:
    """Read split and kind from a photo's path. The kind is "" for a photo in no folder, or in one that names none."""
    folders = list(file.parts[:-1])
    split = SPLITS.get(slug(folders[0])) if folders else None
    if split:
        folders = folders[1:]
    if len(folders) > 1 and slug(folders[0]) in BAD:  # kinds of defect within one folder of bad ones
        folders = folders[1:]
    return Item(file, folders[0] if folders else "", split)


def _kinds(items: Sequence[Item], normal: str | None, name: str, adding: bool) -> tuple[tuple[str, ...], bool]:
    """Return the classes' names, the normal one first, and whether the others are all bad. Raises DataError."""
    folders = sorted({item.kind for item in items if item.kind})
    _refuse_names(folders, name)
    good = [kind for kind in folders if slug(kind) in GOOD]
    if normal is not None:
        good = [kind for kind in folders if folded(kind) == folded(normal)]
        good = good or [kind for kind in folders if slug(kind) == slug(normal) != ""]
        if not good:
            raise DataError(
                f"There is no folder called {as_line(normal, 80)}; there are: {', '.join(folders) or 'none'}."
            )
    if len(good) > 1:
        raise DataError(f"The folders {named(good)} all sound like good items; choose the normal one (--normal).")
    others = [kind for kind in folders if kind not in good]
    alone = [item.file.path for item in items if not item.kind and not item.split]
    strange = good or [kind for kind in others if slug(kind) not in BAD]
    if alone and strange:
        raise DataError(
            f"{named(alone)}: beside the folder {as_line(strange[0])}, not in it. Put each photo into a folder of its class."
        )
    if good:
        return (good[0], *others), slug(good[0]) in GOOD or len(folders) == 1
    if adding or any(not item.kind for item in items):  # photos in no folder are good ones
        return ("good", *others), True
    if len(others) == 1 and slug(others[0]) not in BAD:
        return (others[0],), True
    if any(slug(kind) in BAD for kind in others):
        raise DataError(
            f"{name} has no folder of good items beside {named(others)}; call one good, or choose it (--normal)."
        )
    raise DataError(f"None of the folders {named(others)} is called good; choose the normal one (--normal).")


def _refuse_names(folders: Sequence[str], name: str) -> None:
    """Raise DataError for too many folders, a long name, or two names that differ in capitals, blanks or signs only."""
    if len(folders) > MOST_CLASSES:
        raise DataError(f"{name} has {len(folders)} folders of photos; at most {MOST_CLASSES} classes are taken.")
    if long := next((kind for kind in folders if len(kind) > LONGEST_NAME), None):
        raise DataError(f"The folder {as_line(long, 60)} has a name of more than {LONGEST_NAME} letters; shorten it.")
    seen: dict[str, str] = {}
    for kind in folders:
        key = folded(kind)
        if key in seen:
            raise DataError(
                f"The folders {as_line(seen[key])} and {as_line(kind)} have the same name but for capitals or signs; "
                "rename one, or put their photos together."
            )
        seen[key] = kind


def _with_masks(items: Sequence[Item], masks: Sequence[File], normal: str) -> tuple[list[Item], list[Finding]]:
    """Give each bad photo its mask, found by folder and name; name the masks without a photo."""
    if not masks:
        return list(items), []
    by_name = {(_folder(mask), _stem(mask)): mask for mask in masks}
    used, marked, missing = set(), [], []
    for item in items:
        stem = _stem(item.file)
        places = [(folded(item.kind), stem + ending) for ending in MASK_ENDINGS]
        mask = next((by_name[place] for place in places if place in by_name), None) if item.kind != normal else None
        used |= {mask.path} if mask else set()
        marked.append(replace(item, mask=mask))
        if not mask and item.kind != normal and item.split in (None, "test"):
            missing.append(item.file.path)
    findings = []
    if left := [mask.path for mask in masks if mask.path not in used]:
        findings.append(
            warning(
                f"Left out, because no bad photo has the name: the mask{'s' * (len(left) > 1)} {named(left)}. "
                "A mask is called as its photo, with _mask at the end.",
                left,
            )
        )
    if missing:
        findings.append(note(f"Without a mask: {named(missing)}. They count for images, not for pixels.", missing))
    return marked, findings


def _stem(file: File) -> str:
    """Return a file's name without its ending; one computer writes é as one sign, another as two."""
    return unicodedata.normalize("NFC", PurePosixPath(file.path).stem)


def _folder(mask: File) -> str:
    return folded(mask.parts[-2]) if len(mask.parts) > 2 else ""
