"""python -m core evaluate: recompute a checkpoint's test figures from its weights."""

import argparse

import msgspec

from core.commands.options import add_checkpoint, add_json, answer, load_checkpoint
from core.data import catalog, tasks
from core.store import own, saving


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    evaluate = commands.add_parser(
        "evaluate",
        help="recompute a checkpoint's test figures from its weights",
        description="Recompute a checkpoint's test figures from its weights over the whole test split.",
    )
    add_checkpoint(evaluate)
    add_json(evaluate)
    evaluate.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status. Raises MisfitError."""
    from core.gans import scoring

    checkpoint = load_checkpoint(options)
    task, test = checkpoint.task, checkpoint.test_images()
    scores = scoring.score(checkpoint.generator(), test.images)
    report = msgspec.structs.asdict(saving.test_report(task, scores, test.labels))
    normals = None
    if checkpoint.card.own is not None:
        train = catalog.get(task.data.key).load("train")
        normals = tasks.trained_normals(task, checkpoint.card.data_fingerprint, train)
    if normals is not None:
        measured, _ = own.measure(checkpoint.generator(), task, normals, test, scores)
        report["own"] = msgspec.to_builtins(measured)
    values = {"model": checkpoint.card.model, "normal": task.normal, "regime": task.regime, **report}
    answer(options, values, f"{checkpoint.folder}, recomputed from the weights over the test split:")
    return 0
