"""All of it: `make torture`, or `python -m tests.torture [PART …]`. Prints a table; `--write` puts it into docs/torture.md."""

import argparse
import datetime
import itertools
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core.basics.files import ROOT
from core.basics.text import markdown_table
from tests.torture import crashes, line, links, watch
from tests.torture.crowd import crowd
from tests.torture.watch import Ended, Row

SEED = 20261123
REFUSED = {
    "pictures": 2000,
    "checkpoints": 2000,
    "archives": 500,
    "idx": 500,
    "folders": 500,
    "records": 500,
    "photos": 500,
    "kept": 500,
}  # at least
NAMES = {
    "pictures": "pictures: PNG, JPEG, WebP, BMP, GIF",
    "checkpoints": "checkpoints and cards",
    "archives": "models to import, zips and loose files",
    "idx": "IDX and gzip files of Fashion-MNIST",
    "folders": "data sets of one's own: IDX folders, classes.txt, places.json",
    "records": "training states, statuses, histories, surveys",
    "photos": "photos: zips, folders, masks",
    "kept": "data sets of photos: photos.json, photos.npy, masks.npy",
}
KILLS = 120
SESSIONS, REQUESTS = 20, 2000
MOST_GROWTH = 0.10
WRITTEN = ROOT / "docs" / "torture.md"
Line = tuple[str, str, str, list[str]]  # what, how often, figures, what was lost


def files(kind: str) -> Line:
    """Malformed files of a kind until enough were refused."""
    refused = itertools.count(1)

    def enough(one: Ended) -> bool:
        return one.how == "refused" and next(refused) >= REFUSED[kind]

    row = Row.of(NAMES[kind], watch.attack(kind, SEED, itertools.count(), enough))
    return _line(row, f"{row.tried:,} tried, {row.refused:,} refused, the others sound enough to be taken")


def link_parameters() -> Line:
    row = Row.of("link parameters", links.parameters(SEED, 1000))
    return _line(row, f"{row.tried:,} tried, {row.refused:,} refused")


def link_pages() -> Line:
    row = Row.of("whole pages with hostile links", list(links.pages(SEED, 40)))
    return row.what, f"{row.tried} opened, {row.refused} with a warning that names what was wrong", "", row.lost


def run_names() -> Line:
    row = Row.of("names of runs", links.names(SEED, 1000))
    return _line(row, f"{row.tried:,} tried, {row.refused:,} refused, the others slugs")


def kills(what: str) -> Line:
    times, whole, lost = crashes.kills(what, SEED, KILLS)
    name = {
        "checkpoint": "checkpoint save",
        "status": "run status",
        "fetch": "download",
        "sweep": "results.csv",
        "photos": "photos kept",
    }[what]
    return f"kill −9 during {name}", f"{times} kills", f"{whole} times whole files found, else nothing yet", lost


def watch_kills() -> Line:
    times, photos, lost = line.kills(SEED, KILLS)
    return "kill −9 during watch", f"{times} kills", f"{photos:,} photos, each judged once and moved", lost


def refusals() -> Line:
    tried, lost = crashes.refusals()
    return (
        "full disk, read-only folder, no folder",
        f"{tried} writes refused",
        "the old files whole, nothing left over",
        lost,
    )


def a_crowd() -> Line:
    from tests.e2e.conftest import Server

    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        server = Server(Path(folder))
        try:
            found = crowd(server.address, server.process.pid, SESSIONS, REQUESTS, SEED)
        finally:
            server.stop()
        said = server.log.read_text()
    lost = found.lost + [
        f"the server says: {line}" for line in said.splitlines() if "Error" in line or "Traceback" in line
    ]
    if found.growth > MOST_GROWTH:
        lost.append(f"memory grew by {found.growth:.1%}")
    alone, together = (np.percentile(times, 95) for times in (found.alone, found.together))
    looks = sorted(found.memory)
    return (
        f"crowd of {found.sessions} sessions, both GANs",
        f"{len(found.together):,} requests, {found.pictures} pictures",
        f"95 % within {together:.2f} s ({alone:.2f} s for one session alone); server's memory from request {looks[0]:,} to "
        f"{looks[-1]:,}: {found.memory[looks[0]] / 1e6:.0f} to {found.memory[looks[-1]] / 1e6:.0f} MB ({found.growth:+.1%})",
        lost,
    )


def _line(row: Row, tried: str) -> Line:
    figures = f"{row.seconds:.2f} s" + (f", {row.bytes / 1e6:.0f} MB" if row.bytes else "") + " at worst"
    return row.what, tried, figures, row.lost


PARTS: dict[str, list[Callable[[], Line]]] = {
    "files": [lambda kind=kind: files(kind) for kind in REFUSED],  # type: ignore[misc]
    "links": [link_parameters, link_pages, run_names],
    "crashes": [*(lambda what=what: kills(what) for what in crashes.WRITERS), watch_kills, refusals],  # type: ignore[misc]
    "crowd": [a_crowd],
}


def main() -> int:
    """0 when nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--write", action="store_true", help=f"write the table to {WRITTEN.relative_to(ROOT)}")
    options = parser.parse_args()
    os.environ.pop("FASHION_MNIST_DIR", None)
    logging.disable(logging.WARNING)  # Streamlit wonders each time that there is no browser
    begun, lines = time.monotonic(), []
    for row in _done(options.parts or list(PARTS)):
        lines.append(row)
        print(f"{row[0]}: {row[1]}; {row[2]}; lost: {len(row[3])}", flush=True)
        for one in row[3][:20]:
            print(f"  {one}", flush=True)
    lost = sum(len(row[3]) for row in lines)
    print(f"\n{_table(lines)}\nSeed {SEED}; {time.monotonic() - begun:.0f} s. Lost: {lost or 'nothing'}.")
    if options.write:
        today = datetime.datetime.now(datetime.UTC).date()
        WRITTEN.write_text(_HEAD + _table(lines) + f"\nMeasured {today} on two cores, seed {SEED}.\n", "utf-8")
    return 1 if lost else 0


def _done(parts: list[str]) -> Iterator[Line]:
    """The lines as they come: files and crashes two at a time, the rest alone."""
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(one) for part in ("files", "crashes") if part in parts for one in PARTS[part]]
        for one in waiting:
            yield one.result()
    for part in ("links", "crowd"):
        for work in PARTS[part] if part in parts else []:
            yield work()


def _table(lines: list[Line]) -> str:
    rows = [[what, tried, figures, str(len(lost) or "nothing")] for what, tried, figures, lost in lines]
    return markdown_table(["", "tried", "figures", "lost"], rows) + "\n"


_HEAD = """# Hostile files, crashes, crowds

`make torture` makes this table anew, in a quarter of an hour on two cores; `make test` runs a share of each line.

Malformed files are real ones with bits flipped, cut off, spliced, their lengths, offsets and types edited, their hashes and
checksums made to fit again; and bombs: files that unpack to gigabytes, have a million parts or ask for networks of any size.
A pickle that would leave a mark lies in every place where a file can come in; no pickle is ever opened, nor a process started.
*Lost* is a case that did not end in Misfit's own error with one line, took longer than 2 s (scoring every image of a model to
import not counted) or more than 300 MB, ended the process, or left a file, an open file or a thread behind. After a kill, *lost* is a file that is neither the old nor the new one.
In the crowd it is an answer that differs by a letter or a pixel from the one that a single session gets, or a score that differs
by a bit from the one that a single process gives that image.

"""

if __name__ == "__main__":
    sys.exit(main())
