"""The belt in the browser (belt.js): Python sends a batch of items when the browser asks for it, and the threshold in force.

The browser moves the belt, counts, and draws. It asks for batch n of a belt that model, seed and share of anomalies name, so
an answer to an older question is recognised. The threshold goes both ways as in pages/roc/lab.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.basics.text import percent
from core.metrics import drift as drifting
from core.metrics.costs import Stakes
from pages.line import belt
from pages.line.belt import Batch
from pages.parts import charts, fields, models, pictures, release
from pages.parts.chosen import Chosen
from pages.parts.component import component
from pages.parts.packed import packed

WINDOW = 500  # scores of late that the alarm looks at
_belt = component("line", Path(__file__).parent, "belt", "slider.css", "packed.js", "belt_drawing.js", html=True)
KEY = "line_belt"


def show(
    chosen: Chosen,
    stakes: Stakes | None,
    other: tuple[str, float],
    seed: int,
    drift: str,
    on_release: Callable[[float], None],
) -> None:
    """Draw the belt. `other` is the name and value of the threshold to compare with; `on_release` gets a moved threshold."""
    state = st.session_state
    share = stakes.prevalence if stakes and chosen.anomaly.any() else 0.0
    name = f"{chosen.checkpoint.card.scores_sha256[:16]} {seed} {share:g}"

    number, before = _asked((state.get(KEY) or {}).get("want"), name)
    batch = belt.draw(chosen, models.test_images().images, seed, number, share, drift)
    card, scores = chosen.checkpoint.card, chosen.scores
    _belt(
        key=KEY,
        data={
            "name": name,
            **release.known("line"),
            "threshold": models.threshold(chosen),
            "largest": fields.LARGEST_THRESHOLD,
            "share": share,
            "costs": {"missed": stakes.missed, "alarm": stakes.alarm} if stakes else {"missed": 0.0, "alarm": 1.0},
            "other": {"name": "Cheapest" if other[0] == "cheapest" else "False alarms ≤ 5 %", "threshold": other[1]},
            "validation": {
                "normal": packed(np.sort(scores.validation_normal)),
                "anomaly": packed(np.sort(scores.validation_anomaly)),
            },
            "anomalies": share > 0,
            "title": f"{chosen.title}, {chosen.normal_name}",
            "noun": chosen.data.noun,
            "colours": {"normal": charts.NORMAL, "anomaly": charts.ANOMALY, "model": charts.MODELS[card.model]},
            "batch": _sent(batch, chosen, number, drift)
            | {"alarm": _alarm(chosen, batch, name, number, share, before)},
        },
        on_release_change=lambda: release.receive("line", KEY, on_release),
        on_want_change=lambda: None,
    )


def _asked(want: Any, name: str) -> tuple[int, int | None]:
    """Return the number of the batch that the browser asks for; the first one of a belt that it does not know yet.

    Second: how many items of the batch before come along the belt, where the browser says so. What happens to the line may
    change, and then the rest of them is dropped.
    """
    if isinstance(want, dict) and want.get("name") == name and isinstance(want.get("number"), int):
        before = want.get("before")
        return min(max(want["number"], 0), 10**6), before if isinstance(before, int) and before > 0 else None
    return 0, None


def _sent(batch: Batch, chosen: Chosen, number: int, drift: str) -> dict[str, Any]:
    """Return a batch as the browser needs it: one picture with all images side by side, scores and names."""
    data, labels = chosen.data, models.test_images().labels[batch.numbers]
    return {
        "number": number,
        "drift": drift,
        "side": data.side,
        "picture": pictures.data_url(np.ascontiguousarray(np.concatenate(list(batch.images), axis=1))),
        "scores": [float(score) for score in batch.scores],
        "anomaly": batch.anomaly.tolist(),
        "names": [data.class_names[label] for label in labels],
    }


def _alarm(chosen: Chosen, batch: Batch, name: str, number: int, share: float, before: int | None) -> str:
    """Return what the alarm says once this batch has passed; "" when it notices nothing.

    Of the batch before only the first `before` items come; None: all.
    """
    state, scores = st.session_state, chosen.scores
    if number == 0 or state.get("_line_scores_of") != name:
        state["_line_scores"], state["_line_scores_of"] = {}, name
    recent: dict[int, np.ndarray] = state["_line_scores"]
    if before is not None and number - 1 in recent:
        recent[number - 1] = recent[number - 1][:before]
    recent[number] = batch.scores
    late = np.concatenate([recent[each] for each in sorted(recent) if each <= number])[-WINDOW:]
    for old in [each for each in recent if each < number - WINDOW]:
        del recent[old]
    found = drifting.watch(
        late, scores.validation_normal, scores.validation_anomaly, share, chosen.checkpoint.threshold
    )
    if found.alarm == "flagged":
        return (
            f"In the last {found.count:,} items the model would flag {percent(found.flagged)} at its own threshold; validation led to expect "
            f"{percent(found.expected)} ({_p(found.flagged_p)}). The light, the camera or the items have changed."
        )
    if found.alarm:
        return (
            f"The last {found.count:,} scores are spread otherwise than on validation images ({_p(found.shape_p)}). The light, the "
            "camera or the items have changed."
        )
    return ""


def _p(value: float) -> str:
    """Write a p-value: by chance alone, so much or more would be seen this often."""
    return "p below 0.000001" if value < 1e-6 else f"p = {value:.1g}"
