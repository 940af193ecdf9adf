"""Of models of one's own data: kinds of defects, synthetic ones, simple methods and seeds, side by side."""

from collections.abc import Callable, Sequence
from statistics import mean, stdev

import streamlit as st

from core.basics.names import MODEL_NAMES
from core.basics.text import plain
from core.metrics.own import Area, Own
from core.store import own_text
from core.store.checkpoints import Checkpoint
from pages.parts import style
from pages.parts.damages import NAMES


def interval(area: Area | None) -> str:
    """Write an AUROC with its interval; a dash for None."""
    return "–" if area is None else f"{area.auroc:.3f} ({area.low:.3f}–{area.high:.3f})"


def _heads(models: Sequence[Checkpoint]) -> list[tuple[str, str]]:
    """Return a column for each model."""
    return [(checkpoint.name, f"{MODEL_NAMES[checkpoint.card.model]}, seed {checkpoint.card.seed}") for checkpoint in models]  # fmt: skip


def seeds(regime: str, models: Sequence[Checkpoint]) -> None:
    """Draw trainings that differ in their seed alone, side by side with mean and spread; nothing where there are none."""
    groups: dict[object, dict[int, Checkpoint]] = {}
    for checkpoint in models:
        card = checkpoint.card
        alike = (card.model, repr(card.task), repr(card.config), card.epochs_trained, card.test_fingerprint)
        groups.setdefault(alike, {})[card.seed] = checkpoint
    rows = []
    for group in groups.values():
        if len(group) > 1:
            first = next(iter(group.values()))
            name = MODEL_NAMES[first.card.model]
            name += f", {first.task.data.class_name(first.task.normal)}, {first.card.epochs_trained} epochs"
            for label, figure in (("test", _test_auroc), ("synthetic", _synthetic_auroc)):
                values = [value for each in group.values() if (value := figure(each)) is not None]
                if len(values) == len(group):
                    each = ", ".join(f"{seed}: {value:.3f}" for seed, value in zip(group, values, strict=True))
                    rows.append([name, label, each, f"{mean(values):.3f}", f"{stdev(values):.3f}"])
    if rows:
        st.markdown("###### Seeds side by side")
        columns = (
            ("Training", "GAN, normal class and epochs; settings and images are the same, too."),
            ("AUROC of", "Test anomalies, or synthetic defects."),
            ("Each seed", "Seed: AUROC."),
            ("Mean", ""),
            ("SD over seeds", "How far trainings lie apart that differ in their seed alone."),
        )
        style.table(f"Seeds, {regime} regime", columns, rows, words=(0, 1, 2))


def _test_auroc(checkpoint: Checkpoint) -> float | None:
    return checkpoint.card.test.auroc


def _synthetic_auroc(checkpoint: Checkpoint) -> float | None:
    own = checkpoint.card.own
    return own.synthetic.area.auroc if own and own.synthetic else None


def of_test(regime: str, models: Sequence[Checkpoint]) -> None:
    """Draw the AUROC of each kind of test anomaly; nothing where there is only one kind."""
    names = list(dict.fromkeys(name for each in models for name in each.card.test.per_class))
    if len(names) < 2:
        return
    data = models[0].task.data
    st.markdown("###### AUROC by kind of anomaly")
    _by_kind(
        f"Kinds of anomaly, {regime} regime",
        [(data.class_name(name) if name in data.classes else name, name) for name in names],
        models,
        lambda each, name: each.card.test.per_class.get(name),
    )


def synthetic(regime: str, models: Sequence[Checkpoint]) -> None:
    """Draw the AUROC of each kind of synthetic defect; nothing where none was measured."""
    measured = [each for each in models if each.card.own and each.card.own.synthetic]
    if not measured:
        return
    noun = plain(measured[0].task.data.noun)
    st.markdown(
        f"###### Synthetic defects put on held-out good {noun}s",
        help="Drawn by code that training never uses, small, medium and large, with soft and with sharp edges. They say what a model would "
        "see, and chose nothing. The ROC page and Browse show them.",
    )
    kinds = dict.fromkeys(kind for each in measured for kind in _own(each).synthetic.kinds)  # type: ignore[union-attr]
    _by_kind(
        f"Synthetic defects, {regime} regime",
        [(NAMES[kind].name if kind in NAMES else kind, kind) for kind in kinds],
        measured,
        lambda each, kind: known.auroc if (known := _own(each).synthetic.kinds.get(kind)) else None,  # type: ignore[union-attr]
    )
    for sentence in dict.fromkeys(f"{each.name}: {own_text.synthetic(each.card)}" for each in measured):
        st.caption(plain(sentence))


def _own(checkpoint: Checkpoint) -> Own:
    assert checkpoint.card.own is not None
    return checkpoint.card.own


def _by_kind(
    label: str,
    kinds: Sequence[tuple[str, str]],
    models: Sequence[Checkpoint],
    figure: Callable[[Checkpoint, str], float | None],
) -> None:
    """Draw a row for each (name, kind) and a column for each model; the kind that hides best comes first."""
    rows = []
    for name, kind in kinds:
        values = [figure(each, kind) for each in models]
        lowest = min((value for value in values if value is not None), default=1.0)
        rows.append((lowest, [name, *("–" if value is None else f"{value:.3f}" for value in values)]))
    style.table(label, [("Kind", ""), *_heads(models)], [cells for _, cells in sorted(rows, key=lambda row: row[0])])


def simple_methods(regime: str, models: Sequence[Checkpoint]) -> None:
    """Draw the GANs and the simple methods on the same images, best first, and say which of these are ahead.

    One table for each set of test images; the methods do not depend on the model, so they are taken from its last card.
    """
    groups: dict[tuple[str, str], list[Checkpoint]] = {}
    for each in models:
        if each.card.own and each.card.own.baselines:
            groups.setdefault((each.task.normal, each.card.test_fingerprint), []).append(each)
    for (normal, _), group in groups.items():
        last = max(group, key=lambda each: each.card.trained_at)
        own = _own(last)
        st.markdown(
            f"###### Beside simple methods: {plain(last.task.data.class_name(normal))} normal",
            help="Each learns from the same normal images, without a label. At most 2,000 test images of either role are taken, drawn at random.",
        )
        lines = [(each.name, each.card.test.auroc, _test_interval(each), _synthetic(each)) for each in group]
        lines += [
            (own_text.method_name(name), method.test.auroc if method.test else None, method.test, method.synthetic)
            for name, method in own.baselines.items()
        ]
        lines.sort(key=lambda line: -(line[1] if line[1] is not None else line[3].auroc if line[3] else 0.0))
        columns = (
            ("Method", "A run's name is a GAN."),
            ("Test AUROC", "With its 95 % interval. A dash where no test image is an anomaly."),
            ("Synthetic AUROC", "Of synthetic defects, with its 95 % interval over the good images below them."),
        )
        rows = [[name, interval(test), interval(made)] for name, _, test, made in lines]
        style.table(f"Simple methods, {regime} regime, {normal}", columns, rows)
        for each in group:
            st.caption(f"{plain(each.name)}: {plain(own_text.better(each.card))}")


def _test_interval(checkpoint: Checkpoint) -> Area | None:
    test = checkpoint.card.test
    if test.auroc is None or test.auroc_low is None or test.auroc_high is None:
        return None
    return Area(test.auroc, test.auroc_low, test.auroc_high)


def _synthetic(checkpoint: Checkpoint) -> Area | None:
    own = checkpoint.card.own
    return own.synthetic.area if own and own.synthetic else None
