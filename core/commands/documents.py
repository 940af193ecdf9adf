"""python -m core documents: write README, RESULTS.md and the model cards from the figures, or check them."""

import argparse
import sys


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    documents = commands.add_parser(
        "documents",
        help="write the figures of README, RESULTS.md and the model cards",
        description="Write the figures of README.md, RESULTS.md and docs/model-card-<model>.md from results.csv and the cards in checkpoints/.",
    )
    documents.add_argument("--check", action="store_true", help="write nothing; name what differs (exit code 2)")
    documents.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.study import documents

    if not options.check:
        return write_documents()
    wrong = documents.check()
    for line in wrong:
        print(f"misfit: {line}", file=sys.stderr)
    print(
        "`python -m core documents` writes them anew; what is wrong on a card is not." if wrong
        else "README, RESULTS.md and the model cards say what results.csv and the cards in the box say."
    )  # fmt: skip
    return 2 if wrong else 0


def write_documents() -> int:
    """Write the documents that differ and name them on stderr. Return 0."""
    from core.study import documents

    for path in documents.write():
        print(f"Written: {path}.", file=sys.stderr)
    return 0
