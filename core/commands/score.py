"""python -m core score: score pictures."""

import argparse
import json
import sys
from pathlib import Path

from core.basics.errors import MisfitError
from core.commands.options import add_checkpoint, add_json, load_checkpoint
from core.data import catalog


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
    add_checkpoint(score)
    add_json(score)
    score.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.judging import decoding, intake, judgement, novelty

    checkpoint = load_checkpoint(options)
    steps = intake.Steps(
        {"auto": None, "dark": False, "light": True}[options.background], not options.whole, options.turn
    )
    pictures, problems = [], []
    for path in options.files:
        try:
            pictures.append((path, intake.take(decoding.read_file(path), checkpoint.task.data, str(path), steps).image))
        except MisfitError as error:
            problems.append(str(error))
    answer = []
    if pictures:
        import numpy as np

        images = np.stack([image for _, image in pictures])
        data = catalog.get(checkpoint.task.data.key)
        known = novelty.fit(data.load("train"))
        judgements = judgement.judge(
            checkpoint, checkpoint.generator(), images, known, data.load("test"), checkpoint.threshold
        )
        answer = [result.row(str(path)) for (path, _), result in zip(pictures, judgements, strict=True)]
    if options.json:
        print(json.dumps(answer, indent=1))
    else:
        for row in answer:
            print(
                f"{row['verdict']:10} score {row['score']:.4f}, above {row['percentile']:.1f} % of normals  {row['file']}"
                + (f"  ({row['reason']})" if row["verdict"] == "can't tell" else "")
            )
    for problem in problems:
        print(f"misfit: {problem}", file=sys.stderr)
    return 2 if problems else 0
