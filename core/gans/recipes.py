"""The default settings of a training: for Fashion-MNIST in each regime and objective, and for other data, photos above all."""

from typing import Any

import msgspec

from core.basics.errors import ConfigError
from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from core.gans.config import TrainingConfig, config_class

OBJECTIVES = ("repair", "original")
# Without labels the generator soon learns to reconstruct anomalies too; longer training then makes the model worse.
_ONE_CLASS: dict[str, dict[str, Any]] = {"traditional": {"epochs": 10}, "dcgan": {"epochs": 10, "abc": 1.0}}
# Before the repair objective: the losses of the paper (DCGAN) and of the deck (traditional GAN), at our weights.
_NO_REPAIR: dict[str, Any] = {"repair": 0.0, "as_normal": 0.0, "judge_all": False, "adversarial_anomaly": 0.1}
_ORIGINAL: dict[str, dict[str, Any]] = {
    "traditional": {"epochs": 30, "negative_mse": 1.0} | _NO_REPAIR,
    "dcgan": {"epochs": 24, "l1": 1.0, "abc": 3.0, "widths": (8, 16, 32, 64)} | _NO_REPAIR,
}
_ORIGINAL_ONE_CLASS: dict[str, dict[str, Any]] = {"traditional": {"epochs": 10}, "dcgan": {"epochs": 8, "abc": 3.0}}

FEW = 2000  # normal training images; with fewer, an epoch has a least number of steps
LARGE = 64  # pixels
STEPS = 1500  # of a training on few images, or on photos
# Photos, and other data of few images. A set of photos is passed over until it has taught as much as a large one.
_FEW: dict[str, dict[str, Any]] = {
    "traditional": {"epochs": 20, "batch_size": 16, "least_steps": STEPS // 20},
    "dcgan": {"epochs": 20, "batch_size": 16, "least_steps": STEPS // 20},
}
_PHOTOS: dict[str, Any] = {"faint": 0.5, "light": 0.1, "enough_labels": 200}
# Photos large enough to show a defect of few pixels. What a turned or squeezed texture is, nobody knows: none is distorted.
_DETAILED: dict[str, Any] = {"distorted": False}
_DETAILED_DCGAN: dict[str, Any] = {"unlike": 2.0}
# With labels, the worst patches of an anomaly count; the mean of its nearest normals is no repair of a small defect. They
# weigh little: at a weight of 4, a model with 48 labelled photos saw other defects worse than one without labels.
_DETAILED_SEEN: dict[str, Any] = {"abc": 0.1, "abc_worst": True, "as_normal": 0.0}
# From 64 pixels on: a fifth level, so that the innermost one sees most of a photo. All skips: without the outermost one a
# texture is never sharp, and what is never sharp hides a defect. That defects do not slip through, `unlike` sees to.
_LARGE: dict[str, dict[str, Any]] = {
    "dcgan": {"widths": (16, 32, 64, 64, 64), "skips": 4, "patch_worst": 6},
}


def default_config(
    model: str,
    regime: str,
    objective: str = "repair",
    data: Description = FASHION_MNIST.description,
    normals: int | None = None,
) -> TrainingConfig:
    """Return the default config of `model` in `regime`, for images that `data` describes.

    `objective` is "repair", or "original": the losses of the paper or the deck alone. A model of one's own may have no
    "original" objective; it then has its defaults. `normals` is the number of normal training images: None for many.
    Raises ConfigError for an unknown model or objective.
    """
    if objective not in OBJECTIVES:
        raise ConfigError(f"Unknown objective {objective!r:.80}; the objectives are: {', '.join(OBJECTIVES)}.")
    config = config_class(model)()
    changes: dict[str, Any] = _ORIGINAL.get(model, {}) if objective == "original" else {}
    if regime == "one-class":
        changes = changes | (_ORIGINAL_ONE_CLASS if objective == "original" else _ONE_CLASS).get(model, {})
    return msgspec.structs.replace(config, **changes | _for_data(model, regime, objective, data, normals))


def _for_data(model: str, regime: str, objective: str, data: Description, normals: int | None) -> dict[str, Any]:
    """Return what is set otherwise than for Fashion-MNIST."""
    changes: dict[str, Any] = {}
    if data == FASHION_MNIST.description:
        return changes
    if data.outside == "edge" or (normals is not None and normals < FEW):
        changes |= _FEW.get(model, {})
        if model in _FEW and normals is not None:  # many photos: fewer passes, at least four
            changes["epochs"] = min(changes["epochs"], max(4, round(3 * STEPS / max(1, normals // 16))))
    if data.outside == "edge" and objective == "repair" and model in _FEW:
        changes |= _PHOTOS
        if data.side >= LARGE:
            changes |= _DETAILED
            if model == "dcgan":
                changes |= _DETAILED_DCGAN | (_DETAILED_SEEN if regime != "one-class" else {})
    if data.side >= LARGE:
        changes |= _LARGE.get(model, {})
    return changes
