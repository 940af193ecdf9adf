"""The choice of model and normal class that every page follows, and what is in use."""

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.data import fashion_mnist
from core.data.fashion_mnist import CLASSES
from core.gans.config import CONFIGS
from pages.parts import glossary, models
from pages.parts.link import class_name


def show() -> None:
    """Draw the sidebar's pickers. Classes without a trained model are named so, not hidden."""
    state = st.session_state
    with st.sidebar:
        st.selectbox(
            "Model",
            list(CONFIGS),
            format_func=models.MODEL_NAMES.__getitem__,
            key="model",
            persist_state="session",
            help="Traditional GAN: fully connected, mean squared errors only. DCGAN: convolutional, six losses, after Kim et al.",
        )
        labels = {slug: f"{class_name(slug)} – not trained yet" for slug in CLASSES}
        whole, damaged = models.found()
        labels |= {
            one.normal: f"{class_name(one.normal)} – damaged"
            for one in damaged
            if one.model == state["model"] and one.normal
        }
        labels |= {one.task.normal: class_name(one.task.normal) for one in whole if one.card.model == state["model"]}
        st.selectbox(
            "Normal class",
            CLASSES,
            format_func=labels.__getitem__,
            key="normal",
            persist_state="session",
            help="The class that counts as normal; images of the other nine are anomalies.",
        )
        candidates = models.of(state["model"], state["normal"])
        names = {models.identity(one): models.label(one) for one in candidates}
        if state.get("trained") is not None and state["trained"] not in names:
            if state.get("_trained_for") in (None, (state["model"], state["normal"])):  # not just another model chosen
                broken = [one.name for one in models.damaged(state["normal"], state["model"])]
                lacking = "is damaged" if state["trained"] in broken else "is not there for this choice"
                st.warning(
                    f"The trained model called “{state['trained']}” {lacking}; the first one is shown.",
                    icon=":material/link_off:",
                )
                state["threshold"] = None  # it was that model's
            state["trained"] = None
        state["_trained_for"] = (state["model"], state["normal"])
        state["_trained_first"] = next(iter(names), None)
        if len(candidates) > 1 or any(one.name != "shipped" for one in candidates):
            if state.get("trained") is None:
                state["trained"] = next(iter(names))
            st.selectbox(
                "Trained model",
                list(names),
                format_func=names.__getitem__,
                key="trained",
                persist_state="session",
                help="Shipped with Misfit, or trained on the Train page; where a run kept two, the last and the best by validation.",
            )
        else:
            state["trained"] = None
        checkpoint = models.pick(state["model"], state["normal"], state["trained"])
        models.settle_threshold(checkpoint)
        if checkpoint:
            test = checkpoint.card.test
            st.caption(
                f"Test AUROC **{test.auroc:.3f}** (95 % interval {test.auroc_low:.3f}–{test.auroc_high:.3f}), "
                f"{checkpoint.task.regime} regime",
                help=models.REGIME_HELP[checkpoint.task.regime]
                + " AUROC is the chance that a random anomaly scores higher than a random normal image.",
            )
        _data_in_use()
        glossary.button()


def _data_in_use() -> None:
    try:
        source = fashion_mnist.find("train")
    except MisfitError as error:
        st.error(plain(error), icon=":material/error:")
        return
    what = "All 60,000 training images" if source.complete else "Starter set, 10,000 training images"
    with st.container(key="data_in_use"):
        st.caption(
            f":material/database: {what} ({source.name})",
            help="Where Fashion-MNIST comes from. Test images are always the whole test split of 10,000.",
        )
