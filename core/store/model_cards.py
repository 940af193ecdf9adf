"""Model cards after Mitchell et al., Model Cards for Model Reporting, 2019 (doi 10.1145/3287560.3287596).

Written from the cards on disk: no figure stands here. `python -m core documents` writes docs/model-card-<model>.md; the
Overview shows the same text for the one model it speaks of. Imports no torch.
"""

from collections.abc import Sequence
from pathlib import Path

from core.basics.files import ROOT
from core.basics.names import MODEL_NAMES, REGIME_HELP, STARTS
from core.basics.text import markdown_table, plain
from core.data.tasks import REGIMES, VALIDATION_SHARE
from core.store import checkpoints
from core.store.checkpoints import Checkpoint

DOCS = ROOT / "docs"
_WHAT = {
    "traditional": "A fully connected autoencoder is the generator; two fully connected discriminators, one for normal images and "
    "one for anomalies, train it. Mean squared errors only.",
    "dcgan": "A convolutional autoencoder with skip connections is the generator; two discriminators, one for normal images and one for "
    "anomalies, judge patches of the image. Six losses: L1, patch L1, latent vector, ABC, and two adversarial ones. "
    "After Kim, Jeong, Choi and Seo, *GAN-based Anomaly Detection in Imbalance Problems*, ECCV 2020 workshops "
    "([doi](https://doi.org/10.1007/978-3-030-65414-6_11)).",
}
_CHOSEN_WITH_LABELS = (
    "One-class: training and the threshold in force need no labelled anomaly. The recipe (epochs, loss weights, kinds of distortion) was "
    "chosen beforehand with labelled validation anomalies of T-shirt/top, Pullover and Shirt, which the regime denies (docs/what-helped.md); "
    "validation AUROC and Youden threshold rest on labelled ones too."
)
_NOT_OURS = "not stated; a model that is not in the box is its maker's"
_KNOWN_LIMIT = {"traditional": "Its reconstructions are noisy, those of normal images too."}


def path(model: str) -> Path:
    """Where the model card of `model` is written."""
    return DOCS / f"model-card-{model}.md"


def boxed() -> list[Checkpoint]:
    """Every model in the box. Raises CheckpointError for a damaged card, which no document should pass over."""
    return [checkpoints.load(card.parent) for card in sorted(checkpoints.SHIPPED.glob(f"*/[!.]*/{checkpoints.CARD}"))]


def documents() -> dict[Path, str]:
    """The model card of each GAN that is in the box: its file → its text. Raises CheckpointError."""
    found = boxed()
    own = {model: [one for one in found if one.card.model == model] for model in MODEL_NAMES}
    return {path(model): markdown(several) for model, several in own.items() if several}


def markdown(found: Sequence[Checkpoint], level: int = 1) -> str:
    """The model card of one GAN from its checkpoints, one or more of the same model; `level` is that of its title."""
    found = sorted(
        found, key=lambda one: (REGIMES.index(one.task.regime), one.task.data.label(one.task.normal), one.name)
    )
    model = found[0].card.model
    sections = {
        "Model details": _details(found),
        "Intended use": "Teaching and trying out anomaly detection: seeing what a reconstruction-based detector catches, what it misses, "
        "and what moving its threshold costs. Not for deciding about people or goods: it has seen 28×28 grey pictures of one data set "
        "and nothing else.",
        "Factors": "The normal class and the kind of anomaly matter most: garments of like shape hide best. "
        + _hardest(found)
        + " The regime, which anomalies were in training, matters as much and is named beside every figure:\n\n"
        + "\n".join(
            f"- **{name}**: {REGIME_HELP[name]}" for name in REGIMES if any(o.task.regime == name for o in found)
        ),
        "Metrics": "AUROC: the chance that a random anomaly scores higher than a random normal image, with its 95 % interval over the test "
        "images. The score is the mean absolute difference between an image and its reconstruction, from 0 to 2; it is "
        "no probability. TPR and FPR are the shares of anomalies and of normal images flagged at a threshold; thresholds are "
        "chosen on validation images: largest TPR − FPR (Youden J), at most 5 % false alarms, at most 1 %. In force until another is chosen: "
        + _several(f"{STARTS[one.point]} ({one.task.regime})" for one in found)
        + ".",
        "Evaluation data": "Fashion-MNIST's test split, all of it, 1,000 images a class (in the unseen regime the normal and the left-out class). "
        f"It chose nothing. Thresholds come from validation images. {_several(map(_epochs, found), ' ')}",
        "Training data": _training(found),
        "Quantitative analyses": _figures(found),
        "Caveats and recommendations": "\n".join(f"- {line}" for line in _caveats(model, found)),
    }
    title = f"{'#' * level} Model card: {MODEL_NAMES[model]}"
    note = "Written by `python -m core documents` from the cards in `checkpoints/`; do not edit."
    parts = [f"{'#' * (level + 1)} {name}\n\n{text}" for name, text in sections.items()]
    return "\n\n".join([title, *([note] if level == 1 else []), *parts]) + "\n"


def _details(found: Sequence[Checkpoint]) -> str:
    cards = [one.card for one in found]
    versions = sorted(
        {plain(", ".join(f"{name} {number}" for name, number in card.versions.items())) for card in cards}
    )
    dates = sorted(card.trained_at[:10] for card in cards)
    lines = [
        _WHAT.get(cards[0].model, ""),
        f"- Parameters of the generator: {_several(f'{card.parameters:,}' for card in cards)}",
        f"- Epochs: {_several(str(card.epochs_trained) for card in cards)}; seed: {_several(str(card.seed) for card in cards)}; "
        f"trained on: {_several(plain(card.device.upper()) for card in cards)}, in {_range([card.seconds for card in cards], 0)} seconds",
        f"- Date of training: {_several(dict.fromkeys((dates[0], dates[-1])), ' to ')}; with {_several(versions, ' or ')}",
        f"- Loss weights: {_several(_weights(one) for one in found)}",
        f"- Licence: {_several('MIT' if one.folder.is_relative_to(checkpoints.SHIPPED) else _NOT_OURS for one in found)}",
    ]
    return lines[0] + "\n\n" + "\n".join(lines[1:])


def _epochs(one: Checkpoint) -> str:
    trained, asked = one.card.epochs_trained, one.config.epochs
    if one.which == "best":
        chosen_by = "the normals' error" if one.task.regime == "one-class" else "AUROC, with labelled anomalies"
        return f"Of up to {asked} epochs, epoch {trained} did best on validation images (by {chosen_by}) and was kept."
    if one.card.stopped_early:
        return f"It is the model of epoch {trained} of {asked}: stopped there, or best there on validation images."
    return "The number of epochs was fixed before the training."


def _weights(one: Checkpoint) -> str:
    weights = {name: getattr(one.config, name) for name in getattr(one.config, "loss_names", ())}
    scale = {"abc": f" (scale {getattr(one.config, 'abc_scale', 1.0):g})"}
    return ", ".join(
        f"{name.replace('_', ' ')} {weight:g}{scale.get(name, '')}" for name, weight in weights.items() if weight
    )


def _training(found: Sequence[Checkpoint]) -> str:
    sources = {(one.card.data_images, plain(one.card.data_source), one.card.data_fingerprint) for one in found}
    named = "; ".join(
        f"{count:,} images ({source}, SHA-256 {fingerprint[:12]}…)" for count, source, fingerprint in sorted(sources)
    )
    labelled = sorted({one.task.anomalies for one in found})
    return (
        f"Fashion-MNIST's training split, of which {100 * VALIDATION_SHARE:.0f} % of each class is held back as validation images: {named}. "
        f"Labelled anomalies asked for, the same number from each anomaly class: {_several(f'{count:,}' for count in labelled)}. "
        + "".join(dict.fromkeys(map(_stand_ins, found)))
        + _several(_augmented(one) for one in found)
    )


def _stand_ins(one: Checkpoint) -> str:
    """How many distorted normals were among the anomalies, in a sentence; empty where there were none."""
    labels, count = one.task.labelled, one.config.stand_ins(one.task.labelled)
    images = "normal images that were turned, squeezed or stretched"
    if count and not labels:
        return f"Where there are none (one-class), {images} stand in for them. "
    return (
        f"Because {labels:,} are few, {count} of the {one.config.batch_size} anomalies of each batch are {images}. "
        if count
        else ""
    )


def _augmented(one: Checkpoint) -> str:
    config = one.config
    done = ["mirrored"] * config.flip + [f"moved by up to {config.shift} px"] * bool(config.shift)
    return f"Images are {' and '.join(done)} at random." if done else "Images are taken as they are."


def _figures(found: Sequence[Checkpoint]) -> str:
    heads = ["normal class", "regime", "test AUROC (95 % interval)", "validation AUROC", "FPR at 95 % TPR"]
    heads.append("normals' error")
    rows = [
        [
            one.task.data.class_name(one.task.normal),
            one.task.regime
            + (f", {one.task.data.class_name(one.task.left_out)} left out" if one.task.left_out else ""),
            f"{(test := one.card.test)['auroc']:.3f} ({test['auroc_low']:.3f}–{test['auroc_high']:.3f})",
            f"{one.card.validation['auroc']:.3f}",
            f"{100 * test['fpr_at_95tpr']:.1f} %",
            f"{test['normal_error']:.3f}",
        ]
        for one in found
    ]
    text = "Each line is one training, not a mean over seeds.\n\n" + markdown_table(heads, rows)
    thresholds = [
        [
            one.task.data.class_name(one.task.normal),
            one.task.regime,
            *(f"{one.card.thresholds[name]:.4f}" for name in ("youden", "fpr_5", "fpr_1")),
        ]
        for one in found
    ]
    text += "\n\nThresholds, chosen on validation images:\n\n" + markdown_table(
        ["normal class", "regime", "largest Youden J", "at most 5 % false alarms", "at most 1 % false alarms"],
        thresholds,
    )
    if any(len(one.card.test["per_class"]) > 1 for one in found):
        data = found[0].task.data
        per_class = [
            [one.task.data.class_name(one.task.normal), one.task.regime]
            + [
                f"{value:.3f}" if (value := one.card.test["per_class"].get(name)) is not None else "–"
                for name in data.classes
            ]
            for one in found
        ]
        text += "\n\nTest AUROC for each kind of anomaly alone:\n\n" + markdown_table(
            ["normal class", "regime", *data.class_names], per_class
        )
    return text


def _hardest(found: Sequence[Checkpoint]) -> str:
    one = found[0]
    name, value = min(one.card.test["per_class"].items(), key=lambda item: item[1])
    return f"With {one.task.data.class_name(one.task.normal)} normal ({one.task.regime}), {one.task.data.class_name(name)} hides best: AUROC {value:.3f} for that class alone."


def _caveats(model: str, found: Sequence[Checkpoint]) -> list[str]:
    lines = [
        "One data set of 28×28 grey pictures on black. A drawing or a photo is far from it: a high score then says that it is unlike the "
        "normal class as photographed for a shop, no more.",
        f"{_several(map(_balance, found), ' ')} On a real line anomalies are rare, and the share of flagged items that "
        "are anomalies is lower than the test's; the ROC page reckons it for a share that you state.",
        "A score may be compared with other scores of the same model only, never with another model's.",
    ]
    if any(one.task.regime == "seen" for one in found):
        lines.insert(
            0,
            "Seen figures are supervised: compare them with a classifier's, not with methods that never see an anomaly. A kind of anomaly that "
            "was not in training may be missed far more often (RESULTS.md, unseen regime).",
        )
    if any(one.task.regime == "one-class" for one in found):
        lines.append(_CHOSEN_WITH_LABELS)
    return lines + ([_KNOWN_LIMIT[model]] if model in _KNOWN_LIMIT else [])


def _balance(one: Checkpoint) -> str:
    many = f"{one.card.test['n_anomaly'] / one.card.test['n_normal']:.3g} times as many".removeprefix("1 times ")
    return f"The {one.task.regime} test has {many} anomalies as normal images."


def _several(values: object, between: str = "; ") -> str:
    """Different values once each, in order."""
    return between.join(dict.fromkeys(str(value) for value in values))  # type: ignore[attr-defined]


def _range(values: list[float], digits: int) -> str:
    low, high = f"{min(values):,.{digits}f}", f"{max(values):,.{digits}f}"
    return low if low == high else f"{low} to {high}"
