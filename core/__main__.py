"""The command line: python -m core data | train | evaluate | score | watch | serve | export | results | documents | examples | fetch."""

import argparse
import sys

from core.basics.errors import MisfitError
from core.commands import data, documents, evaluate, examples, export, fetch, results, score, serve, train, watch

COMMANDS = (data, train, evaluate, score, watch, serve, export, results, documents, examples, fetch)


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0 on success, 2 after an error that the user can correct (named in one line on stderr),
    130 after Ctrl+C."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except MisfitError as error:
        print(f"misfit: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # such as a full disk or a read-only folder
        print(f"misfit: {error.filename or 'The disk'}: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("misfit: interrupted.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Anomaly detection in images with two GANs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
