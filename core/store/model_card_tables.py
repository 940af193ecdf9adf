"""The tables of a model card, from the cards on disk: figures, thresholds, AUROC of each kind of anomaly."""

from collections.abc import Sequence

from core.basics.text import markdown_table, percent, plain
from core.store import own_text
from core.store.checkpoints import Checkpoint

NONE = "–"  # where there is no figure
POINTS = ("largest Youden J", "at most 5 % false alarms", "at most 1 % false alarms")


def figures(models: Sequence[Checkpoint]) -> str:
    """Return the three tables as markdown, with a row for each model."""
    heads = ["normal class", "regime", "test AUROC (95 % interval)", "validation AUROC", "FPR at 95 % TPR"]
    heads.append("mean score of the normals")
    rows = []
    for checkpoint in models:
        test, left_out = checkpoint.card.test, checkpoint.task.left_out
        area = f"{_number(test.auroc)} ({_number(test.auroc_low)}–{_number(test.auroc_high)})"
        rows.append(
            [
                class_name(checkpoint, checkpoint.task.normal),
                checkpoint.task.regime + (f", {class_name(checkpoint, left_out)} left out" if left_out else ""),
                area if test.n_anomaly else NONE,
                _number(checkpoint.card.validation.auroc),
                percent(test.fpr_at_95tpr),
                _number(test.normal_error),
            ]
        )
    text = "Each line is one training, not a mean over seeds.\n\n" + markdown_table(heads, rows)
    thresholds = []
    for checkpoint in models:
        points = checkpoint.card.thresholds
        numbers = [_number(point, 4) for point in (points.youden, points.fpr_5, points.fpr_1)]
        numbers += [_number(checkpoint.card.scoring.share), _number(checkpoint.card.scoring.mark)]
        thresholds.append([class_name(checkpoint, checkpoint.task.normal), checkpoint.task.regime, *numbers])
    text += "\n\nThresholds, share and mark, chosen on validation images:\n\n" + markdown_table(
        ["normal class", "regime", *POINTS, "share of the largest heat in the score", "mark, heat"],
        thresholds,
    )
    if any(len(checkpoint.card.test.per_class) > 1 for checkpoint in models):
        data = models[0].task.data
        per_class = [
            [class_name(checkpoint, checkpoint.task.normal), checkpoint.task.regime]
            + [_number(checkpoint.card.test.per_class.get(name)) for name in data.classes]
            for checkpoint in models
        ]
        text += "\n\nTest AUROC for each kind of anomaly alone:\n\n" + markdown_table(
            ["normal class", "regime", *map(plain, data.class_names)], per_class
        )
    return text + own(models)


def own(models: Sequence[Checkpoint]) -> str:
    """Return sentences on data of one's own: on how many images figures rest, synthetic defects, simple methods; else ""."""
    lines = [
        f"- {plain(checkpoint.name)}: {plain(sentence)}"
        for checkpoint in models
        if checkpoint.card.own is not None
        for sentence in (
            own_text.rests_on(checkpoint.card),
            own_text.marks(checkpoint.card),
            own_text.synthetic(checkpoint.card),
            own_text.better(checkpoint.card),
        )
        if sentence
    ]
    return "\n\n" + "\n".join(lines) if lines else ""


def class_name(checkpoint: Checkpoint, slug: str) -> str:
    """Return the name of a class of the model's data set, as markdown."""
    return plain(checkpoint.task.data.class_name(slug))


def _number(value: float | None, digits: int = 3) -> str:
    return NONE if value is None else f"{value:.{digits}f}"
