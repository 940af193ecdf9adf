"""Options and output that several commands share."""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.basics.errors import CheckpointError, DataError
from core.basics.names import BACKGROUNDS
from core.basics.text import as_line
from core.data import catalog
from core.data.dataset import DataSet
from core.data.fashion_mnist import FASHION_MNIST
from core.data.photos.reading import SIDES, Shape
from core.data.tasks import REGIMES
from core.gans.config import CONFIGS
from core.metrics.costs import POINTS, Stakes
from core.store import checkpoints
from core.store.checkpoints import Checkpoint

if TYPE_CHECKING:
    from core.line.model import Wishes

_FASHION = FASHION_MNIST.description


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add --model, --normal and --data."""
    parser.add_argument("--model", choices=CONFIGS, default="dcgan", help="which GAN (default: dcgan)")
    parser.add_argument(
        "--normal",
        metavar="CLASS",
        help=f"the normal class (default: the data set's first); of {_FASHION.name}: {' '.join(_FASHION.classes)}",
    )
    parser.add_argument(
        "--data",
        default=_FASHION.key,
        metavar="DIR",
        help="photos in a folder or zip, a folder with the four IDX files of the MNIST family, or the name of a data set here "
        f"(default: {_FASHION.key})",
    )


def add_shape(parser: argparse.ArgumentParser) -> None:
    """Add --size, --grey and --crop: what photos are brought to."""
    parser.add_argument("--size", type=int, choices=SIDES, help="pixels of a photo's side in training (default: 64)")
    parser.add_argument(
        "--grey", action=argparse.BooleanOptionalAction, help="photos without colours, or with them (the default)"
    )
    parser.add_argument(
        "--crop",
        action=argparse.BooleanOptionalAction,
        help="cut the middle square out of photos, or add a margin (the default)",
    )


def shaped(options: argparse.Namespace, shape: Shape) -> Shape:
    """Return the shape that `add_shape`'s options ask for; what they do not say is as in `shape`."""
    size, grey, crop = (getattr(options, name, None) for name in ("size", "grey", "crop"))
    channels = shape.channels if grey is None else 1 if grey else 3
    return Shape(size or shape.side, channels, shape.crop if crop is None else crop)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add --checkpoint, and the options that name a shipped checkpoint."""
    add_model(parser)
    parser.add_argument("--regime", choices=REGIMES, default="seen", help="of the shipped checkpoint (default: seen)")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="DIR", help="a checkpoint's folder, instead of a shipped one"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def add_intake(parser: argparse.ArgumentParser) -> None:
    """Add --background, --whole and --turn, the steps of the intake."""
    parser.add_argument(
        "--background",
        choices=BACKGROUNDS,
        default="auto",
        help="of the pictures; light ones are inverted (default: auto, as each one's border is)",
    )
    parser.add_argument("--whole", action="store_true", help="fit the whole picture, do not trim it to the garment")
    parser.add_argument(
        "--turn",
        type=int,
        choices=range(4),
        default=0,
        help="quarter turns clockwise before anything else (default: 0)",
    )


def add_threshold(parser: argparse.ArgumentParser) -> None:
    """Add --threshold, and what "cheapest" needs."""
    parser.add_argument(
        "--threshold",
        type=_number_or_name,
        metavar="T",
        help=f"a score, or one of {' '.join(POINTS)}, chosen on validation images (default: youden, or fpr_5 where no anomaly "
        "was labelled)",
    )
    for name, value, meaning in (
        ("missed", Stakes.missed, "cost of a missed anomaly"),
        ("alarm", Stakes.alarm, "cost of a false alarm, in the same unit"),
        ("prevalence", Stakes.prevalence, "share of anomalies among all items, 0 to 1"),
    ):
        parser.add_argument(
            f"--{name}",
            type=float,
            default=value,
            metavar="N",
            help=f"{meaning}, for the threshold cheapest (default: {value:g})",
        )


def wishes(options: argparse.Namespace) -> "Wishes":
    """Return what --threshold and the intake's options ask for. Raises EvaluationError."""
    from core.judging.intake import Steps
    from core.line.model import Wishes

    return Wishes(
        options.threshold,
        Stakes(options.missed, options.alarm, options.prevalence),
        Steps(BACKGROUNDS[options.background], not options.whole, options.turn),
    )


def _number_or_name(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def data_set(options: argparse.Namespace) -> DataSet:
    """Return the data set that --data names: a known one, or photos or a folder to remember.

    Raises DataError, OSError.
    """
    wanted = partial(shaped, options)
    if options.data not in catalog.available():
        return catalog.add(Path(options.data), options.normal, wanted)
    facts = catalog.facts(options.data)
    if facts and facts.shape != wanted(facts.shape):
        raise DataError(
            f"The photos of {options.data} are kept with {facts.shape.side}×{facts.shape.side} pixels. Name their folder or "
            "zip once more with --size, --grey or --crop, or leave these options out."
        )
    if not facts and wanted(Shape()) != Shape():
        raise DataError(f"{options.data} has no photos: --size, --grey and --crop cannot change it.")
    return catalog.get(options.data)


def normal_class(options: argparse.Namespace, data: DataSet) -> str:
    """Return the class that --normal names, or the data set's first. Raises DataError for an unknown name."""
    if options.normal is None:
        return data.description.normal_choices[0]
    return data.description.named(options.normal)


def load_checkpoint(options: argparse.Namespace) -> Checkpoint:
    """Load the checkpoint that the options name. Raises CheckpointError, DataError."""
    data = data_set(options)
    if options.checkpoint:
        return checkpoints.load(options.checkpoint)
    normal = normal_class(options, data)
    folder = checkpoints.shipped(options.model, normal, options.regime)
    if data.description != _FASHION or not (folder / checkpoints.CARD).exists():
        wanted = "" if data.description == _FASHION else f" --data {data.description.key}"
        wanted += f" --model {options.model} --normal {normal}"
        if options.regime != "seen":  # train's own default suits a data set that has no anomalies
            wanted += f" --regime {options.regime}"
        raise CheckpointError(
            f"No trained {options.model} with {normal} as the normal class ({options.regime}) is in the box. Train one with "
            f"`python -m core train{wanted}{' --left-out CLASS' * (options.regime == 'unseen')}`, or name a folder with "
            "--checkpoint."
        )
    return checkpoints.load(folder)


def tell(text: str) -> None:
    """Print a line on stderr at once: what a command that runs long is doing."""
    print(f"misfit: {as_line(text, 400)}", file=sys.stderr, flush=True)


def answer(options: argparse.Namespace, values: dict[str, Any], heading: str) -> None:
    """Print `values` as JSON, or one on each line below the heading."""
    if options.json:
        print(json.dumps(values, indent=1))
        return
    print(heading)
    _print(values, "  ")


def _print(values: dict[str, Any], indent: str) -> None:
    """Print a name and its value on each line; what a value holds comes below it, further in."""
    width = max(10, 26 - len(indent))
    for name, value in values.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            _print(value, indent + "  ")
        else:
            print(
                f"{indent}{name:{width}} {value:.4f}" if isinstance(value, float) else f"{indent}{name:{width}} {value}"
            )
