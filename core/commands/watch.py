"""python -m core watch: judge every photo that comes into a folder, once."""

import argparse
from pathlib import Path

from core.basics.errors import MisfitError
from core.basics.text import as_line
from core.commands.options import add_checkpoint, add_intake, add_threshold, load_checkpoint, tell, wishes
from core.commands.stopping import Stop

SETTLE = 2.0  # seconds


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    watch = commands.add_parser(
        "watch",
        help="judge every photo that comes into a folder",
        description="Judge every photo in a folder, and every one that comes, once it is completely written. Each verdict is "
        "a line in a file. After a stop or a crash the same command goes on: no photo is judged twice, none is left out. "
        "Ctrl+C or SIGTERM ends it after the photos in hand. docs/operations.md says more.",
    )
    watch.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where the photos come; folders within are not watched"
    )
    watch.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the verdicts go")
    watch.add_argument("--json", action="store_true", help="write a JSON object a line instead of CSV")
    watch.add_argument(
        "--maps", type=Path, metavar="DIR", help="write NAME.repaired.png and NAME.residual.png for each photo"
    )
    watch.add_argument(
        "--move",
        type=Path,
        metavar="DIR",
        help="move judged photos to DIR/normal, DIR/anomaly, DIR/cant-tell and DIR/unreadable",
    )
    watch.add_argument(
        "--settle",
        type=float,
        default=SETTLE,
        metavar="S",
        help="seconds without a change after which a photo counts as finished where the system does not tell, and after which "
        f"one that cannot be read is given up (default: {SETTLE:g})",
    )
    watch.add_argument("--once", action="store_true", help="end when no photo waits")
    add_threshold(watch)
    add_intake(watch)
    add_checkpoint(watch)
    watch.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError, OSError."""
    from core.line import model, moving
    from core.line.arrivals import Arrivals
    from core.line.verdicts import Verdicts
    from core.line.watching import Watch

    folder = options.folder.resolve()
    if not folder.is_dir():
        raise MisfitError(f"{as_line(options.folder)} is no folder; name the one that the photos come into.")
    if not 0.0 < options.settle <= 3600.0:
        raise MisfitError(f"--settle is {options.settle:g}; it must be above 0 and at most 3600 seconds.")
    if options.maps and options.maps.resolve() == folder:
        raise MisfitError("--maps names the watched folder, where maps would be taken for photos; name another folder.")
    opened = model.opened(load_checkpoint(options), wishes(options))
    move = moving.prepared(options.move, folder) if options.move else None
    verdicts = Verdicts(options.out, options.json)
    try:
        verdicts.recall(folder)
        arrivals = Arrivals(folder, verdicts.judged, options.settle)
        try:
            watch = Watch(folder, opened, verdicts, arrivals, options.maps, move, tell)
            how = "as the system tells" if arrivals.events else "looking every second"
            tell(f"watching {as_line(folder)} ({how}); {opened.name} judges at the threshold {opened.threshold:.4f}.")
            with Stop() as stop:
                watch.run(stop, options.once)
        finally:
            arrivals.close()
        tell(watch.summary())
    finally:
        verdicts.close()
    return 0
