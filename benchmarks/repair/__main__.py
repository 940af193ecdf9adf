"""Trials of the repair objective on validation images: how well a recipe repairs, and whether it still tells the classes apart.

usage: python -m benchmarks.repair NAME… [--normal CLASS] [--regime seen|one-class] [--seed N] [--thin N] [--judge FILE] [--log FILE]

NAME is best-dcgan or best-traditional (the recipe that docs/repair-trials.md recommends for the regime), or box-dcgan or
box-traditional (the model in the box, for comparison); `best-dcgan:epochs=26,abc=3,widths=8-16-32-64` changes settings.
A trial is a row in docs/repair-trials.csv. The test split is never looked at: classes are told apart on validation anomalies,
defects are put on validation normals.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from benchmarks.repair import damage
from benchmarks.repair.figures import figures
from benchmarks.repair.judge import Judge, trained
from benchmarks.repair.recipes import REGIMES, Trial, parse
from benchmarks.repair.training import Repairing
from core.basics.errors import MisfitError
from core.basics.files import ROOT, write_whole
from core.data import tasks
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import ANOMALIES, Split, Task
from core.gans.build import Generator
from core.store import checkpoints

LOG = ROOT / "docs" / "repair-trials.csv"


def measure(trial: Trial, split: Split, normal: str, seed: int, judge: Judge, thin: int) -> dict[str, Any]:
    """Train a trial on one thread, or load the model in the box, and measure it: a row of the log."""
    row: dict[str, Any] = {"recipe": trial.name, "normal": normal, "regime": trial.regime, "seed": seed}
    if thin > 1:
        row["note"] = f"every {thin}th validation anomaly"
    generator: Generator
    if trial.shipped:
        generator = checkpoints.load(checkpoints.shipped(trial.model, normal, trial.regime)).generator()
    else:
        training, started = Repairing(trial, split, seed), time.perf_counter()
        for _ in training.epochs():
            pass
        row["seconds"] = round(time.perf_counter() - started)
        generator = training.generator
    measured = figures(generator, split, FASHION_MNIST.description.label(normal), judge, thin)
    return row | {name: round(value, 4) for name, value in measured.items()}


def add_row(path: Path, row: dict[str, Any]) -> None:
    """Write a row beside those that are there, which stay as they are; what a row has no figure for stays empty."""
    rows = [pd.read_csv(path, dtype=str, keep_default_na=False)] if path.exists() else []
    rows.append(pd.DataFrame([{name: str(value) for name, value in row.items()}]))
    write_whole(path, pd.concat(rows, ignore_index=True).to_csv(index=False).encode())


def show(row: dict[str, Any]) -> None:
    """Print what matters of a row: a line of figures, then a line for each figure of the kinds of damage."""
    print(", ".join(f"{name} {value}" for name, value in row.items() if not name.startswith(damage.KINDS)), flush=True)
    for name in ("mix1", "point", "peak", "pixel", "hit", "pointhit"):
        print("   ", name, " ".join(f"{kind} {row[f'{kind}_{name}']:.3f}" for kind in damage.KINDS), flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the trials that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.repair", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="+", metavar="NAME")
    parser.add_argument("--normal", default="t-shirt", metavar="CLASS")
    parser.add_argument("--regime", default="seen", choices=REGIMES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--thin", type=int, default=1, metavar="N", help="look at every N-th validation anomaly")
    parser.add_argument("--judge", type=Path, metavar="FILE", help="keep the trained classifier of looks here")
    parser.add_argument("--log", type=Path, default=LOG, metavar="FILE")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        trials = [parse(text, options.regime) for text in options.recipes]
        task = Task(options.normal, options.regime, ANOMALIES if options.regime == "seen" else 0)
        train = FASHION_MNIST.load("train")
        split = tasks.split(task, train)
        judge = trained(train, options.judge)
        for trial in trials:
            row = measure(trial, split, options.normal, options.seed, judge, options.thin)
            add_row(options.log, row)
            show(row)
    except MisfitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
