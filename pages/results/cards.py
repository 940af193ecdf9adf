"""The trained models of a data set outside the sweep: the figures of their cards, in a table for each regime."""

import streamlit as st

from core.basics.errors import DataError
from core.basics.names import MODEL_NAMES, REGIME_HELP
from core.basics.text import plain
from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import REGIMES
from core.store import own_text
from core.store.checkpoints import Checkpoint
from pages.parts import datasets, style, trained
from pages.results import kinds

COLUMNS = (
    ("Model", "The run's name."),
    ("Trained as", "GAN, normal class, and the left-out class in the unseen regime."),
    ("Test AUROC", "With its 95 % interval over the test images. A dash where no test image is an anomaly."),
    ("Good + bad", "Test images that the AUROC and its interval rest on."),
    ("Pixel AUROC", "How well the heat map tells the pixels of a marked defect from the others. A dash where no test image has a mask."),
    ("Synthetic AUROC", "Of defects that are put on held-out good test images, with its 95 % interval over these images. They chose nothing."),
    ("Validation AUROC", "A dash where no validation image is a labelled anomaly."),
    ("Normals' score", "Mean score of the normal test images, 0 to 2."),
    ("Epochs", "That it was trained for."),
    ("Seed", "The number that starts the random draws of the training."),
)  # fmt: skip


def show(data: Description) -> None:
    """Draw the tables, or say that no model is trained yet."""
    checkpoints = trained.of_data(data.key)
    st.info(
        f"Of {plain(data.name)} there are the models that were trained here: each line is one training. The sweep over methods, classes "
        f"and seeds (`python -m core results`) is of {FASHION_MNIST.description.name}; choose it in the sidebar to see it.",
        icon=":material/table_chart:",
    )
    if not checkpoints:
        st.markdown(f"No model of {plain(data.name)} has been trained yet.")
        st.page_link("pages/train/page.py", label="Train one", icon=":material/model_training:")
    for regime in REGIMES:
        some = [checkpoint for checkpoint in checkpoints if checkpoint.task.regime == regime]
        if some:
            st.subheader(f"{regime.capitalize()} regime", anchor=False)
            st.markdown(REGIME_HELP[regime])
            _regime(regime, sorted(some, key=_order))


def _order(checkpoint: Checkpoint) -> tuple[str, str, int, str]:
    """Sort trainings of one GAN and class together, by seed."""
    return checkpoint.card.model, checkpoint.task.normal, checkpoint.card.seed, checkpoint.name


def _regime(regime: str, models: list[Checkpoint]) -> None:
    """Draw the tables of one regime."""
    rows = [_row(checkpoint) for checkpoint in models]
    style.table(f"Trained models, {regime} regime", COLUMNS, rows, words=(0, 1))
    for sentence in dict.fromkeys(own_text.rests_on(checkpoint.card) for checkpoint in models):
        st.caption(sentence)
    if other := _tested_elsewhere(models):
        st.caption(
            f"{', '.join(other)}: tested on other images than the data set has now. Such figures cannot be set against the others'."
        )
    kinds.seeds(regime, models)
    kinds.of_test(regime, models)
    kinds.synthetic(regime, models)
    kinds.simple_methods(regime, models)


def _tested_elsewhere(models: list[Checkpoint]) -> list[str]:
    """Name the models whose test images are not those of the data set here; none where it is not here."""
    try:
        now = datasets.test_images().fingerprint
    except DataError:
        return []
    return [plain(checkpoint.name) for checkpoint in models if checkpoint.card.test_fingerprint != now]


def _row(checkpoint: Checkpoint) -> list[str]:
    """Return a model's row of cells."""
    card, task = checkpoint.card, checkpoint.task
    left_out = f" ({task.data.class_name(task.left_out)} left out)" if task.left_out else ""
    test, own = card.test, card.own
    return [
        checkpoint.name,
        f"{MODEL_NAMES[card.model]}, {task.data.class_name(task.normal)}{left_out}",
        "–" if test.auroc is None else f"{test.auroc:.3f} ({test.auroc_low:.3f}–{test.auroc_high:.3f})",
        f"{test.n_normal:,} + {test.n_anomaly:,}",
        "–" if own is None or own.marks is None else f"{own.marks.pixel_auroc:.3f}",
        kinds.interval(own.synthetic.area if own and own.synthetic else None),
        "–" if card.validation.auroc is None else f"{card.validation.auroc:.3f}",
        f"{test.normal_error:.4f}",
        str(card.epochs_trained),
        str(card.seed),
    ]
