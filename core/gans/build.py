"""The two generators and their discriminators, built by name, and the device they are trained on. Importing this module imports
torch."""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from core.basics.errors import ConfigError
from core.data.dataset import Description
from core.gans.config import TrainingConfig, config_class
from core.gans.dcgan import DCGAN
from core.gans.gan import GAN, Generator, Pass, from_output, to_input
from core.gans.traditional import TraditionalGAN

_FILLING = {f"{name}_" for name in ("fill", "zero", "normal", "uniform", "ones", "zeros", "constant", "trunc_normal")}
_FILLING |= {f"{family}_{name}_" for family in ("kaiming", "xavier") for name in ("uniform", "normal")} | {
    "orthogonal_"
}

MODELS: dict[str, Callable[[Any, Description], GAN]] = {"traditional": TraditionalGAN, "dcgan": DCGAN}

__all__ = ["GAN", "Generator", "MODELS", "Pass", "build", "from_output", "outline", "pick_device", "to_input"]


class _NoValues(TorchFunctionMode):
    """A mode that leaves new weights unfilled: on the "meta" device they have no memory, and filling costs a second."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in _FILLING:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def outline(model: str, config: TrainingConfig, data: Description) -> GAN:
    """Return a GAN of the right shapes without values or memory, whatever size it has. Raises ConfigError."""
    with torch.device("meta"), _NoValues():
        return build(model, config, data)


def build(model: str, config: TrainingConfig, data: Description) -> GAN:
    """Return a freshly initialised GAN for the images of `data`.

    Raises ConfigError for an unknown name, or for settings that do not fit the images.
    """
    config_class(model)
    return MODELS[model](config, data)


def pick_device(device: str = "auto") -> torch.device:
    """Return the device of that name; "auto" is CUDA where there is one, else the CPU.

    Raises ConfigError for a device that is not there.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device not in ("cpu", "cuda"):
        raise ConfigError(f"Unknown device {device!r}; the devices are: auto, cpu, cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("There is no CUDA device here; use --device auto or cpu.")
    return torch.device(device)
