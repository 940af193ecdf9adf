"""What the sweep has measured. results.csv has a row for each finished cell, defects.csv one for each kind and size of
defect that a cell's model was shown. Each new row replaces the whole file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.basics.errors import MisfitError
from core.basics.files import ROOT, locked, write_whole
from core.data import damage
from core.data.tasks import REGIMES
from core.study.plan import CLASSES, STUDIES, Cell

CSV = ROOT / "results.csv"
DEFECTS = ROOT / "defects.csv"

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
    "looks_normal": float,
    "looks_normal_own": float,
    "judge_accuracy": float,
    "seconds": float,
    "recipe": str,
}

DEFECT_COLUMNS = {
    "method": str,
    "regime": str,
    "normal": str,
    "seed": int,
    "variant": str,
    "kind": str,
    "size": str,
    "image_auroc": float,
    "pixel_auroc": float,
    "aupro": float,
    "hit": float,
    "recipe": str,
}

CELL = ["variant", "regime", "method", "normal", "left_out", "anomalies", "seed"]  # together they identify a row


def read() -> pd.DataFrame:
    """Read the finished cells, one a row; empty when there are none yet. Raises MisfitError when the file is damaged."""
    rows = _read(CSV, COLUMNS)
    return _sound(
        CSV,
        rows,
        rows["regime"].isin(REGIMES)
        & rows["normal"].isin(CLASSES)
        & rows["left_out"].isin(["", *CLASSES])
        & rows[["auroc", "auroc_low", "auroc_high"]].apply(lambda column: column.between(0.0, 1.0)).all(axis=1)
        & rows["recipe"].str.fullmatch("[0-9a-f]{12}", na=False),  # the last column: no line is cut off
    )


def read_defects() -> pd.DataFrame:
    """Read the figures of defects, one kind and size a row. A figure is nan where no defect was to be seen.

    Empty when there are none yet. Raises MisfitError when the file is damaged.
    """
    rows = _read(DEFECTS, DEFECT_COLUMNS)
    measured = rows[["image_auroc", "pixel_auroc", "aupro", "hit"]]
    return _sound(
        DEFECTS,
        rows,
        rows["regime"].isin(REGIMES)
        & rows["normal"].isin(CLASSES)
        & rows["kind"].isin(damage.KINDS)
        & rows["size"].isin(damage.SIZES)
        & (measured.isna() | ((measured >= 0.0) & (measured <= 1.0))).all(axis=1)
        & rows["recipe"].str.fullmatch("[0-9a-f]{12}", na=False),
    )


def _read(path: Path, columns: dict[str, type]) -> pd.DataFrame:
    """Read a table with these columns; figures may be left out. Raises MisfitError."""
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    empty = {name: [""] for name, kind in columns.items() if kind is float}
    try:
        rows = pd.read_csv(path, dtype=columns, keep_default_na=False, na_values=empty)
    except (OSError, ValueError, OverflowError, pd.errors.ParserError) as error:
        raise MisfitError(
            f"{path} is damaged ({' '.join(str(error).split())}). Restore it, or move it away to measure everything again."
        ) from error
    if list(rows.columns) != list(columns):
        raise MisfitError(
            f"{path} has other columns than this Misfit writes. Restore it, or move it away to measure everything again."
        )
    return rows


def _sound(path: Path, rows: pd.DataFrame, sound: pd.Series) -> pd.DataFrame:
    """Return the rows when all of them are sound. Raises MisfitError that names the first other line."""
    if not sound.all():
        raise MisfitError(
            f"{path} is damaged (line {int(np.argmin(sound)) + 2} is no measurement). Restore it, or move it away to measure "
            "everything again."
        )
    return rows


def drop_gone() -> int:
    """Remove the rows whose recipe no planned cell has; return how many of results.csv. Raises MisfitError, OSError."""
    planned = {cell.recipe for study in STUDIES.values() for cell in study()}
    with locked(CSV.parent):  # two sweeps that read and write at once would each lose the other's row
        rows, defects = read(), read_defects()
        gone, gone_defects = ~rows["recipe"].isin(planned), ~defects["recipe"].isin(planned)
        if gone.any():
            _write(CSV, rows[~gone])
        if gone_defects.any():
            _write(DEFECTS, defects[~gone_defects])
    return int(gone.sum())


def missing(cells: list[Cell]) -> list[Cell]:
    """Return the cells that lack what they should have: a row of results.csv, rows of defects.csv, or both.

    Raises MisfitError.
    """
    rows, defects = set(read()["recipe"]), set(read_defects()["recipe"])
    return [
        cell
        for cell in cells
        if (cell.has_row and cell.recipe not in rows) or (cell.has_defects and cell.recipe not in defects)
    ]


def progress() -> tuple[int, int]:
    """Return how many cells of the whole plan are measured, and how many there are. Raises MisfitError."""
    planned = [cell for study in STUDIES.values() for cell in study()]
    return len(planned) - len(missing(planned)), len(planned)


def add(row: dict[str, Any] | None, defects: Sequence[dict[str, Any]] = ()) -> None:
    """Add the row of a cell and its rows of defects, whichever it has. Raises MisfitError, OSError.

    A changed recipe's rows replace the old ones.
    """
    with locked(CSV.parent):
        rows, before = read(), read_defects()  # both are sound before either is written
        if defects:
            new = pd.DataFrame(list(defects)).astype(DEFECT_COLUMNS)
            whole = [name for name in CELL if name in DEFECT_COLUMNS]
            old = pd.MultiIndex.from_frame(before[whole]).isin(pd.MultiIndex.from_frame(new[whole]))
            _write(DEFECTS, pd.concat([before[~old], new]).sort_values([*whole, "kind", "size"]))
        if row is not None:
            new = pd.DataFrame([row]).astype(COLUMNS)
            _write(CSV, pd.concat([rows, new]).drop_duplicates(CELL, keep="last").sort_values(CELL))


def _write(path: Path, rows: pd.DataFrame) -> None:
    digits = "%.6f" if path == CSV else "%.4f"
    write_whole(path, rows.to_csv(index=False, float_format=digits).encode())
