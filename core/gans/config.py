"""Settings of a training: the same object for the command line, the pages and the cards.

They are kept apart from the networks, which import torch: three seconds that neither a form nor `--help` should cost.
"""

from typing import Any, Self

import msgspec

from core.basics.errors import ConfigError, DataError

SMALLEST_BATCH = 2
LITTLE_TURN = 10  # degrees; a distorted normal is turned by more (core/gans/distortions.py)


class TrainingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings that every GAN has; each model's own config adds its network and loss weights.

    epochs         passes over the normal training images, repeated in each epoch as `least_steps` asks
    batch_size     normal images a step, trained together with as many anomalies; all of them where there are fewer
    least_steps    steps that an epoch has at least: a small set is passed over several times
    learning_rate  peak of the one-cycle schedule (Smith and Topin 2017), generator and discriminators alike
    beta1, beta2   Adam's decay rates (0.5 as in DCGAN, Radford et al. 2016)
    ema_decay      decay a step of the averaged generator weights, which are scored and saved
    clip_norm      largest gradient norm of the generator
    flip, shift    augmentation: mirror half of the images; move each by up to `shift` pixels
    quarter, turn  augmentation: turn each by 0, 90, 180 or 270 degrees; by up to `turn` degrees either way (180: any turn)
    light          augmentation: make each lighter or darker, and of more or less contrast, by up to that share
    distorted      use distorted normals (core/gans/distortions.py) as anomalies where few or none are labelled
    enough_labels  labelled anomalies from which on no distorted normals are used; `stand_ins` has the rule
    damaged        share of the normal images of a step that are damaged (core/gans/defects.py), to be repaired
    faint          share of those with faint defects (core/gans/faint.py): soft-edged, of low contrast
    repair         weight of the loss of damaged normals, whose target is the undamaged image; 0: none is damaged
    unlike         weight of the loss of damaged pixels that are reconstructed too much like themselves
    as_normal      weight of the loss of anomalies, whose target is how each would be if it were normal (core/gans/targets.py)
    judge_all      the normal discriminator judges the reconstructions of every kind, not of normals alone, and learns
                   that anomalies are not normal

    Repair is off here, so that a model without such losses is trained on whole images; both GANs switch it on.
    """

    epochs: int = 30
    batch_size: int = 64
    least_steps: int = 1
    learning_rate: float = 3e-3
    beta1: float = 0.5
    beta2: float = 0.999
    ema_decay: float = 0.995
    clip_norm: float = 1.0
    flip: bool = True
    shift: int = 1
    quarter: bool = False
    turn: int = 0
    light: float = 0.0
    distorted: bool = True
    enough_labels: int = 2000
    damaged: float = 0.75
    faint: float = 0.0
    judge_all: bool = False
    repair: float = 0.0
    unlike: float = 0.0
    as_normal: float = 0.0

    @property
    def undamaged(self) -> int:
        """The number of normal images of a step that stay as they are; at least one."""
        return max(1, self.batch_size - round(self.damaged * self.batch_size)) if self.repair else self.batch_size

    @property
    def loss_names(self) -> tuple[str, ...]:
        """The fields that are weights of a loss."""
        return ()

    def stand_ins(self, labels: int) -> int:
        """Return how many of a batch's anomalies are distorted normals when `labels` labelled ones are in training.

        All of them without a label, then fewer in a straight line, down to none at `enough_labels`. If there are
        labels, a batch has at least one labelled image. None where items may lie in any turn: a turned one is normal.
        """
        if not self.distorted or self.quarter or self.turn > LITTLE_TURN or labels >= self.enough_labels:
            return 0
        count = round(self.batch_size * (1 - labels / self.enough_labels))
        return min(count, self.batch_size - 1) if labels else self.batch_size

    def fitted(self, normals: int) -> Self:
        """Return the settings for so many normal training images: a batch is no larger than they are.

        Raises DataError for fewer than two, which batch norm needs.
        """
        if normals < SMALLEST_BATCH:
            raise DataError(f"There are {normals} normal training images; at least {SMALLEST_BATCH} are needed.")
        return msgspec.structs.replace(self, batch_size=min(self.batch_size, normals))

    def steps(self, normals: int) -> int:
        """Return the number of steps in an epoch over so many normal training images, for settings that fit them."""
        return max(normals // self.batch_size, self.least_steps)

    def __post_init__(self) -> None:
        check(self, "epochs", 1, 10_000)
        check(self, "least_steps", 1, 10_000)
        check(self, "enough_labels", 1, 10_000_000)
        check(self, "batch_size", SMALLEST_BATCH, 8192)
        check(self, "learning_rate", 1e-7, 1.0)
        check(self, "beta1", 0.0, 0.9999)
        check(self, "beta2", 0.0, 0.99999)
        check(self, "ema_decay", 0.0, 0.99999)
        check(self, "clip_norm", 1e-6, 1e6)
        check(self, "shift", 0, 16)
        check(self, "turn", 0, 180)
        check(self, "light", 0.0, 0.5)
        check(self, "damaged", 0.0, 1.0)
        check(self, "faint", 0.0, 1.0)


class TraditionalConfig(TrainingConfig, frozen=True):
    """The network and the loss weights.

    Two losses make the generator reconstruct anomalies badly. negative_mse aims at the negative image; anomaly_mse
    rewards any large error (the deck's reward, so it is subtracted), and pulls hardest on what is reconstructed badly
    already. docs/what-helped.md compares the two.
    """

    epochs: int = 36
    learning_rate: float = 1e-3
    shift: int = 0  # moved images cost this model: docs/what-helped.md
    hidden: tuple[int, ...] = (256,)
    z: int = 32
    discriminator_hidden: tuple[int, ...] = (256, 64)
    judge_all: bool = True
    mse: float = 1.0
    adversarial_normal: float = 0.1
    repair: float = 1.0
    unlike: float = 0.0
    as_normal: float = 1.0
    negative_mse: float = 0.5
    anomaly_mse: float = 0.0
    adversarial_anomaly: float = 0.0

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        check(self, "z", 1, 8192)
        for name in ("hidden", "discriminator_hidden"):
            widths = getattr(self, name)
            if not 1 <= len(widths) <= 6 or not all(1 <= width <= 8192 for width in widths):
                raise ConfigError(f"{name} is {list(widths)!s:.80}; it must be one to six numbers between 1 and 8192.")
        for name in self.loss_names:
            check(self, name, 0.0, 1000.0)

    @property
    def loss_names(self) -> tuple[str, ...]:
        return (
            "mse",
            "adversarial_normal",
            "repair",
            "unlike",
            "as_normal",
            "negative_mse",
            "anomaly_mse",
            "adversarial_anomaly",
        )


class DCGANConfig(TrainingConfig, frozen=True):
    """The network and the loss weights: the six of Kim et al., and three that teach repair.

    widths     channels of the generator's convolutions: four to six numbers, each convolution halves the side
    skips      skip connections, counted from the innermost one. The outermost of all lets a defect through as it is
    abc_worst  the ABC loss counts the worst patches of an anomaly instead of all of it: for small defects

    Kim's own weights are KIM, with an abc_scale of 1 (core/gans/losses.py). The defaults are the weights that did best
    on validation (docs/what-helped.md).
    """

    epochs: int = 28
    widths: tuple[int, ...] = (16, 32, 64, 64)
    skips: int = 3
    discriminator_widths: tuple[int, ...] = (8, 16, 32, 32)
    patch: int = 16
    patch_stride: int = 8
    patch_worst: int = 3
    abc_scale: float = 8.0
    abc_worst: bool = False
    judge_all: bool = True
    l1: float = 1.5
    patch_l1: float = 1.0
    latent: float = 0.5
    adversarial_normal: float = 0.1
    repair: float = 2.0
    unlike: float = 0.0
    as_normal: float = 1.0
    abc: float = 4.0
    adversarial_anomaly: float = 0.0

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        for name, most, told in (("widths", 6, "four to six"), ("discriminator_widths", 4, "four")):
            widths = getattr(self, name)
            if not 4 <= len(widths) <= most or not all(1 <= width <= 1024 for width in widths):
                raise ConfigError(f"{name} is {list(widths)!s:.80}; it must be {told} numbers between 1 and 1024.")
        check(self, "skips", 0, len(self.widths) - 1)
        check(self, "patch", 1, 128)
        check(self, "patch_stride", 1, 128)
        check(self, "patch_worst", 1, 128**2)
        check(self, "abc_scale", 0.01, 1000.0)
        for name in self.loss_names:
            check(self, name, 0.0, 1000.0)

    @property
    def loss_names(self) -> tuple[str, ...]:
        return (
            "l1",
            "patch_l1",
            "latent",
            "adversarial_normal",
            "repair",
            "unlike",
            "as_normal",
            "abc",
            "adversarial_anomaly",
        )


# The six losses of the paper and their weights there.
KIM = {
    "l1": 1.5,
    "patch_l1": 1.5,
    "latent": 0.5,
    "adversarial_normal": 0.5,
    "abc": 0.5,
    "adversarial_anomaly": 1.0,
}


CONFIGS: dict[str, type[TrainingConfig]] = {"traditional": TraditionalConfig, "dcgan": DCGANConfig}


def config_class(model: str) -> type[TrainingConfig]:
    """Return the config class of `model`. Raises ConfigError for an unknown name."""
    if model not in CONFIGS:
        raise ConfigError(f"Unknown model {model!r:.80}; the models are: {', '.join(CONFIGS)}.")
    return CONFIGS[model]


def check(config: Any, name: str, low: float, high: float) -> None:
    """Raise ConfigError unless the field `name` lies in [low, high]."""
    value = getattr(config, name)
    if not low <= value <= high:  # also refuses nan
        raise ConfigError(f"{name} is {value!r:.80}; it must be between {low} and {high}.")
