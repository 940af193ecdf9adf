"""python -m core score: score pictures; with --maps, also store them repaired and their residuals as pictures."""

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.basics.errors import MisfitError
from core.basics.files import write_whole
from core.commands.options import add_checkpoint, add_intake, add_json, add_threshold, load_checkpoint, wishes
from core.line import map_files

if TYPE_CHECKING:
    from core.judging.many import Picture


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    score = commands.add_parser(
        "score",
        help="score pictures",
        description="Score pictures: higher = more anomalous. Files that cannot be read are named; the others are still scored.",
    )
    score.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a picture, or a folder or zip of pictures, as many as there are",
    )
    add_intake(score)
    score.add_argument(
        "--maps",
        type=Path,
        metavar="DIR",
        help="write NAME.repaired.png, the picture as it would be if it were normal, and NAME.residual.png, its difference to "
        "the picture a pixel (8-bit grey; 255 is a difference of 1 or more on the scale 0 to 2), at the model's resolution. "
        "NAME is the file's name without its suffix; a second picture of that name becomes NAME-2. Earlier maps are replaced.",
    )
    add_threshold(score)
    add_checkpoint(score)
    add_json(score)
    score.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.judging import many
    from core.line import model

    opened = model.opened(load_checkpoint(options), wishes(options))
    scored, failed, maps = 0, 0, 0
    with many.opened(options.files) as pictures, _printed(options) as show:
        targets = iter(_targets(pictures, options.maps) if options.maps else [None] * len(pictures))
        for some in many.taken(pictures, opened.checkpoint.task.data, opened.wishes.steps):
            judged = iter(opened.judge([image for _, image in some if not isinstance(image, str)]))
            problems = []
            for (name, image), target in zip(some, targets, strict=False):
                if isinstance(image, str):
                    problems.append(image)
                    continue
                result = next(judged)
                scored += 1
                row = result.row(name)
                if target:
                    row |= _write_maps(target, image, result.reconstruction, problems)
                    maps += sum(row[kind] is not None for kind in map_files.KINDS)
                show(row)
            for problem in problems:
                print(f"misfit: {problem}", file=sys.stderr)
            failed += len(problems)
    if options.maps and not options.json:
        print(f"{maps} maps of {scored} pictures are in {options.maps}")
    return 2 if failed else 0


@contextlib.contextmanager
def _printed(options: argparse.Namespace) -> Iterator[Callable[[dict], None]]:
    """Give a function that prints a row as soon as it is known. A list of JSON is closed whatever happens meanwhile."""
    begun = False

    def show(row: dict) -> None:
        nonlocal begun
        if options.json:
            print(",\n " if begun else "[\n ", json.dumps(row, indent=1).replace("\n", "\n "), sep="", end="")
        else:
            print(
                f"{row['verdict']:10} score {row['score']:.4f}, above {row['percentile']:.1f} % of normals  {row['file']}"
                f"  ({row['reason']})"
            )
        begun = True

    try:
        yield show
    except BaseException:
        if options.json and begun:
            print("\n]")
        raise
    if options.json:
        print("\n]" if begun else "[]")


def _targets(pictures: "Sequence[Picture]", folder: Path) -> list[Path]:
    """Return DIR/NAME for the maps of each picture; no two are the same. Make the folder `folder`.

    Raises MisfitError when the folder cannot be written to, or when a map would replace one of the pictures.
    """
    if folder.exists() and not folder.is_dir():
        raise MisfitError(f"{folder} is a file; --maps needs a folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise MisfitError(
            f"Nothing can be written to {folder} ({error.strerror}); name another folder with --maps."
        ) from error
    targets = [folder / name for name in _names(Path(picture.name).stem for picture in pictures)]
    files = {Path(picture.name).resolve() for picture in pictures}
    for target in targets:
        for path in map_files.paths(target).values():
            if path.resolve() in files:
                raise MisfitError(
                    f"{path} is one of the pictures; a map would replace it. Name another folder with --maps."
                )
    return targets


def _names(stems: Iterable[str]) -> list[str]:
    """Give each stem a name of its own: NAME, NAME-2, NAME-3 …; upper and lower case count as the same."""
    stems = list(stems)
    names: list[str] = []
    taken: set[str] = set()
    own = {stem.casefold() for stem in stems}
    for stem in stems:
        name, number = stem, 1
        while name.casefold() in taken or (number > 1 and name.casefold() in own):
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _write_maps(
    target: Path, image: np.ndarray, reconstruction: np.ndarray, problems: list[str]
) -> dict[str, str | None]:
    """Write the maps; return their paths by kind, None for one that could not be written and is in `problems`."""
    written: dict[str, str | None] = {}
    for kind, content in map_files.pictures(image, reconstruction).items():
        path = map_files.paths(target)[kind]
        try:
            write_whole(path, content)
            written[kind] = str(path)
        except OSError as error:
            problems.append(f"{path} cannot be written ({error.strerror}).")
            written[kind] = None
    return written
