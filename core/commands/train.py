"""python -m core train: train a GAN and save it."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.basics.errors import ConfigError
from core.commands.options import add_json, add_model, add_shape, answer, data_set, normal_class
from core.commands.stopping import Stop
from core.data import tasks
from core.data.tasks import REGIMES, Task
from core.gans.config import TrainingConfig
from core.gans.recipes import OBJECTIVES, default_config
from core.gans.record import recorded
from core.store import saving

if TYPE_CHECKING:
    from core.gans.record import Epoch
    from core.gans.training import Progress
    from core.runs.request import Request
    from core.store.checkpoints import Checkpoint


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    train = commands.add_parser(
        "train",
        help="train a GAN and save it",
        description="Train a GAN and save it. Ctrl+C or SIGTERM stops and keeps the model so far; --resume goes on with it. "
        "The run is in the list on the Train page.",
    )
    add_model(train)
    add_shape(train)
    train.add_argument(
        "--regime",
        choices=REGIMES,
        help="which anomalies are in training (default: seen; one-class where none is labelled)",
    )
    train.add_argument(
        "--left-out",
        metavar="CLASS",
        help="the anomaly class that only the test has (unseen regime)",
    )
    train.add_argument(
        "--anomalies",
        type=int,
        metavar="N",
        help="labelled anomalies in training, all classes together (default: 6003; one-class: 0)",
    )
    _add_settings(train)
    train.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    train.add_argument(
        "--out", type=Path, metavar="DIR", help="copy the checkpoint there, too (it is in the run's folder in runs/)"
    )
    train.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run that was stopped or killed; the other settings are the run's own",
    )
    add_json(train)
    train.set_defaults(run=run)


def _add_settings(train: argparse.ArgumentParser) -> None:
    """Add the options that say how to train."""
    train.add_argument(
        "--objective",
        choices=OBJECTIVES,
        default=OBJECTIVES[0],
        help="repair: learn to mend damaged normal images and to redraw anomalies as normal ones; original: the losses of "
        "the paper (DCGAN) or the slide deck (traditional GAN) alone (default: repair)",
    )
    train.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="passes over the normal images (default: the model's own); a small set is passed over several times in each",
    )
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another setting of the training, as often as needed: turn=180 where an item may lie in any turn, flip=false "
        "where a mirrored one is a mistake; the Train page names all of them under More",
    )
    train.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of weights, order and augmentation (default: 0)"
    )
    train.add_argument(
        "--folds",
        type=int,
        default=0,
        metavar="K",
        help="for few photos: train K more models, each without a part of them, and take the false-alarm thresholds from the "
        "scores of photos that each has not seen; takes K trainings longer (default: 0)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.runs import estimate, folders

    name = options.resume or ""
    request = folders.request_of(name) if name else _request(options)
    plan = estimate.check(request)
    if request.config.least_steps > 1:
        config = request.config.fitted(plan.normals)
        print(
            f"{plan.normals:,} normal images in training: {config.epochs} epochs of {plan.steps:,} steps with "
            f"{config.batch_size} of them each.",
            file=sys.stderr,
        )
    if options.out:
        saving.refuse_occupied(options.out)  # before the training, not after it
    saved = _trained(request, name, options.device)
    out = saved.folder
    if options.out:
        out = options.out
        saving.copy(saved, out)
    card = saved.card
    values = {
        "checkpoint": str(out),
        "run": saved.run,
        "model": card.model,
        "data": card.task.data.key,
        "normal": card.task.normal,
        "regime": card.task.regime,
        "anomalies": card.task.anomalies,
        "left_out": card.task.left_out,
        "seed": card.seed,
        "epochs_trained": card.epochs_trained,
        "seconds": card.seconds,
        "validation_auroc": card.validation.auroc,
        "auroc": card.test.auroc,
        "auroc_low": card.test.auroc_low,
        "auroc_high": card.test.auroc_high,
    }
    answer(options, values, f"Saved to {out}.")
    return 0


def _trained(request: "Request", name: str, device: str) -> "Checkpoint":
    """Train in this process, with a bar and a line for each epoch on stderr.

    `name` is the run to resume, "" for a new one. Ctrl+C, SIGTERM and the page's Stop button keep the model so far.
    """
    from tqdm import tqdm

    from core.runs import folders, queue
    from core.runs.worker import Worker

    with tqdm(
        total=request.config.epochs,
        unit="epoch",
        delay=0.01,  # no bar is drawn before an error message
        file=sys.stderr,
        bar_format="{l_bar}{bar}| {n:.2f}/{total} epochs [{elapsed}<{remaining}]",
    ) as bar:

        def on_step(progress: "Progress") -> None:
            bar.n = progress.epoch + progress.step / progress.steps
            bar.update(0)

        def on_record(record: "Epoch") -> None:
            bar.write(_line(record), file=sys.stderr)

        def tell() -> None:
            bar.write("Stopping; the model so far is kept, scored and saved.", file=sys.stderr)

        try:
            with Stop(tell) as stopping, queue.here(request, name) as name:
                stop = folders.folder(name) / "stop"  # the page's button
                return Worker(name, device).run(lambda: stopping() or stop.exists(), on_step, on_record)
        finally:
            queue.advance()


def _line(record: "Epoch") -> str:
    """Return a line on an epoch."""
    losses = "  ".join(f"{name} {value:.3f}" for name, value in record.losses.items())
    area = record.validation_auroc
    validation = f"validation AUROC {area:.4f}, " if area is not None else ""
    return (
        f"epoch {record.epoch}: {validation}normals' error {record.validation_error:.3f}, "
        f"{record.images_per_second:.0f} images/s; {losses}"
    )


def _request(options: argparse.Namespace) -> "Request":
    """Return the request that the options describe. Raises ConfigError, DataError."""
    from core.runs.request import Request

    data = data_set(options)
    normal = normal_class(options, data)
    left_out = options.left_out and data.description.named(options.left_out)
    counts, label = data.counts("train"), data.description.label(normal)
    regime = options.regime or tasks.possible_regimes(data.description, counts, normal)[0]
    normals = counts[label] - tasks.held_of(counts, label)
    config = default_config(options.model, regime, options.objective, data.description, normals)
    if options.epochs is not None:
        config = msgspec.structs.replace(config, epochs=options.epochs)
    anomalies = options.anomalies
    if anomalies is None:
        anomalies = 0
        if regime != "one-class":
            anomalies = tasks.default_anomalies(data.description, counts, normal, left_out)
    task = Task(normal, regime, anomalies, left_out, data.description)
    return Request(options.model, task, _changed(options.model, config, options.set), options.seed, options.folds)


def _changed(model: str, config: TrainingConfig, changes: list[str]) -> TrainingConfig:
    """Return the config with the settings NAME=VALUE changed. Raises ConfigError."""
    values = msgspec.to_builtins(config)
    for change in changes:
        name, _, text = change.partition("=")
        try:
            values[name] = json.loads(text)
        except ValueError:
            raise ConfigError(
                f"--set {change:.80} does not fit: write NAME=VALUE with a number, true, false, or a list such as [16,32]."
            ) from None
    return recorded(model, values)
