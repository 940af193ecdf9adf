"""anomalib's GANomaly on the brick tiles of benchmarks/photos.py, trained for as many processor seconds as our DCGAN was.

Run in anomalib's own environment: `benchmarks/.anomalib/bin/python -m benchmarks.ganomaly_photos [SECONDS]`. Prints a table; ours is
read from docs/photos.csv, but for the speed of scoring, which is measured here for both.
"""

import sys
import time
from collections.abc import Callable

from benchmarks.ganomaly import Ganomaly  # first: it sets how torch waits

# isort: split
import numpy as np
import torch
from anomalib.models.image.ganomaly.torch_model import GanomalyModel

from benchmarks import photos
from benchmarks.rows import read
from core.basics.text import markdown_table
from core.gans import scoring
from core.gans.build import build, to_input
from core.gans.recipes import default_config
from core.metrics.evaluation import auroc

BATCH = 32  # anomalib's default for its data modules


def trained(images: np.ndarray, seconds: float) -> tuple[GanomalyModel, int]:
    """Train GANomaly at anomalib's defaults (Ganomaly.__init__) for that many processor seconds; also return its steps."""
    torch.manual_seed(0)
    ganomaly = Ganomaly(images.shape[1], images.shape[3])
    chosen, steps, begun = torch.Generator().manual_seed(0), 0, time.process_time()
    while time.process_time() - begun < seconds:
        places = torch.randint(0, len(images), (BATCH,), generator=chosen).numpy()
        ganomaly.step(to_input(torch.from_numpy(images[places]), images.shape[1]).contiguous())
        steps += 1
    return ganomaly.model.eval(), steps


@torch.inference_mode()
def scores(model: GanomalyModel, images: np.ndarray) -> np.ndarray:
    """Return GANomaly's scores of uint8 images: the mean squared distance of both latent vectors."""
    parts = [images[start : start + 64] for start in range(0, len(images), 64)]
    return np.concatenate(
        [model(to_input(torch.from_numpy(part), 64).contiguous()).pred_score.numpy() for part in parts]
    )


def speed(work: Callable[[np.ndarray], object], images: np.ndarray) -> float:
    """Return how many images `work` scores in a processor second, the best of three times."""
    work(images[:64])
    seconds = []
    for _ in range(3):
        begun = time.process_time()
        work(images)
        seconds.append(time.process_time() - begun)
    return len(images) / min(seconds)


def main(seconds: float | None) -> None:
    """Print image AUROCs by kind of defect, and images a processor second in training and scoring."""
    case = photos.case("brick")
    rows = [row for row in read(photos.CSV) if (row["photos"], row["method"], row["seed"]) == ("brick", "dcgan", "0")]
    ours = {row["kind"]: float(row["auroc"]) for row in rows}
    seconds = seconds or float(rows[0]["cpu_seconds"])
    model, steps = trained(case.split.train_normal, seconds)
    good = scores(model, case.good)
    theirs = {kind: auroc(good, scores(model, images)) for kind, (images, _) in case.bad.items()}
    config = default_config("dcgan", "one-class", data=case.split.data, normals=len(case.split.train_normal))
    generator = build("dcgan", config, case.split.data).generator.eval()
    many = np.concatenate([case.good] * 6)[:512]
    batch = config.fitted(len(case.split.train_normal)).batch_size
    table: list[tuple[str, dict[str, float], float, float]] = [
        (
            "Misfit's DCGAN",
            ours,
            int(rows[0]["steps"]) * batch / float(rows[0]["cpu_seconds"]),
            speed(lambda x: scoring.score(generator, x), many),
        ),
        ("anomalib's GANomaly", theirs, steps * BATCH / seconds, speed(lambda x: scores(model, x), many)),
    ]
    defects = [kind for kind in ours if kind != photos.OTHERS]
    head = ["", "mean of defects", *ours, "images trained on a CPU second", "images scored a CPU second"]
    cells = [
        [
            name,
            f"{np.mean([areas[kind] for kind in defects]):.3f}",
            *(f"{areas[kind]:.3f}" for kind in ours),
            f"{trains:,.0f}",
            f"{scored:,.0f}",
        ]
        for name, areas, trains, scored in table
    ]
    print(
        f"Both trained for {seconds:.0f} processor seconds on {len(case.split.train_normal)} tiles; {steps:,} steps of GANomaly.\n"
    )
    print(markdown_table(head, cells))


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else None)
