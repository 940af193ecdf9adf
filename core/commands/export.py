"""python -m core export: write a model to one file that runs without Misfit."""

import argparse
import json
from pathlib import Path

from core.commands.options import add_checkpoint, add_json, load_checkpoint


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    from core.line.export import FORMATS

    export = commands.add_parser(
        "export",
        help="write a model to one file that runs without Misfit",
        description="Write a model, its score and its card to one file. Its scores are compared with Misfit's own; where they "
        "differ by more than 0.0001, nothing is written. docs/deploy.md shows how to run the file.",
    )
    export.add_argument("--format", choices=FORMATS, default="onnx", help="(default: onnx)")
    export.add_argument(
        "--out", type=Path, metavar="FILE", help="(default: MODEL-CLASS.onnx or .pt2, in the working folder)"
    )
    add_checkpoint(export)
    add_json(export)
    export.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError, OSError."""
    from core.line import export

    checkpoint = load_checkpoint(options)
    name = f"{checkpoint.card.model}-{checkpoint.task.normal}{export.SUFFIXES[options.format]}"
    path = options.out or Path(name)
    difference = export.export(checkpoint, options.format, path)
    size = path.stat().st_size
    if options.json:
        print(json.dumps({"file": str(path), "bytes": size, "largest_difference": difference}, indent=1))
    else:
        print(f"{path}, {size / 1e6:.1f} MB; its scores differ from Misfit's by {difference:.2g} at most")
    return 0
