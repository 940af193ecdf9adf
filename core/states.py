"""A training laid down on disk and taken up again, bit for bit: one file that appears whole or not at all.

A safetensors file: every tensor that the next step depends on, and everything else as JSON in its header. No pickle. The
random numbers of an unfinished epoch are drawn again from where the epoch began, so their state then is all it needs.
"""

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError
from core.files import write_whole

if TYPE_CHECKING:
    from torch import Tensor

    from core.training import Training

LARGEST = 2**31  # bytes; nothing longer is read
FORMAT = 1


def save(path: Path, training: "Training", **notes: Any) -> None:
    """Write the training as it stands after a step or an epoch; `notes` are JSON values that `notes()` gives back.

    Raises OSError when the disk refuses; an older file then stays as it was.
    """
    from safetensors.torch import save as pack

    tensors = {name: value.detach().cpu().contiguous() for name, value in _tensors(training).items()}
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
    write_whole(path, pack(tensors, {"training": json.dumps(facts)}))


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
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is damaged ({error}).") from error
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
    """The JSON in the file's header (https://huggingface.co/docs/safetensors: eight bytes of length, then JSON)."""
    try:
        with open(path, "rb") as file:
            if path.stat().st_size > LARGEST:
                raise ValueError("it is too large")
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, LARGEST)))
        facts = json.loads(header["__metadata__"]["training"])
        if facts["format"] != FORMAT:
            raise ValueError(f"format {facts['format']}")
    except FileNotFoundError:
        raise CheckpointError(f"There is nothing to resume from: {path} is missing.") from None
    except (OSError, ValueError, KeyError, TypeError, struct.error, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged ({error}).") from error
    return facts
