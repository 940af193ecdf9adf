"""Every figure of a trained generator, on validation images alone: classes told apart, defects seen and pointed at."""

from dataclasses import dataclass

import numpy as np

from benchmarks.repair import damage, localisation
from benchmarks.repair.judge import Judge
from core.data.tasks import Split
from core.gans import scoring
from core.gans.build import Generator
from core.metrics import evaluation

WEIGHTS = (0.5, 1.0, 2.0)  # of a map's largest value beside the mean residual, each in standard deviations of normals
OF_DEFECTS = ("mean", "peak", "1", "point", "mix0.5", "mix1", "mix2")  # the scores whose AUROC is told for each kind


@dataclass(frozen=True)
class Maps:
    """What a generator makes of images: reconstructions [N, H, W, C], and [N, H, W] the residual, smoothed, and pointing."""

    reconstructions: np.ndarray
    residual: np.ndarray
    smoothed: np.ndarray
    pointing: np.ndarray

    @property
    def tops(self) -> dict[str, np.ndarray]:
        """Return an image's mean residual and the largest value of its two maps: [N] each."""
        return {
            "mean": self.residual.mean((1, 2)),
            "peak": self.smoothed.max((1, 2)),
            "point": self.pointing.max((1, 2)),
        }


def maps(generator: Generator, images: np.ndarray) -> Maps:
    """Reconstruct uint8 [N, H, W, C] and map what differs."""
    reconstructions = scoring.reconstruct(generator, images)
    residual = scoring.residual(images, reconstructions)
    pointing = localisation.pointing(residual, reconstructions)
    return Maps(reconstructions, residual, localisation.smoothed(residual), pointing)


def scores(seen: Maps, normals: Maps) -> dict[str, np.ndarray]:
    """Return the scores [N] by name: mean, peak, point; with w × peak ("0.5", "1", "2") or w × point ("mix…") beside the mean."""
    tops, spread = seen.tops, {name: values.std() for name, values in normals.tops.items()}
    scaled = {name: values / spread[name] for name, values in tops.items()}
    summed = {f"{weight:g}": scaled["mean"] + weight * scaled["peak"] for weight in WEIGHTS}
    mixed = {f"mix{weight:g}": scaled["mean"] + weight * scaled["point"] for weight in WEIGHTS}
    return tops | summed | mixed


def figures(generator: Generator, split: Split, label: int, judge: Judge, thin: int = 1) -> dict[str, float]:
    """Measure a generator on every `thin`-th validation anomaly and on damaged validation normals, whose label is given.

    Half of the normals are damaged; the other half are the undamaged images that they are told apart from.
    """
    anomalies = split.validation_anomaly[::thin]
    half = len(split.validation_normal) // 2
    normal, odd = maps(generator, split.validation_normal), maps(generator, anomalies)
    own, others = scores(normal, normal), scores(odd, normal)
    values = {"error": float(own["mean"].mean())}
    values |= {f"class_{name}": evaluation.auroc(own[name], others[name]) for name in own}
    values["looks"] = float((judge.called(odd.reconstructions) == label).mean())
    values["looks_own"] = float((judge.called(normal.reconstructions) == label).mean())
    rows = []
    for kind in damage.KINDS:
        damaged = damage.damage(split.validation_normal[half:], kind, "medium", 0, anomalies)
        seen = maps(generator, damaged.images)
        told = scores(seen, normal)
        row = {name: localisation.image_auroc(own[name][:half], told[name], damaged.masks) for name in OF_DEFECTS}
        row |= {
            "pixel": localisation.pixel_auroc(seen.smoothed, damaged.masks),
            "aupro": localisation.aupro(seen.smoothed, damaged.masks),
            "hit": localisation.hit(seen.smoothed, damaged.masks),
            "pointpixel": localisation.pixel_auroc(seen.pointing, damaged.masks),
            "pointhit": localisation.hit(seen.pointing, damaged.masks),
        }
        values |= {f"{kind}_{name}": value for name, value in row.items()}
        rows.append(row)
    return values | {f"defects_{name}": float(np.mean([row[name] for row in rows])) for name in rows[0]}
