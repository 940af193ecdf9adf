"""python -m core examples: store the reconstructions that the Overview shows."""

import argparse

from core.data.fashion_mnist import FASHION_MNIST


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    examples = commands.add_parser(
        "examples",
        help="store the reconstructions that the Overview shows",
        description="Store what every shipped model makes of the Overview's example images in data/examples.safetensors.",
    )
    examples.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.store import examples

    models = examples.write(FASHION_MNIST.load("test"))
    print(f"Written: {examples.STORED}, reconstructions by {len(models)} models.")
    return 0
