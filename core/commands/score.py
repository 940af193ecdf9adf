"""python -m core score: score pictures; with --maps, also store them repaired and their residuals as pictures."""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from core.basics.errors import MisfitError
from core.basics.files import write_whole
from core.commands.options import add_checkpoint, add_json, load_checkpoint
from core.data import catalog

KINDS = ("repaired", "residual")  # of the pictures that --maps writes


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    score = commands.add_parser(
        "score",
        help="score pictures",
        description="Score pictures: higher = more anomalous. Files that cannot be read are named; the others are still scored.",
    )
    score.add_argument("files", nargs="+", type=Path, metavar="FILE")
    score.add_argument(
        "--background",
        choices=("auto", "light", "dark"),
        default="auto",
        help="of the pictures; light ones are inverted (default: auto, as each one's border is)",
    )
    score.add_argument("--whole", action="store_true", help="fit the whole picture, do not trim it to the garment")
    score.add_argument(
        "--turn",
        type=int,
        choices=range(4),
        default=0,
        help="quarter turns clockwise before anything else (default: 0)",
    )
    score.add_argument(
        "--maps",
        type=Path,
        metavar="DIR",
        help="write NAME.repaired.png, the picture as it would be if it were normal, and NAME.residual.png, its difference to "
        "the picture a pixel (8-bit grey; 255 is a difference of 1 or more on the scale 0 to 2), at the model's resolution. "
        "NAME is the file's name without its suffix; a second picture of that name becomes NAME-2. Earlier maps are replaced.",
    )
    add_checkpoint(score)
    add_json(score)
    score.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.data import decoding
    from core.judging import intake, judgement, novelty

    checkpoint = load_checkpoint(options)
    steps = intake.Steps(
        {"auto": None, "dark": False, "light": True}[options.background], not options.whole, options.turn
    )
    targets = _targets(options.files, options.maps) if options.maps else [None] * len(options.files)
    pictures, problems = [], []
    for path, target in zip(options.files, targets, strict=True):
        try:
            image = intake.take(decoding.read_file(path), checkpoint.task.data, str(path), steps).image
            pictures.append((path, target, image))
        except MisfitError as error:
            problems.append(str(error))
    answer = []
    if pictures:
        images = np.stack([image for *_, image in pictures])
        data = catalog.get(checkpoint.task.data.key)
        known = novelty.fit(data.load("train"))
        judgements = judgement.judge(
            checkpoint, checkpoint.generator(), images, known, data.load("test"), checkpoint.threshold
        )
        for (path, target, image), result in zip(pictures, judgements, strict=True):
            row = result.row(str(path))
            if target:
                row |= _write_maps(target, image, result.reconstruction, problems)
            answer.append(row)
    _print(answer, options)
    for problem in problems:
        print(f"misfit: {problem}", file=sys.stderr)
    return 2 if problems else 0


def _print(answer: Sequence[dict], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(answer, indent=1))
        return
    for row in answer:
        print(
            f"{row['verdict']:10} score {row['score']:.4f}, above {row['percentile']:.1f} % of normals  {row['file']}"
            + (f"  ({row['reason']})" if row["verdict"] == "can't tell" else "")
        )
    if options.maps:
        written = sum(row[kind] is not None for row in answer for kind in KINDS)
        print(f"{written} maps of {len(answer)} pictures are in {options.maps}")


def _targets(files: Sequence[Path], folder: Path) -> list[Path]:
    """Return DIR/NAME for the maps of each file; no two are the same. Make the folder `folder`.

    Raises MisfitError when the folder cannot be written to, or when a map would replace one of the files.
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
    targets = [folder / name for name in _names(path.stem for path in files)]
    pictures = {path.resolve() for path in files}
    for target in targets:
        for path in _paths(target).values():
            if path.resolve() in pictures:
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


def _paths(target: Path) -> dict[str, Path]:
    return {kind: target.with_name(f"{target.name}.{kind}.png") for kind in KINDS}


def _write_maps(
    target: Path, image: np.ndarray, reconstruction: np.ndarray, problems: list[str]
) -> dict[str, str | None]:
    """Write the pictures of KINDS; return their paths, None for one that could not be written and is in `problems`."""
    from PIL import Image

    from core.gans import maps
    from core.store.examples import to_grey

    residual = maps.residual(image[None], reconstruction[None])[0]
    pictures = (to_grey(reconstruction).squeeze(), (255.0 * residual).round().clip(0, 255).astype(np.uint8))
    written: dict[str, str | None] = {}
    for (kind, path), pixels in zip(_paths(target).items(), pictures, strict=True):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        try:
            write_whole(path, buffer.getvalue())
            written[kind] = str(path)
        except OSError as error:
            problems.append(f"{path} cannot be written ({error.strerror}).")
            written[kind] = None
    return written
