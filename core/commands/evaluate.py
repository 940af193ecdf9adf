"""python -m core evaluate: recompute a checkpoint's test figures from its weights."""

import argparse

from core.commands.options import add_checkpoint, add_json, answer, load_checkpoint
from core.data import catalog
from core.store import checkpoints


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
    from core.gans import scoring

    found = load_checkpoint(options)
    test = catalog.get(found.task.data.key).load("test")
    scores = scoring.score(found.generator(), test.images)
    report = checkpoints.test_report(found.task, scores, test.labels)
    del report["normal_error"]
    values = {"model": found.card.model, "normal": found.task.normal, "regime": found.task.regime, **report}
    answer(options, values, f"{found.folder}, recomputed from the weights over the test split:")
    return 0
