"""Every loss, both discriminators' accuracies and the validation figures of one run, or of two over each other, as small
charts of our own: plotly would draw a dozen figures anew each second."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.runs.folders import Status
from pages.train.fields import loss_name

_HERE = Path(__file__).parent
_curves = st.components.v2.component(
    "misfit_curves",
    css=(_HERE / "curves.css").read_text("utf-8"),
    js=(_HERE / "curves.js").read_text("utf-8"),
)
POINTS = 300  # of a curve that are drawn

Run = tuple[str, Sequence[dict[str, Any]], Status | None]  # its name, its records, its status while it is trained


def show(runs: Sequence[Run], epochs: int, key: str) -> None:
    """Draw one run or two over each other, whose longest has so many epochs."""
    _curves(
        key=key, data={"legend": [name for name, _, _ in runs] if len(runs) > 1 else [], "charts": charts(runs, epochs)}
    )


def charts(runs: Sequence[Run], epochs: int) -> list[dict[str, Any]]:
    """What the component draws: a chart for each quantity that any of the runs has."""
    made = [
        _chart(
            "Validation AUROC", "Of the averaged generator, after each epoch.", ("validation_auroc",), runs, epochs, 4
        ),
        _chart(
            "Normals' error",
            "Mean absolute error of redrawn validation normals, 0 to 2.",
            ("validation_error",),
            runs,
            epochs,
        ),
    ]
    for kind in ("normal", "anomaly"):
        title, said = (
            f"{kind.capitalize()} accuracy",
            f"Share of real and redrawn images that the {kind} discriminator tells apart.",
        )
        made.append(_chart(title, said, ("discriminator_accuracy", kind), runs, epochs))
    names: dict[str, None] = {}
    for _, records, status in runs:
        for losses in [*(record["losses"] for record in records[-1:]), status.losses if status else {}]:
            names |= dict.fromkeys(losses)
    for name in names:
        kind = "" if "discriminator" in name else "Unweighted."
        made.append(_chart(loss_name(name), f"Mean over each epoch. {kind}".strip(), ("losses", name), runs, epochs))
    return [chart for chart in made if any(one["points"] or one["live"] for one in chart["series"])]


def _chart(
    title: str, said: str, path: tuple[str, ...], runs: Sequence[Run], epochs: int, digits: int = 3
) -> dict[str, Any]:
    words: list[str] = []
    series: list[dict[str, Any]] = []
    for name, records, status in runs:
        points = [
            [record["epoch"], round(value, 5)] for record in records if (value := _found(record, path)) is not None
        ]
        stride = -(-len(points) // POINTS)
        points = points[::-stride][::-1] if stride > 1 else points  # the last one stays
        live = None
        if status and status.step:
            value = _found({"losses": status.losses, "discriminator_accuracy": status.accuracy}, path)
            live = None if value is None else [round(status.epoch + status.step / status.steps, 2), round(value, 5)]
        series.append({"points": points, "live": live})
        if points:
            words.append(
                f"{name}: from {points[0][1]:.{digits}f} to {points[-1][1]:.{digits}f} after epoch {points[-1][0]}"
            )
    # The axis grows with the training: three hundred epochs would squeeze the first ten into a corner.
    ends = [records[-1]["epoch"] for _, records, _ in runs if records]
    reaching = [status.epoch + 1 for _, _, status in runs if status]
    grown = max(10, 2 ** math.ceil(math.log2(max(reaching) * 1.2))) if reaching else max(ends, default=1)
    epochs = min(epochs, max(grown, *ends)) if ends else min(epochs, grown)
    first = 0 if any(one["live"] and one["live"][0] < 1 for one in series) or epochs == 1 else 1
    alt = f"{title}. {'; '.join(words) or 'No epoch has ended yet'}."
    return {
        "title": title,
        "help": said,
        "alt": alt,
        "digits": digits,
        "series": series,
        "first": first,
        "last": epochs,
    }


def _found(record: dict[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
