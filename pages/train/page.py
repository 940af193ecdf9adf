"""Train: choose, start, watch; the result joins the sidebar's picker."""

import dataclasses

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import data, jobs
from core.config import CONFIGS, default_config
from core.errors import MisfitError
from core.regimes import REGIMES, Task
from pages.parts import charts, models
from pages.parts.link import class_name

st.title("Train")
st.markdown(
    "Train either GAN here. It runs in the background: leave the page, reload, come back; it goes on, and so it does when "
    "the server restarts. A stopped run keeps what it has learned."
)
STATE_ICONS = {
    "running": ":material/play_circle:",
    "stopping": ":material/hourglass_top:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
    "died": ":material/heart_broken:",
}


def data_section() -> None:
    """Which training images there are; the way to more when only the starter set is there."""
    source = data.find("train")
    if source.complete:
        return
    st.info(
        "Only the starter set is here: 1,000 training images a class instead of 6,000. It trains a weaker model.",
        icon=":material/database:",
    )
    if st.button("Fetch all of Fashion-MNIST (31 MB)", icon=":material/download:"):
        bar = st.progress(0.0, "Downloading…")
        try:
            for done, whole in data.fetch():
                bar.progress(done / whole, f"{done / 1e6:.1f} of {whole / 1e6:.1f} MB")
        except MisfitError as error:
            bar.empty()
            st.error(str(error), icon=":material/error:")
        else:
            st.rerun()


def form() -> None:
    """What to train."""
    state = st.session_state
    model = st.segmented_control(
        "GAN",
        list(CONFIGS),
        format_func=models.MODEL_NAMES.get,
        default=state["model"],
        required=True,
        key="train_model",
    )
    regime = st.segmented_control(
        "Regime",
        REGIMES,
        default="seen",
        required=True,
        key="train_regime",
        help=" ".join(f"{name}: {text}" for name, text in models.REGIME_HELP.items()),
    )
    defaults = default_config(model, regime)
    with st.form("train_form", border=True):
        one, two, three = st.columns(3)
        normal = one.selectbox(
            "Normal class",
            data.CLASSES,
            data.CLASSES.index(state["normal"]),
            format_func=class_name,
            key="train_normal",
        )
        left_out = None
        if regime == "unseen":
            left_out = two.selectbox(
                "Left-out anomaly class",
                data.CLASSES,
                6,
                format_func=class_name,
                help="Only the test has it.",
                key="train_left_out",
            )
        anomalies = 0
        if regime != "one-class":
            anomalies = three.number_input(
                "Labelled anomalies",
                9,
                54_000,
                6003,
                help="In training, the same number from each anomaly class, rounded down.",
                key="train_anomalies",
            )
        epochs = one.number_input(
            "Epochs",
            1,
            1000,
            defaults.epochs,
            help="Passes over the normal training images.",
            key=f"train_epochs_{model}_{regime}",
        )
        seed = two.number_input("Seed", 0, 2**31 - 1, 0, help="Same seed, same machine: same model.", key="train_seed")
        if st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:"):
            try:
                task = Task(normal, regime, int(anomalies), left_out)
                config = dataclasses.replace(defaults, epochs=int(epochs))
                jobs.start(jobs.Request(model, task, config, int(seed)))
            except (MisfitError, OSError) as error:
                st.error(str(error), icon=":material/error:")
            else:
                st.rerun()


def curves(status: jobs.Status) -> None:
    """Losses and validation AUROC of the epochs so far."""
    records = status.history
    if not records:
        return
    left, right = st.columns(2)
    epochs = [record["epoch"] for record in records]
    auroc = go.Figure()
    auroc.add_scatter(
        x=epochs, y=[record["validation_auroc"] for record in records], name="validation AUROC", mode="lines+markers"
    )
    auroc.update_xaxes(title="Epoch", tickformat="d", dtick=max(1, len(records) // 6))
    with left:
        charts.show(
            charts.styled(auroc, 300, showlegend=True),
            f"auroc_{status.name}",
            f"Validation AUROC by epoch, now {records[-1]['validation_auroc']:.3f}.",
        )
    losses = go.Figure()
    signs = ["circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "star"]
    for sign, name in zip(signs, records[-1]["losses"], strict=False):
        losses.add_scatter(
            x=epochs,
            y=[record["losses"][name] for record in records],
            name=name.replace("_", " "),
            mode="lines+markers",
            marker={"symbol": sign},
        )
    losses.update_xaxes(title="Epoch", tickformat="d", dtick=max(1, len(records) // 6))
    with right:
        charts.show(charts.styled(losses, 300), f"losses_{status.name}", "Each loss by epoch, unweighted.")
    last = records[-1]
    with st.container(horizontal=True):
        st.metric("Validation AUROC", f"{last['validation_auroc']:.4f}")
        st.metric(
            "Normals' error",
            f"{last['validation_error']:.3f}",
            help="Mean absolute reconstruction error of validation normals, scale 0 to 2.",
        )
        st.metric("Speed", f"{last['images_per_second']:,.0f} images/s")


@st.fragment(run_every=1.0)
def watch(name: str) -> None:
    """The run in progress; one full rerun when it ends, so that the picker learns of the new model."""
    status = jobs.status(name)
    if status is None or not status.active:
        st.session_state["run_shown"] = name  # what has just ended is what one wants to see
        st.rerun()
        return
    epochs = status.request["config"]["epochs"]
    passed = max(0.0, status.updated - status.started)
    rest = (
        f", about {passed / status.share - passed:.0f} s left"
        if status.share > 0.02 and status.state == "running"
        else ""
    )
    st.progress(
        status.share, f"{STATE_ICONS[status.state]} {name}: {status.state}, epoch {status.epoch} of {epochs}{rest}"
    )
    if status.state == "stopping":
        st.caption("Stopping: the model so far is being scored and saved.")
    else:
        st.button("Stop and keep", icon=":material/stop:", on_click=jobs.stop, args=(name,), key="stop_run")
    curves(status)


def runs(finished: list[jobs.Status]) -> None:
    """Earlier runs and how they ended."""
    st.subheader("Runs", anchor=False)
    if not finished:
        st.caption("No run has ended yet.")
        return
    cards = {one.folder.parent.name: one.card for one in models.found()[0] if one.name != "shipped"}
    table = pd.DataFrame(
        [
            {
                "Run": status.name,
                "State": status.state,
                "Epochs": status.epoch,
                "Seed": status.request["seed"],
                "Validation AUROC": cards[status.name].validation["auroc"] if status.name in cards else None,
                "Test AUROC": cards[status.name].test["auroc"] if status.name in cards else None,
                "Seconds": cards[status.name].seconds if status.name in cards else None,
                "Why": status.reason,
            }
            for status in finished
        ]
    )
    number = {name: st.column_config.NumberColumn(format="%.4f") for name in ("Validation AUROC", "Test AUROC")}
    st.dataframe(
        table, hide_index=True, column_config=number | {"Seconds": st.column_config.NumberColumn(format="%.0f")}
    )
    chosen = st.selectbox("Look at a run", [status.name for status in finished], key="run_shown")
    shown = next(status for status in finished if status.name == chosen)
    say = {"finished": st.success, "stopped": st.info}.get(shown.state, st.error)
    say(f"{shown.name}: {shown.state}. {shown.reason}", icon=STATE_ICONS[shown.state])
    curves(shown)
    if shown.name in cards:
        card = cards[shown.name]

        def use() -> None:
            state = st.session_state
            state["model"], state["normal"], state["trained"] = card.model, card.task["normal"], shown.name

        st.button("Use this model on every page", icon=":material/done_all:", on_click=use)


try:
    data_section()
    everything = jobs.statuses()
    active = next((status for status in everything if status.active), None)
    if active:
        watch(active.name)
    form()
    if active:
        st.caption("One run at a time: wait for the one above, or stop it.")
    runs([status for status in everything if not status.active])
except MisfitError as error:
    st.error(str(error), icon=":material/error:")
