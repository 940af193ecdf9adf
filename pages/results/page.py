"""Results: every figure measured, by regime, beside the published ones. Reads results.csv; imports no torch."""

import pandas as pd
import streamlit as st

from core import reporting, results
from core.errors import MisfitError
from core.plain import as_csv, plain
from core.published import PUBLISHED
from core.regimes import REGIMES
from core.words import METHOD_NAMES, REGIME_QUESTIONS
from pages.parts import charts, style
from pages.parts.link import class_name
from pages.results import figures

# Heading → (column of reporting.summary, explanation). The interval has two columns.
COLUMNS = {
    "T-shirt/top": ("t_shirt", "Test AUROC with T-shirt/top as the normal class, mean over seeds."),
    "Mean": ("mean", "Test AUROC, mean over the classes (unseen: over the left-out classes) of the mean over seeds."),
    "95 % interval": ("low", "Of that mean, from the spread of the classes (Student's t)."),
    "Classes": ("classes", "How many normal classes (unseen: left-out classes) are measured."),
    "Seeds": ("seeds", "How many trainings there are of each class."),
    "SD over seeds": (
        "sd_seeds",
        "Standard deviation between trainings of the same class: how much luck is in one run.",
    ),
    "SD over classes": ("sd_classes", "Standard deviation between the classes' means: how uneven the classes are."),
    "Normals' error": ("normal_error", "Mean absolute reconstruction error of normal test images, scale 0 to 2."),
    "Normals' SSIM": (
        "normal_ssim",
        "Structural similarity of normal test images and their reconstructions; 1 is identical.",
    ),
}


def said(value: float) -> str:
    """A figure as it is shown; a dash for none."""
    return "–" if pd.isna(value) else f"{value:.3f}"


def measured(rows: pd.DataFrame, regime: str) -> None:
    """The table and the heat map of one regime."""
    lines = reporting.summary(rows[rows["regime"] == regime]).sort_values("t_shirt", ascending=False)
    shown = {name: (column, help) for name, (column, help) in COLUMNS.items() if lines[column].notna().any()}
    cells = []
    for line in lines.to_dict("records"):
        values = [
            f"{line['low']:.3f}–{line['high']:.3f}" if column == "low" and not pd.isna(line["low"])
            else str(int(line[column])) if column in ("classes", "seeds")
            else said(line[column])
            for column, _ in shown.values()
        ]  # fmt: skip
        cells.append([METHOD_NAMES.get(line["method"], line["method"]), *values])
    style.table(
        f"Measured figures, {regime} regime",
        [("Method", ""), *((name, help) for name, (_, help) in shown.items())],
        cells,
    )
    if sentence := reporting.difference_sentence(rows, regime):
        st.markdown(sentence)
    classes = reporting.class_table(rows, regime)
    if len(classes.columns) > 1:
        charts.show(
            figures.heat_map(rows, regime),
            f"heat_{regime}",
            f"Heat map of test AUROC by method and class, {regime} regime; the same numbers are in RESULTS.md.",
        )
        whole = classes.dropna()  # the methods that are measured on every class
        means = whole.mean()
        if {"traditional", "dcgan"} <= set(whole.index) and len(means) > 2:
            st.markdown(
                f"The hardest {'class to leave out' if regime == 'unseen' else 'normal class'} is "
                f"**{class_name(means.idxmin())}** (mean of the methods {means.min():.3f}), the easiest "
                f"**{class_name(means.idxmax())}** ({means.max():.3f})."
            )


def published(regime: str) -> None:
    """What others printed for the same regime, as printed."""
    theirs = [one for one in PUBLISHED if one.regime == regime]
    if not theirs:
        return
    with st.expander("Published figures for this regime, as printed", icon=":material/menu_book:"):
        style.table(
            f"Published figures, {regime} regime",
            [("Method", ""), ("T-shirt/top", "As printed."), ("Mean of ten", "As printed."), ("Source", "")],
            [[one.method, _printed(one.t_shirt), _printed(one.mean), one.source] for one in theirs],
            words=(0, 3),
        )


def _printed(value: float | None) -> str:
    """With the digits that were printed."""
    return "–" if value is None else f"{value:g}"


def studies(rows: pd.DataFrame) -> None:
    """The ablation and the imbalance curve, as far as they are measured."""
    if sentence := reporting.ablation_sentence(rows):
        st.subheader("Which loss does what", anchor=False)
        st.markdown(f"{sentence} DCGAN, T-shirt/top, seen regime.")
        charts.show(figures.ablation(rows), "ablation", sentence)
    if sentence := reporting.imbalance_sentence(rows):
        st.subheader("How many labels are worth having", anchor=False)
        st.markdown(sentence)
        charts.show(figures.imbalance(rows), "imbalance", sentence)


st.markdown(
    "AUROC on the whole test split, which chose nothing. Regimes answer different questions and are never mixed. "
    "Every row comes from `python -m core results`; what was tried is in RESULTS.md. Point at a column's name to read what it is."
)
try:
    rows = results.read()
except MisfitError as error:
    st.error(plain(error), icon=":material/error:")
    st.stop()
if rows.empty:
    st.info("Nothing has been measured yet. `python -m core results` does.", icon=":material/table_chart:")
main = reporting.main_rows(rows)
for regime in REGIMES:
    if (main["regime"] == regime).any():
        st.subheader(f"{regime.capitalize()} regime", anchor=False)
        st.markdown(REGIME_QUESTIONS[regime])
        measured(main, regime)
        published(regime)
studies(rows)
if not rows.empty:
    st.download_button(
        "Download results.csv",
        as_csv(pd.read_csv(results.CSV, dtype=str, keep_default_na=False)),  # the file's own digits
        "results.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="Every training behind these figures, one row each.",
    )
