"""The figures that a model of data of one's own has on its card beside those of every model.

Where the defects are, how defects do that are put on held-out good photos, and how simple methods do on the same images.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.metrics.reports import Count, Share

Name = Annotated[str, Meta(min_length=1, max_length=60)]


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An AUROC and its 95 % interval."""

    auroc: Share
    low: Share
    high: Share


class Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How well the heat map points at `images` defects whose place is known (core/metrics/localisation.py)."""

    pixel_auroc: Share
    hit: Share
    images: Annotated[int, Meta(ge=1, lt=10**9)]


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of synthetic defect: its AUROC, how many images have it, and how well it is pointed at."""

    auroc: Share
    images: Annotated[int, Meta(ge=1, lt=10**9)]
    marks: Marks | None = None


class Synthetic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defects put on held-out good photos by code that training never uses (core/data/photo_damage.py).

    The interval is over the `photos`, not over their damaged copies. `kinds` is in the order of the stored scores.
    """

    area: Area
    photos: Annotated[int, Meta(ge=1, lt=10**9)]
    kinds: Annotated[dict[Name, Kind], Meta(min_length=1, max_length=40)]
    marks: Marks | None = None


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A simple method on the same images as the model: test anomalies where there are any, and synthetic defects.

    `pretrained`: its features were learnt from millions of other pictures, which the GANs never see.
    """

    test: Area | None = None
    synthetic: Area | None = None
    pretrained: bool = False


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. None where it does not apply: no defect is marked, or nothing could be damaged.

    `sampled` says how many test images the simple methods were measured on, drawn at random where there were more.
    """

    marks: Marks | None = None
    synthetic: Synthetic | None = None
    baselines: Annotated[dict[Name, Baseline], Meta(max_length=20)] = {}
    sampled: Count = 0


def ahead(own: Own, auroc: float, on: Literal["test", "synthetic"]) -> list[tuple[str, float]]:
    """Return the simple methods whose AUROC is above the model's, best first, with their AUROC.

    `auroc` is the model's, of the test anomalies or of synthetic defects; `on` says of which.
    """
    pairs = [(name, each.test if on == "test" else each.synthetic) for name, each in own.baselines.items()]
    better = [(name, area.auroc) for name, area in pairs if area is not None and area.auroc > auroc]
    return sorted(better, key=lambda pair: -pair[1])
