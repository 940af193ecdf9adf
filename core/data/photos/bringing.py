"""Bringing photos, from the folder or zip to the data set: list, decode, group, divide, check, and keep."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from core.basics.files import sha256
from core.basics.text import as_line
from core.data.dataset import Description
from core.data.idx_folder import slug
from core.data.photos import adding, check, division, layout, likeness, reading, stored
from core.data.photos.files import Brought
from core.data.photos.findings import Finding
from core.data.photos.layout import Layout
from core.data.photos.reading import Decoded, Progress, Shape
from core.data.photos.stored import Entry, Facts


@dataclass(frozen=True)
class Gathered:
    """Photos that are decoded, divided and checked, but not kept yet. Lists are in the order of the photos' names.

    The decoded images are in a file; it must stay until they are kept.
    """

    brought: Brought
    layout: Layout
    shape: Shape
    decoded: Decoded
    groups: np.ndarray
    splits: list[str]
    findings: list[Finding]

    @property
    def description(self) -> Description:
        """The description of the data set that the photos make."""
        kinds = self.layout.kinds
        name = as_line(self.brought.name, 60)
        slugs = [slug(kind) for kind in kinds]
        classes = tuple(
            kind if kind and kind not in slugs[:label] else f"class-{label}" for label, kind in enumerate(slugs)
        )
        return Description(
            key=slug(name) or "photos",
            name=name,
            classes=classes,
            class_names=tuple(as_line(kind[:1].upper() + kind[1:]) for kind in kinds),
            side=self.shape.side,
            channels=self.shape.channels,
            noun="photo",
            mirror=True,
            outside="edge",
            intake="crop" if self.shape.crop else "fit",
            only_normal=classes[0] if self.layout.only_normal else None,
        )

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """The number of photos by class and split."""
        return stored.counts(self.entries, self.layout.kinds)

    @property
    def entries(self) -> list[Entry]:
        """Each photo with its split and group."""
        each = zip(self.decoded.photos, self.splits, self.groups.tolist(), strict=True)
        return [Entry(photo, split, group) for photo, split, group in each]


def gather(
    brought: Brought,
    folder: Path,
    shape: Shape,
    normal: str | None = None,
    earlier: Mapping[str, str] | None = None,
    progress: Progress = lambda *_: None,
    onto: Path | None = None,
) -> Gathered:
    """Decode the photos into a file in `folder`, divide and check them. Errors that the check finds are in `findings`.

    `earlier` has the splits of photos that were divided before, by SHA-256. `onto` is the folder of a data set that the
    photos are added to; it decides the shape. Raises DataError when there is nothing to check, OSError when the disk refuses.
    """
    recognised = layout.recognise(brought, normal, adding=onto is not None)
    facts = stored.read_facts(onto) if onto else None
    shape = facts.shape if facts else shape
    decoded = reading.decode(recognised.items, recognised.kinds, shape, folder / "decoded.npy", progress)
    if onto and facts:
        earlier, brought = facts.splits, replace(brought, name=facts.description.name)
        recognised, decoded = adding.join(onto, facts, recognised, decoded, folder / "joined.npy")
    groups = likeness.groups([photo.sha256 for photo in decoded.photos], decoded.images)
    splits = division.divide(decoded.photos, groups, earlier)
    found = check.check(decoded, groups, splits, recognised.kinds, shape)
    return Gathered(brought, recognised, shape, decoded, groups, splits, check.in_order([*recognised.findings, *found]))


def keep(gathered: Gathered, folder: Path, key: str, origin: Path | None = None) -> None:
    """Write the data set called `key` into an empty folder; `origin` is the folder or zip it came from. Raises OSError."""
    description = msgspec.structs.replace(gathered.description, key=key)
    facts = Facts(description, gathered.entries, gathered.findings, str(origin or ""), stamp(gathered.brought))
    stored.write(folder, facts, gathered.decoded.images, gathered.decoded.masks)


def stamp(brought: Brought) -> str:
    """Return a checksum of the files' names, sizes and times: equal as long as nothing has changed."""
    return sha256(msgspec.json.encode([(file.path, file.stamp) for file in brought.pictures]))
