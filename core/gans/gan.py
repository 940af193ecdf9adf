"""What both GANs share: from bytes to the network's scale and back, and the discriminators' loss."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.fashion_mnist import SIZE
from core.gans.losses import adversarial


def to_input(images: Tensor, size: int) -> Tensor:
    """uint8 [N, 28, 28] → float [N, 1, size, size] on [-1, 1]; the margin is background (-1). Channels-last."""
    margin = (size - SIZE) // 2
    scaled = images[:, None].float().div_(127.5).sub_(1.0)
    padded = F.pad(scaled, (margin,) * 4, value=-1.0) if margin else scaled
    return padded.contiguous(memory_format=torch.channels_last)


def from_output(outputs: Tensor) -> Tensor:
    """float [N, 1, size, size] → float [N, 28, 28]: the margin is cut off again."""
    margin = (outputs.shape[-1] - SIZE) // 2
    return outputs[:, 0, margin : margin + SIZE, margin : margin + SIZE]


class Pass(NamedTuple):
    """Images of one kind on their way through the generator: x, E(x), G(x)."""

    images: Tensor
    z: Tensor
    reconstructions: Tensor


class Generator(nn.Module):
    """An encoder and a decoder; calling it gives G(x)."""

    def encode(self, images: Tensor) -> Tensor:
        """E: float [N, 1, size, size] → z."""
        raise NotImplementedError

    def through(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(E(x), G(x)) in one pass."""
        raise NotImplementedError


class GAN(nn.Module):
    """A generator with a normal and an anomaly discriminator; each model says how its generator is to be trained."""

    generator: Generator
    normal_discriminator: nn.Module
    anomaly_discriminator: nn.Module
    size: int  # height and width of the network's input, pixels

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.size = config.size

    def generator_losses(self, normal: Pass, anomaly: Pass) -> dict[str, Tensor]:
        """The unweighted losses of the generator by name.

        Those on anomalies are left out when there are none, and those that weigh nothing are not computed.
        """
        raise NotImplementedError

    def weighing(self, found: dict[str, Callable[[], Tensor]]) -> dict[str, Tensor]:
        """The losses whose weight in the config is not 0, computed."""
        return {name: loss() for name, loss in found.items() if getattr(self.config, name)}

    def discriminator_losses(self, real: Tensor, fake: Tensor, which: nn.Module) -> tuple[Tensor, Tensor]:
        """(loss, accuracy) of one discriminator on its own kind: real images 1, reconstructions 0 (least squares)."""
        decisions = which(torch.cat([real, fake]))  # one pass: no layer mixes images, so it equals two
        on_real, on_fake = decisions[: len(real)], decisions[len(real) :]
        loss = adversarial(on_real, 1.0) + adversarial(on_fake, 0.0)
        accuracy = ((on_real > 0.5).float().mean() + (on_fake < 0.5).float().mean()) / 2
        return loss, accuracy.detach()
