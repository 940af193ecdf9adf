"""Ctrl+C and SIGTERM as a wish to end soon, for commands that run long."""

import signal
from collections.abc import Callable
from types import FrameType


class Stop:
    """Tells whether Ctrl+C or SIGTERM came within the block, and calls `tell` when it comes. A second one ends the process
    at once, as ever."""

    def __init__(self, tell: Callable[[], object] = lambda: None) -> None:
        self._tell = tell

    def __enter__(self) -> "Stop":
        self.came = False
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            signal.signal(number, self._come)
        return self

    def _come(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        self._restore()
        self._tell()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self) -> bool:
        return self.came

    def __exit__(self, *_: object) -> None:
        self._restore()
