"""The snapshot of a training after its last finished epoch: a resumed training ends with exactly the same weights.

It is one safetensors file that appears whole or not at all: every tensor that the next step depends on, and the facts as
JSON in its header. No pickle. Learning rates follow from the number of steps, batches from the random generator's state.
"""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from core.basics.errors import CheckpointError
from core.basics.files import write_whole
from core.basics.text import as_line
from core.gans.record import Epoch
from core.runs.folders import decoded

if TYPE_CHECKING:
    from torch import Tensor

    from core.gans.training import Training

LARGEST = 2**31  # bytes; a longer file is refused
LARGEST_HEADER = 16 * 2**20  # bytes; it has room for a history of ten thousand epochs


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The facts in a snapshot beside its tensors.

    data        fingerprint of the training images
    threads     number of threads; another number changes the last bits of sums
    device      device of the training; another changes the last bits, too
    best_epoch  the epoch of the best weights
    history     the record of every finished epoch
    """

    data: str
    threads: Annotated[int, Meta(ge=1, le=4096)]
    device: Literal["cpu", "cuda"]
    best_epoch: Annotated[int, Meta(ge=1)]
    history: Annotated[list[Epoch], Meta(min_length=1, max_length=10_000)]

    def __post_init__(self) -> None:
        if [record.epoch for record in self.history] != list(range(1, len(self.history) + 1)):
            raise ValueError("its history is not that of a training")
        if self.best_epoch > len(self.history):
            raise ValueError("its best epoch is not in its history")


def save(path: Path, training: "Training", data: str, threads: int) -> None:
    """Write a snapshot of the training after an epoch.

    `data` is the fingerprint of the training images, `threads` the number of threads in use. Raises OSError when the disk refuses; an older file then stays unchanged.
    """
    from safetensors.torch import save as pack

    tensors = {name: value.detach().cpu().contiguous() for name, value in _tensors(training).items()}
    device: Literal["cpu", "cuda"] = "cuda" if training.device.type == "cuda" else "cpu"
    facts = msgspec.json.encode(Facts(data, threads, device, training.best_epoch, training.history))
    write_whole(path, pack(tensors, {"facts": facts.decode(), "sha256": _digest(facts, tensors)}))


def read_facts(path: Path) -> Facts:
    """Read a snapshot's facts, without torch. Raises CheckpointError when the file is missing or damaged."""
    return _read(path)[0]


def restore(path: Path, training: "Training") -> None:
    """Bring a fresh training of the same request to the state that `save` wrote.

    Raises CheckpointError when the file is missing, damaged or of another network.
    """
    from safetensors.torch import load

    facts, digest = _read(path)
    tensors = load(path.read_bytes())
    if _digest(msgspec.json.encode(facts), tensors) != digest:
        raise CheckpointError(f"{path} is damaged (what it holds is not what was saved).")
    training.history, training.best_epoch = list(facts.history), facts.best_epoch
    training.best_weights = {name: value.clone() for name, value in training.generator.state_dict().items()}
    _make_room(training, tensors)
    expected = _tensors(training)
    for name in sorted(expected.keys() | tensors.keys()):
        current, saved = expected.get(name), tensors.get(name)
        if current is None or saved is None or current.shape != saved.shape or current.dtype != saved.dtype:
            raise CheckpointError(f"{path} does not fit the run's request: tensor {name!r}.")
        current.detach().copy_(saved)
    training.batches.random.set_state(expected["random"])
    steps = len(facts.history) * training.steps
    for schedule, optimizer in zip(training.schedules, training.optimizers, strict=True):
        if optimizer.state:  # without steps of the optimizer, its schedule has none either
            schedule.last_epoch, schedule._step_count = steps - 1, steps
            schedule.step()  # the rate follows from the number of steps alone


def _make_room(training: "Training", tensors: "dict[str, Tensor]") -> None:
    """Give the fresh optimizers empty state tensors, for those of the snapshot to be copied into."""
    import torch

    for number, optimizer in enumerate(training.optimizers):
        for place, parameter in enumerate(optimizer.param_groups[0]["params"]):
            prefix = f"optimizer{number}.{place}."
            state = {name.removeprefix(prefix): v for name, v in tensors.items() if name.startswith(prefix)}
            if state:
                # The memory layout of the parameter: the fused optimizer reads both in the same order.
                optimizer.state[parameter] = {
                    name: torch.empty_like(parameter if value.ndim else value) for name, value in state.items()
                }


def _tensors(training: "Training") -> "dict[str, Tensor]":
    """Return every tensor that the next step reads or writes, by a unique name; the tensors themselves, no copies."""
    tensors = {f"gan.{name}": value for name, value in training.gan.state_dict().items()}
    tensors |= {f"averaged.{name}": value for name, value in training.averaged.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in training.best_weights.items()}
    for number, optimizer in enumerate(training.optimizers):
        for place, parameter in enumerate(optimizer.param_groups[0]["params"]):
            for name, value in optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer{number}.{place}.{name}"] = value
    return tensors | {"random": training.batches.random.get_state()}


def _digest(facts: bytes, tensors: "dict[str, Tensor]") -> str:
    """Return the SHA-256 of the facts and of contiguous tensors on the CPU, in the order of their names."""
    digest = hashlib.sha256(facts)
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].numpy().data)
    return digest.hexdigest()


def _read(path: Path) -> tuple[Facts, str]:
    """Read the facts and the digest of facts and tensors. Raises CheckpointError."""
    from safetensors import SafetensorError, safe_open

    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > LARGEST:
                raise ValueError("it is too large")
            if int.from_bytes(file.read(8), "little") > LARGEST_HEADER:  # before the library parses the header
                raise ValueError("its header is too long")
        with safe_open(path, framework="numpy") as tensors:
            metadata = tensors.metadata() or {}
        return decoded(metadata["facts"].encode(), Facts), metadata["sha256"]
    except FileNotFoundError:
        raise CheckpointError(f"There is nothing to resume from: {path} is missing.") from None
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CheckpointError(f"{path} is damaged ({as_line(error)}).") from error
