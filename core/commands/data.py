"""python -m core data: check photos before anything is trained, show the split, and keep them as a data set."""

import argparse
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.basics.errors import DataError
from core.basics.files import write_whole
from core.basics.text import as_line
from core.commands.options import add_json, add_shape, shaped
from core.data import catalog, idx_folder
from core.data.photos import examples, files, stored
from core.data.photos.division import SPLITS
from core.data.photos.files import Brought
from core.data.photos.reading import Progress, Shape

if TYPE_CHECKING:
    from core.data.photos.bringing import Gathered


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    data = commands.add_parser(
        "data",
        help="check photos of your own, and keep them as a data set",
        description="Check photos in a folder or zip before anything is trained, and show which are for training, "
        "validation and test. Nothing is kept unless --keep is given. Ends with 2 when the check finds an error.",
    )
    data.add_argument(
        "path",
        type=Path,
        nargs="?",
        metavar="PATH",
        help="a folder or zip; docs/photos.md says how it may be arranged",
    )
    data.add_argument("--example", choices=tuple(examples.EXAMPLES), help="photos in the box, instead of PATH")
    data.add_argument("--normal", metavar="CLASS", help="the folder of good items, where none is called good")
    add_shape(data)
    data.add_argument("--name", metavar="NAME", help="of the data set (default: the folder's or zip's)")
    data.add_argument("--keep", action="store_true", help="keep it, so that `train --data NAME` and the pages know it")
    data.add_argument("--split", type=Path, metavar="FILE", help="write which photo went where, as a CSV file")
    add_json(data)
    data.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError, OSError."""
    path = options.path.resolve() if options.path else None
    with _opened(path, options.example) as brought, catalog.scratch() as folder:
        key = options.name or catalog.key_of(brought.name, path)
        gathered = catalog.gather(brought, folder, key, _shape(options, key), options.normal, _progress())
        sound = not any(finding.severity == "error" for finding in gathered.findings)
        if options.split:
            write_whole(options.split, stored.as_csv(gathered.entries, gathered.layout.kinds))
        if options.keep and sound:
            catalog.keep(gathered, key, path)
        print(_as_json(gathered, key) if options.json else _as_text(gathered))
    if options.keep and sound and not options.json:
        print(f"\nKept as {key}: `python -m core train --data {key}` trains on it.")
    return 0 if sound else 2


def _opened(path: Path | None, example: str | None) -> AbstractContextManager[Brought]:
    """List the photos at `path`, or those of an example. Raises DataError."""
    if (path is None) == (example is None):
        raise DataError(f"Name a folder or zip of photos, or --example with one of {' '.join(examples.EXAMPLES)}.")
    if path is None:
        return nullcontext(examples.brought(example or ""))
    if path.is_dir() and idx_folder.is_meant(path):
        raise DataError(f"{path} has IDX files, which are no photos to check; name it as `train --data {path}`.")
    return files.opened(path)


def _shape(options: argparse.Namespace, key: str) -> Shape:
    """Return the shape that was asked for; what was not is as in the data set that is here already, or as suits an example."""
    before = catalog.facts(key)
    shape = before.shape if before else examples.EXAMPLES[options.example].shape if options.example else Shape()
    return shaped(options, shape)


def _progress() -> Progress:
    """Return a function that shows how many photos are decoded, as a bar on stderr."""
    from tqdm import tqdm

    bar = tqdm(unit="photo", delay=0.5, leave=False, file=sys.stderr)  # no bar for a few, nor before an error message

    def show(number: int, whole: int) -> None:
        bar.total = whole
        bar.update(number - bar.n)
        if number == whole:
            bar.close()

    return show


def _as_text(gathered: "Gathered") -> str:
    """Write the counts of the split as a table, then the findings, a line each."""
    counts = {as_line(kind): splits for kind, splits in gathered.counts.items()}
    width = max(map(len, counts)) + 2
    lines = [as_line(gathered.brought.name), "", " " * width + "".join(f"{split:>12}" for split in SPLITS)]
    lines += [
        f"{kind:{width}}" + "".join(f"{splits[split]:12,}" for split in SPLITS) for kind, splits in counts.items()
    ]
    lines += [
        "",
        *(f"{finding.severity.capitalize():8} {as_line(finding.text, 1000)}" for finding in gathered.findings),
    ]
    return "\n".join(lines)


def _as_json(gathered: "Gathered", key: str) -> str:
    """Write the counts, the findings and each photo's split as JSON."""
    kinds = gathered.layout.kinds
    values = {
        "name": key,
        "shape": [gathered.shape.side, gathered.shape.side, gathered.shape.channels],
        "normal": kinds[0],
        "counts": gathered.counts,
        "findings": msgspec.to_builtins(gathered.findings),
        "photos": [
            {"file": entry.photo.path, "class": kinds[entry.photo.label], "split": entry.split, "group": entry.group}
            for entry in gathered.entries
        ],
    }
    return json.dumps(values, indent=1)
