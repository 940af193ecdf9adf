"""python -m core fetch: download the full training split of Fashion-MNIST."""

import argparse

from core.data import fashion_mnist


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    fetch = commands.add_parser(
        "fetch",
        help="download the full training split",
        description="Download Fashion-MNIST with torchvision into data/downloaded.",
    )
    fetch.add_argument(
        "--mirror", metavar="URL", help="a base address that serves the four .gz files (default: Zalando's)"
    )
    fetch.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    for _ in fashion_mnist.fetch(options.mirror):  # torchvision draws a bar for each file
        pass
    print(
        f"Fashion-MNIST is in {fashion_mnist.DOWNLOADED}; training now uses {len(fashion_mnist.load('train').images)} images."
    )
    return 0
