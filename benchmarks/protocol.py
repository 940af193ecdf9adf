"""How much the headline figures owe to the protocol: another split, another share held out, fewer images. Figures into docs/protocol.csv,
a table into docs/protocol.md.

usage: python -m benchmarks.protocol [--only TEXT]      goes on where it was

T-shirt/top is normal, and the model's seed is 0. A row changes one thing; the settings are the defaults, tuned for none of these. The
number of labels is a study of its own (`python -m core results --study imbalance`).
"""

import argparse
import time
from typing import NamedTuple

import numpy as np

from benchmarks import rows
from core.basics.files import ROOT, write_whole
from core.basics.names import MODEL_NAMES
from core.basics.text import markdown_table
from core.data import tasks
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import SPLIT_SEED, VALIDATION_SHARE, Task
from core.gans.recipes import default_config
from core.metrics.evaluation import auroc

CSV, TABLE = ROOT / "docs" / "protocol.csv", ROOT / "docs" / "protocol.md"
COLUMNS = ("model", "regime", "protocol", "normals", "auroc", "seconds")
REGIMES = {"seen": Task(), "one-class": Task(regime="one-class", anomalies=0)}


class Protocol(NamedTuple):
    """Which images are held out for validation, and how many of each class are there at all (None: all 6,000)."""

    seed: int = SPLIT_SEED
    share: float = VALIDATION_SHARE
    each: int | None = None


PROTOCOLS = {
    "10 % held out for validation": Protocol(),
    "another split, seed 1": Protocol(seed=1),
    "another split, seed 2": Protocol(seed=2),
    "5 % held out for validation": Protocol(share=0.05),
    "30 % held out for validation": Protocol(share=0.3),
    "half of the training images": Protocol(each=3000),
    "a sixth of them, as many as ship with Misfit": Protocol(each=1000),
}


def divided(train: Images, protocol: Protocol) -> Images:
    """Return the training images that `protocol` leaves, those marked that it holds out for validation."""
    random = np.random.default_rng(protocol.seed)
    kept, held = [], []
    for label in range(len(FASHION_MNIST.description.classes)):
        own = np.flatnonzero(train.labels == label)[: protocol.each]
        own = own[random.permutation(len(own))]
        kept.append(own)
        held.append(np.arange(len(own)) < int(len(own) * protocol.share))
    places = np.concatenate(kept)
    return Images(train.images[places], train.labels[places], train.source, np.concatenate(held))


def measure(model: str, regime: str, name: str) -> list[object]:
    """Train on one thread and score the whole test split: a row of the file."""
    import torch

    from core.gans import scoring
    from core.gans.training import Training

    torch.set_num_threads(1)
    task, started = REGIMES[regime], time.perf_counter()
    train = divided(FASHION_MNIST.load("train"), PROTOCOLS[name])
    split, config = tasks.split(task, train), default_config(model, regime)
    test = FASHION_MNIST.load("test")
    scores = scoring.score(Training(model, config, split, 0, "cpu").finish(), test.images)
    normal, anomaly = tasks.test_roles(task, test.labels)
    area = auroc(scores[normal], scores[anomaly])
    return [model, regime, name, len(split.train_normal), round(area, 6), round(time.perf_counter() - started)]


def table(found: list[dict[str, str]]) -> str:
    """Return the text of docs/protocol.md; the rows have the columns COLUMNS."""
    heads, lines = ["protocol", "normal training images"], []
    pairs = [(model, regime) for model in MODEL_NAMES for regime in REGIMES]
    areas = {_key(row): float(row["auroc"]) for row in found}
    for name in PROTOCOLS:
        normals = next((f"{int(row['normals']):,}" for row in found if row["protocol"] == name), "–")
        cells = [f"{areas[(*pair, name)]:.4f}" if (*pair, name) in areas else "–" for pair in pairs]
        lines.append([name, normals, *cells])
    heads += [f"{MODEL_NAMES[model]}, {regime}" for model, regime in pairs]
    about = (
        "Test AUROC, T-shirt/top normal, seed 0, one training each. Every row changes one thing and nothing is tuned for it; fewer images are fewer steps, too, because the epochs stay. The first row "
        "holds out as many images as results.csv does, but not the same ones, so the first three rows differ by their split alone. A dash is not measured yet."
    )
    return f"# How much the figures owe to the protocol\n\nWritten by `python -m benchmarks.protocol`.\n\n{about}\n\n{markdown_table(heads, lines)}\n"


def _key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["model"], row["regime"], row["protocol"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.protocol", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows whose model, regime, protocol hold this")
    wanted = parser.parse_args().only
    for name in PROTOCOLS:
        for model in MODEL_NAMES:
            for regime in REGIMES:
                done = (model, regime, name) in map(_key, rows.read(CSV))
                if done or wanted not in f"{model}, {regime}, {name}":
                    continue
                row = measure(model, regime, name)
                found = rows.add(CSV, [dict(zip(COLUMNS, row, strict=True))])
                write_whole(TABLE, table(found).encode())
                print(*row, sep=", ", flush=True)


if __name__ == "__main__":
    main()
