"""Earlier runs: the list, the choice of a run to look at, and of another to compare it with."""

from datetime import datetime

import pandas as pd
import streamlit as st

from core.basics.text import plain
from core.runs import listing as runs
from core.runs.status import Status
from core.store import checkpoints
from core.store.checkpoints import Checkpoint
from pages.parts import reach, trained
from pages.train import exchange, run
from pages.train.fields import field
from pages.train.live import BEST_HELP, DURING, STATE_ICONS, described
from pages.train.timing import duration


def show(ended: list[Status], waiting: list[Status]) -> None:
    """Draw the list of runs, those at work or waiting too, the chosen run and the import of a model."""
    state = st.session_state
    with st.container(key="runs"):
        st.subheader("Runs", anchor=False)
    _damaged()
    kept = _kept()
    if not ended and any(status.name in kept for status in waiting):  # resumed: its row stays
        _table(waiting, kept)
    if not ended:
        st.caption("No run has ended yet. Start one above, train one with `python -m core train`, or import one.")
        exchange.ask_for_model()
        return
    _table(waiting + ended, kept)
    names = [status.name for status in ended]
    if state.get("run_shown") not in names:
        state["run_shown"] = names[0]
    left, right = st.columns(2)
    with left:
        chosen = st.selectbox(
            "Look at a run",
            names,
            key="run_shown",
            persist_state="session",
            help="Its models, curves and images, below.",
        )
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
    named = trained.damaged(st.session_state["normal"])
    problems = runs.unreadable() + [damaged.problem for damaged in trained.discovered()[1] if damaged not in named]
    for problem in problems:
        st.warning(plain(problem), icon=":material/broken_image:")


def latest(ended: list[Status]) -> None:
    """Say above the form how the run that ended last went, with the way to its curves and images below the form."""
    status = max(ended, key=lambda status: status.updated, default=None)
    if status is None:
        return
    models_kept = _kept().get(status.name, {})
    with st.container(horizontal=True, vertical_alignment="center"):
        best = next((models_kept[name] for name in (checkpoints.BEST, checkpoints.LAST) if name in models_kept), None)
        st.markdown(
            f"{STATE_ICONS[status.state]} Latest result: **{status.name}**, {status.state} after "
            f"{status.epoch} of {status.request.config.epochs} epochs{run.figures(best) if best else ''}.",
            width="content",
        )
        if st.button(
            "Look at it", icon=":material/arrow_downward:", key="latest_look", help="Its curves and images, below."
        ):
            st.session_state["_run_next"] = status.name
            reach.bring("runs")
            st.rerun()


def _kept() -> dict[str, dict[str, Checkpoint]]:
    """Return run → the name of a model's folder → its checkpoint."""
    kept: dict[str, dict[str, Checkpoint]] = {}
    for checkpoint in trained.discovered()[0]:
        if checkpoint.run:
            kept.setdefault(checkpoint.run, {})[checkpoint.folder.name] = checkpoint
    return kept


def apart(statuses: list[Status]) -> dict[str, str]:
    """Return run → its seed, and the settings in which runs of the same GAN and task differ, as text."""
    groups: dict[tuple[str, str], list[Status]] = {}
    for status in statuses:
        groups.setdefault((status.request.model, repr(status.request.task)), []).append(status)
    told = {}
    for group in groups.values():
        configs = [status.request.config for status in group]
        names = [name for name in configs[0].__struct_fields__ if len({getattr(each, name) for each in configs}) > 1]
        for status, config in zip(group, configs, strict=True):
            parts = [f"seed {status.request.seed}"]
            parts += [f"{field(name, 0).label} {_text(getattr(config, name))}" for name in names]
            told[status.name] = ", ".join(parts)
    return told


def _text(value: object) -> str:
    """Write a setting's value."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}"


def _table(statuses: list[Status], kept: dict[str, dict[str, Checkpoint]]) -> None:
    """List the runs with the figures of their models; name the data sets where there are several."""
    names = [status.request.task.data.name for status in statuses]
    differing = apart(statuses)
    rows = []
    for status, name in zip(statuses, names, strict=True):
        models_kept = kept.get(status.name, {})
        last = models_kept.get(checkpoints.LAST) or models_kept.get(checkpoints.BEST)
        best = models_kept.get(checkpoints.BEST) or last  # where the last model is the best, only the last is kept
        at_work = status.busy or status.waiting
        rows.append(
            {
                "Run": status.name,
                "State": status.state,
                "Data set": name,
                "Best by validation": run.told(status, models_kept) if last else None,
                "Its test AUROC": best.card.test.auroc if best else None,
                "Trains": described(status, with_data=False).rpartition(", ")[0],
                "Differs in": differing[status.name],
                "Epochs": "see above" if at_work else f"{status.epoch} of {status.request.config.epochs}",
                "Last, validation": last.card.validation.auroc if last else None,
                "Last, test": last.card.test.auroc if last else None,
                "Time": duration(status.seconds) if status.seconds else None,
                "Started": datetime.fromtimestamp(status.started or status.queued) if status.queued else None,
            }
        )
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    columns = {
        "Run": text(width=160),
        "State": text(width=72),
        "Data set": text(width=85) if len(set(names)) > 1 else None,
        "Best by validation": text(
            width=118, help=f"The validation figure that chose the best model, and its epoch. {BEST_HELP} {DURING}"
        ),
        "Its test AUROC": number(format="%.4f", width=92, help="Test AUROC of the best model; it chose nothing."),
        "Trains": text(width=190, help="GAN, normal class, regime."),
        "Differs in": text(width=150, help="The seed, and the settings in which runs of the same GAN and task differ."),
        "Epochs": text(width=70),
        "Last, validation": number(format="%.4f", width=92, help="Validation AUROC of the last model's score."),
        "Last, test": number(format="%.4f", width=80, help="Test AUROC of the last model; it chose nothing."),
        "Time": text(width=55, help="Time spent on training."),
        "Started": st.column_config.DatetimeColumn(format="D MMM, HH:mm", width=105),
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns, placeholder="–")
