"""The trials behind docs/what-helped.md: what a change of the recipe does on validation images, seed 0. Figures into docs/tuning.csv,
tables into docs/tuning.md.

usage: python -m benchmarks.tuning [--only TEXT]      goes on where it was; the test split is never looked at

Three figures of a row need no labelled anomaly: normal_error, the normals' mean residual; distorted_auroc, how well normals are told
from the same images turned, squeezed or stretched; damaged_auroc, how well from the same images with defects (both are of the kinds of
training, with another seed). A choice for the one-class regime that owes nothing to labels has to go by these.
"""

import argparse
import json
import time
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from benchmarks import rows
from core.basics.files import ROOT, write_whole
from core.basics.names import MODEL_NAMES
from core.basics.text import markdown_table
from core.data import tasks
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import ANOMALIES, REGIMES, Task
from core.gans import defects, distortions
from core.gans.recipes import default_config
from core.metrics.evaluation import auroc

CSV, TABLE = ROOT / "docs" / "tuning.csv", ROOT / "docs" / "tuning.md"
TUNED = ("t-shirt", "pullover", "shirt")  # at most three classes choose the recipe
KEY = ["model", "regime", "normal", "left_out", "anomalies", "changes"]
FIGURES = ["validation_auroc", "damaged_auroc", "distorted_auroc", "normal_error"]


@dataclass(frozen=True)
class Trial:
    """The default config of a model and regime with `changes`; those in capitals are shares of core/gans/distortions.py."""

    what: str
    model: str
    task: Task
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        task = self.task
        changes = json.dumps(dict(self.changes), sort_keys=True)
        return self.model, task.regime, task.normal, task.left_out or "", str(task.anomalies), changes


AS_IT_SHIPS = "as it ships"
_SEEN: dict[str, dict[str, dict[str, Any]]] = {
    "traditional": {
        AS_IT_SHIPS: {},
        "no loss against anomalies' own pixels": {"negative_mse": 0.0},
        "the deck's reward for a large error in its place": {"negative_mse": 0.0, "anomaly_mse": 0.5},
        "half the weight on the negative": {"negative_mse": 0.25},
        "twice the weight on the negative": {"negative_mse": 1.0},
        "a wider network": {"hidden": (512,)},
        "a larger code": {"z": 64},
        "a smaller code": {"z": 16},
        "half the epochs": {"epochs": 18},
        "images moved by a pixel": {"shift": 1},
        "half of the normals damaged": {"damaged": 0.5},
    },
    "dcgan": {
        AS_IT_SHIPS: {},
        "half the weight on ABC": {"abc": 2.0},
        "twice the weight on ABC": {"abc": 8.0},
        "ABC as in the paper": {"abc_scale": 1.0, "abc": 1.5},
        "half the channels": {"widths": (8, 16, 32, 64)},
        "half the epochs": {"epochs": 14},
        "the anomaly discriminator": {"adversarial_anomaly": 0.1},
        "half of the normals damaged": {"damaged": 0.5},
    },
}
_ONE_CLASS: dict[str, dict[str, dict[str, Any]]] = {
    "traditional": {
        AS_IT_SHIPS: {},
        "half the epochs": {"epochs": 5},
        "twice the epochs": {"epochs": 20},
        "no loss against anomalies' own pixels": {"negative_mse": 0.0},
        "twice the weight on the negative": {"negative_mse": 1.0},
        "a wider network": {"hidden": (512,)},
        "a larger code": {"z": 64},
        "no stretched pseudo-anomalies": {"STRETCHED": 0.0},
        "half of the normals damaged": {"damaged": 0.5},
    },
    "dcgan": {
        AS_IT_SHIPS: {},
        "four times the weight on ABC": {"abc": 4.0},
        "eight times the weight on ABC, 14 epochs": {"abc": 8.0, "epochs": 14},
        "twice the epochs": {"epochs": 20},
    },
}


def trials() -> list[Trial]:
    """List the trials: T-shirt/top for each change, in the one-class regime all three classes."""
    found = []
    few = [Task(anomalies=count) for count in (10, 100, 300)]
    stand_ins = {
        AS_IT_SHIPS: {},
        "nothing stands in for labels": {"enough_labels": 1},
        "more stand-ins": {"enough_labels": ANOMALIES},
    }
    unseen = [Task(regime="unseen", left_out=name) for name in ("dress", "shirt")]
    for model in MODEL_NAMES:
        one_class = [Task(name, "one-class", 0) for name in TUNED]
        groups = [([Task()], _SEEN[model]), (one_class, _ONE_CLASS[model])]
        if model == "traditional":
            heavier = {AS_IT_SHIPS: {}, "twice the weight on the negative": {"negative_mse": 1.0}}
            groups += [(few, stand_ins), (unseen, heavier)]
        found += [
            Trial(what, model, task, tuple(changes.items()))
            for tasks_, each in groups
            for what, changes in each.items()
            for task in tasks_
        ]
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
        config = msgspec.structs.replace(default_config(trial.model, trial.task.regime), **changes)
        split = tasks.split(trial.task, train)
        training = Training(trial.model, config, split, 0, "cpu")
        generator = training.finish()
    finally:
        for name, share in shares.items():
            setattr(distortions, name, share)
    anomaly = split.validation_anomaly
    if left_out := trial.task.left_out:
        anomaly = tasks.split(Task(left_out, "one-class", 0), train).validation_normal
    normal, *others = (
        scoring.score(generator, images)
        for images in (split.validation_normal, anomaly, *made(split.validation_normal))
    )
    areas = [auroc(normal, other) for other in others]
    row = dict(zip(KEY, trial.key, strict=True)) | {"what": trial.what, "epochs": config.epochs}
    return (
        row
        | dict(zip(FIGURES, [*areas, training.history[-1].validation_error], strict=True))
        | {"seconds": round(time.perf_counter() - started)}
    )


def made(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Damage and distort images uint8 [N, H, W, C], the same way for every trial: two arrays of the same shape."""
    import torch

    whole, random = torch.from_numpy(images), torch.Generator().manual_seed(1)
    return defects.damage(whole, random)[0].numpy(), distortions.distort(whole, random).numpy()


def add_row(row: dict[str, Any]) -> None:
    """Write a row into the file behind those that are there, and the tables of all."""
    text = {name: f"{value:.5f}" if isinstance(value, float) else value for name, value in row.items()}
    write_whole(TABLE, tables(rows.add(CSV, [text])).encode())


def tables(found: list[dict[str, str]]) -> str:
    """Return the text of docs/tuning.md: a table for each GAN and regime, in the order of `trials`."""
    known = {_key(row): row for row in found}
    parts = [
        "# Trials of the recipe",
        "Written by `python -m benchmarks.tuning` from docs/tuning.csv. Validation images, seed 0, one training a row, so less than about 0.003 "
        "says nothing. AUROC of labelled anomalies (unseen: of the class left out), of damaged normals and of distorted normals, each against "
        "the same normals; and the normals' error. What followed from them: [what-helped.md](what-helped.md). *Negative*: the loss that leads an anomaly "
        f"to its inverted image. *Code*: the latent vector. *Stand-ins*: distorted normals in the place of missing labelled anomalies. {len(found)} of {len(trials())} trials are made.",
    ]
    for model, title in MODEL_NAMES.items():
        for regime in REGIMES:
            lines = []
            for trial in trials():
                if (trial.model, trial.task.regime) != (model, regime) or trial.key not in known:
                    continue
                figures = known[trial.key]
                lines.append([trial.what, _of(trial.task), *(f"{float(figures[name]):.3f}" for name in FIGURES)])
            heads = ["change", "normal class", "anomalies", "damaged", "distorted", "normals' error"]
            parts += [f"## {title}, {regime}", markdown_table(heads, lines)] if lines else []
    return "\n\n".join(parts) + "\n"


def _key(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in KEY)


def _of(task: Task) -> str:
    name = FASHION_MNIST.description.class_name
    left_out = f" without {name(task.left_out)}" if task.left_out else ""
    labels = f", {task.anomalies} labels" if task.anomalies not in (0, ANOMALIES) else ""
    return f"{name(task.normal)}{left_out}{labels}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuning", description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only trials whose model, regime, name, class hold this"
    )
    wanted = parser.parse_args().only
    for trial in trials():
        title = f"{trial.model}, {trial.task.regime}, {trial.what}, {_of(trial.task)}"
        if wanted in title and trial.key not in map(_key, rows.read(CSV)):
            row = measure(trial)
            add_row(row)
            print(title, *(f"{name} {row[name]:.4f}" for name in FIGURES), sep=", ", flush=True)


if __name__ == "__main__":
    main()
