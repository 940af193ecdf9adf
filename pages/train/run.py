"""A run that has ended: its models, resuming, its curves and images, beside another run's if one is chosen."""

from collections.abc import Callable

import msgspec
import pandas as pd
import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import cell, plain
from core.gans.record import Epoch
from core.runs import folders, listing, queue
from core.runs.status import Status
from core.store import checkpoints
from core.store.checkpoints import Checkpoint
from pages.parts import models, reach
from pages.train import curves, dialogs, exchange, panel
from pages.train.live import STATE_ICONS, described


def show(status: Status, rival: Status | None, kept: dict[str, Checkpoint]) -> None:
    """Draw the run. `kept` maps the name of a model's folder to its checkpoint; `rival` is the run to compare with."""
    box = {"finished": st.success, "stopped": st.info}.get(status.state, st.error)
    box(
        f"**{status.name}**: {status.state}. {plain(status.reason)} \n\n{plain(described(status))}",
        icon=STATE_ICONS[status.state],
    )
    _use(status, kept)
    with st.container(horizontal=True, vertical_alignment="center"):
        _way_on(status, kept)
        exchange.export(kept)
        dialogs.forget()
        _button("Rename", "edit", dialogs.rename, status.name)
        _button("Delete", "delete", dialogs.delete, status.name)
    _curves([status, rival] if rival else [status])
    for each in (status, rival):
        if each:
            panel.show(each, f"panel_{each.name}", named=rival is not None)


def told(status: Status, kept: dict[str, Checkpoint]) -> str:
    """Return the validation figure that chose the best model of a run, and its epoch: 0.9876 at 12, or error 0.0312 at 12."""
    folder = checkpoints.BEST if checkpoints.BEST in kept else checkpoints.LAST
    card, at = kept[folder].card, moment(status, folder, kept[folder])
    ended = (
        card.history[-1] if card.history and at.isdigit() else None
    )  # a state within an epoch has the card's figures alone
    area = ended.validation_auroc if ended else card.validation.auroc
    if card.task.anomalies and area is not None:
        return f"{area:.4f} at {at}"
    return f"error {ended.validation_error:.4f} at {at}" if ended else f"at {at}"


def moment(status: Status, folder: str, checkpoint: Checkpoint) -> str:
    """Return how far a kept model was trained, in epochs and, where the run was stopped within an epoch, steps: 5 + 74 steps."""
    epochs = checkpoint.card.epochs_trained
    if folder == checkpoints.LAST and status.state == "stopped" and status.step:
        return f"{epochs} + {status.step} steps"
    return str(epochs)


def called(status: Status, folder: str, kept: dict[str, Checkpoint]) -> str:
    """Return what a kept model is among those of its run: last, best by validation, or both."""
    if status.reason.startswith(listing.IMPORTED):
        return "imported model"  # its run may have had another one
    if folder == checkpoints.BEST:
        return "best by validation"
    alone = len(kept) == 1 and status.state in ("finished", "stopped") and kept[folder].card.epochs_trained
    return "best and last" if alone else "last"


def figures(checkpoint: Checkpoint) -> str:
    """Return the validation and the test AUROC of a model as text, each where there is one."""
    pairs = (("validation", checkpoint.card.validation.auroc), ("test", checkpoint.card.test.auroc))
    return "".join(f", {name} AUROC {area:.4f}" for name, area in pairs if area is not None)


def _curves(statuses: list[Status]) -> None:
    """Draw the curves of the runs over each other, and the first one's records as a table."""
    runs = [(status.name, folders.history(status.name), None) for status in statuses]
    for name, records, _ in runs:
        if not records:
            st.info(
                f"{name} ended within its first epoch: there is no curve to draw, and no image reconstructed after an epoch.",
                icon=":material/hourglass_empty:",
            )
    if not any(records for _, records, _ in runs):
        return
    epochs = max(status.request.config.epochs for status in statuses)
    curves.show(runs, epochs, "_".join(["curves", *(name for name, _, _ in runs)]))
    with st.expander("The same as a table", icon=":material/table:"):
        st.dataframe(_history(runs[0][1]), hide_index=True)


def _history(records: list[Epoch]) -> pd.DataFrame:
    """Return the records as a table: a row for each epoch, a column for each quantity."""
    rows = []
    for record in records:
        row = msgspec.structs.asdict(record)
        losses, accuracies = row.pop("losses"), row.pop("discriminator_accuracy")
        rows.append(row | {f"{name} accuracy": value for name, value in accuracies.items()} | losses)
    return pd.DataFrame(rows).rename(columns=lambda name: cell(name.replace("_", " ")))


def _use(status: Status, kept: dict[str, Checkpoint]) -> None:
    """Say which models of the run are kept and which of them the other pages show; offer to show another."""
    if not kept:
        return
    state = st.session_state
    current = models.pick(state["model"], state["normal"], state.get("trained"))
    with st.container(horizontal=True, vertical_alignment="center"):
        for folder, checkpoint in sorted(kept.items(), reverse=True):
            word, figure = called(status, folder, kept), figures(checkpoint)
            at = moment(status, folder, checkpoint)
            if current is not None and current.folder == checkpoint.folder:
                shown = ":green-badge[:material/visibility: shown on every page]"
                st.markdown(f"{shown} {word}: epoch {at}{figure}", width="content")
                continue
            st.button(
                f"Use the {word} (epoch {at}{figure})",
                icon=":material/done_all:",
                on_click=_choose,
                args=(checkpoint,),
                key=f"use_{checkpoint.name}",
                help="Choose this model in the sidebar, for every page.",
            )


def _choose(checkpoint: Checkpoint) -> None:
    """Show this model on every page."""
    state, task = st.session_state, checkpoint.task
    state["data"], state["model"], state["normal"] = task.data.key, checkpoint.card.model, task.normal
    state["trained"] = models.identity(checkpoint)


def _way_on(status: Status, kept: dict[str, Checkpoint]) -> None:
    """Offer to resume a run, or to keep its model."""
    resumable = folders.resumable(status.name)
    if status.state == "finished" or (status.state == "failed" and not resumable and kept):
        return  # a run that diverged would diverge again
    word = "Resume" if resumable else "Start again"
    help = "From the beginning: no epoch of it had ended."
    if resumable:
        help = "Goes on after its last whole epoch, as if it had never ended: same seed, same weights."
    _button(word, "resume", _resume, status.name, help)
    if resumable and (status.state == "died" or not kept):
        help = "Makes a model of what it had learned after its last whole epoch, without training on."
        _button("Keep what it has learned", "save", lambda name: _try(queue.keep, name), status.name, help)


def _button(label: str, icon: str, action: Callable[[str], None], name: str, help: str | None = None) -> None:
    """Draw a button that does something with the run called `name`."""
    if st.button(label, icon=f":material/{icon}:", key=f"{label}_{name}", help=help):
        action(name)


def _resume(name: str) -> None:
    """Queue the run and bring its progress, at the top of the page, into view."""
    reach.bring("live")
    _try(queue.resume, name)


def _try(action: Callable[[str], None], name: str) -> None:
    """Run a button's action and rerun the page; an error is shown at the top."""
    try:
        action(name)
    except (MisfitError, OSError) as error:
        st.session_state["_train_trouble"] = str(error)
    st.rerun()
