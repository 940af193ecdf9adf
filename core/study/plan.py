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
from core.gans.config import CONFIGS, KIM, TrainingConfig
from core.gans.recipes import OBJECTIVES, default_config
from core.store import checkpoints
from core.study.baselines import BASELINES

CLASSES = FASHION_MNIST.description.classes
SEEDS = 3
SEEDS_FIRST_CLASS = 5  # T-shirt, seen and one-class, whose spread over seeds is reported
_REPAIR = ("repair", "as_normal", "judge_all")  # settings of the repair objective
# Settings that came later, and the value that leaves a training as it was before. A recipe names them only where they act.
_LATER = {
    "least_steps": 1,
    "quarter": False,
    "turn": 0,
    "light": 0.0,
    "faint": 0.0,
    "unlike": 0.0,
    "abc_worst": False,
}
LABELS = (10, 30, 100, 300, 1000)
ALL_SIX = "all six, without repair"  # losses of the paper
UNTRAINED = "maps without training"  # the method of the cells that measure them (core/study/untrained.py)


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
    def has_row(self) -> bool:
        """Whether the cell has a row of results.csv."""
        return self.method != UNTRAINED

    @property
    def has_defects(self) -> bool:
        """Whether the cell has rows of defects.csv: the maps without training, and GANs that were not kept from a class or
        labels. The combinations of the paper's losses have none."""
        if not self.has_row:
            return True
        whole = self.task.regime != "unseen" and self.task.anomalies in (0, ANOMALIES)
        return self.config is not None and whole and not self.variant.startswith("L1")

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
    if not values.get("repair"):
        del values["damaged"]  # none is damaged
    for name, off in _LATER.items():
        if values.get(name) == off:
            del values[name]
    if values.get("skips") == len(values.get("widths", ())) - 1:
        del values["skips"]  # all of them, as before there was a choice
    if not any(values.get(name) for name in _REPAIR):
        # Recipes of before the repair objective, whose rows are in results.csv, do not name its settings.
        values = {name: value for name, value in values.items() if name not in _REPAIR}
    return values


def plan() -> list[Cell]:
    """Plan the main table, the most useful cells first: one seed of all classes before a second one.

    Seen and one-class with every class as the normal one, unseen with T-shirt/top normal and each other class left out;
    the maps without training beside them. Last, one seed of unseen with every other class as the normal one.
    """
    whole = [Task(normal) for normal in CLASSES] + [Task(normal, "one-class", 0) for normal in CLASSES]
    unseen, elsewhere = _unseen(CLASSES[0]), [task for normal in CLASSES[1:] for task in _unseen(normal)]
    order = [(0, whole), *((seed, whole) for seed in range(1, SEEDS)), *((seed, unseen) for seed in range(SEEDS))]
    order += [(seed, [Task(), Task(regime="one-class", anomalies=0)]) for seed in range(SEEDS, SEEDS_FIRST_CLASS)]
    order += [(0, elsewhere)]
    cells = [Cell(UNTRAINED, Task(normal, "one-class", 0), 0) for normal in CLASSES]
    for seed, tasks in order:
        for task in tasks:
            baselines = [name for name, (_, regimes) in BASELINES.items() if task.regime in regimes]
            if task.regime == "unseen" and (seed or task in elsewhere):
                baselines = []  # one seed with T-shirt/top normal is enough to compare with
            cells += [Cell(method, task, seed) for method in (*CONFIGS, *baselines)]
    return cells


def _unseen(normal: str) -> list[Task]:
    """Return the tasks of the unseen regime with that normal class: each other class left out in turn."""
    return [Task(normal, "unseen", left_out=name) for name in CLASSES if name != normal]


def ablation() -> list[Cell]:
    """Plan the ablation on T-shirt/top: both GANs without the repair objective or a part of it, and of the DCGAN L1 alone
    and with each other loss of the paper (Kim's Table 6).

    The whole recipes are in the main table.
    """
    variants: list[tuple[str, Task, str, tuple[tuple[str, Any], ...]]] = []
    for method, against in (("dcgan", ("abc", "adversarial_anomaly")), ("traditional", ("negative_mse",))):
        for task in (Task(), Task(regime="one-class", anomalies=0)):
            without = ALL_SIX if method == "dcgan" else "without repair"
            variants.append((method, task, without, _original(method, task.regime)))
        variants += [
            (method, Task(), "without damaged normals", (("repair", 0.0),)),
            (method, Task(), "without redrawing anomalies as normals", (("as_normal", 0.0),)),
            (method, Task(), "judging undamaged normals alone", (("judge_all", False),)),
            (method, Task(), "without losses against anomalies", tuple((name, 0.0) for name in against)),
        ]
    for kept in KIM:
        variant = "L1" if kept == "l1" else f"L1 + {kept.replace('_', ' ')}"
        off = tuple((name, 0.0) for name in KIM if name not in ("l1", kept))
        variants.append(("dcgan", Task(), variant, _original("dcgan", "seen") + off))
    return [Cell(method, task, seed, name, off) for seed in range(SEEDS) for method, task, name, off in variants]


def _original(method: str, regime: str) -> tuple[tuple[str, Any], ...]:
    """Return what turns a default config into the one of the original objective."""
    default, original = (msgspec.structs.asdict(default_config(method, regime, name)) for name in OBJECTIVES)
    return tuple((name, value) for name, value in original.items() if value != default[name])


def imbalance() -> list[Cell]:
    """Plan the study of few labels: the traditional GAN on T-shirt/top, seen and unseen, with few labelled anomalies.

    The ends of the curve, no label and 6,003, are in the main table.
    """
    unseen = [Task(regime="unseen", anomalies=count, left_out=name) for count in LABELS for name in CLASSES[1:]]
    seen = [Cell("traditional", Task(anomalies=count), seed) for seed in range(SEEDS) for count in LABELS]
    return seen + [Cell("traditional", task, 0) for task in unseen]  # nine trainings per point, so one seed


STUDIES = dict(zip(names.STUDIES, (plan, ablation, imbalance), strict=True))
