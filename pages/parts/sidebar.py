"""The choice of data set, model and normal class for every page, and facts about the model and data in use."""

from collections.abc import Callable

import streamlit as st

from core.basics.errors import MisfitError
from core.basics.names import MODEL_NAMES
from core.basics.text import plain
from core.gans.config import CONFIGS
from core.store.checkpoints import Checkpoint
from pages.parts import datasets, glossary, link, models, stored, trained
from pages.parts.trained import discovered, of_data

state = st.session_state


def show() -> None:
    """Draw the sidebar's pickers. Classes without a trained model are marked, not hidden."""
    with st.sidebar:
        _data()
        _picker(
            "Model",
            {name: MODEL_NAMES[name] for name in CONFIGS},
            "model",
            "Traditional GAN: fully connected, mean squared errors only. DCGAN: convolutional, after Kim et al.",
        )
        _normal()
        checkpoint = _trained()
        models.settle_threshold(checkpoint)
        if checkpoint:
            _figures(checkpoint)
        _data_in_use()
        glossary.button()


def _picker(
    title: str, names: dict[str, str], key: str, meaning: str, changed: Callable[[], None] | None = None
) -> None:
    """Draw a choice among the keys of `names`, shown by their values; the choice is `state[key]`."""
    st.selectbox(
        title,
        list(names),
        format_func=names.__getitem__,
        key=key,
        persist_state="session",
        on_change=changed,
        help=meaning,
    )


def _data() -> None:
    """Draw the choice of data set where there are several, and name damaged data sets."""
    names, problems = datasets.choices()
    if len(names) > 1:
        meaning = (
            "The images that models learn from and are tested on. Each data set has classes and models of its own."
        )
        _picker("Data", names, "data", meaning, link.forget)
    for problem in problems:
        st.warning(plain(problem), icon=":material/broken_image:")


def _normal() -> None:
    """Draw the choice of the normal class; each is marked if no model is trained, or if it is damaged."""
    data = datasets.description()
    names = {slug: f"{data.class_name(slug)} – not trained yet" for slug in data.normal_choices}
    for broken in discovered()[1]:
        if broken.model == state["model"] and broken.normal in names:
            names[broken.normal] = f"{data.class_name(broken.normal)} – damaged"
    trained = {each.task.normal for each in of_data(datasets.key()) if each.card.model == state["model"]}
    names |= {slug: data.class_name(slug) for slug in names if slug in trained}
    others = "the other one" if len(data.classes) == 2 else f"the other {len(data.classes) - 1}"
    _picker("Normal class", names, "normal", f"The class that counts as normal; images of {others} are anomalies.")


def _trained() -> Checkpoint | None:
    """Draw the choice among several trained models of one kind and class; return the model in use, or None."""
    kind = (datasets.key(), state["model"], state["normal"])
    candidates = models.of(state["model"], state["normal"])
    names = {models.identity(candidate): models.label(candidate) for candidate in candidates}
    if state.get("trained") is not None and state["trained"] not in names:
        if state.get("_trained_for") in (None, kind):  # data, model and class have not just changed
            broken = [place.name for place in trained.damaged(state["normal"], state["model"])]
            lacking = "is damaged" if state["trained"] in broken else "is not there for this choice"
            st.warning(
                f"The trained model called “{state['trained']}” {lacking}; the first one is shown.",
                icon=":material/link_off:",
            )
            state["threshold"] = None  # it belonged to the earlier model
        state["trained"] = None
    state["_trained_for"] = kind
    state["_trained_first"] = next(iter(names), None)
    if len(candidates) > 1 or any(candidate.name != "shipped" for candidate in candidates):
        if state.get("trained") is None:
            state["trained"] = next(iter(names))
        meaning = "Shipped with Misfit, or trained on the Train page; where a run kept two, the last and the best by validation."
        _picker("Trained model", names, "trained", meaning)
    else:
        state["trained"] = None
    return models.pick(state["model"], state["normal"], state["trained"])


def _figures(checkpoint: Checkpoint) -> None:
    """Show the figures of the model in use, or say why there are none. The glossary below explains their words."""
    area, regime = stored.auroc(checkpoint), checkpoint.task.regime
    own = checkpoint.card.own
    if area is None and own and own.synthetic:
        made = own.synthetic.area
        st.caption(
            f"AUROC **{made.auroc:.3f}** on synthetic defects ({made.low:.3f}–{made.high:.3f}), {regime} regime. The test has no anomaly, "
            "so defects were put on its good images; in brackets the 95 % interval over these images."
        )
        return
    if area is None:
        st.caption(f"No test AUROC, {regime} regime: the test has normal images only.")
        return
    st.caption("Test AUROC **{:.3f}** (95 % interval {:.3f}–{:.3f}), ".format(*area) + f"{regime} regime")


def _data_in_use() -> None:
    """Say where the training images come from and how many there are."""
    try:
        source, count = datasets.data_set().find("train"), datasets.count("train")
        tests = datasets.count("test")
    except MisfitError as error:
        st.error(plain(error), icon=":material/error:")
        return
    with st.container(key="data_in_use"):
        if datasets.description().photos:  # as the page Data counts them: validation photos are held back from training
            counted = f"{count:,} photos for training and validation, {tests:,} for the test ({plain(source.name)})"
        else:
            which = "All" if source.complete else "Starter set,"
            counted = f"{which} {count:,} training images ({plain(source.name)}), {tests:,} test images"
        st.caption(f":material/database: {counted}")
