"""The DCGAN after Kim et al. 2020 (doi 10.1007/978-3-030-65414-6_11): a convolutional autoencoder with skip connections
("modified U-Net"), a normal and an anomaly discriminator with patch decisions, six losses. Three more losses are ours: they
teach the generator to repair defects and to redraw an anomaly as a normal image."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from core.basics.errors import ConfigError
from core.data.dataset import Description
from core.gans import losses
from core.gans.config import DCGANConfig
from core.gans.gan import GAN, Generator, Pass


def padded(side: int, levels: int = 4) -> int:
    """Return the smallest side that can be halved `levels` times and is not below `side`, pixels."""
    whole = 2**levels
    return -(-side // whole) * whole


def _initialise(module: nn.Module) -> None:
    """Draw new weights: convolutions N(0, 0.02), batch norm N(1, 0.02) (Radford et al. 2016)."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class UNetGenerator(Generator):
    """4×4 stride-2 convolutions, as many 4×4 stride-2 transposed convolutions, skips by concatenation, no convolution
    bias, batch norm on all but the first and the last layer. 96,976 parameters at widths 8-16-32-64 on one channel.

    Four halvings need a side that 16 divides, so images get a margin: 28 becomes 32. With widths a-b-c-d and all three
    skips, 32×32 goes down to [N, a, 16, 16], [N, b, 8, 8], [N, c, 4, 4] and the latent z [N, d, 2, 2], and up the same
    way. `skips` are counted from the inside: 2 of 3 leave out that of a.
    """

    def __init__(self, data: Description, widths: tuple[int, ...], skips: int) -> None:
        super().__init__()
        self.data, self.side, self.skips = data, padded(data.side, len(widths)), skips
        self.down = nn.ModuleList(
            [self._down(data.channels, widths[0], norm=False), *(self._down(*pair) for pair in pairwise(widths))]
        )
        inner = [  # what a layer gets from the one before, and from the skip
            inputs * (2 if 1 <= number <= skips else 1) for number, inputs in enumerate(reversed(widths))
        ]
        self.up = nn.ModuleList(
            [
                *(self._up(*pair) for pair in zip(inner[:-1], reversed(widths[:-1]), strict=True)),
                nn.Sequential(nn.ConvTranspose2d(inner[-1], data.channels, 4, 2, 1, bias=False), nn.Tanh()),
            ]
        )
        self.apply(_initialise)

    @staticmethod
    def _down(inputs: int, outputs: int, norm: bool = True) -> nn.Sequential:
        layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)]
        if norm:
            layers.append(nn.BatchNorm2d(outputs))
        return nn.Sequential(*layers, nn.LeakyReLU(0.2, inplace=True))

    @staticmethod
    def _up(inputs: int, outputs: int) -> nn.Sequential:
        transposed = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
        return nn.Sequential(transposed, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))

    def _features(self, images: Tensor) -> list[Tensor]:
        features = []
        for layer in self.down:
            images = layer(images)
            features.append(images)
        return features

    def encode(self, images: Tensor) -> Tensor:
        """Return E(x): [N, C, side, side] → z [N, d, side / 16, side / 16] for four halvings."""
        return self._features(images)[-1]

    def forward(self, images: Tensor) -> Tensor:
        """Return G(x): [N, C, side, side] → reconstruction [N, C, side, side] on [-1, 1]."""
        return self.through(images)[1]

    def through(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return (E(x), G(x)) in one pass."""
        *skips, hidden = self._features(images)
        z = hidden
        hidden = self.up[0](hidden)
        for number, (layer, skip) in enumerate(zip(self.up[1:], reversed(skips), strict=True)):
            hidden = layer(torch.cat([hidden, skip], dim=1) if number < self.skips else hidden)
        return z, hidden


class PatchDiscriminator(nn.Module):
    """Three stride-2 and two stride-1 4×4 convolutions: [N, C, 32, 32] → a 4×4 map of patch decisions [N, 1, 4, 4];
    a larger image has a larger map.

    It has no batch norm, so a decision depends on its own image alone, and real images and reconstructions can share
    one pass.
    """

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        a, b, c, d = widths
        self.layers = nn.Sequential(
            nn.Conv2d(channels, a, 4, 2, 1),  # 16×16
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(a, b, 4, 2, 1),  # 8×8
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(b, c, 4, 2, 1),  # 4×4
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(c, d, 4, 1, 2),  # 5×5
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(d, 1, 4, 1, 1),  # 4×4
        )
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


class DCGAN(GAN):
    """Kim's two discriminators around one generator."""

    def __init__(self, config: DCGANConfig, data: Description) -> None:
        super().__init__(config)
        side = padded(data.side, len(config.widths))
        patches = max(0, (side - config.patch) // config.patch_stride + 1) ** 2
        if config.patch_worst > patches:
            raise ConfigError(
                f"patch_worst is {config.patch_worst}; images of {side}×{side} pixels have {patches} patches "
                f"of {config.patch} pixels at a stride of {config.patch_stride}."
            )
        self.generator = UNetGenerator(data, config.widths, config.skips)
        self.normal_discriminator = PatchDiscriminator(data.channels, config.discriminator_widths)
        self.anomaly_discriminator = PatchDiscriminator(data.channels, config.discriminator_widths)

    def generator_losses(self, normal: Pass, damaged: Pass, anomaly: Pass) -> dict[str, Tensor]:
        config = self.config
        x, reconstructed = normal.images, normal.reconstructions
        patches = (config.patch, config.patch_stride, config.patch_worst)
        terms = {
            "l1": lambda: losses.l1(x, reconstructed),
            "patch_l1": lambda: losses.patch_l1(x, reconstructed, *patches),
            "latent": lambda: losses.latent(normal.z, self.generator.encode(reconstructed)),
            "adversarial_normal": lambda: losses.adversarial(
                self.normal_discriminator(self.judged(normal, damaged, anomaly)), 1.0
            ),
        }
        if len(damaged.images):
            whole, mended = damaged.targets, damaged.reconstructions
            terms["repair"] = lambda: losses.on_damage((whole - mended).abs(), damaged.images, whole)
            terms["unlike"] = lambda: losses.unlike(damaged.images, whole, mended)
        if len(anomaly.images):
            a, redrawn = anomaly.images, anomaly.reconstructions
            terms["as_normal"] = lambda: losses.l1(anomaly.targets, redrawn)
            terms["abc"] = lambda: losses.abc(a, redrawn, config.abc_scale, patches if config.abc_worst else None)
            # Target 0: the generator helps the anomaly discriminator instead of fooling it.
            terms["adversarial_anomaly"] = lambda: losses.adversarial(self.anomaly_discriminator(redrawn), 0.0)
        return self.weighing(terms)
