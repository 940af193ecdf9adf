"""Every setting of a training except the task: presets, the weight of each loss, and the rest under "More"."""

from typing import Any

import msgspec
import streamlit as st

from core.basics.errors import ConfigError
from core.data.dataset import Description
from core.gans.config import TrainingConfig
from core.gans.recipes import default_config
from core.runs import estimate
from pages.train.fields import field
from pages.train.marks import Boxes, box

PRESET_HELP = {
    "quick look": "Few epochs: enough to see it learn. Below stands how long it takes.",
    "as shipped": "Misfit's own settings for these images; the models in the box were trained with them.",
    "without repair": "The losses of the paper (DCGAN) or of the slide deck (traditional GAN) alone, at our weights.",
    "as in the paper": "Kim's loss weights and 300 epochs. Batches of 64 and the one-cycle schedule stay ours: batch 1 would take days.",
}


def given(key: str, default: Any) -> str:
    """Return the key of a widget that shows `default`, which may change, until the user gives another value."""
    state, before = st.session_state, f"_{key}_default"
    untouched = key not in state or (before in state and state[key] == state[before])
    if untouched and state.get(key) != default:
        state[key] = default
    state[before] = default
    return key


def changed() -> dict[str, Any]:
    """Return the name and value of each field that has another value than its default, without "train_" in front."""
    state = st.session_state
    keys = [str(key) for key in state if str(key).startswith("train_") and f"_{key}_default" in state]
    return {key.removeprefix("train_"): state[key] for key in keys if state[key] != state[f"_{key}_default"]}


def presets(model: str, regime: str, normals: int, data: Description) -> None:
    """Draw a button for each preset; `normals` is how many normal images there are to train on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Presets", width="content")
        for name in estimate.PRESETS:
            lacking = _lacking(name, model, regime)
            st.button(
                name.capitalize(),
                key=f"preset_{name}",
                on_click=_apply,
                args=(name, model, regime, normals, data),
                disabled=bool(lacking),
                help=lacking or PRESET_HELP[name],
            )


def _lacking(preset: str, model: str, regime: str) -> str:
    """Return why a model has no such preset; empty if it has."""
    if preset == "as in the paper" and model != "dcgan":
        return "The paper has weights for the DCGAN only."
    if preset == "without repair" and default_config(model, regime, "original") == default_config(model, regime):
        return "This model has one set of losses only."
    return ""


def _apply(preset: str, model: str, regime: str, normals: int, data: Description) -> None:
    """Put a preset's values into the form."""
    state = st.session_state
    config = estimate.preset(preset, model, regime, normals, data)
    state[f"train_epochs_{model}_{regime}"] = config.epochs
    for setting in msgspec.structs.fields(config):
        name, value = setting.name, getattr(config, setting.name)
        if name in config.loss_names:
            state[f"train_{model}_on_{name}"] = value > 0
        state[f"train_{model}_{name}"] = ", ".join(map(str, value)) if isinstance(value, tuple) else value


def losses(model: str, config: TrainingConfig, boxes: Boxes) -> dict[str, float]:
    """Ask for the weight of each loss: 0 for a loss that is switched off. `config` has the defaults."""
    weights = {}
    with st.expander("Losses", icon=":material/balance:"):
        st.caption(
            "Switch a loss off, or give it another weight. A discriminator whose adversarial loss is off is not trained."
        )
        columns = st.columns(3)
        for number, name in enumerate(config.loss_names):
            default = getattr(config, name)
            with columns[number % 3]:
                loss = field(name, default)
                key = given(f"train_{model}_on_{name}", default > 0)
                on = st.toggle(loss.label, key=key, persist_state="session", help=loss.help)
                with box(boxes, name):
                    weight = st.number_input(
                        f"Weight of {loss.label}",
                        step=0.1,
                        format="%g",
                        key=given(f"train_{model}_{name}", default),
                        persist_state="session",
                        disabled=not on,
                        help=f"Default {default:g}.",
                    )
                weights[name] = float(weight) if on else 0.0
    return weights


def more(model: str, config: TrainingConfig, data: Description, boxes: Boxes) -> dict[str, Any]:
    """Ask for every other field of the config. Raises ConfigError for widths that are not numbers."""
    names = [name for name in config.__struct_fields__ if name != "epochs" and name not in config.loss_names]
    values: dict[str, Any] = {}
    with st.expander("More", icon=":material/tune:"):
        columns = st.columns(3)
        for number, name in enumerate(names):
            with columns[number % 3], box(boxes, name):
                values[name] = _widget(model, name, config, data)
    for name in names:
        if isinstance(getattr(config, name), tuple):
            values[name] = _widths(name, values[name])
    return values


def _widget(model: str, name: str, config: TrainingConfig, data: Description) -> Any:
    """Draw the widget that fits the type of the setting's default, so that a new model's settings need no code here."""
    default, key = getattr(config, name), f"train_{model}_{name}"
    about = field(name, default)
    if isinstance(default, bool):
        pointless = name == "flip" and not data.mirror
        help = f"{about.help} Default: {'on' if default else 'off'}."
        if pointless:
            help = f"A mirrored image of {data.name} may be of another class: none is mirrored."
        return st.toggle(about.label, key=given(key, default), persist_state="session", disabled=pointless, help=help)
    if isinstance(default, tuple):
        text = ", ".join(map(str, default))
        help = f"{about.help} Default: {text}."
        return st.text_input(about.label, key=given(key, text), persist_state="session", help=help)
    kind = float if isinstance(default, float) else int
    return st.number_input(
        about.label,
        step=kind(about.step),
        format=about.format,
        key=given(key, default),
        persist_state="session",
        help=f"{about.help} Default {default:g}.",
    )


def _widths(name: str, text: str) -> tuple[int, ...]:
    """Parse whole numbers with commas between them. Raises ConfigError."""
    try:
        return tuple(int(part) for part in text.replace(";", ",").split(",") if part.strip())
    except ValueError:
        raise ConfigError(f"{name} is {text[:60]!r}; write whole numbers with commas between them.") from None
