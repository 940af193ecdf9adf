"""What one can take away: the curve and the scores as CSV, and a report of the operating point in one HTML file.

Built when asked for, at the threshold that was drawn. Numbers in the CSV files are exact: reading them gives the same floats.
"""

import numpy as np
import pandas as pd
import streamlit as st

from core.basics.text import as_csv
from core.data.fashion_mnist import CLASSES
from core.metrics import costs, evaluation
from core.metrics.costs import Stakes
from core.metrics.outcomes import OUTCOMES, outcomes
from pages.parts import models
from pages.parts.models import Chosen
from pages.roc import report


def curve_csv(one: Chosen, stakes: Stakes | None) -> bytes:
    """threshold, fpr, tpr at every distinct test score, and precision and cost an item where stakes are stated."""
    test = one.scores.test
    curve = evaluation.roc(test[one.normal], test[one.anomaly])
    table = pd.DataFrame(
        {"threshold": curve.thresholds.astype(float), "false_positive_rate": curve.fpr, "true_positive_rate": curve.tpr}
    )
    if stakes is not None:
        table["prevalence"] = stakes.prevalence
        table["precision"] = costs.precision(curve.fpr, curve.tpr, stakes.prevalence)
        table["expected_cost"] = stakes.cost(curve.fpr, curve.tpr)
    return as_csv(table)


def scores_csv(one: Chosen, limit: float) -> bytes:
    """image (number in the test split), class, role, score, threshold, outcome; images of no role have no outcome."""
    test, labels = one.scores.test, models.test_images().labels
    outcome = np.array([*OUTCOMES, ""])[outcomes(test, one.normal, one.anomaly, limit)]
    table = pd.DataFrame(
        {
            "image": np.arange(len(test)),
            "class": np.array(CLASSES)[labels],
            "role": np.select([one.normal, one.anomaly], ["normal", "anomaly"], "neither"),
            "score": test.astype(float),
            "threshold": limit,
            "outcome": outcome,
        }
    )
    return as_csv(table)


def show(one: Chosen, limit: float, stakes: Stakes | None) -> None:
    """The three downloads; the figure itself is saved from the lab."""
    st.subheader("Take away", anchor=False)
    stem = f"misfit-{one.checkpoint.card.model}-{one.checkpoint.task.normal}"
    with st.container(horizontal=True):
        for label, file, kind, make, meaning in (
            (
                "Report of this operating point",
                f"{stem}-report.html",
                "text/html",
                lambda: report.page(one, limit, stakes).encode(),
                "One HTML file that opens offline: curve, confusion matrix, every class, costs, and the model's card.",
            ),
            (
                "Scores of all images (CSV)",
                f"{stem}-scores.csv",
                "text/csv",
                lambda: scores_csv(one, limit),
                "For each test image: number, class, role, score, and outcome at this threshold.",
            ),
            (
                "ROC curve (CSV)",
                f"{stem}-roc.csv",
                "text/csv",
                lambda: curve_csv(one, stakes),
                "FPR, TPR, precision and expected cost at every distinct score as a threshold.",
            ),
        ):
            st.download_button(
                label, make, file, kind, icon=":material/download:", help=meaning, on_click="ignore", key=f"take_{file}"
            )
