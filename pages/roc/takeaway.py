"""Downloads: the curve and the scores as CSV, and a report of the operating point in one HTML file.

Built on a click, at the threshold on the page. Scores in the CSV files have the fewest digits that give the same float32 back,
rates and costs at most eight. Each line names model, data and seed.
"""

import numpy as np
import pandas as pd
import streamlit as st

from core.basics.text import as_csv, shortest
from core.metrics import costs, evaluation
from core.metrics.costs import Stakes
from core.metrics.outcomes import OUTCOMES, outcomes
from pages.parts import models
from pages.parts.chosen import Chosen
from pages.roc import report


def curve_csv(chosen: Chosen, stakes: Stakes | None) -> bytes:
    """Return CSV: threshold, fpr, tpr at every distinct test score; with stakes, also precision and cost per item.

    It begins at (0, 0), at a threshold just above every score, and ends at (1, 1).
    """
    test = chosen.scores.test
    curve = evaluation.roc(test[chosen.normal], test[chosen.anomaly]).from_zero()
    fpr, tpr = curve.fpr, curve.tpr
    table = pd.DataFrame(
        {"threshold": shortest(curve.thresholds), "false_positive_rate": fpr, "true_positive_rate": tpr}
    )
    if stakes is not None:
        table["prevalence"] = stakes.prevalence
        table["precision"] = costs.precision(fpr, tpr, stakes.prevalence)
        table["expected_cost"] = stakes.cost(fpr, tpr)
    return as_csv(table.round({name: 8 for name in table if name != "threshold"}).assign(**models.origin(chosen)))


def scores_csv(chosen: Chosen, limit: float) -> bytes:
    """Return CSV: image (number in the test split), class, role, score, threshold, outcome (none without a role).

    A synthetic defect has the number of the image that it was put on, and its kind for a class.
    """
    test, names = chosen.scores.test, [chosen.data.classes[label] for label in chosen.labels]
    if chosen.copies is not None:
        names += [kind for kind, count in chosen.copies.kinds.items() for _ in range(count)]
    outcome = np.array([*OUTCOMES, ""])[outcomes(test, chosen.normal, chosen.anomaly, limit)]
    table = pd.DataFrame(
        {
            "image": chosen.photos(np.ones(len(test), bool)),
            "class": names,
            "role": np.select(
                [chosen.normal, chosen.anomaly],
                ["normal", "anomaly" if chosen.copies is None else "synthetic defect"],
                "neither",
            ),
            "score": shortest(test),
            "threshold": limit,
            "outcome": outcome,
        }
    )
    return as_csv(table.assign(**models.origin(chosen)))


def show(chosen: Chosen, limit: float, stakes: Stakes | None) -> None:
    """Offer the downloads, without a curve if the test has no anomalies. The lab has a button for the figure itself."""
    st.subheader("Take away", anchor=False)
    stem = f"misfit-{chosen.checkpoint.card.model}-{chosen.checkpoint.task.normal}"
    downloads = [
        (
            "Report of this operating point",
            f"{stem}-report.html",
            "text/html",
            lambda: report.page(chosen, limit, stakes).encode(),
            "One HTML file that opens offline: what the threshold does, every class, costs, and the model's card.",
        ),
        (
            "Scores of all images (CSV)",
            f"{stem}-scores.csv",
            "text/csv",
            lambda: scores_csv(chosen, limit),
            "For each test image: number, class, role, score, and outcome at this threshold.",
        ),
    ]
    if chosen.anomaly.any():
        downloads.append(
            (
                "ROC curve (CSV)",
                f"{stem}-roc.csv",
                "text/csv",
                lambda: curve_csv(chosen, stakes),
                "FPR, TPR, precision and expected cost at every distinct score as a threshold.",
            )
        )
    with st.container(horizontal=True):
        for label, file, kind, make, help in downloads:
            st.download_button(
                label, make, file, kind, icon=":material/download:", help=help, on_click="ignore", key=f"take_{file}"
            )
