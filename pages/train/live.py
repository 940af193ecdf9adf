"""The run at work, watched: progress, curves, panel; and what waits behind it."""

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.runs import folders, queue
from core.runs.folders import Status
from pages.parts import models, trouble
from pages.parts.link import class_name
from pages.train import curves, panel
from pages.train.form import duration

STATE_ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "stopping": ":material/hourglass_top:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
    "died": ":material/heart_broken:",
}


def described(status: Status) -> str:
    """What a run trains, in words: DCGAN, Bag, seen, seed 0."""
    task = status.request["task"]
    regime = task["regime"] + (f" without {class_name(task['left_out'])}" if task["left_out"] else "")
    return f"{models.MODEL_NAMES[status.request['model']]}, {class_name(task['normal'])}, {regime}, seed {status.request['seed']}"


@st.fragment(run_every=0.7)
@trouble.told()
def watch(shown: tuple[str, ...]) -> None:
    """The runs at work or in the queue, `shown`; the whole page is drawn anew when they change, so that the picker learns
    of a new model."""
    queue.advance()
    there = [found for found in queue.statuses() if found.busy or found.state == "queued"]
    names = tuple(sorted(found.name for found in there))
    if names != shown:
        ended = [name for name in shown if name not in names]
        if ended:
            st.session_state["_run_next"] = ended[0]  # what has just ended is what one wants to see
            for name in ended:
                now = next((found.name for found in there if found.busy), None)
                followed = f" {now}, the next in the queue, has begun." if now else ""
                st.toast(f"{name} has ended and is in the list of runs.{followed}", icon=":material/check_circle:")
        st.rerun()
    for found in there:
        if found.busy:
            _at_work(found)
    _queue([found for found in there if found.state == "queued"])


def _at_work(status: Status) -> None:
    request = status.request
    epochs = request["config"]["epochs"]
    records = folders.history(status.name)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(status.name, anchor=False, width="content")
        if status.active and status.state != "stopping":
            st.button(
                "Stop and keep",
                icon=":material/stop:",
                on_click=_do,
                args=(queue.stop, status.name),
                key=f"stop_{status.name}",
                help="Ends within two seconds and keeps the model so far. It can be resumed.",
            )
    st.caption(described(status))
    if status.scoring:
        ended = {"finished": "Finished", "stopped": "Stopped and kept"}.get(status.state, "Ended")
        said = f"{STATE_ICONS[status.state]} {ended} after {status.epoch} of {epochs} epochs. Its test images are being scored…"
    elif status.state == "stopping":
        said = f"{STATE_ICONS['stopping']} Stopping; what it has learned is kept."
    else:
        left = f", about {duration(status.left)} left" if status.left is not None else ""
        what = "" if status.reason == "training" else f", {plain(status.reason)}"
        said = f"{STATE_ICONS['running']} Running: epoch {min(status.epoch + 1, epochs)} of {epochs}{what}{left}"
    st.progress(status.share, said)
    if status.warning:
        st.warning(plain(status.warning), icon=":material/disk_full:")
    _figures(status, records)
    if records or status.losses:
        curves.show([(status.name, records, status)], epochs, f"curves_{status.name}")
    panel.show(status, f"panel_{status.name}")


def _figures(status: Status, records: list) -> None:
    with st.container(horizontal=True):
        rate = status.images_per_second or (records[-1]["images_per_second"] if records else None)
        st.metric(
            "Speed", f"{rate:,.0f} images/s" if rate else "–", help="Normals and anomalies, over the last seconds."
        )
        st.metric("Validation AUROC", f"{records[-1]['validation_auroc']:.4f}" if records else "–")
        best = f"epoch {status.best_epoch}" if status.best_epoch else "–"
        st.metric("Best so far", best, help=BEST_HELP)
        st.metric("Trained for", duration(status.seconds) if status.seconds else "–")


BEST_HELP = (
    "The epoch with the highest validation AUROC; in the one-class regime, where labels may choose nothing, the one with the "
    "smallest error of normals. It is kept beside the last."
)


def _queue(waiting: list[Status]) -> None:
    if not waiting:
        return
    st.markdown("##### Queue")
    for place, status in enumerate(sorted(waiting, key=lambda found: found.queued), 1):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{STATE_ICONS['queued']} {place}. **{status.name}**: {described(status)}", width="content")
            st.button(
                "Take out",
                icon=":material/close:",
                key=f"unqueue_{status.name}",
                on_click=_do,
                args=(queue.stop, status.name),
                help=f"Take {status.name} out of the queue.",
            )


def _do(action, name: str) -> None:
    """A button's work; what goes wrong is said at the top of the page."""
    try:
        action(name)
    except (MisfitError, OSError) as error:
        st.session_state["_train_trouble"] = str(error)
