"""The cells to measure, and the studies that plan them. Another config is another cell."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from core.basics import names
from core.basics.files import sha256
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import ANOMALIES, Task
from core.gans.config import CONFIGS, DCGANConfig, TrainingConfig, default_config
from core.store import checkpoints
from core.study.baselines import BASELINES

CLASSES = FASHION_MNIST.description.classes
SEEDS = 3
SEEDS_FIRST_CLASS = 5  # T-shirt, seen and one-class, whose spread over seeds is reported
LABELS = (10, 30, 100, 300, 1000)


@dataclass(frozen=True)
class Cell:
    """One measurement. `method` is a GAN's or a baseline's name, `variant` names the `changes` to its config."""

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
        labels = f", {self.task.anomalies} labels" if self.task.anomalies not in (0, ANOMALIES) else ""
        return f"{self.method}{variant}, {self.task.normal}, {self.task.regime}{left_out}{labels}, seed {self.seed}"

    @property
    def shipped(self) -> Path | None:
        """The folder of this cell's model in the box; None when it does not ship.

        Seed 0 ships: seen for every class, one-class for the first class only, because a traditional model has 1.7 MB
        and the box must stay below 30 MB.
        """
        ships = self.task in (Task(self.task.normal), Task(CLASSES[0], "one-class", 0))
        if self.config is None or self.seed != 0 or self.changes or not ships:
            return None
        return checkpoints.shipped(self.method, self.task.normal, self.task.regime)


def acting(config: TrainingConfig, task: Task) -> dict[str, Any]:
    """Return the settings of `config` that have an effect in `task`; the others do not make another training."""
    values = msgspec.to_builtins(config)
    if not values.get("abc", True):
        del values["abc_scale"]  # it scales a loss that is off
    if not task.labelled or task.labelled >= config.enough_labels or not config.distorted:
        del values["enough_labels"]  # no effect without labels, with enough of them, or without distorted normals
    return values


def plan() -> list[Cell]:
    """Plan the main table, the most useful cells first: first seeds of all classes before second ones.

    Seen and one-class with every class as the normal one, unseen with T-shirt/top normal and each other class left out.
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
    """Plan the ablation of the DCGAN's losses on T-shirt/top: L1 alone, and L1 with each other loss (Kim's Table 6).

    All six together are in the main table.
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
    """Plan the study of few labels: the traditional GAN on T-shirt/top, seen and unseen, with few labelled anomalies.

    The ends of the curve, no label and 6,003, are in the main table.
    """
    unseen = [Task(regime="unseen", anomalies=count, left_out=name) for count in LABELS for name in CLASSES[1:]]
    seen = [Cell("traditional", Task(anomalies=count), seed) for seed in range(SEEDS) for count in LABELS]
    return seen + [Cell("traditional", task, 0) for task in unseen]  # nine trainings per point, so one seed


STUDIES = dict(zip(names.STUDIES, (plan, ablation, imbalance), strict=True))
