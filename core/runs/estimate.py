"""What a training will take, before it starts: is it possible with the data there is, how many steps, how long.

The time comes from a step that was measured on this machine: every run writes down how long its steps took, and `measure`
times a few where no run of the same networks has. Nothing here imports torch but that measurement, a process of its own.
"""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

from core.basics.errors import ConfigError, DataError, MisfitError
from core.basics.files import ROOT, sha256, write_whole
from core.data import catalog, tasks
from core.gans.config import DCGANConfig, TrainingConfig, default_config
from core.runs.folders import Request
from core.store import checkpoints, soundness

PRESETS = ("quick look", "as shipped", "as in the paper")
ON_ANOMALIES = ("abc", "negative_mse", "anomaly_mse", "adversarial_anomaly")
_QUICK_STEPS = {"traditional": 700, "dcgan": 170}  # about twelve seconds of training on one slow core
_FEW_STEPS = 170  # of a model that has not been timed
_DEFAULT_OVERHEAD = 10.0  # seconds to start and to score, until they have been measured
# What of a config does not change how long a step takes.
_WITHOUT_WEIGHT = ("epochs", "learning_rate", "beta1", "beta2", "ema_decay", "clip_norm")


@dataclass(frozen=True)
class Plan:
    """Images of each kind in training, and optimisation steps an epoch."""

    normals: int
    anomalies: int
    steps: int


@dataclass(frozen=True)
class Speed:
    """Seconds: one step, one validation; and of the whole run, to start and to score and save."""

    step: float
    validation: float
    overhead: float = _DEFAULT_OVERHEAD

    def run(self, plan: Plan, epochs: int) -> float:
        return self.overhead + epochs * (plan.steps * self.step + self.validation)


def threads() -> int:
    """How many a background run takes: at most half of the processors, so that pages stay quick."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, available // 2))


def check(request: Request) -> Plan:
    """See that the request can be trained with the data there is.

    Raises ConfigError or DataError with what would be right.
    """
    config, task = request.config, request.task
    if not 0 <= request.seed < 2**63:
        raise ConfigError(f"seed is {request.seed}; it must be between 0 and {2**63 - 1}.")
    data = catalog.get(task.data.key)
    normals, anomalies = tasks.sizes(task, data.counts("train"), data.find("train"))
    if normals < config.batch_size:
        raise DataError(
            f"batch_size is {config.batch_size}, but there are {normals} normal training images; it must be at most {normals}."
        )
    kinds = 2 if anomalies or config.stand_ins(anomalies) else 1
    acting = [n for n in config.loss_names if getattr(config, n) > 0 and (kinds == 2 or n not in ON_ANOMALIES)]
    if not acting:
        raise ConfigError("Every loss that could act is switched off; switch on at least one.")
    return Plan(normals, anomalies, normals // config.batch_size)


def preset(name: str, model: str, regime: str, normals: int) -> TrainingConfig:
    """The config of a preset; `normals` is how many normal training images there are. Raises ConfigError."""
    config = default_config(model, regime)
    if name == "as shipped":
        return config
    if name == "quick look":
        epochs = max(2, round(_QUICK_STEPS.get(model, _FEW_STEPS) / max(1, normals // config.batch_size)))
        # Few steps: an average over the last twenty instead of the last two hundred.
        return msgspec.structs.replace(config, epochs=min(epochs, config.epochs), ema_decay=0.95)
    if name == "as in the paper":
        if model != "dcgan":
            raise ConfigError(
                "Kim et al. have weights for the DCGAN only; the slide deck gives none for the traditional GAN."
            )
        kim: dict[str, Any] = dict(zip(DCGANConfig().loss_names, (1.5, 1.5, 0.5, 0.5, 0.5, 1.0), strict=True))
        kim["abc_scale"] = 1.0
        return msgspec.structs.replace(config, epochs=300, **kim)
    raise ConfigError(f"There is no preset called {name!r}; the presets are: {', '.join(PRESETS)}.")


def known(request: Request) -> Speed | None:
    """How fast steps like these were when last measured on this machine, or None."""
    return _read().get(key(request))


def remember(request: Request, speed: Speed) -> None:
    """Write down what was measured; a disk that refuses is no reason to end a training."""
    values = {mark: dataclasses.asdict(one) for mark, one in _read().items()}
    values.pop(mark := key(request), None)
    values = dict([*values.items(), (mark, dataclasses.asdict(speed))][-200:])
    with contextlib.suppress(OSError):
        write_whole(checkpoints.RUNS / ".speed.json", json.dumps(values).encode())


def measure(request: Request) -> subprocess.Popen[bytes]:
    """Time a few steps in a process of its own, which writes down what it finds; the caller may wait for it."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "core.runs.estimate"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert worker.stdin is not None
    with worker.stdin as pipe:
        pipe.write(json.dumps(request.to_json()).encode())
    return worker


def _measure(request: Request) -> None:
    """Three steps to warm up, then at most thirty or three seconds of them, and one validation."""
    os.nice(19)
    import torch

    from core.gans.training import Training

    started = time.perf_counter()
    torch.set_num_threads(threads())
    training = Training(
        request.model,
        request.config,
        tasks.split(request.task, catalog.get(request.task.data.key).load("train")),
        request.seed,
    )
    times: list[float] = []
    begun = time.perf_counter()

    def enough() -> bool:
        times.append(time.perf_counter())
        return len(times) >= 33 or (len(times) > 4 and times[-1] - times[2] > 3.0)

    for _ in training.epochs(enough):
        if times and len(times) > 4:
            break
    before = time.perf_counter()
    training._validate()
    validation = time.perf_counter() - before
    spans = sorted(later - earlier for earlier, later in pairwise(times[2:]))
    step = spans[len(spans) // 2] if spans else (times[-1] - begun) / len(times)
    # Loading and starting as just seen, and torch's import; the test split is about as large as two validations.
    remember(request, Speed(step, validation, begun - started + 4.0 + 4 * validation))


def key(request: Request) -> str:
    """What requests have in common whose steps take equally long."""
    config: dict[str, Any] = msgspec.to_builtins(request.config)
    for name in _WITHOUT_WEIGHT:
        config.pop(name)
    for name in request.config.loss_names:
        config[name] = bool(config[name])  # only whether it is on
    facts = [request.model, config, request.task.anomalies > 0, threads()]
    return sha256(json.dumps(facts, sort_keys=True).encode())[:16]


def _read() -> dict[str, Speed]:
    try:
        values = soundness.parsed(checkpoints.read_text(checkpoints.RUNS / ".speed.json"))
        found = {mark: Speed(**one) for mark, one in values.items()}
        return {
            mark: one
            for mark, one in found.items()
            if all(soundness.is_number(value) and value >= 0 for value in dataclasses.asdict(one).values())
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


if __name__ == "__main__":
    with contextlib.suppress(MisfitError):
        _measure(Request.from_json(json.load(sys.stdin)))
