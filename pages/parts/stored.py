"""The test figures on a trained model's card, for pages that need no images or have none."""

import streamlit as st

from core.basics.text import percent
from core.store.checkpoints import Checkpoint
from pages.parts import style


def auroc(checkpoint: Checkpoint) -> tuple[float, float, float] | None:
    """Return (test AUROC, low, high) with the 95 % interval; None if no test image is an anomaly."""
    test = checkpoint.card.test
    if test.auroc is None or test.auroc_low is None or test.auroc_high is None:
        return None
    return test.auroc, test.auroc_low, test.auroc_high


def show(checkpoint: Checkpoint) -> None:
    """Draw the stored figures of a model whose test images are not here."""
    test, data = checkpoint.card.test, checkpoint.task.data
    rows = [("Normal test images", f"{test.n_normal:,}"), ("Anomalies", f"{test.n_anomaly:,}")]
    if area := auroc(checkpoint):
        rows.append(("Test AUROC (95 % interval)", "{:.3f} ({:.3f}–{:.3f})".format(*area)))
    if test.fpr_at_95tpr is not None:
        rows.append(("FPR at 95 % TPR", percent(test.fpr_at_95tpr)))
    own = checkpoint.card.own
    if own and own.marks:
        rows.append(("Pixel AUROC of marked defects", f"{own.marks.pixel_auroc:.3f} ({own.marks.images:,} images)"))
    if own and own.synthetic:
        made = own.synthetic.area
        rows.append(
            ("AUROC of synthetic defects (95 % interval)", f"{made.auroc:.3f} ({made.low:.3f}–{made.high:.3f})")
        )
    rows.append(("Mean score of the normal images", f"{test.normal_error:.4f}"))
    rows += [(f"AUROC, {data.class_name(slug)}", f"{value:.3f}") for slug, value in test.per_class.items()]
    st.markdown(
        "What is stored with the model can be shown all the same. It was measured when the test images were here."
    )
    style.table("Stored figures", [("Figure", "What was measured"), ("Value", "Over the whole test split")], rows)
