"""The trials behind docs/what-helped.md: what a change of the recipe does on validation images, seed 0, into docs/tuning.csv.

usage: python -m benchmarks.tuning [--what TEXT] [--workers N]      goes on where it was; the test split is never looked at

All are trials of the original objective, the losses of the paper or the slide deck without repair: "as it ships" means its defaults,
which shipped when they were made. docs/repair-trials.md has those of the repair objective.

Two figures of a row need no labelled anomaly: normal_error, and distorted_auroc, how well distorted validation normals are told from
the same images undistorted. By these two `without_labels` chooses the epochs of the one-class regime.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from core.basics.files import ROOT, write_whole
from core.data import tasks
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans import distortions
from core.gans.recipes import default_config
from core.metrics import evaluation

CSV = ROOT / "docs" / "tuning.csv"
ONE_CLASS_EPOCHS = {"traditional": (5, 15, 30), "dcgan": (4, 15)}  # beside the default
TIED = 0.002  # of distorted_auroc: less is not told apart
CLASSES_TUNED = ("t-shirt", "pullover", "shirt")  # at most three choose the recipe


@dataclass(frozen=True)
class Trial:
    """The default config of the original objective of a model and regime with `changes`; those in capitals are shares of core/gans/distortions.py."""

    what: str
    model: str
    task: Task
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        task = self.task
        changes = json.dumps(dict(self.changes), sort_keys=True)
        return self.model, task.regime, task.normal, task.left_out or "", str(task.anomalies), changes


def trials() -> list[Trial]:
    seen = Task()
    found: list[Trial] = []

    def add(what: str, model: str, tasks: list[Task], **changes: Any) -> None:
        found.extend(Trial(what, model, task, tuple(changes.items())) for task in tasks)

    of_three = [Task(name) for name in CLASSES_TUNED]
    one_class = [Task(name, "one-class", 0) for name in CLASSES_TUNED]
    unseen = [Task(regime="unseen", left_out=name) for name in ("dress", "shirt")]

    add("as it ships", "traditional", of_three + one_class + unseen)
    reward = {"negative_mse": 0.0, "anomaly_mse": 0.5}
    add("the deck's reward for a large error", "traditional", of_three + one_class + unseen, **reward)
    add("half the weight on the negative", "traditional", of_three + one_class + unseen, negative_mse=0.5)
    add("no stretched pseudo-anomalies", "traditional", one_class, STRETCHED=0.0)
    add("images moved by a pixel", "traditional", [seen], shift=1)
    add("a larger network", "traditional", [seen], hidden=(512,))
    add("more epochs", "traditional", [seen], epochs=60)

    few = [Task(anomalies=count) for count in (10, 100, 300)] + [Task(name, anomalies=30) for name in CLASSES_TUNED[1:]]
    add("few labels, as it ships", "traditional", few)
    add("few labels, as it ships", "dcgan", [Task(anomalies=30)])
    add("few labels, nothing stands in", "traditional", few, enough_labels=1)
    add("few labels, more stand in", "traditional", [few[2], Task(anomalies=1000)], enough_labels=3000)

    three_regimes = [seen, one_class[0], unseen[0]]
    add("as it ships", "dcgan", three_regimes)
    add("ABC as in the paper", "dcgan", three_regimes, abc_scale=1.0, abc=1.5)
    add("a larger ABC scale", "dcgan", [seen], abc_scale=16.0)
    add("a lighter ABC loss", "dcgan", [seen], abc=1.5)
    add("a heavier ABC loss", "dcgan", [seen], abc=5.0)
    add("more epochs", "dcgan", [seen], epochs=36)
    for model, epochs in ONE_CLASS_EPOCHS.items():
        for count in epochs:
            add("other epochs", model, [one_class[0]], epochs=count)
    return found


def measure(trial: Trial) -> dict[str, Any]:
    """Train on one thread and score validation images of the training split: a row of the file.

    In the unseen regime the AUROC is of the class left out, whose validation images are in no training.
    """
    import torch

    from core.gans import scoring
    from core.gans.training import Training

    torch.set_num_threads(1)
    changes = dict(trial.changes)
    shares = {name: getattr(distortions, name) for name in changes if name.isupper()}
    for name in shares:
        setattr(distortions, name, changes.pop(name))
    try:
        train, started = FASHION_MNIST.load("train"), time.perf_counter()
        config = msgspec.structs.replace(default_config(trial.model, trial.task.regime, "original"), **changes)
        split = tasks.split(trial.task, train)
        training = Training(trial.model, config, split, 0, "cpu")
        for _ in training.epochs():
            pass
    finally:
        for name, share in shares.items():
            setattr(distortions, name, share)

    def score(images: np.ndarray) -> np.ndarray:
        return scoring.score(training.generator, images)

    normal, anomaly = score(split.validation_normal), split.validation_anomaly
    if left_out := trial.task.left_out:
        anomaly = tasks.split(Task(left_out, "one-class", 0), train).validation_normal
    return dict(zip(KEY, trial.key, strict=True)) | {
        "what": trial.what,
        "epochs": config.epochs,
        "validation_auroc": evaluation.auroc(normal, score(anomaly)),
        "normal_error": float(normal.mean()),
        "distorted_auroc": evaluation.auroc(normal, score(distorted(split.validation_normal))),
        "seconds": round(time.perf_counter() - started),
    }


def distorted(images: np.ndarray) -> np.ndarray:
    """Pseudo-anomalies of uint8 [N, H, W, C], the same for every trial."""
    import torch

    return distortions.distort(torch.from_numpy(images), torch.Generator().manual_seed(0)).numpy()


def without_labels(rows: pd.DataFrame) -> int:
    """The number of epochs that needs no labelled anomaly: of those whose `distorted_auroc` is within TIED of the largest, the one
    whose normals are reconstructed best (`normal_error`). `rows` are trials of one model and class that differ in `epochs` alone."""
    areas = rows["distorted_auroc"].astype(float)
    tied = rows[areas >= areas.max() - TIED]
    return int(tied.loc[tied["normal_error"].astype(float).idxmin(), "epochs"])


KEY = ["model", "regime", "normal", "left_out", "anomalies", "changes"]


def read() -> pd.DataFrame:
    return pd.read_csv(CSV, dtype=str, keep_default_na=False) if CSV.exists() else pd.DataFrame(columns=KEY)


def add_row(row: dict[str, Any]) -> None:
    """Write a row into the file beside those that are there; all are text, so that none is written anew in another form."""
    text = {name: f"{value:.5f}" if isinstance(value, float) else str(value) for name, value in row.items()}
    write_whole(CSV, pd.concat([read(), pd.DataFrame([text])], ignore_index=True).to_csv(index=False).encode())


def main() -> int:
    from joblib import Parallel, delayed
    from tqdm import tqdm

    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuning", description=__doc__)
    parser.add_argument("--workers", type=int, default=1, help="trials at a time")
    parser.add_argument(
        "--what", default="", metavar="TEXT", help="only trials whose name, model, regime, class hold this"
    )
    options = parser.parse_args()
    done = set(read()[KEY].itertuples(index=False, name=None))
    left = [
        t
        for t in trials()
        if t.key not in done and options.what in f"{t.what}, {t.model}, {t.task.regime}, {t.task.normal}"
    ]
    rows = Parallel(n_jobs=options.workers, return_as="generator")(delayed(measure)(trial) for trial in left)
    for row in tqdm(rows, total=len(left), unit="trial"):
        add_row(row)
        where = FASHION_MNIST.description.class_name(row["normal"])
        tqdm.write(f"{row['what']}, {row['model']}, {where}, {row['regime']}: {row['validation_auroc']:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
