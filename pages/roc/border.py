"""The images at the border: the normals just flagged and the anomalies just passed, nearest to the threshold first."""

import numpy as np
import streamlit as st

from core.basics.text import plain
from core.metrics import evaluation
from pages.parts import link, models, tiles
from pages.parts.chosen import Chosen
from pages.parts.damages import NAMES

SHOWN = 12


def nearest(chosen: Chosen, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (normals flagged, anomalies passed): numbers in the test split, nearest to `limit` first."""
    scores = chosen.scores.test
    flagged = evaluation.flagged(scores, limit)
    alarms, missed = np.flatnonzero(chosen.normal & flagged), np.flatnonzero(chosen.anomaly & ~flagged)
    return alarms[np.argsort(scores[alarms], kind="stable")], missed[np.argsort(-scores[missed], kind="stable")]


def show(chosen: Chosen, limit: float) -> None:
    """Draw a shelf for each kind in the test; an opened image leads to Browse, which shows both GANs.

    A synthetic defect leads to the photo that it was put on.
    """
    state, test = st.session_state, models.test_images()
    images, names = test.images, [chosen.data.class_names[label] for label in test.labels]
    if chosen.copies is not None:
        images = np.concatenate([images, chosen.copies.images])
        names += [f"With {NAMES[kind].having}" for kind, count in chosen.copies.kinds.items() for _ in range(count)]

    def opened(number: int) -> None:
        state["image"] = int(chosen.photos(np.arange(len(names)) == number)[0])
        state["_to_browse"] = True

    alarms, missed = nearest(chosen, limit)
    title = f"{plain(chosen.normal_name)}: normal, just flagged"
    shelves = [("alarms", alarms, "false-alarm", title, "No normal image is flagged.")]
    if chosen.anomaly.any():
        shelves.append(("missed", missed, "missed", "Anomalies, just passed", "No anomaly passes."))
    for column, (name, numbers, outcome, title, nothing) in zip(st.columns(2, gap="large"), shelves, strict=False):
        with column:
            sign = tiles.OUTCOMES[outcome][0]
            if not len(numbers):
                st.markdown(f"**{sign} {title}**")
                st.caption(nothing)
                continue
            st.markdown(f"**{sign} {title}** – the nearest {min(SHOWN, len(numbers))} of {len(numbers):,}")
            shelf = [
                tiles.Tile(
                    int(number),
                    images[number],
                    float(chosen.scores.test[number]),
                    outcome,
                    names[number],
                )
                for number in numbers[:SHOWN]
            ]
            tiles.show(shelf, key=f"border_{name}", on_open=opened)
    if state.pop("_to_browse", False):
        link.go("browse")
