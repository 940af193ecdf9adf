"""The form: what to train, every setting under "More", how long it will take, start."""

import dataclasses
import subprocess
from typing import Any

import streamlit as st

from core.basics.errors import ConfigError, MisfitError
from core.basics.text import plain
from core.data import fashion_mnist
from core.data.tasks import REGIMES, Task
from core.gans.config import CONFIGS, TrainingConfig, config_class, default_config
from core.runs import estimate, queue
from core.runs.folders import Request
from pages.parts import models, trouble
from pages.parts.link import class_name
from pages.train.fields import field

PRESET_HELP = {
    "quick look": "Half a minute at most on two cores: enough to see it learn.",
    "as shipped": "What the models in the box were trained with.",
    "as in the paper": "Kim's loss weights and 300 epochs. Batches of 64 and the one-cycle schedule stay ours: batch 1 would take days.",
}


@st.fragment
@trouble.told()
def show(busy: bool) -> None:
    """The whole form; a change in it draws only the form again.

    No number has limits in the browser: there a field out of range turns red and Python goes on with the old value. Here it
    is said in words, and nothing can be started.
    """
    _follow_the_sidebar()
    st.subheader("New run", anchor=False)
    model = st.segmented_control(
        "GAN",
        list(CONFIGS),
        format_func=models.MODEL_NAMES.__getitem__,
        required=True,
        key="train_model",
        persist_state="session",
        help="Follows the sidebar; another one may be chosen here.",
    )
    regime = st.segmented_control(
        "Regime",
        REGIMES,
        required=True,
        key=_given("train_regime", "seen"),
        persist_state="session",
        help=" ".join(f"**{name}**: {text}" for name, text in models.REGIME_HELP.items()),
    )
    assert model and regime  # one is always chosen
    _presets(model, regime)
    one, two, three = st.columns(3)
    normal = one.selectbox(
        "Normal class",
        fashion_mnist.CLASSES,
        format_func=class_name,
        key="train_normal",
        persist_state="session",
        help="Follows the sidebar; another one may be chosen here.",
    )
    epochs = two.number_input(
        "Epochs",
        step=1,
        key=_given(f"train_epochs_{model}_{regime}", default_config(model, regime).epochs),
        persist_state="session",
        help="Passes over the normal training images.",
    )
    seed = three.number_input(
        "Seed",
        step=1,
        key=_given("train_seed", 0),
        persist_state="session",
        help="Of weights, order and augmentation. Same seed, same machine: same model.",
    )
    anomalies, left_out = 0, None
    if regime != "one-class":
        anomalies = one.number_input(
            "Labelled anomalies (images)",
            step=1,
            key=_given("train_anomalies", 6003),
            persist_state="session",
            help="In training, the same number from each anomaly class, rounded down.",
        )
    if regime == "unseen":
        others = [name for name in fashion_mnist.CLASSES if name != normal]
        if st.session_state.get("train_left_out") not in others:
            st.session_state["train_left_out"] = "shirt" if "shirt" in others else others[0]
        left_out = two.selectbox(
            "Left-out anomaly class",
            others,
            format_func=class_name,
            key="train_left_out",
            persist_state="session",
            help="Only the test has it.",
        )
    problem, request, planned = None, None, None
    try:
        values = _losses(model) | _more(model)
        config = dataclasses.replace(default_config(model, regime), epochs=int(epochs), **values)
        request = Request(model, Task(normal, regime, int(anomalies), left_out), config, int(seed))
        planned = estimate.check(request)
    except MisfitError as error:
        problem = str(error)
    if problem:
        st.error(plain(problem), icon=":material/error:")
    elif request and planned:
        _estimate(request, planned)
    pressed = st.button(
        "Add to the queue" if busy else "Start training",
        type="primary",
        icon=":material/playlist_add:" if busy else ":material/play_arrow:",
        disabled=request is None or problem is not None,
        key="train_start",
        help="It begins when the runs before it have ended." if busy else "It runs in the background.",
    )
    if pressed and request:
        try:
            queue.start(request)
        except (MisfitError, OSError) as error:
            st.error(plain(_said(error)), icon=":material/error:")
        else:
            st.rerun()


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"The run could not be written to disk: {error.strerror or error}. Make room or choose another folder in MISFIT_RUNS."
    return str(error)


def _given(key: str, default: Any) -> str:
    """The key of a widget that has `default` until somebody changes it."""
    st.session_state.setdefault(key, default)
    return key


def _follow_the_sidebar() -> None:
    """A model or class chosen in the sidebar is what one wants to train, too."""
    state = st.session_state
    for name in ("model", "normal"):
        if state.get(f"_train_followed_{name}") != state[name] or f"train_{name}" not in state:
            state[f"train_{name}"] = state[f"_train_followed_{name}"] = state[name]


def _presets(model: str, regime: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Presets", width="content")
        for name in estimate.PRESETS:
            only = name == "as in the paper" and model != "dcgan"
            st.button(
                name.capitalize(),
                key=f"preset_{name}",
                on_click=_apply,
                args=(name, model, regime),
                disabled=only,
                help="The paper has weights for the DCGAN only." if only else PRESET_HELP[name],
            )


def _apply(name: str, model: str, regime: str) -> None:
    """Put a preset's values into the form."""
    state = st.session_state
    try:
        counts = fashion_mnist.counts("train")
        whole = counts[fashion_mnist.CLASSES.index(state.get("train_normal", "t-shirt"))]
    except MisfitError:
        whole = 6000  # the form says what is wrong
    config = estimate.preset(name, model, regime, whole - whole // 10)
    state[f"train_epochs_{model}_{regime}"] = config.epochs
    for name in (setting.name for setting in dataclasses.fields(config)):
        value = getattr(config, name)
        if name in config.loss_names:
            state[f"train_{model}_on_{name}"] = value > 0
        state[f"train_{model}_{name}"] = ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _losses(model: str) -> dict[str, float]:
    """The weight of each loss, 0 for one that is switched off."""
    config = config_class(model)()
    weights = {}
    with st.expander("Losses", icon=":material/balance:"):
        st.caption(
            "Switch a loss off, or give it another weight. A discriminator whose adversarial loss is off is not trained."
        )
        columns = st.columns(3)
        for number, name in enumerate(config.loss_names):
            with columns[number % 3]:
                loss = field(name, getattr(config, name))
                on = st.toggle(
                    loss.label,
                    key=_given(f"train_{model}_on_{name}", True),
                    persist_state="session",
                    help=loss.help,
                )
                weight = st.number_input(
                    f"Weight of {loss.label}",
                    step=0.1,
                    format="%g",
                    key=_given(f"train_{model}_{name}", getattr(config, name)),
                    persist_state="session",
                    disabled=not on,
                    help=f"Default {getattr(config, name):g}.",
                )
                weights[name] = float(weight) if on else 0.0
    return weights


def _more(model: str) -> dict[str, Any]:
    """Every other field of the config. Raises ConfigError for widths that are no numbers."""
    config = config_class(model)()
    values: dict[str, Any] = {}
    with st.expander("More", icon=":material/tune:"):
        columns = st.columns(3)
        names = [f.name for f in dataclasses.fields(config) if f.name != "epochs" and f.name not in config.loss_names]
        for number, name in enumerate(names):
            with columns[number % 3]:
                values[name] = _widget(model, name, config)
    for name in names:
        if isinstance(getattr(config, name), tuple):
            values[name] = _widths(field(name, ()).label, values[name])
    return values


def _widget(model: str, name: str, config: TrainingConfig) -> Any:
    """The widget that fits the type of the setting's default, so that a new model's settings need no word here."""
    default, key = getattr(config, name), f"train_{model}_{name}"
    about = field(name, default)
    if isinstance(default, bool):
        help = f"{about.help} Default: {'on' if default else 'off'}."
        return st.toggle(about.label, key=_given(key, default), persist_state="session", help=help)
    if isinstance(default, tuple):
        text = ", ".join(map(str, default))
        help = f"{about.help} Default: {text}."
        return st.text_input(about.label, key=_given(key, text), persist_state="session", help=help)
    kind = float if isinstance(default, float) else int
    return st.number_input(
        about.label,
        step=kind(about.step),
        format=about.format,
        key=_given(key, default),
        persist_state="session",
        disabled=name == "size",
        help=f"{about.help} Default {default:g}.",
    )


def _widths(label: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.replace(";", ",").split(",") if part.strip())
    except ValueError:
        raise ConfigError(f"{label} is {text[:60]!r}; write whole numbers with commas between them.") from None


@st.cache_resource
def _measuring() -> dict[str, subprocess.Popen[bytes]]:
    """Measurements under way, of all sessions: one at a time."""
    return {}


def _estimate(request: Request, planned: estimate.Plan) -> None:
    speed = estimate.known(request)
    if speed is not None:
        _time(request, planned, speed)
        return
    under_way = _measuring()
    if not any(worker.poll() is None for worker in under_way.values()):
        tried = under_way.get(estimate.key(request))
        under_way.clear()
        if tried is not None:  # it ended and wrote nothing
            under_way[estimate.key(request)] = tried
            st.caption(
                ":material/schedule: How long it will take could not be measured; the run will tell once it goes."
            )
            return
        under_way[estimate.key(request)] = estimate.measure(request)
    _waiting(request, planned)


@st.fragment(run_every=1.0)
def _waiting(request: Request, planned: estimate.Plan) -> None:
    """Until the measurement is there."""
    speed = estimate.known(request)
    if speed is not None:
        _time(request, planned, speed)
    elif not any(worker.poll() is None for worker in _measuring().values()):
        st.rerun()
    else:
        st.caption(f":material/schedule: {_size(request, planned)}; a step is being timed…")


def _time(request: Request, planned: estimate.Plan, speed: estimate.Speed) -> None:
    whole = speed.run(planned, request.config.epochs)
    st.caption(
        f":material/schedule: **About {duration(whole)}**: {_size(request, planned)}, "
        f"{1000 * speed.step:.0f} ms each as last measured on this machine.",
        help="Steps, one validation an epoch, and the time to start and to score at the end. Other work on the machine makes it longer.",
    )


def _size(request: Request, planned: estimate.Plan) -> str:
    epochs = request.config.epochs
    return f"{epochs:,} epoch{'s' * (epochs != 1)} of {planned.steps:,} step{'s' * (planned.steps != 1)}"


def duration(seconds: float) -> str:
    """A time span in words a person would use: 45 s, 3 min, 2 h 10 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"
