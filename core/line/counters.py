"""Figures of a running server in the text format of Prometheus."""

from collections import Counter
from collections.abc import Iterator, Sequence

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SCORES = tuple(step / 20 for step in range(1, 21))  # 0.05 … 1; a shift of scores tells of a moved camera


class Histogram:
    """How many values are at most each of the bounds, and their sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.counts = dict.fromkeys((*bounds, float("inf")), 0)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.sum += value
        for bound in self.counts:
            self.counts[bound] += value <= bound

    def lines(self, name: str) -> Iterator[str]:
        """Yield the lines of the histogram."""
        for bound, count in self.counts.items():
            yield f'{name}_bucket{{le="{"+Inf" if bound == float("inf") else f"{bound:g}"}"}} {count}'
        yield f"{name}_sum {self.sum:.9g}"
        yield f"{name}_count {self.counts[float('inf')]}"


class Counters:
    """Requests by their answer, pictures by their verdict, scores, and how long requests took."""

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        self.pictures: Counter[str] = Counter()
        self.seconds = Histogram(SECONDS)
        self.scores = Histogram(SCORES)

    def text(self, model: str, threshold: float, connections: int) -> str:
        """Return everything as Prometheus reads it."""
        lines = [
            *_head("misfit_requests_total", "counter", "Requests to /score by the status of the answer."),
            *(f'misfit_requests_total{{code="{code}"}} {count}' for code, count in sorted(self.requests.items())),
            *_head("misfit_pictures_total", "counter", "Pictures by verdict."),
            *(
                f'misfit_pictures_total{{verdict="{verdict}"}} {count}'
                for verdict, count in sorted(self.pictures.items())
            ),
            *_head("misfit_request_seconds", "histogram", "Time from a request to its answer."),
            *self.seconds.lines("misfit_request_seconds"),
            *_head("misfit_score", "histogram", "Scores; higher = more anomalous."),
            *self.scores.lines("misfit_score"),
            *_head("misfit_threshold", "gauge", "Score from which on a picture is an anomaly."),
            f'misfit_threshold{{model="{model}"}} {threshold:.9g}',
            *_head("misfit_connections", "gauge", "Open connections."),
            f"misfit_connections {connections}",
        ]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"
