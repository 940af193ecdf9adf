"""The Train page's form as text for the link, so that a reload or a friend finds it as it was: only what was changed.

The text is name:value pairs with ";" between them, for example epochs_dcgan_seen:5;seed:3;dcgan_flip:off.
"""

from collections.abc import Callable
from typing import Any

from core.data.tasks import REGIMES
from core.gans.config import CONFIGS

LONGEST = 4000  # letters
_WORDS = {"model": tuple(CONFIGS), "regime": REGIMES}


def parse(text: str) -> str:
    """Return `text` if every pair in it can be read. Raises ValueError."""
    read(text)
    return text


def read(text: str) -> dict[str, Any]:
    """Return name → value of every pair. Raises ValueError that says what would be right."""
    if len(text) > LONGEST:
        raise ValueError("settings of the Train page")
    values = {}
    for pair in filter(None, text.split(";")):
        name, _, value = pair.partition(":")
        try:
            values[name] = _kind(name)(value)
        except (ValueError, KeyError):
            raise ValueError("settings of the Train page, such as seed:3;epochs_dcgan_seen:5") from None
    return values


def write(values: dict[str, Any]) -> str:
    """Return the text of name → value."""
    return ";".join(f"{name}:{_text(value)}" for name, value in values.items())


def _kind(name: str) -> Callable[[str], Any]:
    """Return the function that reads a value of `name`. Raises KeyError for an unknown name."""
    if name in _WORDS:
        return lambda text: text if text in _WORDS[name] else _refuse()
    if name in ("normal", "left_out"):
        return _slug
    if name in ("seed", "folds", "anomalies"):
        return int
    if name.startswith("epochs_"):
        model, _, regime = name.removeprefix("epochs_").partition("_")
        return int if model in CONFIGS and regime in REGIMES else _refuse()
    model, _, setting = name.partition("_")
    defaults = CONFIGS[model]()
    if setting.startswith("on_") and setting.removeprefix("on_") in defaults.loss_names:
        return _switch
    if setting not in defaults.__struct_fields__:
        raise KeyError(name)
    default = getattr(defaults, setting)
    kinds: dict[type, Callable[[str], Any]] = {bool: _switch, int: int, float: float, tuple: _widths}
    return kinds[type(default)]


def _refuse() -> Any:
    raise ValueError


def _switch(text: str) -> bool:
    return {"on": True, "off": False}[text]


def _slug(text: str) -> str:
    return text if text and len(text) < 80 and text.replace("-", "").isalnum() else _refuse()


def _widths(text: str) -> str:
    """Read numbers as the form's text: 16.32 as 16, 32; anything else stays as it was typed."""
    return text.replace(".", ", ") if set(text) <= set("0123456789.") else text[:60]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        short = value.replace(" ", "").replace(",", ".")
        return short if set(short) <= set("0123456789.") else value.replace(";", ",")
    return repr(value) if isinstance(value, float) else str(value)
