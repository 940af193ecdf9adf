"""The form's labels and explanations: the name, unit and effect of every field of a training's config."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A number's label with its unit, its explanation, its step and its number format. Limits: core/gans/config.py."""

    label: str
    help: str
    step: float = 1.0
    format: str | None = None


TRAINING = {
    "batch_size": Field(
        "Batch size (images)",
        "Normal images a step; as many anomalies go through beside them. Where there are fewer normal images, a batch is all of them.",
    ),
    "least_steps": Field(
        "Steps an epoch (at least)",
        "A small set is passed over again and again until an epoch has so many steps: 100 photos learn as long as 5,000. 1: one pass.",
    ),
    "learning_rate": Field(
        "Learning rate",
        "Peak of the one-cycle schedule, for generator and discriminators alike.",
        1e-4,
        "%.5f",
    ),
    "beta1": Field("Adam β₁", "Decay of the mean of gradients; 0.5 as in DCGAN.", 0.05, "%.4f"),
    "beta2": Field("Adam β₂", "Decay of the mean of squared gradients.", 0.001, "%.5f"),
    "ema_decay": Field(
        "Weight average (decay a step)",
        "The exponential average of the generator's weights is what is scored and saved; 0 takes the weights as they are.",
        0.001,
        "%.5f",
    ),
    "clip_norm": Field(
        "Gradient clip (norm)",
        "Largest norm of the generator's gradient; larger ones are scaled down.",
        0.1,
        "%.3f",
    ),
    "shift": Field("Shift (pixels)", "Each training image is moved by up to so many pixels."),
    "turn": Field(
        "Turn (degrees)",
        "Each training image is turned by up to so many degrees either way. 180 where an item may lie in any turn; a few where the "
        "camera is not quite level; 0 where a turned item is a mistake: it would become normal.",
    ),
    "light": Field(
        "Light (share)",
        "Each training image is made lighter or darker, and of more or less contrast, by up to that share. Raise it where the light "
        "changes during the day; 0 where a pale item is a mistake.",
        0.05,
        "%.2f",
    ),
    "enough_labels": Field(
        "Enough labels (images)",
        "With fewer labelled anomalies, distorted normals stand among them: the fewer labels, the more of those. With as many, none.",
    ),
    "damaged": Field(
        "Damaged normals (share)",
        "Share of the normal images of a step that get a drawn defect, which the generator learns to repair; 0 to 1.",
        0.05,
        "%.2f",
    ),
    "faint": Field(
        "Faint defects (share)",
        "Share of the damaged images whose defect is faint: soft-edged, pale, faded or smeared, as in photos; 0 to 1.",
        0.05,
        "%.2f",
    ),
    "skips": Field(
        "Skip connections (levels)",
        "Counted from the innermost level. With all of them small details stay sharp; the outermost one may also let a defect through.",
    ),
    "z": Field("Latent size (numbers)", "Width of the bottleneck between encoder and decoder."),
    "patch": Field("Patch side (pixels)", "Side of the patches of the patch L1 loss."),
    "patch_stride": Field("Patch stride (pixels)", "From one patch to the next."),
    "patch_worst": Field("Worst patches (count)", "So many of the worst patches of each image count."),
    "abc_scale": Field(
        "ABC scale",
        "The ABC loss counts an anomaly's error so many times. The larger, the sooner an anomaly is reconstructed badly enough.",
        1.0,
        "%.2f",
    ),
}
SWITCHES = {
    "flip": Field(
        "Mirror half of the images",
        "Augmentation: a random half of each batch is mirrored. Off where a mirrored item is a mistake, a print for example.",
    ),
    "quarter": Field(
        "Turn by quarters",
        "Augmentation: each image is turned by 0, 90, 180 or 270 degrees. Off where the item always lies the same way.",
    ),
    "abc_worst": Field(
        "ABC on the worst patches",
        "The ABC loss counts the worst patches of an anomaly instead of the whole image. For labelled anomalies with small defects.",
    ),
    "distorted": Field(
        "Distorted normals stand in for anomalies",
        "Where few anomalies or none are labelled (one-class), turned, squeezed and stretched normals take their place in training.",
    ),
    "judge_all": Field(
        "Normal discriminator judges all",
        "It judges the reconstructions of damaged normals and of anomalies, too, and learns that anomalies are not normal. "
        "Off: of undamaged normals alone, as in the paper.",
    ),
}
WIDTHS = {
    "hidden": Field("Hidden layers (widths)", "Of encoder and, reversed, decoder: one to six numbers from 1 to 8192."),
    "widths": Field("Generator (channels)", "Of its convolutions: four to six numbers from 1 to 1024."),
    "discriminator_hidden": Field("Discriminator's layers (widths)", "One to six numbers from 1 to 8192."),
    "discriminator_widths": Field(
        "Discriminator (channels)", "Of its first four convolutions: four numbers from 1 to 1024."
    ),
}
# In the order of the charts: normals, their repair, anomalies, discriminators.
LOSSES = {
    "mse": Field("MSE", "Mean squared error of reconstructed normals."),
    "l1": Field("L1", "Mean absolute error of reconstructed normals."),
    "patch_l1": Field("Patch L1", "The same over the worst patches of each normal image."),
    "latent": Field("Latent vector", "A normal image and its reconstruction should be encoded alike."),
    "adversarial_normal": Field("Normal adversarial", "Reconstructions should look real to the normal discriminator."),
    "repair": Field(
        "Repair",
        "Damaged normals should be reconstructed undamaged: the error against the image before the damage, in which a damaged "
        "pixel counts five times. Off, no image is damaged.",
    ),
    "unlike": Field(
        "Unlike the damage",
        "Damaged pixels should be reconstructed unlike themselves, by at least a quarter of the scale. So that a faint defect, "
        "which a repair hardly changes, shows in the heat map as well.",
    ),
    "as_normal": Field(
        "As normal",
        "Anomalies should be redrawn as normal images: the error against the mean of the five most similar normal training images.",
    ),
    "abc": Field("ABC", "Autoencoding Binary Classifier: anomalies should be reconstructed badly."),
    "negative_mse": Field(
        "Negative MSE", "Anomalies should be reconstructed as their negative: mean squared error against it."
    ),
    "anomaly_mse": Field(
        "Anomaly MSE", "A reward: anomalies should be reconstructed with a large squared error, whichever way."
    ),
    "adversarial_anomaly": Field(
        "Anomaly adversarial", "Reconstructed anomalies should look reconstructed to the anomaly discriminator."
    ),
    "discriminator_normal": Field(
        "Normal discr. loss", "Its own loss: real normals 1, reconstructions and anomalies 0."
    ),
    "discriminator_anomaly": Field("Anomaly discr. loss", "Its own loss: real anomalies 1, reconstructed ones 0."),
}


def field(name: str, default: object) -> Field:
    """Return the label and explanation of the setting `name`; a custom model's own settings keep their names."""
    for known in (TRAINING, SWITCHES, WIDTHS, LOSSES):
        if name in known:
            return known[name]
    help = "A setting of this model alone; its config in core/gans/config.py says what it does."
    if isinstance(default, float):
        return Field(loss_name(name).capitalize(), help, 0.01, "%g")
    return Field(loss_name(name).capitalize(), help)


def loss_name(name: str) -> str:
    """Return the name of a loss; a custom or imported model may have a loss that is not listed in this file."""
    return LOSSES[name].label if name in LOSSES else name.replace("_", " ")
