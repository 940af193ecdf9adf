"""The sweep: every method × regime × normal class × seed, measured the same way, into results.csv and RESULTS.md.

A cell is one training and its test figures; a row of results.csv is a finished cell. The file is replaced whole after
every cell, so an interrupted sweep goes on where it was: cells whose recipe has a row are not run again.
"""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from core.basics import names
from core.basics.errors import CheckpointError, ConfigError, MisfitError
from core.basics.files import ROOT, sha256, write_whole
from core.data import tasks
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans.config import CONFIGS, DCGANConfig, TrainingConfig, default_config
from core.metrics import evaluation, figures
from core.runs import queue
from core.store import checkpoints
from core.study.baselines import BASELINES

CLASSES = FASHION_MNIST.description.classes
CSV = ROOT / "results.csv"
SEEDS = 3
SEEDS_FIRST_CLASS = 5  # T-shirt, seen and one-class, whose spread over seeds is reported
LABELS = (10, 30, 100, 300, 1000)

COLUMNS = {
    "method": str,
    "regime": str,
    "normal": str,
    "left_out": str,
    "anomalies": int,
    "seed": int,
    "variant": str,
    "auroc": float,
    "auroc_low": float,
    "auroc_high": float,
    "average_precision_5pct": float,
    "fpr_at_95tpr": float,
    "hardest_class": str,
    "hardest_auroc": float,
    "normal_error": float,
    "normal_ssim": float,
    "validation_auroc": float,
    "seconds": float,
    "recipe": str,
}

CELL = ["variant", "regime", "method", "normal", "left_out", "anomalies", "seed"]  # what tells rows apart


@dataclass(frozen=True)
class Cell:
    """One thing to measure. `method` is a GAN's or a baseline's name, `variant` names what `changes` in its config."""

    method: str
    task: Task
    seed: int
    variant: str = ""
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def config(self) -> TrainingConfig | None:
        if self.method not in CONFIGS:
            return None
        return msgspec.structs.replace(default_config(self.method, self.task.regime), **dict(self.changes))

    @property
    def recipe(self) -> str:
        """A short hash of all that defines the cell: another config is another cell."""
        config = acting(self.config, self.task) if self.config else None
        task = msgspec.to_builtins(self.task)
        if self.task.data == FASHION_MNIST.description:
            del task["data"]
        content = json.dumps([self.method, task, self.seed, config], sort_keys=True)
        return sha256(content.encode())[:12]

    @property
    def title(self) -> str:
        left_out = f" without {self.task.left_out}" if self.task.left_out else ""
        variant = f", {self.variant}" if self.variant else ""
        labels = f", {self.task.anomalies} labels" if self.task.anomalies not in (0, Task.anomalies) else ""
        return f"{self.method}{variant}, {self.task.normal}, {self.task.regime}{left_out}{labels}, seed {self.seed}"

    @property
    def shipped(self) -> Path | None:
        """Where this cell's model lies in the box, when it is one of those that ship: seed 0, seen for every class and
        one-class for the first, since a traditional model weighs 1.7 MB and the box shall stay below 30."""
        ships = self.task in (Task(self.task.normal), Task(CLASSES[0], "one-class", 0))
        if self.config is None or self.seed != 0 or self.changes or not ships:
            return None
        return checkpoints.shipped(self.method, self.task.normal, self.task.regime)


def acting(config: TrainingConfig, task: Task) -> dict[str, Any]:
    """The settings of `config` that do anything in `task`: what differs in the others alone is the same training."""
    values = msgspec.to_builtins(config)
    if not values.get("abc", True):
        del values["abc_scale"]  # it scales a loss that is off
    if not task.labelled or task.labelled >= config.enough_labels or not config.distorted:
        del values["enough_labels"]  # nothing is labelled, or enough is
    return values


def plan() -> list[Cell]:
    """The main table, in the order in which cells are worth having: first seeds of all classes before second ones.

    Seen and one-class for every class as the normal one, unseen for T-shirt/top with each other class left out.
    """
    cells = []
    for seed in range(SEEDS_FIRST_CLASS):
        normals = CLASSES if seed < SEEDS else CLASSES[:1]
        tasks = [Task(normal) for normal in normals]
        tasks += [Task(normal, "one-class", 0) for normal in normals]
        if seed < SEEDS:
            tasks += [Task(CLASSES[0], "unseen", left_out=name) for name in CLASSES[1:]]
        for task in tasks:
            baselines = [name for name, (_, regime) in BASELINES.items() if regime == task.regime]
            cells += [Cell(method, task, seed) for method in (*CONFIGS, *baselines)]
    return cells


def ablation() -> list[Cell]:
    """What each of the DCGAN's losses adds on T-shirt/top: L1 alone, L1 with each other one (Kim's Table 6).

    All six together stand in the main table.
    """
    config = DCGANConfig()
    combinations: dict[str, tuple[str, ...]] = {"L1": ("l1",)}
    combinations |= {f"L1 + {name.replace('_', ' ')}": ("l1", name) for name in config.loss_names if name != "l1"}
    cells = []
    for variant, kept in combinations.items():
        off = tuple((name, 0.0) for name in config.loss_names if name not in kept)
        cells += [Cell("dcgan", Task(), seed, variant, off) for seed in range(SEEDS)]
    return sorted(cells, key=lambda cell: cell.seed)


def imbalance() -> list[Cell]:
    """How many labels are worth having: the traditional GAN on T-shirt/top, seen and unseen, with few labelled anomalies.

    The ends of the curve, no label and 6,003, stand in the main table.
    """
    unseen = [Task(regime="unseen", anomalies=count, left_out=name) for count in LABELS for name in CLASSES[1:]]
    seen = [Cell("traditional", Task(anomalies=count), seed) for seed in range(SEEDS) for count in LABELS]
    return seen + [Cell("traditional", task, 0) for task in unseen]  # nine trainings a point already


STUDIES = dict(zip(names.STUDIES, (plan, ablation, imbalance), strict=True))


def read() -> pd.DataFrame:
    """The finished cells, one a row; empty when there are none yet. Raises MisfitError when the file is damaged."""
    path = CSV
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    try:
        rows = pd.read_csv(
            path,
            dtype=COLUMNS,
            keep_default_na=False,
            na_values={"normal_error": [""], "normal_ssim": [""], "validation_auroc": [""]},
        )
    except (OSError, ValueError, OverflowError, pd.errors.ParserError) as error:
        raise MisfitError(
            f"{path} is damaged ({' '.join(str(error).split())}). Restore it, or move it away to measure everything again."
        ) from error
    if list(rows.columns) != list(COLUMNS):
        raise MisfitError(
            f"{path} has other columns than this Misfit writes. Restore it, or move it away to measure everything again."
        )
    sound = (
        rows["regime"].isin(tasks.REGIMES)
        & rows["normal"].isin(CLASSES)
        & rows["left_out"].isin(["", *CLASSES])
        & rows[["auroc", "auroc_low", "auroc_high"]].apply(lambda column: column.between(0.0, 1.0)).all(axis=1)
    )
    if not sound.all():
        raise MisfitError(
            f"{path} is damaged (line {int(np.argmin(sound)) + 2} is no measurement). Restore it, or move it away to measure "
            "everything again."
        )
    return rows


def drop_gone() -> int:
    """Remove the rows of results.csv that no planned cell has, because their recipe is gone; gives how many. Raises MisfitError."""
    planned = {cell.recipe for study in STUDIES.values() for cell in study()}
    with _one_at_a_time():
        rows = read()
        gone = ~rows["recipe"].isin(planned)
        if gone.any():
            write_whole(CSV, rows[~gone].to_csv(index=False, float_format="%.6f").encode())
    return int(gone.sum())


def missing(cells: list[Cell], rows: pd.DataFrame) -> list[Cell]:
    """The cells without a row."""
    done = set(rows["recipe"])
    return [cell for cell in cells if cell.recipe not in done]


@contextlib.contextmanager
def dask_cluster(address: str) -> Iterator[int]:
    """Let `run` send its cells to the Dask cluster whose scheduler is at `address`; gives its number of threads.

    Dask is an optional extra. Every worker needs this checkout at the same path, since models and data are files. Raises
    ConfigError when Dask is not installed or nobody answers at the address.
    """
    import joblib

    try:
        from distributed import Client
    except ImportError:
        raise ConfigError("Dask is not installed; `pip install -r requirements-cluster.txt` does it.") from None
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"No Dask scheduler answers at {address} ({reason}); it looks like tcp://HOST:8786."
        ) from error
    with client, joblib.parallel_config(backend="dask"):
        yield sum(client.nthreads().values())


def run(cells: list[Cell], workers: int = 1) -> Iterator[dict[str, Any]]:
    """Measure `cells` and yield a row each as they finish, keeping results.csv up to date.

    `workers` cells at a time, through joblib: inside `dask_cluster` (or any other `joblib.parallel_config`) they run
    there. Rows do not depend on the number of workers: every cell runs on one thread.
    """
    from joblib import Parallel, delayed

    for row in Parallel(n_jobs=workers, return_as="generator_unordered")(delayed(measure)(cell) for cell in cells):
        add(row)
        yield row


def add(row: dict[str, Any]) -> None:
    """Write a row into results.csv beside those that are there. Raises MisfitError, OSError."""
    with _one_at_a_time():
        rows = pd.concat([read(), pd.DataFrame([row]).astype(COLUMNS)], ignore_index=True)
        write_whole(
            CSV,
            rows.drop_duplicates(CELL, keep="last")  # a changed recipe's row replaces the old one
            .sort_values(CELL)
            .to_csv(index=False, float_format="%.6f")
            .encode(),
        )


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two sweeps that read and write at once would each lose the other's row. The folder is the lock: it leaves no file."""
    folder = os.open(CSV.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def measure(cell: Cell) -> dict[str, Any]:
    """Train (or load from the box) and test one cell: a row of results.csv."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # cells run side by side, and one thread's sums are the same on every machine of a kind
    try:
        return _measure_gan(cell) if cell.config else _measure_baseline(cell)
    finally:
        torch.set_num_threads(threads)


def _measure_gan(cell: Cell) -> dict[str, Any]:
    from core.gans import scoring

    test = FASHION_MNIST.load("test")
    with tempfile.TemporaryDirectory(prefix="misfit-") as temporary:
        folder = cell.shipped or Path(temporary) / "checkpoint"
        found = (_sound(cell, folder) if folder.exists() else None) or _train(cell, folder)
        reconstructions = scoring.reconstruct(found.generator(), test.images)
        return _gan_row(cell, found, reconstructions, test)


def _train(cell: Cell, folder: Path) -> checkpoints.Checkpoint:
    assert cell.config is not None
    return queue.train(queue.Request(cell.method, cell.task, cell.config, cell.seed), folder, "auto")


def _sound(cell: Cell, folder: Path) -> checkpoints.Checkpoint | None:
    """The cell's own model when it lies whole in `folder`; else what lies there is set aside, by name, and None."""
    try:
        found = checkpoints.load(folder)
        found.generator()
        _ = found.scores
        if (
            cell.config is not None
            and acting(found.config, found.task) == acting(cell.config, cell.task)
            and found.task == cell.task
            and found.card.seed == cell.seed
            and not found.card.stopped_early
        ):
            return found
        why = "another recipe"
    except CheckpointError as error:
        why = str(error)
    aside = checkpoints.RUNS / "set-aside" / f"{folder.parent.name}-{folder.name}-{int(time.time())}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, aside)
    print(f"misfit: {folder} was set aside as {aside} ({why}); it is trained again.", flush=True)
    return None


def _gan_row(cell: Cell, found: checkpoints.Checkpoint, reconstructions: np.ndarray, test: Images) -> dict[str, Any]:
    from core.gans import scoring

    normal, _ = tasks.test_roles(cell.task, test.labels)
    scores = scoring.score_reconstructions(test.images, reconstructions)
    row = _row(cell, scores, test, found.card.seconds)
    row["normal_error"] = float(scores[normal].mean())
    row["normal_ssim"] = ssim(test.images[normal], reconstructions[normal])
    row["validation_auroc"] = found.card.validation.auroc
    return row


def _measure_baseline(cell: Cell) -> dict[str, Any]:
    test = FASHION_MNIST.load("test")
    split = tasks.split(cell.task, FASHION_MNIST.load("train"))
    started = time.perf_counter()
    scores = BASELINES[cell.method][0](split, test.images, cell.seed)
    return _row(cell, scores, test, time.perf_counter() - started)


def _row(cell: Cell, scores: np.ndarray, test: Images, seconds: float) -> dict[str, Any]:
    normal, anomaly = tasks.test_roles(cell.task, test.labels)
    report = figures.report(scores[normal], scores[anomaly], test.labels[anomaly], CLASSES)
    hardest = min(report.per_class, key=report.per_class.__getitem__)
    return {
        "method": cell.method,
        "regime": cell.task.regime,
        "normal": cell.task.normal,
        "left_out": cell.task.left_out or "",
        "anomalies": cell.task.anomalies,
        "seed": cell.seed,
        "variant": cell.variant,
        "auroc": report.auroc,
        "auroc_low": report.auroc_low,
        "auroc_high": report.auroc_high,
        "average_precision_5pct": report.average_precision_5pct,
        "fpr_at_95tpr": report.fpr_at_95tpr,
        "hardest_class": hardest,
        "hardest_auroc": report.per_class[hardest],
        "normal_error": np.nan,
        "normal_ssim": np.nan,
        "validation_auroc": np.nan,
        "seconds": seconds,
        "recipe": cell.recipe,
    }


def ssim(images: np.ndarray, reconstructions: np.ndarray) -> float:
    """Mean structural similarity (Wang et al. 2004, 7×7 windows) of uint8 images and float reconstructions [N, 28, 28]."""
    from skimage.metrics import structural_similarity

    scaled = images.astype(np.float32) / 127.5 - 1.0
    pairs = zip(scaled, reconstructions, strict=True)
    return float(np.mean([structural_similarity(image, other, data_range=2.0) for image, other in pairs]))


def check(tolerance: float = 1e-4) -> list[str]:
    """Recompute every shipped checkpoint's test AUROC from its weights; a line for each that results.csv disagrees with."""
    from core.gans import scoring

    rows, test, wrong = read().set_index("recipe"), FASHION_MNIST.load("test"), []
    for cell in plan():
        if not (cell.shipped and cell.shipped.exists()):
            continue
        found = checkpoints.load(cell.shipped)
        scores = scoring.score(found.generator(), test.images)
        normal, anomaly = tasks.test_roles(found.task, test.labels)
        area = evaluation.auroc(scores[normal], scores[anomaly])
        stated = rows["auroc"].get(cell.recipe)
        if stated is None or abs(area - stated) > tolerance:
            wrong.append(f"{cell.title}: {area:.6f} from the weights, {stated} in results.csv")
    return wrong
