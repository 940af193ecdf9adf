"""The run at work: progress, curves, panel, and the queue behind it."""

from collections.abc import Callable

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.names import MODEL_NAMES
from core.basics.text import plain
from core.gans.record import Epoch
from core.runs import folders, listing, queue
from core.runs.status import Status
from pages.parts import trouble
from pages.train import curves, panel
from pages.train.timing import duration

STATE_ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/play_circle:",
    "stopping": ":material/hourglass_top:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
    "died": ":material/heart_broken:",
}


def described(status: Status, with_data: bool = True) -> str:
    """Describe what a run trains, for example: DCGAN, Fashion-MNIST: Bag, seen, seed 0."""
    request = status.request
    task, data = request.task, request.task.data
    regime = task.regime + (f" without {data.class_name(task.left_out)}" if task.left_out else "")
    normal = (f"{data.name}: " if with_data else "") + data.class_name(task.normal)
    return f"{MODEL_NAMES[request.model]}, {normal}, {regime}, seed {request.seed}"


@st.fragment(run_every=0.7)
@trouble.told()
def watch(shown: tuple[str, ...]) -> None:
    """Draw the runs at work or in the queue. Rerun the whole page when their names differ from `shown`, so that the
    picker lists a new model."""
    queue.advance()
    waiting = [status for status in listing.statuses() if status.busy or status.waiting]
    names = tuple(sorted(status.name for status in waiting))
    if names != shown:
        _say_ended([name for name in shown if name not in names], waiting)
        st.rerun()
    for status in waiting:
        if status.busy:
            _at_work(status)
    _queue([status for status in waiting if status.waiting])


def _say_ended(names: list[str], waiting: list[Status]) -> None:
    """Say that the runs called `names` have ended, and choose the first of them in the list below."""
    if names:
        st.session_state["_run_next"] = names[0]
    now = next((status.name for status in waiting if status.busy), None)
    followed = f" {now}, the next in the queue, has begun." if now else ""
    for name in names:
        st.toast(f"{name} has ended and is in the list of runs.{followed}", icon=":material/check_circle:")


def _at_work(status: Status) -> None:
    """Draw the run that is being trained or scored: its progress, its figures so far, and the stop button."""
    epochs = status.request.config.epochs
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
    st.caption(plain(described(status)))
    st.progress(status.share, f"{STATE_ICONS[status.state]} {_progress(status, epochs)}")
    if status.warning:
        st.warning(plain(status.warning), icon=":material/disk_full:")
    _figures(status, records)
    if records or status.losses:
        curves.show([(status.name, records, status)], epochs, f"curves_{status.name}")
    panel.show(status, f"panel_{status.name}")


def _progress(status: Status, epochs: int) -> str:
    """Describe the progress of a run at work."""
    if status.scoring:
        ended = {"finished": "Finished", "stopped": "Stopped and kept"}.get(status.state, "Ended")
        return f"{ended} after {status.epoch} of {epochs} epochs. Its test images are being scored…"
    if status.state == "stopping":
        return "Stopping; what it has learned is kept."
    left = f", about {duration(status.left)} left" if status.left is not None else ""
    stage = "" if status.reason == "training" else f", {plain(status.reason)}"
    return f"Running: epoch {min(status.epoch + 1, epochs)} of {epochs}{stage}{left}"


def _figures(status: Status, records: list[Epoch]) -> None:
    """Show the last figures of a run at work."""
    with st.container(horizontal=True):
        rate = status.images_per_second or (records[-1].images_per_second if records else None)
        st.metric(
            "Speed", f"{rate:,.0f} images/s" if rate else "–", help="Normals and anomalies, over the last seconds."
        )
        area = records[-1].validation_auroc if records else None
        lacking = "No validation image is a labelled anomaly, and without anomalies there is no AUROC."
        help = lacking if records and area is None else f"Of the averaged generator, after the last epoch. {DURING}"
        st.metric("Validation AUROC", "–" if area is None else f"{area:.4f}", help=help)
        best = f"epoch {status.best_epoch}" if status.best_epoch else "–"
        st.metric("Best so far", best, help=BEST_HELP)
        st.metric(
            "Trained for",
            duration(status.seconds) if status.seconds else "–",
            help="Time spent on this run so far, that before a resume too.",
        )


DURING = "While it trains, the mean residual is judged; the score of a kept model adds a share of the largest heat, and its AUROC may differ."
BEST_HELP = (
    "The epoch with the highest validation AUROC of the mean residual; in the one-class regime, where labels may choose nothing or there are none, "
    "the epoch with the smallest error of normals. It is kept beside the last."
)


def _queue(waiting: list[Status]) -> None:
    """List the runs that wait in the queue."""
    if not waiting:
        return
    st.markdown("##### Queue")
    for place, status in enumerate(sorted(waiting, key=lambda status: status.queued), 1):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{STATE_ICONS['queued']} {place}. **{status.name}**: {plain(described(status))}", width="content"
            )
            st.button(
                "Take out",
                icon=":material/close:",
                key=f"unqueue_{status.name}",
                on_click=_do,
                args=(queue.stop, status.name),
                help=f"Take {status.name} out of the queue.",
            )


def _do(action: Callable[[str], None], name: str) -> None:
    """Run a button's action; an error is shown at the top of the page."""
    try:
        action(name)
    except (MisfitError, OSError) as error:
        st.session_state["_train_trouble"] = str(error)
