"""How far a garment is turned: the angle at which it mirrors itself best, else that of its smallest upright box."""

import numpy as np

MOST = 21  # degrees; a garment that is turned further is left as it lies
ANGLES = np.arange(-MOST - 2.0, MOST + 3.0)
CELLS = 24  # the garment's pixels are counted in 24×24 cells
PIXELS = 2500  # at most so many of them are looked at
MIRRORED = 0.78  # share of its cells in which a garment must mirror itself; shoes and sandals do not
LEAST, BETTER = 3, 0.04  # degrees from which on a garment is turned, and how much better it must mirror itself then
# For others: degrees, and the share of its upright box that the turned one may have at most.
LEAST_BOXED, SMALLER = 8, 0.9


def tilt(mask: np.ndarray) -> float:
    """Return by how many degrees a garment, bool [H, W], is turned clockwise from upright; 0 where it hardly is, or too far.

    On training garments the median error is half a degree for clothes, which mirror themselves, and 1.5 for shoes.
    """
    rows, columns = np.nonzero(mask)
    if len(rows) < CELLS:
        return 0.0
    rows, columns = (each[:: max(1, len(rows) // PIXELS)] for each in (rows, columns))
    at = np.stack([columns - columns.mean(), rows - rows.mean()])
    turns = np.deg2rad(ANGLES)[:, None]
    right = np.cos(turns) * at[0] + np.sin(turns) * at[1]  # turned back by each of the angles: [angles, pixels]
    down = np.cos(turns) * at[1] - np.sin(turns) * at[0]
    low, high = np.quantile(right, (0.01, 0.99), 1)
    top, bottom = np.quantile(down, (0.01, 0.99), 1)
    right = right - (low + high)[:, None] / 2
    reach = 1.5 * np.abs(at).max() + 1
    there, mirrored = _counted(right / reach, down / reach), _counted(-right / reach, down / reach)
    alike = np.minimum(there, mirrored).sum(1) / np.maximum(there, mirrored).sum(1)
    boxes, upright = (high - low) * (bottom - top), len(ANGLES) // 2
    symmetric = alike.max() >= MIRRORED
    place = alike.argmax() if symmetric else boxes.argmin()
    sure = alike[place] - alike[upright] >= BETTER if symmetric else boxes[place] <= SMALLER * boxes[upright]
    best = float(ANGLES[place])
    return best if sure and (LEAST if symmetric else LEAST_BOXED) <= abs(best) <= MOST else 0.0


def _counted(right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Count points on [-1, 1] in cells, for each row of [angles, points]: [angles, CELLS²]."""
    column, row = (((each + 1) / 2 * CELLS).astype(int).clip(0, CELLS - 1) for each in (right, down))
    place = (np.arange(len(right))[:, None] * CELLS + row) * CELLS + column
    return np.bincount(place.ravel(), minlength=len(right) * CELLS**2).reshape(len(right), -1).astype(float)
