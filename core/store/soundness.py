"""What a card and a record of training must say to be believed, whoever wrote them: pages draw and print all of it."""

import datetime
import json
import math
import re
from typing import Any

LARGEST_SCORE = 2.001  # the mean absolute difference of pixels on [-1, 1], and what rounding adds
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,59}")  # a loss, say
_AREAS = ("auroc", "auroc_low", "auroc_high")
VALIDATION = (*_AREAS, "normal_error", "n_normal", "n_anomaly")
TEST = (*VALIDATION, "average_precision_5pct", "fpr_at_95tpr", "per_class")
THRESHOLDS = ("youden", "fpr_5", "fpr_1")


def parsed(content: bytes) -> Any:
    """JSON without what is no JSON (NaN, Infinity). Raises ValueError, also for brackets nested by the thousand."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no number")

    try:
        return json.loads(content, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def card(values: dict[str, Any]) -> None:
    """See that every value of a card, whose keys are known to be right, has the type and range it should.

    Task and config are not looked at: their own classes do that. Raises ValueError with what is wrong.
    """
    for key in ("model", "device", "data_source", "trained_at"):
        _text(key, values[key])
    try:
        datetime.datetime.fromisoformat(values["trained_at"])
    except ValueError as error:
        raise ValueError(f"trained_at is {values['trained_at']!r}; it must be a date and time, ISO 8601") from error
    for key in ("data_fingerprint", "weights_sha256", "scores_sha256"):
        if not isinstance(values[key], str) or not _SHA256.fullmatch(values[key]):
            raise ValueError(f"{key} must be a SHA-256, 64 hexadecimal digits")
    for key in ("seed", "epochs_trained", "data_images", "parameters"):
        if type(values[key]) is not int or not 0 <= values[key] < 2**63:
            raise ValueError(f"{key} is {_kind(values[key])}; it must be a whole number, 0 or more")
    if type(values["stopped_early"]) is not bool:
        raise ValueError(f"stopped_early is {_kind(values['stopped_early'])}; it must be bool")
    _number("seconds", values["seconds"], 0.0, math.inf)
    for key in ("task", "config", "versions", "validation", "test", "thresholds"):
        if not isinstance(values[key], dict):
            raise ValueError(f"{key} is {_kind(values[key])}; it must be dict")
    if len(values["versions"]) > 40:
        raise ValueError("versions has more than 40 entries")
    for name, number in values["versions"].items():
        _text("versions", name)
        _text("versions", number)
    _figures("validation", values["validation"], VALIDATION)
    _figures("test", values["test"], TEST)
    if set(values["thresholds"]) != set(THRESHOLDS):
        raise ValueError(f"thresholds must be numbers called {', '.join(sorted(THRESHOLDS))}")
    for name, number in values["thresholds"].items():
        if type(number) is not float or not -LARGEST_SCORE <= number <= LARGEST_SCORE:
            raise ValueError(f"thresholds must be numbers called {', '.join(sorted(THRESHOLDS))}; {name} is none")
    history(values["history"])


def history(records: Any) -> None:
    """See that `records` are such as a training writes, one an epoch. Raises ValueError."""
    if not isinstance(records, list):
        raise ValueError(f"history is {_kind(records)}; it must be list")
    if len(records) > 10_000 or not all(map(sound, records)):
        raise ValueError("its history is not that of a training")


def sound(record: Any) -> bool:
    """Whether a record of an epoch is such as a training writes: the page draws it."""
    return (
        isinstance(record, dict)
        and len(record) <= 40
        and all(is_number(record.get(key)) for key in ("validation_auroc", "validation_error", "seconds"))
        and type(record.get("epoch")) is int
        and 0 < record["epoch"] <= 10_000
        and all(named_numbers(record.get(key)) for key in ("losses", "discriminator_accuracy"))
        and all(isinstance(value, dict) or is_number(value) for value in record.values())
    )


def is_number(value: Any) -> bool:
    """Whether it is a finite number, true and false being none."""
    return type(value) in (int, float) and abs(value) < 1e15  # nor is nan


def named_numbers(values: Any) -> bool:
    """Whether it is a few numbers, each called by a slug."""
    return (
        isinstance(values, dict)
        and len(values) <= 40
        and all(_SLUG.fullmatch(name) and is_number(value) for name, value in values.items())
    )


def _figures(which: str, values: dict[str, Any], names: tuple[str, ...]) -> None:
    if set(values) != set(names):
        odd = sorted(set(values) ^ set(names))[0]
        raise ValueError(f"{which} does not fit: {odd[:80]!r} is unknown or missing")
    for name in names:
        if name == "per_class":
            each = values[name]
            if not isinstance(each, dict) or not each:
                raise ValueError(f"{which}: per_class must hold a number for each anomaly class")
            for key, value in each.items():
                _number(f"{which}: {key}", value, 0.0, 1.0)
        elif name.startswith("n_"):
            if type(values[name]) is not int or not 0 < values[name] < 10**9:
                raise ValueError(f"{which}: {name} must be a whole number above 0")
        else:
            _number(f"{which}: {name}", values[name], 0.0, LARGEST_SCORE if name == "normal_error" else 1.0)


def _number(key: str, value: Any, low: float, high: float) -> None:
    if not is_number(value) or not low <= value <= high:
        raise ValueError(f"{key} is {_kind(value)}; it must be a number from {low:g} to {high:g}")


def _text(key: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > 200 or not value.isprintable():
        raise ValueError(f"{key} is {_kind(value)}; it must be a line of text")


def _kind(value: Any) -> str:
    """What a value is, short enough for a line."""
    return f"{value!r:.40}" if isinstance(value, bool | int | float | str) else type(value).__name__
