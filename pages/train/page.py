"""Train: choose, start, watch; the result joins the sidebar's picker."""

import os

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data import fashion_mnist
from core.runs import queue
from pages.parts import trouble
from pages.train import form, listing, live

st.markdown(
    "Train either GAN here. It runs in the background: leave the page, reload, come back; it goes on, and so it does when "
    "the server restarts. A stopped run keeps what it has learned and can be resumed."
)
state = st.session_state


def data_section() -> bool:
    """Which training images there are, and the way to more. Whether there are any."""
    try:
        complete = fashion_mnist.find("train").complete
    except MisfitError as error:
        st.error(plain(error), icon=":material/error:")
        if os.environ.get("FASHION_MNIST_DIR"):  # a download would not be looked at
            return False
        complete = None
    if complete:
        return True
    if complete is False:
        st.info(
            "Only the starter set is here: 1,000 training images a class instead of 6,000. It trains a weaker model.",
            icon=":material/database:",
        )
    if st.button("Fetch all of Fashion-MNIST (31 MB)", icon=":material/download:"):
        bar = st.progress(0.0, "Downloading…")
        try:
            for done, whole in fashion_mnist.fetch():
                bar.progress(done / whole, f"{done / 1e6:.1f} of {whole / 1e6:.1f} MB")
        except (MisfitError, OSError) as error:
            bar.empty()
            st.error(plain(error), icon=":material/error:")
        else:
            st.rerun()
    return complete is not None


# What a dialog or an import has chosen; before the widgets whose values these are.
if "_run_next" in state:
    state["run_shown"] = state.pop("_run_next")
if problem := state.pop("_train_trouble", None):
    st.error(plain(problem), icon=":material/error:")
there_are_images = data_section()
with trouble.told():
    queue.advance()
everything = queue.statuses()
waiting = [found for found in everything if found.busy or found.state == "queued"]
if waiting:
    live.watch(tuple(sorted(found.name for found in waiting)))
if there_are_images:
    form.show(bool(waiting))
ended = [found for found in everything if not found.busy and found.state != "queued"]
listing.show(sorted(ended, key=lambda found: -found.updated))  # what ended last comes first
