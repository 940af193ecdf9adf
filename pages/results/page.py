"""Results: every measured figure, by regime, beside published figures. Reads results.csv; imports no torch."""

import pandas as pd
import streamlit as st

from core.basics.names import CHOSEN_WITH_LABELS, MODEL_NAMES, REGIME_QUESTIONS
from core.basics.text import as_csv
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import REGIMES
from core.study import defect_reporting, figures, reporting, results
from core.study.figures import class_means, class_table, main_rows, summary
from core.study.published import PUBLISHED
from pages.parts import charts, datasets, style
from pages.results import cards, defects, plots

FASHION = FASHION_MNIST.description


def measured(rows: pd.DataFrame, regime: str) -> None:
    """Draw the table and the heat map of one regime."""
    lines = summary(rows[rows["regime"] == regime]).sort_values(["t_shirt", "mean"], ascending=False)
    shown = {head: about for head, about in reporting.SUMMARY.items() if lines[about[0]].notna().any()}
    style.table(
        f"Measured figures, {regime} regime",
        [("Method", ""), *((head, help) for head, (_, help) in shown.items())],
        [
            [reporting.method_name(line["method"])]
            + [reporting.summary_cell(line, column) for column, _ in shown.values()]
            for line in lines.to_dict("records")
        ],
    )
    if sentence := reporting.box_sentence(rows, regime):
        st.caption(sentence)
    if regime in CHOSEN_WITH_LABELS:
        st.caption(CHOSEN_WITH_LABELS[regime])
    if sentence := reporting.difference_sentence(rows, regime):
        st.markdown(
            sentence,
            help="A mean is called better when Student's t at 95 % · SD ÷ √classes, taken over the classes' differences, does not "
            "reach zero. This is a spread over these classes, no interval for other classes, other images or another training.",
        )
    if len(class_table(rows, regime).columns) > 1:
        charts.show(
            plots.heat_map(rows, regime),
            f"heat_{regime}",
            f"Heat map of test AUROC by method and class, {regime} regime; the same numbers are in RESULTS.md.",
        )
        means = class_means(rows, regime)
        if len(means):
            st.markdown(
                f"The hardest {'class to leave out' if regime == 'unseen' else 'normal class'} is "
                f"**{FASHION.class_name(means.index[0])}** (mean of the methods {means.iloc[0]:.3f}), the easiest "
                f"**{FASHION.class_name(means.index[-1])}** ({means.iloc[-1]:.3f})."
            )


def unseen(rows: pd.DataFrame) -> None:
    """Draw the unseen regime with every class as the normal one, if more than T-shirt/top is measured."""
    heads, lines = reporting.unseen_cells(rows)
    if lines:
        st.caption(reporting.UNSEEN)
        style.table("Unseen regime, every normal class", [(head, "") for head in heads], lines)


def published(regime: str) -> None:
    """Draw the published figures for the same regime, as printed."""
    rows = [row for row in PUBLISHED if row.regime == regime]
    if not rows:
        return
    with st.expander("Published figures for this regime, as printed", icon=":material/menu_book:"):
        style.table(
            f"Published figures, {regime} regime",
            [("Method", ""), ("T-shirt/top", "As printed."), ("Mean of ten", "As printed."), ("Source", "")],
            [[row.method, _printed(row.t_shirt), _printed(row.mean), row.source] for row in rows],
            words=(0, 3),
        )


def _printed(value: float | None) -> str:
    """Return a published figure with the digits that were printed; a dash for None."""
    return "–" if value is None else f"{value:g}"


def ablation(rows: pd.DataFrame) -> None:
    """Draw the ablation, if it is measured: a table for each GAN and regime, and the DCGAN's as a chart."""
    seen = results.read_defects()
    tables = {
        f"{name}, T-shirt/top, {regime} regime": defect_reporting.ablation_cells(
            figures.ablation_table(rows, seen, method, regime)
        )
        for method, name in MODEL_NAMES.items()
        for regime in REGIMES
    }
    tables = {title: table for title, table in tables.items() if table[1]}
    if not tables:
        return
    st.subheader("Which loss does what", anchor=False)
    text = defect_reporting.ablation_sentences(rows, seen)
    st.markdown(text)
    if len(figures.ablation_table(rows)):
        charts.show(plots.ablation(rows), "ablation", f"DCGAN, T-shirt/top, seen regime. {text}")
    about = {head: help for head, (_, help) in (reporting.SUMMARY | defect_reporting.DEFECTS).items()}
    for title, (heads, lines) in tables.items():
        st.caption(title)
        style.table(f"Ablation, {title}", [(head, about.get(head, "")) for head in heads], lines)


def studies(rows: pd.DataFrame) -> None:
    """Draw the ablation and the imbalance curve, if they are measured."""
    ablation(rows)
    if sentence := reporting.imbalance_sentence(rows):
        st.subheader("How many labels are worth having", anchor=False)
        st.markdown(sentence)
        st.caption(
            "One axis for three regimes, because this chart asks one question: what does the same network score on T-shirt/top when it is "
            "given more labels? Every point is tested on T-shirt/top against other classes, and the regimes differ in what training saw "
            "of these: the seen curve's classes were labelled, the unseen curve's tested class never was, the level line had no label. "
            "Across the lines the distance is what labels are worth, not which method is better."
        )
        charts.show(plots.imbalance(rows), "imbalance", sentence)


def _measured() -> str:
    """Say how many of the planned trainings and baselines are measured so far."""
    stamps = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in (results.CSV, results.DEFECTS))
    done, planned = _counts(stamps)
    if done == planned:
        return f"All {planned:,} cells of the plan are measured; a cell is one method, class, regime and seed."
    return (
        f"{done:,} of {planned:,} cells of the plan are measured so far; a cell is one method, class, regime and seed. "
        "The columns Classes and Seeds say what a figure rests on."
    )


@st.cache_data(max_entries=2, show_spinner=False)
def _counts(stamps: tuple[int, ...]) -> tuple[int, int]:
    """Return how many cells are measured, and how many are planned; `stamps` are the files' times."""
    return results.progress()


def sweep() -> None:
    """Draw everything that the sweep over Fashion-MNIST has measured. Raises MisfitError for a damaged results.csv."""
    st.markdown(
        "AUROC on the whole test split, which chose nothing. Regimes answer different questions and are never mixed. "
        "Every row comes from `python -m core results`; what was tried is in RESULTS.md."
    )
    rows = results.read()
    if not rows.empty:
        st.caption(f":material/checklist: {_measured()}")
    if rows.empty:
        st.info("Nothing has been measured yet. `python -m core results` does.", icon=":material/table_chart:")
    main = main_rows(rows)
    for regime in REGIMES:
        if (main["regime"] == regime).any():
            st.subheader(f"{regime.capitalize()} regime", anchor=False)
            st.markdown(REGIME_QUESTIONS[regime])
            measured(main, regime)
            if regime == "unseen":
                unseen(rows)
            published(regime)
    defects.show()
    studies(rows)
    if not rows.empty:
        st.download_button(
            "Download results.csv",
            as_csv(pd.read_csv(results.CSV, dtype=str, keep_default_na=False)),  # the file's own digits
            f"{FASHION.key}-results.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="Every training behind these figures, one row each.",
        )


if datasets.description().key == FASHION.key:
    sweep()
else:
    cards.show(datasets.description())
