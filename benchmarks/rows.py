"""The rows of a file of trials, docs/*.csv: all text, so that none is written anew in another form."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.basics.files import write_whole

Row = Mapping[str, object]


def read(path: Path) -> list[dict[str, str]]:
    """Read the rows; none when the file is not there."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8")))) if path.exists() else []


def add(path: Path, found: Iterable[Row]) -> list[dict[str, str]]:
    """Write rows behind those that are there, in one step, and return all. Every row has the same columns."""
    rows = read(path) + [{name: str(value) for name, value in row.items()} for row in found]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(path, text.getvalue().encode())
    return rows
