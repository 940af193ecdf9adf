"""A training laid down on disk and taken up again, bit for bit: one file that appears whole or not at all.

A safetensors file: every tensor that the next step depends on, and everything else as JSON in its header. No pickle. The
random numbers of an unfinished epoch are drawn again from where the epoch began, so their state then is all it needs.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.basics.errors import CheckpointError
from core.basics.files import write_whole
from core.store import soundness, tensors

if TYPE_CHECKING:
    from torch import Tensor

    from core.gans.training import Training

LARGEST = 2**31  # bytes; nothing longer is read
LARGEST_HEADER = 16 * 2**20  # bytes; a history of ten thousand epochs is in it
FORMAT = 1


def save(path: Path, training: "Training", **notes: Any) -> None:
    """Write the training as it stands after a step or an epoch; `notes` are JSON values that `notes()` gives back.

    Raises OSError when the disk refuses; an older file then stays as it was.
    """
    from safetensors.torch import save as pack

    found = {name: value.detach().cpu().contiguous() for name, value in _tensors(training).items()}
    facts = {
        "format": FORMAT,
        "finished_epochs": training.finished_epochs,
        "step": training.step,
        "spent": training.spent,
        "history": training.history,
        "best_epoch": training.best_epoch,
        "schedules": [
            {"last_epoch": schedule.last_epoch, "count": schedule._step_count, "rates": schedule.get_last_lr()}
            for schedule in training.schedules
        ],
        "notes": notes,
    }
    facts["sha256"] = _digest(facts, found)
    write_whole(path, pack(found, {"training": json.dumps(facts)}))


def notes(path: Path) -> dict[str, Any]:
    """What `save` was given beside the training, and `epoch` and `step`. Reads the header alone, without torch.

    Raises CheckpointError when the file is missing or damaged.
    """
    facts = _facts(path)
    return {**facts["notes"], "epoch": facts["finished_epochs"], "step": facts["step"]}


def restore(path: Path, training: "Training") -> None:
    """Set a fresh training of the same request to where `save` laid it down.

    Raises CheckpointError when the file is missing, damaged or of another network.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    facts = _facts(path)
    try:
        found = load(path.read_bytes())
    except (OSError, SafetensorError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged ({error}).") from error
    if facts.get("sha256") != _digest(facts, found):
        raise CheckpointError(f"{path} is damaged (what it holds is not what was laid down).")
    if len(facts["schedules"]) != len(training.schedules):
        raise CheckpointError(f"{path} does not fit the run's request: its learning rates.")
    steps = [int(schedule["last_epoch"]) for schedule in facts["schedules"]]
    for which, optimizer in enumerate(training.optimizers):
        if not steps[which]:
            continue
        for number, parameter in enumerate(optimizer.param_groups[0]["params"]):
            prefix = f"optimizer{which}.{number}."
            names = [name for name in found if name.startswith(prefix)]
            # As the parameter lies in memory: the fused optimizer walks both side by side.
            optimizer.state[parameter] = {
                name.removeprefix(prefix): torch.empty_like(parameter if found[name].ndim else found[name])
                for name in names
            }
    training.sums = {
        name.removeprefix("sums."): torch.empty_like(value, device=training.device)
        for name, value in found.items()
        if name.startswith("sums.")
    }
    if facts["best_epoch"]:
        training.best_weights = {name: value.clone() for name, value in training.generator.state_dict().items()}
    training.finished_epochs, training.step = facts["finished_epochs"], facts["step"]
    expected = _tensors(training)
    with torch.no_grad():
        for name in sorted(expected.keys() | found.keys()):
            here, there = expected.get(name), found.get(name)
            if here is None or there is None or here.shape != there.shape or here.dtype != there.dtype:
                raise CheckpointError(f"{path} does not fit the run's request: tensor {name!r}.")
            here.copy_(there)
    training.order = expected["order"]
    training.batches.random.set_state(training.order)
    for schedule, optimizer, known in zip(training.schedules, training.optimizers, facts["schedules"], strict=True):
        schedule.last_epoch, schedule._step_count = known["last_epoch"], known["count"]
        schedule._last_lr = list(known["rates"])
        for group, rate in zip(optimizer.param_groups, known["rates"], strict=True):
            group["lr"] = rate
    training.spent, training.history = facts["spent"], facts["history"]
    training.best_epoch = facts["best_epoch"]


def _tensors(training: "Training") -> "dict[str, Tensor]":
    """Everything that a step reads or writes, by a name of its own; the tensors themselves, no copies."""
    found = {f"gan.{name}": value for name, value in training.gan.state_dict().items()}
    found |= {f"averaged.{name}": value for name, value in training.averaged.state_dict().items()}
    for which, optimizer in enumerate(training.optimizers):
        for number, parameter in enumerate(optimizer.param_groups[0]["params"]):
            for name, value in optimizer.state.get(parameter, {}).items():
                found[f"optimizer{which}.{number}.{name}"] = value
    found |= {f"best.{name}": value for name, value in training.best_weights.items()}
    found |= {f"sums.{name}": value for name, value in training.sums.items() if training.step}
    found["order"] = training.order if training.step else training.batches.random.get_state()
    return found


def _facts(path: Path) -> dict[str, Any]:
    """What the file's header says beside its tensors, as far as `save` wrote it. Raises CheckpointError."""
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > LARGEST:
                raise ValueError("it is too large")
            start = file.read(8)
            length = int.from_bytes(start, "little")
            content = start + file.read(min(length, LARGEST_HEADER))
        tensors.header(content, path.stat().st_size, LARGEST_HEADER)
        facts = soundness.parsed(json.loads(content[8:])["__metadata__"]["training"])
        _check(facts)
    except FileNotFoundError:
        raise CheckpointError(f"There is nothing to resume from: {path} is missing.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged ({error}).") from error
    return facts


def _check(facts: dict[str, Any]) -> None:
    """Raises ValueError, KeyError, TypeError or AttributeError unless every fact is such as `save` writes."""
    if facts["format"] != FORMAT:
        raise ValueError(f"format {facts['format']!r:.40}")
    soundness.history(facts["history"])
    for key in ("finished_epochs", "step", "best_epoch"):
        if type(facts[key]) is not int or not 0 <= facts[key] < 2**40:
            raise ValueError(f"{key} is no count")
    if facts["finished_epochs"] != len(facts["history"]) or facts["best_epoch"] > facts["finished_epochs"]:
        raise ValueError("its epochs do not fit its history")
    if not soundness.is_number(facts["spent"]) or not isinstance(facts["notes"], dict):
        raise ValueError("spent or notes are not what they should be")
    threads, device = facts["notes"].get("threads", 1), facts["notes"].get("device", "cpu")
    if type(threads) is not int or not 0 < threads <= 4096 or device not in ("cpu", "cuda"):
        raise ValueError("it says nothing sensible about threads or device")
    for schedule in facts["schedules"]:
        counts, rates = (schedule["last_epoch"], schedule["count"]), schedule["rates"]
        if not all(type(count) is int and 0 <= count < 2**40 for count in counts):
            raise ValueError("a schedule has no counts")
        if not isinstance(rates, list) or not all(map(soundness.is_number, rates)):
            raise ValueError("a schedule has no rates")


def _digest(facts: dict[str, Any], found: "dict[str, Tensor]") -> str:
    """SHA-256 of everything that is laid down but itself."""
    import torch

    digest = hashlib.sha256(json.dumps({k: v for k, v in facts.items() if k != "sha256"}).encode())
    for name in sorted(found):
        value = found[name].contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b"")
    return digest.hexdigest()
