"""The two generators and their discriminators. Importing this imports torch."""

from core.config import TrainingConfig, config_class
from core.models.dcgan import DCGAN
from core.models.gan import GAN, Generator, Pass, from_output, to_input
from core.models.traditional import TraditionalGAN

MODELS: dict[str, type[GAN]] = {"traditional": TraditionalGAN, "dcgan": DCGAN}

__all__ = ["GAN", "Generator", "MODELS", "Pass", "build", "from_output", "to_input"]


def build(model: str, config: TrainingConfig) -> GAN:
    """A freshly initialised GAN. Raises ConfigError for an unknown name."""
    config_class(model)
    return MODELS[model](config)
