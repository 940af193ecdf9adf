"""How much of a picture the intake loses: test images are blown up, put on white or coloured backgrounds, turned by EXIF,
saved as JPEG, and run back. Run it with `python -m benchmarks.intake [--images N] [--json]`. Other grounds: benchmarks/grounds.py.

Two figures for each shipped GAN of the class: the median score shift as a share of the gap between the medians of normals
and anomalies, and what AUROC is lost. The test split is used because these pictures' true scores are known; values
were picked on training images and on `--seed 1`, but that some had to change was first seen on the images drawn here.
"""

import argparse
import io
import json
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.data import decoding
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import test_roles
from core.gans import scoring
from core.gans.config import CONFIGS
from core.judging import intake
from core.metrics import evaluation
from core.store import checkpoints

GARMENTS = FASHION_MNIST.description
LARGEST_SHIFT = 0.05  # of the gap between normals and anomalies
LARGEST_LOSS = 0.01  # of AUROC
BACKGROUNDS = ("white", "light colour", "dark colour")
SOLID = 16  # grey levels from which on a pixel of the data set hides what lies behind it
# EXIF orientation → how a camera that is held so has stored an upright picture
STORED = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}


@dataclass(frozen=True)
class Report:
    """What came back of one model's images; `shift` by background, as a share of the gap."""

    model: str
    images: int
    median_shift: float
    shift: dict[str, float]
    auroc_before: float
    auroc_after: float

    @property
    def good(self) -> bool:
        """Whether both figures are within what is asked of the intake."""
        return self.median_shift <= LARGEST_SHIFT and self.auroc_before - self.auroc_after <= LARGEST_LOSS


def photographed(image: np.ndarray, background: str, random: np.random.Generator) -> bytes:
    """A JPEG of a garment uint8 [28, 28, 1] that was in the data set, as somebody might upload it."""
    times = float(random.uniform(6, 20))
    side = round(times * GARMENTS.side)
    how = (Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)[random.integers(3)]
    garment = np.asarray(Image.fromarray(image[:, :, 0]).resize((side, side), how), np.float64)
    if background == "white":
        colour = np.full(3, 255.0)
    elif background == "light colour":
        colour = random.uniform(120, 255, 3)
        colour[random.integers(3)] = 255.0
    else:
        colour = random.uniform(0, 110, 3)
    shown = garment if background == "dark colour" else 255.0 - garment  # light on dark stays as the data set has it
    solid = (garment / SOLID).clip(0, 1)[..., None]
    picture = solid * shown[..., None] + (1 - solid) * colour
    margins = random.integers(1, round(side * 0.4), 4)
    whole = np.tile(colour, (side + margins[0] + margins[1], side + margins[2] + margins[3], 1))
    whole[margins[0] : margins[0] + side, margins[2] : margins[2] + side] = picture
    stored = Image.fromarray(whole.round().astype(np.uint8))
    orientation = int(random.integers(1, 9))
    if (turned := STORED[orientation]) is not None:
        stored = stored.transpose(Image.Transpose(turned))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    stored.save(stream, "JPEG", quality=int(random.integers(75, 96)), exif=exif)
    return stream.getvalue()


def measure(count: int, normal: str = "t-shirt", seed: int = 0) -> list[Report]:
    """Send `count` test images, half of them normal, there and back, and score both ends with each shipped GAN."""
    random = np.random.default_rng(seed)
    test = FASHION_MNIST.load("test")
    labels = test.labels == GARMENTS.label(normal)
    chosen = np.concatenate(
        [
            random.choice(np.flatnonzero(labels), count // 2, replace=False),
            random.choice(np.flatnonzero(~labels), count - count // 2, replace=False),
        ]
    )
    grounds = np.array([BACKGROUNDS[i % len(BACKGROUNDS)] for i in random.permutation(count)])
    before = test.images[chosen]
    after = np.stack(
        [
            intake.take(decoding.read(photographed(image, ground, random), f"image {number}"), GARMENTS).image
            for number, image, ground in zip(chosen, before, grounds, strict=True)
        ]
    )
    reports = []
    for model in CONFIGS:
        one = checkpoints.load(checkpoints.shipped(model, normal))
        is_normal, _ = test_roles(one.task, test.labels[chosen])
        generator = one.generator()
        scores = [scoring.score(generator, images) for images in (before, after)]
        gap = float(np.median(scores[0][~is_normal]) - np.median(scores[0][is_normal]))
        shift = np.abs(scores[1] - scores[0]) / gap
        reports.append(
            Report(
                model,
                count,
                float(np.median(shift)),
                {ground: float(np.median(shift[grounds == ground])) for ground in BACKGROUNDS},
                *(evaluation.auroc(score[is_normal], score[~is_normal]) for score in scores),
            )
        )
    return reports


def main() -> int:
    """Print the figures; 0 when all are within what is asked, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", type=int, default=1000, metavar="N")
    parser.add_argument("--normal", choices=GARMENTS.classes, default="t-shirt", metavar="CLASS")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    options = parser.parse_args()
    reports = measure(options.images, options.normal, options.seed)
    if options.json:
        print(json.dumps([vars(report) | {"good": report.good} for report in reports], indent=1))
    else:
        for report in reports:
            by_ground = ", ".join(f"{ground} {100 * shift:.1f} %" for ground, shift in report.shift.items())
            print(
                f"{report.model}: {report.images} images, median score shift {100 * report.median_shift:.1f} % of the gap "
                f"({by_ground}); AUROC {report.auroc_before:.4f} → {report.auroc_after:.4f}"
                + ("" if report.good else "  NOT GOOD ENOUGH")
            )
    return 0 if all(report.good for report in reports) else 1


if __name__ == "__main__":
    raise SystemExit(main())
