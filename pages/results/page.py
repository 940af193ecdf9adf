"""Results: every figure measured so far, by regime, beside the published ones. Reads results.csv; imports no torch."""

import pandas as pd
import streamlit as st

from core import reporting, results
from core.errors import MisfitError
from core.plain import plain
from core.published import PUBLISHED
from core.regimes import REGIMES
from core.words import METHOD_NAMES, REGIME_QUESTIONS
from pages.parts import charts
from pages.parts.link import class_name
from pages.results import figures

HELP = {
    "T-shirt/top": "Test AUROC with T-shirt/top as the normal class, mean over seeds.",
    "Mean": "Test AUROC, mean over the classes (unseen: over the left-out classes) of the mean over seeds.",
    "Low": "Lower end of the 95 % interval of that mean, from the spread of the classes (Student's t).",
    "High": "Upper end of the 95 % interval of that mean.",
    "SD over seeds": "Standard deviation between trainings of the same class: how much luck is in one run.",
    "SD over classes": "Standard deviation between the classes' means: how uneven the classes are.",
    "Normals' error": "Mean absolute reconstruction error of normal test images, scale 0 to 2.",
    "Normals' SSIM": "Structural similarity of normal test images and their reconstructions; 1 is identical.",
}


def number(name: str) -> st.column_config.NumberColumn:
    return st.column_config.NumberColumn(format="%.3f", help=HELP.get(name))


def measured(rows: pd.DataFrame, regime: str) -> None:
    """The table and the heat map of one regime."""
    lines = reporting.summary(rows[rows["regime"] == regime]).sort_values("t_shirt", ascending=False)
    table = pd.DataFrame(
        {
            "Method": [METHOD_NAMES.get(method, method) for method in lines["method"]],
            "T-shirt/top": lines["t_shirt"],
            "Mean": lines["mean"],
            "Low": lines["low"],
            "High": lines["high"],
            "Classes": lines["classes"],
            "Seeds": lines["seeds"],
            "SD over seeds": lines["sd_seeds"],
            "SD over classes": lines["sd_classes"],
            "Normals' error": lines["normal_error"],
            "Normals' SSIM": lines["normal_ssim"],
        }
    ).dropna(axis="columns", how="all")
    columns = {name: number(name) for name in table.columns if name in HELP}
    st.dataframe(table, hide_index=True, column_config=columns, key=f"measured_{regime}")
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
    with st.expander("Published figures for this regime, as printed"):
        table = pd.DataFrame(
            {
                "Method": [one.method for one in theirs],
                "T-shirt/top": [one.t_shirt for one in theirs],
                "Mean of ten": [one.mean for one in theirs],
                "Source": [one.source for one in theirs],
            }
        )
        columns = {name: st.column_config.NumberColumn(format="%.4f") for name in ("T-shirt/top", "Mean of ten")}
        st.dataframe(table, hide_index=True, column_config=columns, key=f"published_{regime}")


def studies(rows: pd.DataFrame) -> None:
    """The ablation and the imbalance curve, as far as they are measured."""
    if sentence := reporting.ablation_sentence(rows):
        st.subheader("Which loss does what", anchor=False)
        st.markdown(f"{sentence} DCGAN, T-shirt/top, seen regime, {results.ABLATION_EPOCHS} epochs each.")
        charts.show(figures.ablation(rows), "ablation", sentence)
    if sentence := reporting.imbalance_sentence(rows):
        st.subheader("How many labels are worth having", anchor=False)
        st.markdown(sentence)
        charts.show(figures.imbalance(rows), "imbalance", sentence)


st.title("Results")
st.markdown(
    "AUROC on the whole test split, which chose nothing. Regimes answer different questions and are never mixed. "
    "Every row comes from `python -m core results`; what was tried is in RESULTS.md."
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
        "Download results.csv", results.CSV.read_bytes(), "results.csv", "text/csv", icon=":material/download:"
    )
