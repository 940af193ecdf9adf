"""The command line: python -m core train | evaluate | score | results | documents | examples | fetch."""

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.basics.errors import CheckpointError, MisfitError
from core.basics.names import STUDIES
from core.data import fashion_mnist
from core.data.tasks import REGIMES, Task
from core.gans.config import CONFIGS, default_config
from core.store import checkpoints
from core.store.checkpoints import Checkpoint

if TYPE_CHECKING:
    import pandas as pd

    from core.runs.folders import Request
    from core.study.sweep import Cell


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 2 with one line on stderr when a user can put it right, 130 after Ctrl+C."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except MisfitError as error:
        print(f"misfit: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder that may not be written to
        print(f"misfit: {error.filename or 'The disk'}: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("misfit: interrupted.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Anomaly detection on Fashion-MNIST with two GANs."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a GAN and save it",
        description="Train a GAN and save it. Ctrl+C stops and keeps the model so far; --resume goes on with it. "
        "The run is in the list on the Train page.",
    )
    _model(train)
    train.add_argument(
        "--regime", choices=REGIMES, default="seen", help="which anomalies are in training (default: seen)"
    )
    train.add_argument(
        "--left-out",
        choices=fashion_mnist.CLASSES,
        metavar="CLASS",
        help="the anomaly class that only the test has (unseen regime)",
    )
    train.add_argument(
        "--anomalies",
        type=int,
        metavar="N",
        help="labelled anomalies in training, all classes together (default: 6003; one-class: 0)",
    )
    train.add_argument(
        "--epochs", type=int, metavar="N", help="passes over the normal images (default: the model's own)"
    )
    train.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of weights, order and augmentation (default: 0)"
    )
    train.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    train.add_argument(
        "--out", type=Path, metavar="DIR", help="copy the checkpoint there, too (it is in the run's folder in runs/)"
    )
    train.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run that was stopped or killed; the other settings are the run's own",
    )
    _json(train)
    train.set_defaults(run=_train)

    evaluate = commands.add_parser(
        "evaluate",
        help="recompute a checkpoint's test figures from its weights",
        description="Recompute a checkpoint's test figures from its weights over the whole test split.",
    )
    _checkpoint(evaluate)
    _json(evaluate)
    evaluate.set_defaults(run=_evaluate)

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
    _checkpoint(score)
    _json(score)
    score.set_defaults(run=_score)

    results = commands.add_parser(
        "results",
        help="measure what is missing in results.csv",
        description="Measure every method, regime, class and seed that results.csv does not have yet. Can be interrupted at any point.",
    )
    results.add_argument("--check", action="store_true", help="recompute the shipped models' test AUROC and compare")
    results.add_argument(
        "--normal",
        nargs="+",
        choices=fashion_mnist.CLASSES,
        default=fashion_mnist.CLASSES,
        metavar="CLASS",
        help="only these",
    )
    results.add_argument("--regime", nargs="+", choices=REGIMES, default=REGIMES, help="only these")
    results.add_argument("--method", nargs="+", metavar="NAME", help="only these GANs or baselines")
    results.add_argument(
        "--study",
        nargs="+",
        choices=STUDIES,
        default=STUDIES,
        help="the main table, the ablation, or the imbalance curve",
    )
    results.add_argument("--seeds", type=int, metavar="N", help="only seeds below N")
    results.add_argument("--workers", type=int, default=1, metavar="N", help="cells at a time (default: 1)")
    results.add_argument(
        "--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is there, tcp://HOST:8786"
    )
    results.set_defaults(run=_results)

    documents = commands.add_parser(
        "documents",
        help="write the figures of README, RESULTS.md and the model cards",
        description="Write the figures of README.md, RESULTS.md and docs/model-card-<model>.md from results.csv and the cards in checkpoints/.",
    )
    documents.add_argument("--check", action="store_true", help="write nothing; name what differs (exit code 2)")
    documents.set_defaults(run=_documents)

    examples = commands.add_parser(
        "examples",
        help="store the reconstructions that the Overview shows",
        description="Store what every shipped model makes of the Overview's example images in data/examples.safetensors.",
    )
    examples.set_defaults(run=_examples)

    fetch = commands.add_parser(
        "fetch",
        help="download the full training split",
        description="Download Fashion-MNIST with torchvision into data/downloaded.",
    )
    fetch.add_argument(
        "--mirror", metavar="URL", help="a base address that serves the four .gz files (default: Zalando's)"
    )
    fetch.set_defaults(run=_fetch)
    return parser


def _model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=CONFIGS, default="dcgan", help="which GAN (default: dcgan)")
    parser.add_argument(
        "--normal",
        choices=fashion_mnist.CLASSES,
        default="t-shirt",
        metavar="CLASS",
        help=f"the normal class (default: t-shirt): {' '.join(fashion_mnist.CLASSES)}",
    )


def _checkpoint(parser: argparse.ArgumentParser) -> None:
    _model(parser)
    parser.add_argument("--regime", choices=REGIMES, default="seen", help="of the shipped checkpoint (default: seen)")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="DIR", help="a checkpoint's folder, instead of a shipped one"
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def _load(options: argparse.Namespace) -> Checkpoint:
    if options.checkpoint:
        return checkpoints.load(options.checkpoint)
    folder = checkpoints.shipped(options.model, options.normal, options.regime)
    if not (folder / checkpoints.CARD).exists():
        raise CheckpointError(
            f"No trained {options.model} with {options.normal} as the normal class ({options.regime}) is in the box. Train one with "
            f"`python -m core train --model {options.model} --normal {options.normal} --regime {options.regime}`, "
            "or name a folder with --checkpoint."
        )
    return checkpoints.load(folder)


def _request(options: argparse.Namespace) -> "Request":
    """What the options ask for. Raises ConfigError."""
    import dataclasses

    from core.runs.folders import Request

    config = default_config(options.model, options.regime)
    if options.epochs is not None:
        config = dataclasses.replace(config, epochs=options.epochs)
    default = 0 if options.regime == "one-class" else Task.anomalies
    anomalies = default if options.anomalies is None else options.anomalies
    return Request(
        options.model, Task(options.normal, options.regime, anomalies, options.left_out), config, options.seed
    )


def _train(options: argparse.Namespace) -> int:
    import signal

    from tqdm import tqdm

    from core.runs import estimate, folders, queue
    from core.runs.worker import Worker

    if options.resume:
        name = options.resume
        request = folders.request_of(name)
    else:
        name, request = "", _request(options)
    estimate.check(request)
    if options.out:
        checkpoints.refuse_occupied(options.out)  # before the work, not after it
    config = request.config

    stopping = False

    def interrupt(*_: Any) -> None:
        nonlocal stopping
        if stopping:  # a second Ctrl+C means it
            raise KeyboardInterrupt
        stopping = True
        bar.write("Stopping; the model so far is kept, scored and saved.", file=sys.stderr)

    with tqdm(
        total=config.epochs,
        unit="epoch",
        delay=0.01,  # nothing is drawn before a refusal, which is one line
        file=sys.stderr,
        bar_format="{l_bar}{bar}| {n:.2f}/{total} epochs [{elapsed}<{remaining}]",
    ) as bar:

        def on_step(progress: Any) -> None:
            bar.n = progress.epoch + progress.step / progress.steps
            bar.update(0)

        def on_record(record: dict[str, Any]) -> None:
            losses = "  ".join(f"{name} {value:.3f}" for name, value in record["losses"].items())
            bar.write(
                f"epoch {record['epoch']}: validation AUROC {record['validation_auroc']:.4f}, normals' error "
                f"{record['validation_error']:.3f}, {record['images_per_second']:.0f} images/s; {losses}",
                file=sys.stderr,
            )

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            with queue.here(request, name) as name:
                stop = folders.folder(name) / "stop"  # the page's button
                saved = Worker(name, options.device).run(lambda: stopping or stop.exists(), on_step, on_record)
        finally:
            signal.signal(signal.SIGINT, before)
            queue.advance()
    out = saved.folder
    if options.out:
        out = options.out
        checkpoints.copy(saved, out)
    card = saved.card
    answer = {
        "checkpoint": str(out),
        "run": name,
        "model": card.model,
        **card.task,
        "seed": card.seed,
        "epochs_trained": card.epochs_trained,
        "seconds": card.seconds,
        "validation_auroc": card.validation["auroc"],
        **_test_figures(card.test),
    }
    _answer(options, answer, f"Saved to {out}.")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from core.gans import scoring

    found = _load(options)
    test = fashion_mnist.load("test")
    scores = scoring.score(found.generator(), test.images)
    report = checkpoints.test_report(found.task, scores, test.labels)
    del report["normal_error"]
    answer = {"model": found.card.model, "normal": found.task.normal, "regime": found.task.regime, **report}
    _answer(options, answer, f"{found.folder}, recomputed from the weights over the test split:")
    return 0


def _score(options: argparse.Namespace) -> int:
    from core.judging import intake, judgement, novelty

    found = _load(options)
    steps = intake.Steps(
        {"auto": None, "dark": False, "light": True}[options.background], not options.whole, options.turn
    )
    pictures, problems = [], []
    for path in options.files:
        try:
            pictures.append((path, intake.take(intake.read_file(path), str(path), steps).image))
        except MisfitError as error:
            problems.append(str(error))
    answer = []
    if pictures:
        import numpy as np

        images = np.stack([image for _, image in pictures])
        known = novelty.fit(fashion_mnist.load("train"))
        judged = judgement.judge(found, found.generator(), images, known, fashion_mnist.load("test"), found.threshold)
        answer = [one.row(str(path)) for (path, _), one in zip(pictures, judged, strict=True)]
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


def _results(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from core.study import sweep

    if options.check:
        wrong = sweep.check()
        for line in wrong:
            print(f"misfit: {line}", file=sys.stderr)
        print(
            "results.csv and the shipped weights disagree." if wrong else "results.csv agrees with the shipped weights."
        )
        return 2 if wrong else 0
    cells = [
        cell
        for study in options.study
        for cell in sweep.STUDIES[study]()
        if cell.task.normal in options.normal
        and cell.task.regime in options.regime
        and (not options.method or cell.method in options.method)
        and (options.seeds is None or cell.seed < options.seeds)
    ]
    if gone := sweep.drop_gone():
        print(f"{gone} rows were of recipes that are gone; they are no longer in {sweep.CSV.name}.", file=sys.stderr)
    todo = sweep.missing(cells, sweep.read())
    print(
        f"{len(cells) - len(todo)} of {len(cells)} cells are in {sweep.CSV.name}; {len(todo)} to go.", file=sys.stderr
    )
    with contextlib.ExitStack() as stack, tqdm(total=len(todo), unit="cell", file=sys.stderr) as bar:
        workers = stack.enter_context(sweep.dask_cluster(options.dask)) if options.dask else options.workers
        for row in sweep.run(todo, workers):
            bar.update()
            where = f"{row['normal']}, {row['regime']}" + (f" without {row['left_out']}" if row["left_out"] else "")
            bar.write(
                f"{row['method']}, {where}, seed {row['seed']}: AUROC {row['auroc']:.4f} in {row['seconds']:.0f} s",
                file=sys.stderr,
            )
    _print_measured(cells, sweep.read())
    return _write_documents()


def _print_measured(cells: "list[Cell]", rows: "pd.DataFrame") -> None:
    """The figures of `cells` as far as they are in results.csv: a line a training, then the means that are shown."""
    from core.study import figures, reporting

    rows = rows[rows["recipe"].isin([cell.recipe for cell in cells])]
    titles = {cell.recipe: cell.title for cell in cells}
    for row in rows.to_dict("records"):
        interval = f"{row['auroc_low']:.3f}–{row['auroc_high']:.3f}"
        print(f"{titles[row['recipe']]}: AUROC {row['auroc']:.3f} (95 % interval over test images {interval})")
    for line in figures.summary(rows).to_dict("records"):
        told = {head: reporting.summary_cell(line, name) for head, (name, _) in reporting.SUMMARY.items()}
        means = ", ".join(f"{head} {cell}" for head, cell in told.items() if cell != "–")
        print(f"{line['method']}, {line['regime']} regime: {means}")


def _documents(options: argparse.Namespace) -> int:
    from core.study import documents

    if not options.check:
        return _write_documents()
    wrong = documents.check()
    for line in wrong:
        print(f"misfit: {line}", file=sys.stderr)
    print(
        "`python -m core documents` writes them anew; what is wrong on a card is not." if wrong
        else "README, RESULTS.md and the model cards say what results.csv and the cards in the box say."
    )  # fmt: skip
    return 2 if wrong else 0


def _write_documents() -> int:
    from core.study import documents

    for path in documents.write():
        print(f"Written: {path}.", file=sys.stderr)
    return 0


def _examples(options: argparse.Namespace) -> int:
    from core.store import examples

    models = examples.write(fashion_mnist.load("test"))
    print(f"Written: {examples.STORED}, reconstructions by {len(models)} models.")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    for _ in fashion_mnist.fetch(options.mirror):  # torchvision draws a bar for each file
        pass
    print(
        f"Fashion-MNIST is in {fashion_mnist.DOWNLOADED}; training now uses {len(fashion_mnist.load('train').images)} images."
    )
    return 0


def _test_figures(test: dict[str, Any]) -> dict[str, Any]:
    return {name: test[name] for name in ("auroc", "auroc_low", "auroc_high")}


def _answer(options: argparse.Namespace, answer: dict[str, Any], heading: str) -> None:
    if options.json:
        print(json.dumps(answer, indent=1))
        return
    print(heading)
    for name, value in answer.items():
        if isinstance(value, dict):
            print(f"  {name}")
            for key, inner in value.items():
                print(f"    {key:22} {inner:.4f}")
        else:
            print(f"  {name:24} {value:.4f}" if isinstance(value, float) else f"  {name:24} {value}")


if __name__ == "__main__":
    sys.exit(main())
