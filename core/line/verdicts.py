"""The file of verdicts: one line a photo, appended whole; it also tells after a kill which photos have been judged.

A line reaches the disk before anything else happens to its photo. A kill in the middle of a line leaves a beginning
without an end, which the next start cuts off: then that photo is judged again, and the others never are.
"""

import csv
import fcntl
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.basics.errors import DataError
from core.basics.text import as_line, cell
from core.line import photo
from core.line.photo import Key

FIELDS = (
    "time",  # when it was judged, UTC
    "file",
    "size",  # bytes
    "modified",  # nanoseconds since 1970
    "verdict",
    "score",
    "percentile",
    "threshold",
    "farness",
    "reason",
    "model",  # first digits of the weights' SHA-256
)
_LONGEST = 2**20  # bytes of a line


class Verdicts:
    """The open file. `judged` has the verdict of every photo that is known to have been judged and still to be there."""

    def __init__(self, path: Path, as_json: bool = False) -> None:
        """Open or create the file and make its end whole. Raises DataError for a file that is something else or in use."""
        self.path, self.as_json = path, as_json
        self.judged: dict[Key, str] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._mend()
        except BlockingIOError:
            os.close(self._handle)
            raise DataError(f"Another watch writes to {as_line(path)}; name another file with --out.") from None
        except BaseException:
            os.close(self._handle)
            raise

    def close(self) -> None:
        """Close the file, which also lets another process open it."""
        os.close(self._handle)

    def recall(self, folder: Path) -> None:
        """Read which of the photos that are still in `folder` have been judged.

        Raises DataError for a line that is not ours, OSError.
        """
        there = {key for _, key in photo.listed(folder)}
        with open(self.path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            for number, row in enumerate(_rows(file, self.as_json), 1 if self.as_json else 2):
                try:
                    key = Key(row["file"], int(row["size"]), int(row["modified"]))
                    verdict = str(row["verdict"])
                    if not key.name.isprintable():  # also of bytes that are no text
                        raise ValueError
                except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
                    raise DataError(
                        f"Line {number} of {as_line(self.path)} is not one that was written here. Put it right, or name "
                        "another file with --out: then the photos that are still there are judged again."
                    ) from None
                if key in there:
                    self.judged[key] = verdict

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Append a line for each row and have them on the disk; all or none. Raises OSError."""
        if not rows:
            return
        content = "".join(self._line(row) for row in rows).encode()
        end = os.fstat(self._handle).st_size
        try:
            _write(self._handle, content)
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, end)
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        for row in rows:
            self.judged[Key(row["file"], row["size"], row["modified"])] = row["verdict"]

    def _line(self, row: dict[str, Any]) -> str:
        values = {name: row.get(name) for name in FIELDS}
        if self.as_json:
            return json.dumps(values, ensure_ascii=False) + "\n"
        text = io.StringIO()
        cells = [cell(value) if isinstance(value, str) and value != row["file"] else value for value in values.values()]
        csv.writer(text, lineterminator="\n").writerow(cells)
        return text.getvalue()

    def _mend(self) -> None:
        """Write the head of a new file; cut off a last line that a kill left without its end. Raises DataError, OSError."""
        head = b"" if self.as_json else (",".join(FIELDS) + "\n").encode()
        size = os.fstat(self._handle).st_size
        begins = os.pread(self._handle, _LONGEST, 0)
        first, whole, _ = begins.partition(b"\n")
        ours = first.startswith(b'{"time":') if self.as_json else first + whole == head
        # Of a file without a whole line, a kill has left the beginning of the first.
        part = b'{"time":'.startswith(first[:8]) if self.as_json else head.startswith(first)
        if size and not (ours if whole else part and size == len(first)):
            raise DataError(
                f"{as_line(self.path)} is there already and has other lines than {'JSON' if self.as_json else 'CSV'} "
                "verdicts; name another file with --out."
            )
        last = os.pread(self._handle, _LONGEST, max(0, size - _LONGEST))
        unfinished = len(last) - (last.rfind(b"\n") + 1)
        if unfinished:
            size -= unfinished
            os.ftruncate(self._handle, size)
        if not size:
            _write(self._handle, head)


def _write(handle: int, content: bytes) -> None:
    """Write all bytes; a disk that fills up takes a part first. Raises OSError."""
    while content:
        content = content[os.write(handle, content) :]


def _rows(file: Any, as_json: bool) -> Iterator[Any]:
    """Yield each line as a dictionary, or as something else where it is none."""
    rows: Iterator[Any] = map(json.loads, file) if as_json else csv.DictReader(file)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except (ValueError, RecursionError, csv.Error):
            yield None
