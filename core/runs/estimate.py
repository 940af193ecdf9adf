"""Estimating a training before it starts: whether the data suffice, how many steps it has, how long it takes.

The time is measured on this machine: every run writes down how long its steps took. For a network that has never been
trained here on about as many images the time is unknown until the run has begun. Imports no torch.
"""

import contextlib
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from core.basics.errors import ConfigError, DataError
from core.basics.files import read_at_most, sha256, write_whole
from core.basics.processors import processors
from core.data import catalog, tasks
from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from core.gans.config import KIM, SMALLEST_BATCH, TrainingConfig
from core.gans.recipes import default_config
from core.runs import folders
from core.runs.request import Request
from core.runs.status import Seconds
from core.store import checkpoints

PRESETS = ("quick look", "as shipped", "without repair", "as in the paper")
ON_ANOMALIES = ("as_normal", "abc", "negative_mse", "anomaly_mse", "adversarial_anomaly")
_QUICK_STEPS = {"traditional": 700, "dcgan": 110}  # about twelve seconds of training on one slow core
MOST_FOLDS = 10  # each costs a whole training
_FEW_STEPS = 110  # for a model that has not been timed
SPEEDS = ".speed.json"  # beside the runs' folders
# Settings that do not change how long a step takes.
_WITHOUT_WEIGHT = ("epochs", "least_steps", "learning_rate", "beta1", "beta2", "ema_decay", "clip_norm")


@dataclass(frozen=True)
class Plan:
    """The numbers of training images of each kind and of optimisation steps in an epoch."""

    normals: int
    anomalies: int
    steps: int


class Speed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The seconds of one step, of one validation, and of a run's start, scoring and saving together."""

    step: Seconds
    validation: Seconds
    overhead: Seconds

    def run(self, plan: Plan, epochs: int) -> float:
        """Return the estimated seconds of a whole run."""
        return self.overhead + epochs * (plan.steps * self.step + self.validation)


def threads() -> int:
    """Return the number of threads of a background run: at most half of the processors, so that pages stay quick."""
    return max(1, min(4, processors() // 2))


def check(request: Request) -> Plan:
    """Check that the request can be trained with the available data, and return its plan.

    Raises ConfigError or DataError that says what would be right.
    """
    config, task = request.config, request.task
    if not 0 <= request.seed < 2**63:
        raise ConfigError(f"seed is {request.seed}; it must be between 0 and {2**63 - 1}.")
    data = catalog.get(task.data.key)
    normals, anomalies = tasks.sizes(task, data.counts("train"), data.find("train"))
    config = config.fitted(normals)
    idle: set[str] = set() if anomalies or config.stand_ins(anomalies) else set(ON_ANOMALIES)
    if config.undamaged == config.batch_size:
        idle |= {"repair", "unlike"}
    if not any(getattr(config, name) > 0 for name in config.loss_names if name not in idle):
        raise ConfigError("Every loss that could act is switched off; switch on at least one.")
    most = min(MOST_FOLDS, normals // SMALLEST_BATCH)
    if request.folds and not 2 <= request.folds <= most:
        allowed = f"0, or from 2 to {most}" if most > 1 else "0"
        raise ConfigError(f"folds is {request.folds}; with {normals} normal training images it must be {allowed}.")
    return Plan(normals, anomalies, config.steps(normals))


def preset(
    name: str, model: str, regime: str, normals: int, data: Description = FASHION_MNIST.description
) -> TrainingConfig:
    """Return the config of a preset for images that `data` describes; `normals` is the number of normal training images.

    Raises ConfigError.
    """

    def default(objective: str = "repair") -> TrainingConfig:
        return default_config(model, regime, objective, data, normals)

    config = default()
    if name == "as shipped":
        return config
    if name == "quick look":
        epochs = max(2, round(_QUICK_STEPS.get(model, _FEW_STEPS) / config.steps(normals)))
        # With few steps, the weights are averaged over the last twenty instead of the last two hundred.
        return msgspec.structs.replace(config, epochs=min(epochs, config.epochs), ema_decay=0.95)
    if name == "without repair":
        return default("original")
    if name == "as in the paper":
        if model != "dcgan":
            raise ConfigError(
                "Kim et al. have weights for the DCGAN only; the slide deck gives none for the traditional GAN."
            )
        original = default("original")
        return msgspec.structs.replace(original, epochs=300, abc_scale=1.0, **KIM)
    raise ConfigError(f"There is no preset called {name!r}; the presets are: {', '.join(PRESETS)}.")


def known(request: Request) -> Speed | None:
    """Return the speed last measured on this machine for requests like this one, or None. Raises DataError."""
    return _read().get(key(request))


def remember(request: Request, speed: Speed) -> None:
    """Write down the measured speed. A disk error, or data that has gone, is ignored: it is no reason to end a training."""
    speeds = _read()
    with contextlib.suppress(OSError, DataError):
        speeds.pop(mark := key(request), None)
        speeds = dict([*speeds.items(), (mark, speed)][-200:])
        write_whole(checkpoints.RUNS / SPEEDS, msgspec.json.encode(speeds))


def key(request: Request) -> str:
    """Return a key that is equal for requests whose steps take equally long, and their validation up to a factor of two.

    Raises DataError.
    """
    config: dict[str, Any] = msgspec.to_builtins(request.config)
    for name in _WITHOUT_WEIGHT:
        config.pop(name)
    for name in request.config.loss_names:
        config[name] = bool(config[name])  # only whether the loss is on
    data = request.task.data
    size = sum(
        catalog.get(data.key).counts("train")
    ).bit_length()  # more images take longer to load, validate and score
    facts = [request.model, data.shape, size, config, request.task.anomalies > 0, threads()]
    return sha256(json.dumps(facts, sort_keys=True).encode())[:16]


def _read() -> dict[str, Speed]:
    try:
        content = read_at_most(checkpoints.RUNS / SPEEDS, folders.LARGEST)
        return folders.decoded(content, dict[str, Speed])
    except (OSError, ValueError):
        return {}
