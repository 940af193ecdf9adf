"""Two things timed side by side: interleaved, several times, as a ratio with its spread. And the memory of a process.

A machine that slows down half-way slows both; seconds alone would say more about the neighbours than about the code.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Comparison:
    """`ratio` is theirs / ours, so above 1 we are faster; `low` and `high` are its extremes over the repeats."""

    ours: float  # seconds, median
    theirs: float  # seconds, median
    ratio: float  # median of the repeats' ratios
    low: float
    high: float
    repeats: int

    @property
    def spread(self) -> str:
        return f"{self.ratio:.2f} ({self.low:.2f}–{self.high:.2f})"

    @property
    def inverse(self) -> str:
        """ours / theirs, for what is held against a limit below which nothing can go."""
        return f"{1 / self.ratio:.2f} ({1 / self.high:.2f}–{1 / self.low:.2f})"


def peak_memory(pid: int | str = "self") -> float:
    """Return the resident memory of a process at its highest so far, in MB (VmHWM; Linux). getrusage begins with the parent's."""
    status = Path(f"/proc/{pid}/status").read_text().split()
    return int(status[status.index("VmHWM:") + 1]) / 1024


def compare(ours: Callable[[], float], theirs: Callable[[], float], repeats: int) -> Comparison:
    """Call both in turn `repeats` times, after one unmeasured call each; each returns the seconds it took.

    Which goes first changes every time.
    """
    ours(), theirs()
    mine: list[float] = []
    other: list[float] = []
    for repeat in range(repeats):
        for which, seconds in ((ours, mine), (theirs, other))[:: 1 if repeat % 2 else -1]:
            seconds.append(which())
    ratios = [b / a for a, b in zip(mine, other, strict=True)]
    return Comparison(
        statistics.median(mine),
        statistics.median(other),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        repeats,
    )
