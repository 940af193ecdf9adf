"""The models that are kept of a run: the last, and the best by validation if it is a different one."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.basics.errors import MisfitError
from core.data.dataset import Images
from core.runs.request import Request
from core.store import checkpoints, saving
from core.store.checkpoints import Checkpoint

if TYPE_CHECKING:
    from core.gans.folds import Parts
    from core.gans.training import Training


def keep(
    folder: Path,
    training: "Training",
    request: Request,
    train: Images,
    test: Images,
    diverged: bool = False,
    left_out: "Parts | None" = None,
) -> Checkpoint:
    """Score and save the models in the run's folder; return the last one.

    `left_out` is what `leave_out` returned; it serves the last model. Returns the best one instead where the last has diverged and cannot be scored. Raises OSError when the disk refuses, MisfitError when no model can be scored.
    """

    def store(place: Path, best: bool) -> Checkpoint:
        folds = (request.folds, left_out) if left_out and not best else None
        return saving.save(
            place, training, request.task, request.model, request.seed, train, test, best, replace=True, folds=folds
        )

    last, best = folder / checkpoints.LAST, folder / checkpoints.BEST
    try:
        checkpoint = store(last, best=False)
    except MisfitError:
        if not (diverged and training.best_epoch):
            raise
        return store(last, best=True)
    if training.best_epoch and _beaten(training, diverged):
        store(best, best=True)
    else:
        shutil.rmtree(best, ignore_errors=True)
    return checkpoint


def _beaten(training: "Training", diverged: bool) -> bool:
    """Return whether a finished epoch did better on validation than the last state.

    A stop leaves a state that no epoch's end has validated: the steps of an unfinished epoch change it, so it is validated here.
    """
    if not training.step or diverged:
        return training.step > 0 or training.best_epoch != training.finished_epochs
    best = training.history[training.best_epoch - 1]
    return training.merit(*training.validate()) < training.merit(best.validation_auroc, best.validation_error)


def leave_out(
    request: Request, training: "Training", should_stop: Callable[[], bool], tell: Callable[[str], None]
) -> "Parts | None":
    """Train the leave-out folds of a whole training; `tell` gets a text on each. None without folds, or when it is stopped."""
    from core.gans import folds

    if not request.folds or training.finished_epochs < request.config.epochs:
        return None
    return folds.left_out(
        request.model,
        request.config,
        training.split,
        request.seed,
        str(training.device),
        request.folds,
        should_stop,
        lambda number: tell(f"leave-out fold {number} of {request.folds}"),
    )
