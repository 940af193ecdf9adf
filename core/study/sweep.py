"""The sweep: every method × regime × normal class × seed, measured the same way, into results.csv and defects.csv.

A cell is one training and its test figures: a row of results.csv, and those of defects.csv that belong to it. An
interrupted sweep can be continued: cells whose recipe has its rows are not run again.
"""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.basics.errors import CheckpointError, ConfigError
from core.data import tasks
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.gans import maps
from core.metrics import evaluation, reports
from core.runs import queue
from core.runs.request import Request
from core.store import checkpoints
from core.study import defects, results
from core.study.baselines import BASELINES
from core.study.plan import CLASSES, Cell, acting, plan


@contextlib.contextmanager
def dask_cluster(address: str) -> Iterator[int]:
    """Send the cells of `run` to the Dask cluster whose scheduler is at `address`; yield its number of threads.

    Dask is an optional extra. Every worker needs this checkout at the same path, since models and data are files.
    Raises ConfigError when Dask is not installed or no scheduler answers at the address.
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


class Measured(NamedTuple):
    """What a cell has given: its row of results.csv if it has one, and its rows of defects.csv."""

    title: str
    row: dict[str, Any] | None
    defects: list[dict[str, Any]]


def run(cells: list[Cell], workers: int = 1) -> Iterator[Measured]:
    """Measure `cells`; add the rows of each to results.csv and defects.csv and yield them.

    joblib runs `workers` cells at a time on this machine; inside `dask_cluster` (or another `joblib.parallel_config`)
    they run there. A row does not depend on the number of workers, because every cell runs on one thread.
    """
    from joblib import Parallel, delayed

    for measured in Parallel(n_jobs=workers, return_as="generator_unordered")(delayed(measure)(cell) for cell in cells):
        results.add(measured.row, measured.defects)
        yield measured


def measure(cell: Cell) -> Measured:
    """Train (or load from the box) and test one cell."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # cells run side by side, and one thread's sums are the same on every machine of a kind
    try:
        if not cell.has_row:
            found = defects.of_untrained(cell.task)
            return Measured(cell.title, None, [row for name in found for row in _defect_rows(cell, name, found[name])])
        return _measure_gan(cell) if cell.config else Measured(cell.title, _measure_baseline(cell), [])
    finally:
        torch.set_num_threads(threads)


def _defect_rows(cell: Cell, method: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of core/study/defects.py as rows of defects.csv."""
    origin = {"method": method, "regime": cell.task.regime, "normal": cell.task.normal, "seed": cell.seed}
    return [origin | {"variant": cell.variant, "recipe": cell.recipe} | line for line in lines]


def _measure_gan(cell: Cell) -> Measured:
    from core.gans import scoring

    test = FASHION_MNIST.load("test")
    with tempfile.TemporaryDirectory(prefix="misfit-") as temporary:
        folder = cell.shipped or Path(temporary) / "checkpoint"
        checkpoint = (_sound(cell, folder) if folder.exists() else None) or _train(cell, folder)
        generator = checkpoint.generator()
        row = _gan_row(cell, checkpoint, scoring.reconstruct(generator, test.images), test)
        lines = defects.of_generator(generator, cell.task.normal) if cell.has_defects else []
        return Measured(cell.title, row, _defect_rows(cell, cell.method, lines))


def _train(cell: Cell, folder: Path) -> checkpoints.Checkpoint:
    assert cell.config is not None
    return queue.train(Request(cell.method, cell.task, cell.config, cell.seed), folder)


def _sound(cell: Cell, folder: Path) -> checkpoints.Checkpoint | None:
    """Return the cell's own model when it lies whole in `folder`.

    Else move the folder aside, print its new place and the reason, and return None.
    """
    try:
        checkpoint = checkpoints.load(folder)
        checkpoint.generator()
        _ = checkpoint.scores
        if (
            cell.config is not None
            and acting(checkpoint.config, checkpoint.task) == acting(cell.config, cell.task)
            and checkpoint.task == cell.task
            and checkpoint.card.seed == cell.seed
            and not checkpoint.card.stopped_early
        ):
            return checkpoint
        why = "another recipe"
    except CheckpointError as error:
        why = str(error)
    aside = checkpoints.RUNS / "set-aside" / f"{folder.parent.name}-{folder.name}-{int(time.time())}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, aside)
    print(f"misfit: {folder} was set aside as {aside} ({why}); it is trained again.", flush=True)
    return None


def _gan_row(
    cell: Cell, checkpoint: checkpoints.Checkpoint, reconstructions: np.ndarray, test: Images
) -> dict[str, Any]:
    from core.study import judge

    normal, anomaly = tasks.test_roles(cell.task, test.labels)
    errors, heats = maps.parts_of_score(test.images, reconstructions)
    row = _row(cell, maps.score_parts(errors, heats, checkpoint.card.scoring.share), test, checkpoint.card.seconds)
    row["normal_error"] = float(errors[normal].mean())
    row["normal_ssim"] = ssim(test.images[normal], reconstructions[normal])
    row["validation_auroc"] = checkpoint.card.validation.auroc
    judging, label = judge.trained(), cell.task.data.label(cell.task.normal)
    row["looks_normal"] = float((judging.called(reconstructions[anomaly]) == label).mean())
    row["looks_normal_own"] = float((judging.called(reconstructions[normal]) == label).mean())
    row["judge_accuracy"] = float(judging.accuracy)
    return row


def _measure_baseline(cell: Cell) -> dict[str, Any]:
    test = FASHION_MNIST.load("test")
    split = tasks.split(cell.task, FASHION_MNIST.load("train"))
    started = time.perf_counter()
    scores = BASELINES[cell.method][0](split, test.images, cell.seed)
    return _row(cell, scores, test, time.perf_counter() - started)


def _row(cell: Cell, scores: np.ndarray, test: Images, seconds: float) -> dict[str, Any]:
    normal, anomaly = tasks.test_roles(cell.task, test.labels)
    report = reports.report(scores[normal], scores[anomaly], test.labels[anomaly], CLASSES)
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
        "looks_normal": np.nan,
        "looks_normal_own": np.nan,
        "judge_accuracy": np.nan,
        "seconds": seconds,
        "recipe": cell.recipe,
    }


def ssim(images: np.ndarray, reconstructions: np.ndarray) -> float:
    """Return the mean structural similarity (Wang et al. 2004, 7×7 windows) of uint8 and float images [N, H, W, C]."""
    from skimage.metrics import structural_similarity

    scaled = images.astype(np.float32) / 127.5 - 1.0
    pairs = zip(scaled, reconstructions, strict=True)
    return float(np.mean([structural_similarity(*pair, data_range=2.0, channel_axis=2) for pair in pairs]))


def check(tolerance: float = 1e-4) -> list[str]:
    """Recompute every shipped checkpoint's test AUROC from its weights.

    Returns a line for each that differs from results.csv by more than `tolerance`.
    """
    from core.gans import scoring

    rows, test, wrong = results.read().set_index("recipe"), FASHION_MNIST.load("test"), []
    for cell in plan():
        if not (cell.shipped and cell.shipped.exists()):
            continue
        checkpoint = checkpoints.load(cell.shipped)
        scores = scoring.score(checkpoint.generator(), test.images)
        normal, anomaly = tasks.test_roles(checkpoint.task, test.labels)
        area = evaluation.auroc(scores[normal], scores[anomaly])
        stated = rows["auroc"].get(cell.recipe)
        if stated is None or abs(area - stated) > tolerance:
            wrong.append(f"{cell.title}: {area:.6f} from the weights, {stated} in results.csv")
    return wrong
