"""The images at the border: the normals just flagged and the anomalies just passed, nearest to the threshold first."""

import numpy as np
import streamlit as st

from core.data.fashion_mnist import CLASSES
from core.metrics import evaluation
from pages.parts import link, models, tiles
from pages.parts.link import class_name
from pages.parts.models import Chosen

SHOWN = 12


def nearest(one: Chosen, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """(normals flagged, anomalies passed): numbers in the test split, nearest to `limit` first."""
    scores = one.scores.test
    flagged = evaluation.flagged(scores, limit)
    alarms, missed = np.flatnonzero(one.normal & flagged), np.flatnonzero(one.anomaly & ~flagged)
    return alarms[np.argsort(scores[alarms], kind="stable")], missed[np.argsort(-scores[missed], kind="stable")]


def show(one: Chosen, limit: float) -> None:
    """Two shelves; an opened image leads to Browse, which shows it through both GANs."""
    state, test = st.session_state, models.test_images()

    def opened(number: int) -> None:
        state["image"] = number
        state["_to_browse"] = True

    alarms, missed = nearest(one, limit)
    normal_name = class_name(one.checkpoint.task.normal)
    shelves = (
        ("alarms", alarms, "false-alarm", f"{normal_name}: normal, just flagged", "No normal image is flagged."),
        ("missed", missed, "missed", "Anomalies, just passed", "No anomaly passes."),
    )
    for column, (name, numbers, outcome, title, none) in zip(st.columns(2, gap="large"), shelves, strict=True):
        with column:
            sign = tiles.OUTCOMES[outcome][0]
            st.markdown(f"**{sign} {title}** – the nearest {min(SHOWN, len(numbers))} of {len(numbers):,}")
            if not len(numbers):
                st.caption(none)
                continue
            shelf = [
                tiles.Tile(
                    int(number),
                    test.images[number],
                    float(one.scores.test[number]),
                    outcome,
                    class_name(CLASSES[test.labels[number]]),
                )
                for number in numbers[:SHOWN]
            ]
            tiles.show(shelf, key=f"border_{name}", on_open=opened)
    if state.pop("_to_browse", False):
        link.go("browse")
