"""Train: choose, start, watch. The trained model appears in the sidebar's picker."""

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data.dataset import DataSet
from core.data.fashion_mnist import FASHION_MNIST
from core.runs import listing as runs
from core.runs import queue
from pages.parts import datasets, trouble
from pages.train import download, form, listing, live

st.markdown(
    "Train either GAN here. It runs in the background: leave the page, reload, come back; it goes on, and so it does when "
    "the server restarts. A stopped run keeps the model so far and can be resumed after its last whole epoch."
)
state = st.session_state


def training_data() -> DataSet | None:
    """Return the chosen data set, or say what is missing and return None. Offer to download Fashion-MNIST."""
    data, complete = None, False
    try:
        chosen = datasets.data_set()
        complete = chosen.find("train").complete
        data = chosen
    except MisfitError as error:
        st.error(plain(error), icon=":material/error:")
    if state["data"] == FASHION_MNIST.description.key and not complete:
        download.offer(starter=data is not None)
    return data


# The run that a dialog or an import has chosen; set before the widget with this key is drawn.
if "_run_next" in state:
    state["run_shown"] = state.pop("_run_next")
if problem := state.pop("_train_trouble", None):
    st.error(plain(problem), icon=":material/error:")
data = training_data()
with trouble.told():
    queue.advance()
statuses = runs.statuses()
waiting = [status for status in statuses if status.busy or status.waiting]
ended = [status for status in statuses if not status.busy and not status.waiting]
# Runs of the chosen data set come first, the latest at the top.
ended.sort(key=lambda status: (status.request.task.data.key != state["data"], -status.updated))
with st.container(key="live"):
    if waiting:
        live.watch(tuple(sorted(status.name for status in waiting)))
    else:
        listing.latest([status for status in ended if status.request.task.data.key == state["data"]])
if data:
    form.show(data, bool(waiting))
listing.show(ended, waiting)
