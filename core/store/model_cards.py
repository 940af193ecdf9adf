"""Model cards after Mitchell et al., Model Cards for Model Reporting, 2019 (doi 10.1145/3287560.3287596).

Every figure is read from the cards on disk. `python -m core documents` writes docs/model-card-<model>.md; the Overview
shows the same text for a single model. Imports no torch.
"""

from collections.abc import Sequence
from pathlib import Path

from core.basics.files import ROOT
from core.basics.names import MODEL_NAMES, REGIME_HELP, STARTS
from core.basics.text import percent, plain, several, span
from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import REGIMES, VALIDATION_SHARE
from core.store import checkpoints
from core.store import model_card_repair as repair
from core.store import model_card_tables as tables
from core.store.checkpoints import Checkpoint

DOCS = ROOT / "docs"
_WHAT = {
    "traditional": "A fully connected autoencoder is the generator; a fully connected discriminator for normal images trains it, and one for "
    "anomalies where its loss has a weight (below). Mean squared errors only.",
    "dcgan": "A convolutional autoencoder with skip connections is the generator; a discriminator for normal images judges patches "
    "of the image, and one for anomalies where its loss has a weight (below). The losses are those of the paper and two for repair. "
    "After Kim, Jeong, Choi and Seo, *GAN-based Anomaly Detection in Imbalance Problems*, ECCV 2020 workshops "
    "([doi](https://doi.org/10.1007/978-3-030-65414-6_11)).",
}
_CHOSEN_WITH_LABELS = (
    "One-class: training and the threshold in force need no labelled anomaly. The recipe (epochs, loss weights, kinds of distortion) was "
    "chosen beforehand with labelled validation anomalies of T-shirt/top, Pullover and Shirt, which the regime denies (docs/what-helped.md)"
)
_FAR = {
    "garment": "A drawing or a photo is far from it: a high score then says that it is unlike the normal class as photographed for a shop, "
    "no more.",
    "fit": "A picture from elsewhere may be far from it: a high score then says that it is unlike the normal class, no more.",
}
_NOT_OURS = "not stated; a model that is not in the box is its maker's"
_KNOWN_LIMIT = {"traditional": "Its reconstructions are noisy, those of normal images too."}


def path(model: str) -> Path:
    """Return the file of the model card of `model`."""
    return DOCS / f"model-card-{model}.md"


def boxed() -> list[Checkpoint]:
    """Load every shipped model of Fashion-MNIST. Raises CheckpointError for a damaged card, so that no document omits a model.

    The model of an example of photos, which is shipped too, has no row in results.csv.
    """
    cards = sorted(checkpoints.SHIPPED.glob(f"*/[!.]*/{checkpoints.CARD}"))
    everything = [checkpoints.load(card.parent) for card in cards]
    return [one for one in everything if one.task.data == FASHION_MNIST.description]


def documents() -> dict[Path, str]:
    """Return the model card of each shipped GAN: its file → its text. Raises CheckpointError."""
    everything = boxed()
    own = {model: [checkpoint for checkpoint in everything if checkpoint.card.model == model] for model in MODEL_NAMES}
    return {path(model): markdown(models) for model, models in own.items() if models}


def markdown(models: Sequence[Checkpoint], level: int = 1) -> str:
    """Return the model card of one GAN from its checkpoints, which share a data set; `level` is the title's level."""
    models = sorted(
        models,
        key=lambda checkpoint: (
            REGIMES.index(checkpoint.task.regime),
            checkpoint.task.data.label(checkpoint.task.normal),
            checkpoint.name,
        ),
    )
    model, data = models[0].card.model, models[0].task.data
    sections = {
        "Model details": _details(models),
        "Intended use": "Teaching and trying out anomaly detection: seeing what a reconstruction-based detector catches, what it misses, "
        f"and what moving its threshold costs. Not for deciding about people or goods: it has seen {_pictures(data)} of one data set "
        "and nothing else.",
        "Factors": f"The normal class and the kind of anomaly matter most: {plain(data.noun)}s of like shape hide best. "
        + _hardest(models)
        + " The regime, which anomalies were in training, matters as much and is named beside every figure:\n\n"
        + "\n".join(
            f"- **{name}**: {REGIME_HELP[name]}"
            for name in REGIMES
            if any(checkpoint.task.regime == name for checkpoint in models)
        ),
        "Metrics": "AUROC: the chance that a random anomaly scores higher than a random normal image, with its 95 % interval over the test "
        "images. "
        + repair.SCORE
        + (repair.MARK if any(checkpoint.card.scoring.mark is not None for checkpoint in models) else "")
        + "TPR and FPR are the shares of anomalies and of normal images flagged at a threshold; thresholds are "
        "chosen on validation images: largest TPR − FPR (Youden J), at most 5 % false alarms, at most 1 %. In force until another is chosen: "
        + several(f"{STARTS[checkpoint.point]} ({checkpoint.task.regime})" for checkpoint in models)
        + ".",
        "Evaluation data": f"{plain(data.name)}'s test split: {several(map(_counts, models))}. "
        f"It chose nothing. Thresholds come from validation images. {several(map(_epochs, models), ' ')}",
        "Training data": _training(models),
        "Quantitative analyses": tables.figures(models),
        "Caveats and recommendations": "\n".join(f"- {line}" for line in _caveats(model, models)),
    }
    title = f"{'#' * level} Model card: {MODEL_NAMES[model]}"
    note = "Written by `python -m core documents` from the cards in `checkpoints/`; do not edit."
    parts = [f"{'#' * (level + 1)} {name}\n\n{text}" for name, text in sections.items()]
    return "\n\n".join([title, *([note] if level == 1 else []), *parts]) + "\n"


def _details(models: Sequence[Checkpoint]) -> str:
    cards = [checkpoint.card for checkpoint in models]
    versions = sorted(
        {plain(", ".join(f"{name} {number}" for name, number in card.versions.items())) for card in cards}
    )
    dates = sorted(f"{card.trained_at:%Y-%m-%d}" for card in cards)
    lines = [
        " ".join(part for part in (_WHAT.get(cards[0].model, ""), several(map(repair.taught, models), " ")) if part),
        f"- Parameters of the generator: {several(f'{card.parameters:,}' for card in cards)}",
        f"- Epochs: {several(str(card.epochs_trained) for card in cards)}; seed: {several(str(card.seed) for card in cards)}; "
        f"trained on: {several(plain(card.device.upper()) for card in cards)}, in {span([card.seconds for card in cards], 0)} seconds",
        f"- Date of training: {several(dict.fromkeys((dates[0], dates[-1])), ' to ')}; with {several(versions, ' or ')}",
        f"- Loss weights: {several(_weights(checkpoint) for checkpoint in models)}",
        f"- Licence: {several('MIT' if checkpoint.folder.is_relative_to(checkpoints.SHIPPED) else _NOT_OURS for checkpoint in models)}",
    ]
    return lines[0] + "\n\n" + "\n".join(lines[1:])


def _epochs(checkpoint: Checkpoint) -> str:
    trained, planned = checkpoint.card.epochs_trained, checkpoint.config.epochs
    if checkpoint.which == "best":
        chosen_by = "the normals' error" if checkpoint.task.regime == "one-class" else "AUROC, with labelled anomalies"
        return (
            f"Of up to {planned} epochs, epoch {trained} did best on validation images (by {chosen_by}) and was kept."
        )
    if checkpoint.card.stopped_early:
        return f"It is the model of epoch {trained} of {planned}: stopped there, or best there on validation images."
    return "The number of epochs was fixed before the training."


def _weights(checkpoint: Checkpoint) -> str:
    weights = {name: getattr(checkpoint.config, name) for name in checkpoint.config.loss_names}
    scale = {"abc": f" (scale {getattr(checkpoint.config, 'abc_scale', 1.0):g})"}
    return ", ".join(
        f"{name.replace('_', ' ')} {weight:g}{scale.get(name, '')}" for name, weight in weights.items() if weight
    )


def _training(models: Sequence[Checkpoint]) -> str:
    sources = {
        (checkpoint.card.data_images, plain(checkpoint.card.data_source), checkpoint.card.data_fingerprint)
        for checkpoint in models
    }
    named = "; ".join(
        f"{count:,} images ({source}, SHA-256 {fingerprint[:12]}…)" for count, source, fingerprint in sorted(sources)
    )
    labelled = sorted({checkpoint.task.anomalies for checkpoint in models})
    data = models[0].task.data
    held = (
        "a part that follows from the files' content"
        if data.photos
        else f"{percent(VALIDATION_SHARE, 0)} of each class"
    )
    return (
        f"{plain(data.name)}'s training split, of which {held} is held back as validation images: {named}. "
        f"Labelled anomalies asked for, the same number from each anomaly class: {several(f'{count:,}' for count in labelled)}. "
        + "".join(dict.fromkeys(map(_stand_ins, models)))
        + several(_augmented(checkpoint) for checkpoint in models)
    )


def _stand_ins(checkpoint: Checkpoint) -> str:
    """Return a sentence on the distorted normals among the anomalies; "" where there were none."""
    labels, count = checkpoint.task.labelled, checkpoint.config.stand_ins(checkpoint.task.labelled)
    images = "normal images that were turned, squeezed or stretched"
    if count and not labels:
        return f"Where there are none (one-class), {images} stand in for them. "
    return (
        f"Because {labels:,} are few, {count} of the {checkpoint.config.batch_size} anomalies of each batch are {images}. "
        if count
        else ""
    )


def _augmented(checkpoint: Checkpoint) -> str:
    config = checkpoint.config
    done = ["mirrored"] * config.flip + [f"moved by up to {config.shift} px"] * bool(config.shift)
    done += ["turned by quarters"] * config.quarter + [f"turned by up to {config.turn}°"] * bool(config.turn)
    done += [f"made up to {percent(config.light, 0)} lighter or darker"] * bool(config.light)
    return f"Images are {' and '.join(done)} at random." if done else "Images are taken as they are."


def _hardest(models: Sequence[Checkpoint]) -> str:
    checkpoint = models[0]
    if not checkpoint.card.test.per_class:
        return ""
    name, value = min(checkpoint.card.test.per_class.items(), key=lambda item: item[1])
    return (
        f"With {tables.class_name(checkpoint, checkpoint.task.normal)} normal ({checkpoint.task.regime}), {tables.class_name(checkpoint, name)} hides best: "
        f"AUROC {value:.3f} for that class alone."
    )


def _caveats(model: str, models: Sequence[Checkpoint]) -> list[str]:
    data = models[0].task.data
    lines = [
        f"One data set of {_pictures(data)}{' on black' if data.outside == 'black' else ''}. {_FAR[data.intake]}",
        f"{several(map(_balance, models), ' ')} On a real line anomalies are rare, and the share of flagged items that "
        "are anomalies is lower than the test's; the ROC page reckons it for a share that you state.",
        "A score may be compared with other scores of the same model only, never with another model's.",
        repair.UNSEEN,
    ]
    if any(checkpoint.task.regime == "seen" for checkpoint in models):
        lines.insert(
            0,
            "Seen figures are supervised: compare them with a classifier's, not with methods that never see an anomaly. A kind of anomaly that "
            "was not in training may be missed far more often (RESULTS.md, unseen regime).",
        )
    one_class = [checkpoint for checkpoint in models if checkpoint.task.regime == "one-class"]
    if one_class:
        labelled = any(checkpoint.card.validation.n_anomaly for checkpoint in one_class)
        more = "; validation AUROC and Youden threshold rest on labelled ones too." if labelled else "."
        lines.append(_CHOSEN_WITH_LABELS + more)
    return lines + ([_KNOWN_LIMIT[model]] if model in _KNOWN_LIMIT else [])


def _counts(checkpoint: Checkpoint) -> str:
    test = checkpoint.card.test
    return f"{test.n_normal:,} normal images and {test.n_anomaly:,} anomalies ({checkpoint.task.regime})"


def _balance(checkpoint: Checkpoint) -> str:
    test = checkpoint.card.test
    if not test.n_anomaly:
        return f"The {checkpoint.task.regime} test has no anomalies: how many would be caught is not known."
    many = f"{test.n_anomaly / test.n_normal:.3g} times as many".removeprefix("1 times ")
    return f"The {checkpoint.task.regime} test has {many} anomalies as normal images."


def _pictures(data: Description) -> str:
    return f"{data.side}×{data.side} {'grey' if data.channels == 1 else 'colour'} pictures"
