"""Earlier runs: the list, one of them looked at, two compared; rename, resume, keep, export, import, delete."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import cell, plain
from core.runs import folders, queue
from core.runs.folders import Status
from core.store import checkpoints
from core.store.checkpoints import Checkpoint
from pages.parts import models
from pages.train import curves, panel
from pages.train.form import duration
from pages.train.live import BEST_HELP, STATE_ICONS, described

LARGEST_UPLOAD = 64  # megabytes


def show(ended: list[Status]) -> None:
    """The list and everything that can be done with a run."""
    st.subheader("Runs", anchor=False)
    _damaged()
    if not ended:
        st.caption("No run has ended yet. Start one above, train one with `python -m core train`, or import one.")
        _import()
        return
    kept: dict[str, dict[str, Checkpoint]] = {}
    for one in models.discovered()[0]:
        if one.run:
            kept.setdefault(one.run, {})[one.folder.name] = one
    _table(ended, kept)
    names = [status.name for status in ended]
    if st.session_state.get("run_shown") not in names:
        st.session_state["run_shown"] = names[0]
    left, right = st.columns(2)
    with left:
        chosen = st.selectbox("Look at a run", names, key="run_shown", persist_state="session")
    with right:
        others = [name for name in names if name != chosen]
        if st.session_state.get("run_rival") not in (None, *others):
            st.session_state["run_rival"] = None
        rival = st.selectbox(
            "Compare with",
            others,
            index=None,
            placeholder="No other run",
            key="run_rival",
            help="Draws the curves of both over each other.",
        )
    by_name = {status.name: status for status in ended}
    _one(by_name[chosen], by_name[rival] if rival else None, kept.get(chosen, {}))
    _import()


def _damaged() -> None:
    """Name what is damaged: statuses, and models of other classes than the sidebar's, which the router names."""
    named = models.damaged(st.session_state["normal"])
    problems = folders.unreadable() + [one.problem for one in models.discovered()[1] if one not in named]
    for problem in problems:
        st.warning(plain(problem), icon=":material/broken_image:")


def _table(ended: list[Status], kept: dict[str, dict[str, Checkpoint]]) -> None:
    rows = []
    for status in ended:
        mine = kept.get(status.name, {})
        last = mine.get(checkpoints.LAST) or mine.get(checkpoints.BEST)
        kept_best = mine.get(checkpoints.BEST) or last  # where the last one is the best, it alone is kept
        rows.append(
            {
                "Run": status.name,
                "State": status.state,
                "Trains": described(status).rpartition(", ")[0],
                "Epochs": f"{status.epoch} of {status.request['config']['epochs']}",
                "Validation AUROC": last.card.validation["auroc"] if last else None,
                "Test AUROC": last.card.test["auroc"] if last else None,
                "Best": f"{kept_best.card.test['auroc']:.4f} at {kept_best.card.epochs_trained}" if kept_best else None,
                "Time": duration(status.seconds) if status.seconds else None,
            }
        )
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    columns = {
        "Run": text(width=165),
        "State": text(width=72),
        "Trains": text(width=205, help="GAN, normal class, regime."),
        "Epochs": text(width=62),
        "Validation AUROC": number("Val. AUROC", format="%.4f", width=84, help="Validation AUROC of the last model."),
        "Test AUROC": number(format="%.4f", width=86, help="Of the last model; it chose nothing."),
        "Best": text(width=88, help=f"Test AUROC of the model that was best by validation, and its epoch. {BEST_HELP}"),
        "Time": text(width=55, help="Time spent on training."),
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns, placeholder="–")


def _one(status: Status, rival: Status | None, mine: dict[str, Checkpoint]) -> None:
    say = {"finished": st.success, "stopped": st.info}.get(status.state, st.error)
    say(
        f"**{status.name}**: {status.state}. {plain(status.reason)} \n\n{described(status)}",
        icon=STATE_ICONS[status.state],
    )
    _use(status, mine)
    with st.container(horizontal=True):
        _way_on(status, mine)
        _export(mine)
        st.session_state.pop("_dialog_done", None)
        _button("Rename", "edit", _rename, status.name)
        _button("Delete", "delete", _delete, status.name)
    records = folders.history(status.name)
    shown = [(status.name, records, None)]
    epochs = status.request["config"]["epochs"]
    if rival:
        shown.append((rival.name, folders.history(rival.name), None))
        epochs = max(epochs, rival.request["config"]["epochs"])
    for name, found, _ in shown:
        if not found:
            st.info(
                f"{name} ended within its first epoch: there is no curve to draw, and no image redrawn after an epoch."
                + (" Resume it to get them." if folders.resumable(name) else ""),
                icon=":material/hourglass_empty:",
            )
    if any(len(one[1]) for one in shown):
        curves.show(shown, epochs, f"curves_{status.name}_{rival.name if rival else ''}")
        with st.expander("The same as a table", icon=":material/table:"):
            st.dataframe(_history(records), hide_index=True)
    for one in (status, rival):
        if one:
            panel.show(one, f"panel_{one.name}", named=rival is not None)


def _history(records: list) -> pd.DataFrame:
    rows = []
    for record in records:
        row = {key: value for key, value in record.items() if not isinstance(value, dict)}
        row |= {f"{name} accuracy": value for name, value in record["discriminator_accuracy"].items()}
        rows.append(row | record["losses"])
    return pd.DataFrame(rows).rename(columns=lambda name: cell(name.replace("_", " ")))


def _use(status: Status, mine: dict[str, Checkpoint]) -> None:
    """Which models are kept of the run, which of them the other pages show, and the way to show one."""
    if not mine:
        return
    state = st.session_state
    task = status.request["task"]
    current = models.pick(state["model"], state["normal"], state.get("trained"))
    with st.container(horizontal=True, vertical_alignment="center"):
        for which, one in sorted(mine.items(), reverse=True):
            only = len(mine) == 1 and which == checkpoints.LAST and status.state == "finished"
            word = "best and last" if only else "last" if which == checkpoints.LAST else "best by validation"
            what = f"{word}: epoch {one.card.epochs_trained}, test AUROC {one.card.test['auroc']:.4f}"
            if current is not None and current.folder == one.folder:
                st.markdown(f":green-badge[:material/visibility: shown on every page] {what}", width="content")
                continue

            def use(one: Checkpoint = one) -> None:
                state["model"], state["normal"] = one.card.model, task["normal"]
                state["trained"] = models.identity(one)

            st.button(
                f"Use the {word} (epoch {one.card.epochs_trained}, test AUROC {one.card.test['auroc']:.4f})",
                icon=":material/done_all:",
                on_click=use,
                key=f"use_{one.name}",
                help="Choose this model in the sidebar, for every page.",
            )


def _way_on(status: Status, mine: dict[str, Checkpoint]) -> None:
    if status.state == "finished" or (status.state == "failed" and not folders.resumable(status.name) and mine):
        return  # what diverged would diverge again
    resumable = folders.resumable(status.name)
    word = "Resume" if resumable else "Start again"
    said = "Goes on as if it had never ended: same seed, same weights." if resumable else "From the beginning."
    _button(word, "resume", lambda name: _try(queue.resume, name), status.name, said)
    if resumable and (status.state == "died" or not mine):
        said = "Makes a model of what it has learned, without training on."
        _button("Keep what it has learned", "save", lambda name: _try(queue.keep, name), status.name, said)


def _button(label: str, icon: str, action: Callable[[str], None], name: str, said: str | None = None) -> None:
    if st.button(label, icon=f":material/{icon}:", key=f"{label}_{name}", help=said):
        action(name)


def _try(action: Callable[[str], None], name: str) -> None:
    try:
        action(name)
    except (MisfitError, OSError) as error:
        st.session_state["_train_trouble"] = str(error)
    st.rerun()


def _export(mine: dict[str, Checkpoint]) -> None:
    from core.runs import transfer

    for which, one in sorted(mine.items(), reverse=True):
        suffix = "" if len(mine) == 1 else " last" if which == checkpoints.LAST else " best"
        st.download_button(
            f"Export{suffix}",
            data=partial(transfer.pack, one),
            file_name=f"{one.name}.zip",
            mime="application/zip",
            icon=":material/download:",
            key=f"export_{one.name}",
            on_click="ignore",
            help="A zip of a folder; unpacked, `python -m core evaluate --checkpoint FOLDER` reads it.",
        )


@st.dialog("Rename the run", icon=":material/edit:")
def _rename(name: str) -> None:
    state = st.session_state

    def now() -> None:
        new = state["rename_to"].strip()
        try:
            if not new:
                raise MisfitError("The name is empty. Write one of lower-case letters, digits and hyphens.")
            folders.rename(name, new)
        except (MisfitError, OSError) as error:
            state["_rename_trouble"] = str(error)
            return
        state["run_shown"] = new
        if state.get("trained") in (name, f"{name}-best"):  # the other pages go on showing it
            state["trained"] = new + state["trained"].removeprefix(name)
        state["_dialog_done"] = True

    if state.pop("_dialog_done", False):
        st.rerun()  # the whole page, which closes the dialog
    st.text_input("New name", name, max_chars=80, key="rename_to", help="Lower-case letters, digits and hyphens.")
    if trouble := state.pop("_rename_trouble", None):
        st.error(plain(trouble), icon=":material/error:")
    st.button("Rename it", type="primary", on_click=now, key="rename_now")


@st.dialog("Delete the run?", icon=":material/delete:")
def _delete(name: str) -> None:
    state = st.session_state

    def now() -> None:
        try:
            folders.delete(name)
            state["_dialog_done"] = True
        except (MisfitError, OSError) as error:
            state["_delete_trouble"] = str(error)

    if state.pop("_dialog_done", False):
        st.rerun()  # the whole page, which closes the dialog
    st.markdown(f"**{name}** and its models will be gone for good. Export them first if you may want them again.")
    if trouble := state.pop("_delete_trouble", None):
        st.error(plain(trouble), icon=":material/error:")
    with st.container(horizontal=True):
        st.button("Delete for good", type="primary", icon=":material/delete:", key="delete_now", on_click=now)
        if st.button("Keep it", key="delete_not"):
            st.rerun()


def _import() -> None:
    with st.expander("Import a model", icon=":material/upload:"):
        files = st.file_uploader(
            "An exported zip, or generator.safetensors with card.json",
            type=["zip", "safetensors", "json"],
            accept_multiple_files=True,
            max_upload_size=LARGEST_UPLOAD,
            key=f"import_{st.session_state.get('_imported', 0)}",
            help="Weights as safetensors, and the card; scores.safetensors where you have it. Nothing else is read.",
        )
        if st.button("Import", icon=":material/upload:", disabled=not files, key="import_now"):
            from core.runs import transfer

            bar = st.progress(0.0, "Reading…")
            word = "Scoring every image again, to hold the scores against the weights…"
            try:
                given = [(file.name, file.getvalue()) for file in files]
                name = transfer.take(given, lambda share: bar.progress(share, word))
            except (MisfitError, OSError) as error:
                bar.empty()
                st.error(plain(error), icon=":material/error:")
                return
            state = st.session_state
            state["_imported"] = state.get("_imported", 0) + 1  # an empty uploader
            state["_run_next"] = name
            st.rerun()
