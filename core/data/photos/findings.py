"""A finding of the check: one plain sentence, how much it matters, and the files that it is about."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from core.basics.errors import DataError

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
NAMED = 3  # files that a sentence names; the finding has them all
LONGEST = 120  # letters of a path in a sentence


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence on the photos. An "error" keeps them from being trained on, a "warning" should be looked at.

    `files` are paths within the folder or zip; there may be none.
    """

    severity: Severity
    text: str
    files: tuple[str, ...] = ()


def error(text: str, files: Iterable[str] = ()) -> Finding:
    return Finding("error", text, tuple(files))


def warning(text: str, files: Iterable[str] = ()) -> Finding:
    return Finding("warning", text, tuple(files))


def note(text: str, files: Iterable[str] = ()) -> Finding:
    return Finding("note", text, tuple(files))


def named(files: Sequence[str]) -> str:
    """Return the first few file names for a sentence: "a.png, b.png, c.png and 4 more"."""
    shown = ", ".join(map(short, files[:NAMED]))
    return shown if len(files) <= NAMED else f"{shown} and {len(files) - NAMED:,} more"


def short(path: str) -> str:
    """Return the end of a long path, with the file's name."""
    return path if len(path) <= LONGEST else "…" + path[1 - LONGEST :]


def count(number: int, noun: str = "photo") -> str:
    """Return "1 photo" or "1,200 photos"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raise DataError with the first finding that is an error."""
    for finding in findings:
        if finding.severity == "error":
            raise DataError(finding.text)
