"""results.csv: a row for each finished cell of the sweep. Each new row replaces the whole file."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from core.basics.errors import MisfitError
from core.basics.files import ROOT, write_whole
from core.data.tasks import REGIMES
from core.study.plan import CLASSES, STUDIES, Cell

CSV = ROOT / "results.csv"

COLUMNS = {
    "method": str,
    "regime": str,
    "normal": str,
    "left_out": str,
    "anomalies": int,
    "seed": int,
    "variant": str,
    "auroc": float,
    "auroc_low": float,
    "auroc_high": float,
    "average_precision_5pct": float,
    "fpr_at_95tpr": float,
    "hardest_class": str,
    "hardest_auroc": float,
    "normal_error": float,
    "normal_ssim": float,
    "validation_auroc": float,
    "seconds": float,
    "recipe": str,
}

CELL = ["variant", "regime", "method", "normal", "left_out", "anomalies", "seed"]  # together they identify a row


def read() -> pd.DataFrame:
    """Read the finished cells, one a row; empty when there are none yet. Raises MisfitError when the file is damaged."""
    path = CSV
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    try:
        rows = pd.read_csv(
            path,
            dtype=COLUMNS,
            keep_default_na=False,
            na_values={"normal_error": [""], "normal_ssim": [""], "validation_auroc": [""]},
        )
    except (OSError, ValueError, OverflowError, pd.errors.ParserError) as error:
        raise MisfitError(
            f"{path} is damaged ({' '.join(str(error).split())}). Restore it, or move it away to measure everything again."
        ) from error
    if list(rows.columns) != list(COLUMNS):
        raise MisfitError(
            f"{path} has other columns than this Misfit writes. Restore it, or move it away to measure everything again."
        )
    sound = (
        rows["regime"].isin(REGIMES)
        & rows["normal"].isin(CLASSES)
        & rows["left_out"].isin(["", *CLASSES])
        & rows[["auroc", "auroc_low", "auroc_high"]].apply(lambda column: column.between(0.0, 1.0)).all(axis=1)
    )
    if not sound.all():
        raise MisfitError(
            f"{path} is damaged (line {int(np.argmin(sound)) + 2} is no measurement). Restore it, or move it away to measure "
            "everything again."
        )
    return rows


def drop_gone() -> int:
    """Remove the rows of results.csv whose recipe no planned cell has; return how many. Raises MisfitError, OSError."""
    planned = {cell.recipe for study in STUDIES.values() for cell in study()}
    with _one_at_a_time():
        rows = read()
        gone = ~rows["recipe"].isin(planned)
        if gone.any():
            write_whole(CSV, rows[~gone].to_csv(index=False, float_format="%.6f").encode())
    return int(gone.sum())


def missing(cells: list[Cell], rows: pd.DataFrame) -> list[Cell]:
    """Return the cells without a row."""
    done = set(rows["recipe"])
    return [cell for cell in cells if cell.recipe not in done]


def add(row: dict[str, Any]) -> None:
    """Add a row to results.csv. Raises MisfitError, OSError."""
    with _one_at_a_time():
        rows = pd.concat([read(), pd.DataFrame([row]).astype(COLUMNS)], ignore_index=True)
        write_whole(
            CSV,
            rows.drop_duplicates(CELL, keep="last")  # a changed recipe's row replaces the old one
            .sort_values(CELL)
            .to_csv(index=False, float_format="%.6f")
            .encode(),
        )


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Lock results.csv: two sweeps that read and write at once would each lose the other's row.

    The lock is on the folder, so that no lock file is left.
    """
    folder = os.open(CSV.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
