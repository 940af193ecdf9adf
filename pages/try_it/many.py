"""Many files: a progress bar while they are scored, a table to sort, and a CSV to download."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.basics.errors import PictureError
from core.basics.files import sha256
from core.basics.text import as_csv, cell, plain
from core.data import decoding
from core.judging import intake
from core.judging.intake import Steps
from core.judging.judgement import Judgement
from pages.parts import models, verdict
from pages.parts.chosen import Chosen
from pages.parts.pictures import data_url
from pages.try_it.pictures_in import Named

AT_ONCE = 64  # images in a forward pass, after which the bar moves
SIGNS = {"anomaly": "⚑ anomaly", "normal": "○ normal", "can't tell": "? can't tell"}
COLUMNS = ("file", "score", "percentile", "threshold", "verdict", "reason", "farness")


def show(files: Sequence[Named], gan: Chosen, steps: Steps) -> Named | None:
    """Score all files, list them, and return the file that is selected in the table, or None."""
    images, judged, problems = _scored(files, gan, steps)
    if problems:
        with st.expander(
            f"{len(problems):,} of {len(files):,} cannot be scored",
            icon=":material/broken_image:",
            expanded=len(problems) < 12,
        ):
            for problem in problems:
                st.markdown(f":material/error: {plain(problem)}")
    if not judged:
        return None
    rows = [each.row(files[place][0]) for place, each in judged.items()]
    flagged = sum(row["verdict"] == "anomaly" for row in rows)
    strangers = sum(row["verdict"] == "can't tell" for row in rows)
    st.markdown(
        f"**{flagged:,} of {len(rows):,}** flagged as anomalies by the {gan.title}"
        + (f"; for {strangers:,} it can't tell: {verdict.far(gan.data)}" if strangers else "")
        + ". Select a row to see why."
    )
    selected = _table(gan, [images[place] for place in judged], rows)
    st.download_button(
        "Scores as CSV",
        table(rows, models.origin(gan)),
        "misfit-scores.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="The same digits as `python -m core score --json` gives, and which model gave them.",
    )
    return None if selected is None else files[list(judged)[selected]]


def _table(gan: Chosen, images: Sequence[np.ndarray], rows: Sequence[dict]) -> int | None:
    """Draw the table of `rows`, each with its image; return the number of the selected row, or None."""
    choice = st.dataframe(
        [
            {
                "As the model sees it": data_url(image),
                "File": cell(row["file"]),  # the table's own menu can export it as CSV, too
                "Score": row["score"],
                "Percentile": row["percentile"],
                "Verdict": SIGNS[row["verdict"]],
                "Reason": row["reason"].capitalize(),
            }
            for image, row in zip(images, rows, strict=True)
        ],
        column_config={
            "As the model sees it": st.column_config.ImageColumn(
                "As seen",
                width="small",
                help=f"As the model sees it: {gan.data.side}×{gan.data.side} pixels, after the intake.",
            ),
            "Score": st.column_config.NumberColumn(
                format="%.4f", help="How much the model changes the image, 0 to 2; higher = more anomalous."
            ),
            "Percentile": st.column_config.NumberColumn(
                format="%.1f %%", help="Share of the validation images of the normal class that score no higher."
            ),
        },
        hide_index=True,
        row_height=44,
        height=min(44 * len(rows) + 40, 480),
        on_select="rerun",
        selection_mode="single-row",
        key="try_table",
    )
    return next((row for row in choice.selection.rows if row < len(rows)), None)


def table(rows: Sequence[dict], origin: dict) -> bytes:
    """Return the rows as CSV with every digit, and in each the model that gave them, its `origin`."""
    import pandas as pd

    return as_csv(pd.DataFrame(rows, columns=COLUMNS).assign(**origin))


def _scored(
    files: Sequence[Named], gan: Chosen, steps: Steps
) -> tuple[dict[int, np.ndarray], dict[int, Judgement], list[str]]:
    """Return (images and judgements by place in `files`, a message per unreadable file); the last result is cached."""
    state = st.session_state
    card = gan.checkpoint.card
    key = (tuple((name, sha256(content)) for name, content in files), steps, card.weights_sha256, card.scores_sha256)
    kept = state.get("_many")
    if kept is None or kept[0] != key:
        kept = state["_many"] = (key, *_score(files, gan, steps))
    _, images, judged, problems = kept
    limit = models.threshold(gan)
    return images, {place: dataclasses.replace(each, threshold=limit) for place, each in judged.items()}, problems


def _score(files: Sequence[Named], gan: Chosen, steps: Steps) -> tuple[dict, dict, list[str]]:
    images, problems = {}, []
    bar = st.progress(0.0, "Reading…")
    for place, (name, content) in enumerate(files):
        try:
            images[place] = intake.take(decoding.read(content, name), gan.data, name, steps).image
        except PictureError as error:
            problems.append(str(error))
        if place % 16 == 0:
            bar.progress(0.7 * place / len(files), f"Reading {place + 1:,} of {len(files):,}…")
    judged: dict[int, Judgement] = {}
    places = list(images)
    for start in range(0, len(places), AT_ONCE):
        some = places[start : start + AT_ONCE]
        judged |= zip(some, models.judge(gan, np.stack([images[place] for place in some])), strict=True)
        bar.progress(0.7 + 0.3 * len(judged) / len(places), f"Scored {len(judged):,} of {len(places):,}…")
    bar.empty()
    return images, judged, problems
