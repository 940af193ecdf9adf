"""The trained models of a data set outside the sweep: the figures of their cards, in a table for each regime."""

import streamlit as st

from core.basics.names import MODEL_NAMES, REGIME_HELP
from core.basics.text import plain
from core.data.dataset import Description
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import REGIMES
from core.store.checkpoints import Checkpoint
from pages.parts import style, trained

COLUMNS = (
    ("Model", "The run's name."),
    ("Trained as", "GAN, normal class, and the left-out class in the unseen regime."),
    ("Test AUROC", "With its 95 % interval over the test images. A dash where no test image is an anomaly."),
    ("Validation AUROC", "A dash where no validation image is a labelled anomaly."),
    ("Normals' error", "Mean absolute error of reconstructed normal test images, 0 to 2."),
    ("Epochs", "That it was trained for."),
    ("Seed", ""),
)


def show(data: Description) -> None:
    """Draw the tables, or say that no model is trained yet."""
    st.info(
        f"The sweep over methods, classes and seeds (`python -m core results`) is of {FASHION_MNIST.description.name}; choose it in "
        f"the sidebar to see it. Of {plain(data.name)} there are the models that were trained here: each line is one training, "
        "no mean over seeds.",
        icon=":material/table_chart:",
    )
    checkpoints = [checkpoint for checkpoint in trained.discovered()[0] if checkpoint.task.data.key == data.key]
    if not checkpoints:
        st.markdown(f"No model of {plain(data.name)} has been trained yet.")
        st.page_link("pages/train/page.py", label="Train one", icon=":material/model_training:")
    for regime in REGIMES:
        rows = [_row(checkpoint) for checkpoint in checkpoints if checkpoint.task.regime == regime]
        if rows:
            st.subheader(f"{regime.capitalize()} regime", anchor=False)
            st.markdown(REGIME_HELP[regime])
            style.table(
                f"Trained models, {regime} regime", COLUMNS, sorted(rows, key=lambda row: row[2]), words=(0, 1, 2)
            )


def _row(checkpoint: Checkpoint) -> list[str]:
    """Return a model's row of cells."""
    card, task = checkpoint.card, checkpoint.task
    left_out = f" ({task.data.class_name(task.left_out)} left out)" if task.left_out else ""
    test = card.test
    area = "–" if test.auroc is None else f"{test.auroc:.3f} ({test.auroc_low:.3f}–{test.auroc_high:.3f})"
    return [
        checkpoint.name,
        f"{MODEL_NAMES[card.model]}, {task.data.class_name(task.normal)}{left_out}",
        area,
        "–" if card.validation.auroc is None else f"{card.validation.auroc:.3f}",
        f"{test.normal_error:.4f}",
        str(card.epochs_trained),
        str(card.seed),
    ]
