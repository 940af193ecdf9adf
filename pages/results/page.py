"""Results: every figure measured so far, by regime, beside the published ones. Reads results.csv; imports no torch."""

import pandas as pd
import streamlit as st

from core import results
from core.errors import MisfitError
from core.published import PUBLISHED
from pages.parts import models

NAMES = models.MODEL_NAMES | {"isolation forest": "Isolation forest", "supervised CNN": "Supervised CNN (the ceiling)"}
QUESTIONS = {
    "seen": "Anomalies of the same nine classes were in training. Supervised: compare with the CNN, not with one-class methods.",
    "unseen": "The anomaly class of the test was never seen; nine runs, each leaving another class out.",
    "one-class": "No anomaly was in training.",
}


def measured(rows: pd.DataFrame, regime: str) -> None:
    """The table of one regime."""
    lines = results.summary(rows[rows["regime"] == regime]).sort_values("t_shirt", ascending=False)
    table = pd.DataFrame(
        {
            "Method": [NAMES.get(method, method) for method in lines["method"]],
            "T-shirt/top": lines["t_shirt"],
            "Mean": lines["mean"],
            "Classes": lines["classes"],
            "Seeds": lines["seeds"],
            "SD over seeds": lines["sd_seeds"],
            "SD over classes": lines["sd_classes"],
            "Normals' error": lines["normal_error"],
            "Normals' SSIM": lines["normal_ssim"],
        }
    ).dropna(axis="columns", how="all")
    help_texts = {
        "T-shirt/top": "Test AUROC with T-shirt/top as the normal class, mean over seeds.",
        "Mean": "Test AUROC, mean over the classes (unseen: over the left-out classes) of the mean over seeds.",
        "SD over seeds": "Standard deviation between trainings of the same class: how much luck is in one run.",
        "SD over classes": "Standard deviation between the classes' means: how uneven the classes are.",
        "Normals' error": "Mean absolute reconstruction error of normal test images, scale 0 to 2.",
        "Normals' SSIM": "Structural similarity of normal test images and their reconstructions; 1 is identical.",
    }
    columns = {
        name: st.column_config.NumberColumn(format="%.4f", help=help_texts.get(name))
        for name in table.columns
        if name not in ("Method", "Classes", "Seeds")
    }
    st.dataframe(table, hide_index=True, column_config=columns, key=f"measured_{regime}")


def published(regime: str) -> None:
    """What others printed for the same regime, as printed."""
    theirs = [one for one in PUBLISHED if one.regime == regime]
    if not theirs:
        return
    st.markdown("###### Published, as printed")
    table = pd.DataFrame(
        {
            "Method": [one.method for one in theirs],
            "T-shirt/top": [one.t_shirt for one in theirs],
            "Mean of ten": [one.mean for one in theirs],
            "Source": [one.source for one in theirs],
        }
    )
    number = st.column_config.NumberColumn(format="%.4f")
    st.dataframe(
        table, hide_index=True, column_config={"T-shirt/top": number, "Mean of ten": number}, key=f"published_{regime}"
    )


st.title("Results")
st.markdown(
    "AUROC on the whole test split, which was touched once: nothing was chosen on it. Regimes answer different questions and "
    "are never mixed. Every row comes from `python -m core results`."
)
try:
    rows = results.read()
except MisfitError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
if rows.empty:
    st.info("Nothing has been measured yet. `python -m core results` does.", icon=":material/table_chart:")
for regime, question in QUESTIONS.items():
    here = rows["regime"] == regime
    if here.any():
        st.subheader(f"{regime.capitalize()} regime", anchor=False)
        st.markdown(question)
        measured(rows, regime)
        published(regime)
if not rows.empty:
    st.download_button(
        "Download results.csv", results.CSV.read_bytes(), "results.csv", "text/csv", icon=":material/download:"
    )
