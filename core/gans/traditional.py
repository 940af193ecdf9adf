"""The traditional GAN, the baseline: a fully connected autoencoder as generator, fully connected discriminators, mean
squared errors only. Its known weakness, noisy reconstructions, is shown and not hidden.
"""

import math
from itertools import pairwise

from torch import Tensor, nn

from core.data.dataset import Description
from core.gans import losses
from core.gans.config import TraditionalConfig
from core.gans.gan import GAN, Generator, Pass


def _layers(widths: tuple[int, ...]) -> nn.Sequential:
    """Return linear layers through `widths` with LeakyReLU between them, none after the last."""
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        parts += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*parts[:-1])


class AutoencoderGenerator(Generator):
    """Pixels → hidden → z → hidden reversed → pixels, tanh out. Fashion-MNIST has 784 pixels."""

    def __init__(self, data: Description, hidden: tuple[int, ...], z: int) -> None:
        super().__init__()
        self.data, self.side = data, data.side
        pixels = math.prod(data.shape)
        self.encoder = _layers((pixels, *hidden, z))
        self.decoder = nn.Sequential(_layers((z, *reversed(hidden), pixels)), nn.Tanh())

    def encode(self, images: Tensor) -> Tensor:
        """Return E(x): [N, C, H, W] → z [N, z]."""
        return self.encoder(images.flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        """Return G(x): [N, C, H, W] → reconstruction [N, C, H, W] on [-1, 1]."""
        return self.through(images)[1]

    def through(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return (E(x), G(x)) in one pass."""
        z = self.encode(images)
        return z, self.decoder(z).view_as(images)


class Discriminator(nn.Module):
    """Pixels → hidden → 1: one decision per image, [N, 1]."""

    def __init__(self, data: Description, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = _layers((math.prod(data.shape), *hidden, 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images.flatten(1))


class TraditionalGAN(GAN):
    """Normals: encoder → z → decoder → normal discriminator. Anomalies: the same encoder and decoder → anomaly
    discriminator."""

    def __init__(self, config: TraditionalConfig, data: Description) -> None:
        super().__init__(config)
        self.generator = AutoencoderGenerator(data, config.hidden, config.z)
        self.normal_discriminator = Discriminator(data, config.discriminator_hidden)
        self.anomaly_discriminator = Discriminator(data, config.discriminator_hidden)

    def generator_losses(self, normal: Pass, damaged: Pass, anomaly: Pass) -> dict[str, Tensor]:
        x, reconstructed = normal.images, normal.reconstructions
        terms = {
            "mse": lambda: losses.mse(x, reconstructed),
            "adversarial_normal": lambda: losses.adversarial(
                self.normal_discriminator(self.judged(normal, damaged, anomaly)), 1.0
            ),
        }
        if len(damaged.images):
            whole, mended = damaged.targets, damaged.reconstructions
            terms["repair"] = lambda: losses.on_damage((whole - mended).square(), damaged.images, whole)
            terms["unlike"] = lambda: losses.unlike(damaged.images, whole, mended)
        if len(anomaly.images):
            a, redrawn = anomaly.images, anomaly.reconstructions
            terms["as_normal"] = lambda: losses.mse(anomaly.targets, redrawn)
            # The target is the negative image, so the error becomes large. The pull is strongest on anomalies that are
            # still reconstructed well and ends when they are not; the pull of the reward below grows with the error.
            terms["negative_mse"] = lambda: losses.mse(-a, redrawn)
            # A reward for a large error. It is bounded, because tanh keeps every pixel within [-1, 1].
            terms["anomaly_mse"] = lambda: -losses.mse(a, redrawn)
            terms["adversarial_anomaly"] = lambda: losses.adversarial(self.anomaly_discriminator(redrawn), 0.0)
        return self.weighing(terms)
