"""The form: model, classes and data, expected duration, start. Every other setting is in settings.py."""

from typing import Any

import msgspec
import streamlit as st

from core.basics.errors import MisfitError
from core.basics.names import MODEL_NAMES, REGIME_HELP
from core.basics.text import plain
from core.data import tasks
from core.data.dataset import DataSet, Description
from core.data.tasks import REGIMES, Task
from core.gans.config import CONFIGS
from core.gans.recipes import default_config
from core.runs import estimate, queue
from core.runs.request import Request
from pages.parts import form_link, link, reach, trouble
from pages.train import marks, settings, strip, timing
from pages.train.marks import LABELS, Boxes, box
from pages.train.settings import given

FOLLOWS = "Follows the sidebar; another one may be chosen here."
FEW_PHOTOS = 500  # normal images in training; with fewer, leave-out folds may help
FOLLOWED = ("data", "model", "normal")  # the sidebar's choices


@st.fragment
@trouble.told()
def show(data: DataSet, busy: bool) -> None:
    """Draw the whole form; a change redraws only the form.

    No number has limits in the browser: a field out of range would turn red and Python would keep the old value.
    Instead the form names the problem in words, and nothing can be started.
    """
    counts = data.counts("train")
    boxes: Boxes = {}
    _follow_the_sidebar()
    _from_the_link(data.description)
    st.subheader("New run", anchor=False)
    model = st.segmented_control(
        "GAN",
        list(CONFIGS),
        format_func=MODEL_NAMES.__getitem__,
        required=True,
        key="train_model",
        persist_state="session",
        help=FOLLOWS,
    )
    regime = _ask_regime(data.description, counts)
    assert model and regime  # a choice is required
    whole = counts[data.description.label(st.session_state["train_normal"])]
    normals = whole - tasks.held_of(counts, data.description.label(st.session_state["train_normal"]))
    config = default_config(model, regime, data=data.description, normals=normals)
    settings.presets(model, regime, normals, data.description)
    first, second, third = st.columns(3)
    with second:
        epochs = _ask_number(
            boxes,
            "epochs",
            given(f"train_epochs_{model}_{regime}", config.epochs),
            "Passes over the normal training images; a small set is passed over several times in each (More).",
        )
    seed, folds = _ask_seed(third, normals, boxes)
    chosen = _ask_task(data.description, counts, regime, first, second, boxes)
    request = None
    try:
        changes = settings.losses(model, config, boxes) | settings.more(model, config, data.description, boxes)
        config = msgspec.structs.replace(config, epochs=epochs, **changes)
        request = Request(model, Task(data=data.description, regime=regime, **chosen), config, seed, folds)
        timing.show(request, estimate.check(request))
        strip.show(request)
    except MisfitError as error:
        request = None
        marks.say(boxes, error, config)
    _into_the_link(regime)
    _start(request, busy)


def _ask_seed(third: Any, normals: int, boxes: Boxes) -> tuple[int, int]:
    """Ask in the third column for the seed and, where there are few images, the leave-out folds; return both."""
    with third:
        seed = _ask_number(
            boxes,
            "seed",
            given("train_seed", 0),
            "Of weights, order and augmentation. Same seed, same machine: same model.",
        )
        if normals >= FEW_PHOTOS:
            return seed, 0
        return seed, _ask_number(
            boxes,
            "folds",
            given("train_folds", 0),
            "For few photos: trains so many more models, each without a part of them, and takes the false-alarm thresholds "
            "from scores of photos that each has not seen. It takes so many trainings longer. 0: validation photos alone.",
        )


def _ask_number(boxes: Boxes, name: str, key: str, help: str) -> int:
    """Ask for the whole number `name`, in a box of its own."""
    with box(boxes, name):
        return int(st.number_input(LABELS[name], step=1, key=key, persist_state="session", help=help))


def _from_the_link(data: Description) -> None:
    """Fill the form with what the link says of it: once a session, and before any field is drawn."""
    state = st.session_state
    if "_train_read" not in state:
        state["_train_read"] = True
        for name, value in form_link.read(state.get("form") or "").items():
            if name != "normal" or value in data.normal_choices:
                state[f"train_{name}"] = value


def _into_the_link(regime: str) -> None:
    """Write into the link what differs from the sidebar and the defaults."""
    state = st.session_state
    changed = {name: state[f"train_{name}"] for name in ("model", "normal") if state[f"train_{name}"] != state[name]}
    if regime != REGIMES[0]:
        changed["regime"] = regime
    if regime == "unseen":
        changed["left_out"] = state["train_left_out"]
    state["form"] = form_link.write(changed | settings.changed())
    link.push()


def _follow_the_sidebar() -> None:
    """Copy a model or class that was just chosen in the sidebar: it is most likely the one to train."""
    state = st.session_state
    changed = [name for name in FOLLOWED if state.get(f"_train_followed_{name}") != state[name]]
    for name in FOLLOWED:
        if name in changed or "data" in changed or f"train_{name}" not in state:
            state[f"train_{name}"] = state[f"_train_followed_{name}"] = state[name]


def _ask_regime(data: Description, counts: list[int]) -> str | None:
    """Ask for one of the regimes that the training images allow, and say why any other is missing."""
    state, normal = st.session_state, st.session_state["train_normal"]
    regimes = tasks.possible_regimes(data, counts, normal)
    if state.get("train_regime") not in regimes:
        state["train_regime"] = regimes[0]
    regime = st.segmented_control(
        "Regime",
        regimes,
        required=True,
        key="train_regime",
        persist_state="session",
        help=" ".join(f"**{name}**: {text}" for name, text in REGIME_HELP.items() if name in regimes),
    )
    if regimes == ("one-class",):
        st.caption(
            "Not every class other than the normal one has training images: there are no labelled anomalies to learn from, so "
            "only the one-class regime can be trained."
        )
    elif "unseen" not in regimes:
        st.caption("There is one anomaly class only; the unseen regime needs a second one to learn from.")
    return regime


def _ask_task(
    data: Description, counts: list[int], regime: str, first: Any, second: Any, boxes: Boxes
) -> dict[str, Any]:
    """Ask in two columns for the classes and the number of labelled anomalies; return them as arguments of a Task."""
    state = st.session_state
    normal = first.selectbox(
        "Normal class",
        data.normal_choices,
        format_func=data.class_name,
        key="train_normal",
        persist_state="session",
        help=FOLLOWS,
    )
    left_out = None
    if regime == "unseen":
        others = [name for name in data.classes if name != normal]
        if state.get("train_left_out") not in others:
            state["train_left_out"] = others[0]
        left_out = second.selectbox(
            "Left-out anomaly class",
            others,
            format_func=data.class_name,
            key="train_left_out",
            persist_state="session",
            help="Only the test has it.",
        )
    anomalies = 0
    if regime != "one-class":
        with first:
            anomalies = _ask_number(
                boxes,
                "anomalies",
                given("train_anomalies", tasks.default_anomalies(data, counts, normal, left_out)),
                "In training, the same number from each anomaly class, rounded down.",
            )
    return {"normal": normal, "anomalies": anomalies, "left_out": left_out}


def _start(request: Request | None, busy: bool) -> None:
    """Draw the button that starts the run or adds it to the queue. Without a request it is disabled."""
    pressed = st.button(
        "Add to the queue" if busy else "Start training",
        type="primary",
        icon=":material/playlist_add:" if busy else ":material/play_arrow:",
        disabled=request is None,
        key="train_start",
        help="It begins when the runs before it have ended." if busy else "It runs in the background.",
    )
    if not pressed or request is None:
        return
    try:
        queue.start(request)
    except MisfitError as error:
        st.error(plain(error), icon=":material/error:")
    except OSError as error:
        reason = f"The run could not be written to disk: {error.strerror or error}."
        st.error(plain(f"{reason} Make room or choose another folder in MISFIT_RUNS."), icon=":material/error:")
    else:
        reach.bring("live")  # above the form, and so out of sight; the button would now start a second one
        st.rerun()
