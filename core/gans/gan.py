"""The common part of both GANs: from bytes to the network's scale and back, and the discriminators' loss."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.dataset import Description
from core.gans.losses import adversarial


def to_input(images: Tensor, side: int, outside: str = "black") -> Tensor:
    """Turn uint8 [N, H, W, C] into a network's input: float [N, C, side, side], values on [-1, 1].

    Images smaller than `side` get a margin on all sides, black (-1) or with the outermost pixels repeated ("edge"), as
    `outside` says. The tensor lies in memory as channels-last.
    """
    scaled = images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
    spare = side - images.shape[1]
    if spare:
        margin = (spare // 2, spare - spare // 2) * 2  # left, right, top, bottom
        scaled = F.pad(scaled, margin, value=-1.0) if outside == "black" else F.pad(scaled, margin, "replicate")
    return scaled.contiguous(memory_format=torch.channels_last)


def from_output(outputs: Tensor, side: int) -> Tensor:
    """Cut off the margin: float [N, C, ·, ·] → float [N, side, side, C]."""
    margin = (outputs.shape[-1] - side) // 2
    return outputs[:, :, margin : margin + side, margin : margin + side].permute(0, 2, 3, 1)


class Pass(NamedTuple):
    """Images of one kind, their targets, encodings and reconstructions: x, what G should make of x, E(x), G(x)."""

    images: Tensor
    targets: Tensor
    z: Tensor
    reconstructions: Tensor


class Generator(nn.Module):
    """An encoder and a decoder; calling it gives G(x).

    `data` describes the images it is made for. `side` is the height and width of its input: as large as the images or a
    little larger. `share` is the heat map's share of its scores (core/gans/scoring.py).
    """

    data: Description
    side: int
    share: float = 0.0

    def encode(self, images: Tensor) -> Tensor:
        """Return E(x): float [N, C, side, side] → z."""
        raise NotImplementedError

    def through(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return (E(x), G(x)) in one pass."""
        raise NotImplementedError


class GAN(nn.Module):
    """A generator with a normal and an anomaly discriminator; each model defines the losses of its generator."""

    generator: Generator
    normal_discriminator: nn.Module
    anomaly_discriminator: nn.Module

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def generator_losses(self, normal: Pass, damaged: Pass, anomaly: Pass) -> dict[str, Tensor]:
        """Return the unweighted losses of the generator by name.

        The targets of `normal`, undamaged normals, are the images themselves. `damaged` or `anomaly` may be empty: then
        losses on them are left out. Losses of weight 0 are not computed.
        """
        raise NotImplementedError

    def judged(self, normal: Pass, damaged: Pass, anomaly: Pass) -> Tensor:
        """Return the reconstructions that the normal discriminator judges: those of the undamaged normals, or with
        `judge_all` the first half of every kind (of an odd number, the larger half).
        """
        if not self.config.judge_all:
            return normal.reconstructions
        kinds = [kind.reconstructions for kind in (normal, damaged, anomaly)]
        return torch.cat([reconstructions[: (len(reconstructions) + 1) // 2] for reconstructions in kinds])

    def weighing(self, terms: dict[str, Callable[[], Tensor]]) -> dict[str, Tensor]:
        """Compute the losses whose weight in the config is not 0."""
        return {name: loss() for name, loss in terms.items() if getattr(self.config, name)}

    def discriminator_losses(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, others: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return (loss, accuracy on real and fake) of one discriminator.

        Least squares: the target is 1 for `real` images, 0 for `fake` ones (reconstructions) and for `others`, images
        of another kind, of which there may be none.
        """
        kinds = [real, fake] if others is None else [real, fake, others]
        # One pass equals several, because no layer mixes images.
        on_real, on_fake, *on_others = discriminator(torch.cat(kinds)).split([len(images) for images in kinds])
        loss = adversarial(on_real, 1.0) + adversarial(on_fake, 0.0)
        if on_others and len(on_others[0]):
            loss = loss + adversarial(on_others[0], 0.0)
        accuracy = ((on_real > 0.5).float().mean() + (on_fake < 0.5).float().mean()) / 2
        return loss, accuracy.detach()
