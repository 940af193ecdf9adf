"""Earlier runs: the list, the choice of a run to look at, and of another to compare it with."""

import pandas as pd
import streamlit as st

from core.basics.text import plain
from core.runs import listing as runs
from core.runs.status import Status
from core.store import checkpoints
from core.store.checkpoints import Checkpoint
from pages.parts import models, trained
from pages.train import exchange, run
from pages.train.live import BEST_HELP, described
from pages.train.timing import duration


def show(ended: list[Status]) -> None:
    """Draw the list, the chosen run and the import of a model."""
    state = st.session_state
    st.subheader("Runs", anchor=False)
    _damaged()
    if not ended:
        st.caption("No run has ended yet. Start one above, train one with `python -m core train`, or import one.")
        exchange.ask_for_model()
        return
    kept: dict[str, dict[str, Checkpoint]] = {}
    for checkpoint in trained.discovered()[0]:
        if checkpoint.run:
            kept.setdefault(checkpoint.run, {})[checkpoint.folder.name] = checkpoint
    _table(ended, kept)
    names = [status.name for status in ended]
    if state.get("run_shown") not in names:
        state["run_shown"] = names[0]
    left, right = st.columns(2)
    with left:
        chosen = st.selectbox("Look at a run", names, key="run_shown", persist_state="session")
    with right:
        others = [name for name in names if name != chosen]
        if state.get("run_rival") not in (None, *others):
            state["run_rival"] = None
        rival = st.selectbox(
            "Compare with",
            others,
            index=None,
            placeholder="No other run",
            key="run_rival",
            help="Draws the curves of both over each other.",
        )
    by_name = {status.name: status for status in ended}
    run.show(by_name[chosen], by_name[rival] if rival else None, kept.get(chosen, {}))
    exchange.ask_for_model()


def _damaged() -> None:
    """Name damaged statuses and damaged models. Leave out models of the sidebar's class: the router names those."""
    named = models.damaged(st.session_state["normal"])
    problems = runs.unreadable() + [damaged.problem for damaged in trained.discovered()[1] if damaged not in named]
    for problem in problems:
        st.warning(plain(problem), icon=":material/broken_image:")


def _table(ended: list[Status], kept: dict[str, dict[str, Checkpoint]]) -> None:
    """List the runs with the figures of their models; name the data sets where there are several."""
    names = [status.request.task.data.name for status in ended]
    rows = []
    for status, name in zip(ended, names, strict=True):
        models_kept = kept.get(status.name, {})
        last = models_kept.get(checkpoints.LAST) or models_kept.get(checkpoints.BEST)
        best = models_kept.get(checkpoints.BEST) or last  # where the last model is the best, only the last is kept
        rows.append(
            {
                "Run": status.name,
                "State": status.state,
                "Data set": name,
                "Trains": described(status, with_data=False).rpartition(", ")[0],
                "Epochs": f"{status.epoch} of {status.request.config.epochs}",
                "Validation AUROC": last.card.validation.auroc if last else None,
                "Test AUROC": last.card.test.auroc if last else None,
                "Best": best and run.told(best),
                "Time": duration(status.seconds) if status.seconds else None,
            }
        )
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    columns = {
        "Run": text(width=160),
        "State": text(width=72),
        "Data set": text(width=85) if len(set(names)) > 1 else None,
        "Trains": text(width=205, help="GAN, normal class, regime."),
        "Epochs": text(width=62),
        "Validation AUROC": number("Val. AUROC", format="%.4f", width=84, help="Validation AUROC of the last model."),
        "Test AUROC": number(format="%.4f", width=86, help="Of the last model; it chose nothing."),
        "Best": text(width=88, help=f"Test AUROC of the model that was best by validation, and its epoch. {BEST_HELP}"),
        "Time": text(width=55, help="Time spent on training."),
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns, placeholder="–")
