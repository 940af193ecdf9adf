"""The speed and the time left of a training session, measured on its own steps, and what is said when it ends early."""

import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.gans.training import Progress, Training

WINDOW = 5.0  # seconds over which images a second are counted
ENOUGH = 1.0  # seconds of training before the time left is estimated
NO_FOLDS = "Its leave-out folds were not all trained: the thresholds come from validation alone."


class Pace:
    """The pace of one training session, which may begin in the middle of a run."""

    def __init__(self, training: "Training") -> None:
        self.begun = time.monotonic()
        self.images_a_step = training.config.batch_size * training.batches.kinds
        self.first = training.finished_epochs * training.steps
        self.marks: deque[tuple[float, int]] = deque()  # (moment, steps done in all)

    def status(self, progress: "Progress", now: float) -> dict[str, Any]:
        """Return the fields of a status at the moment `now` (monotonic seconds)."""
        done = progress.epoch * progress.steps + progress.step
        self.marks.append((now, done))
        while len(self.marks) > 2 and now - self.marks[0][0] > WINDOW:
            self.marks.popleft()
        then, earlier = self.marks[0]
        gone, left = now - self.begun, progress.epochs * progress.steps - done
        return {
            "epoch": progress.epoch,
            "step": progress.step,
            "steps": progress.steps,
            "left": left * gone / (done - self.first) if gone > ENOUGH else None,
            "images_per_second": (done - earlier) * self.images_a_step / (now - then) if now > then else None,
            "losses": {name: float(total) / progress.step for name, total in progress.losses.items()},
            "accuracy": {name: float(total) / progress.step for name, total in progress.accuracies.items()},
        }


def stopped(training: "Training") -> str:
    """Return a text on what a stopped run keeps, and from where it can be resumed."""
    epochs, step = training.finished_epochs, training.step
    if not epochs:
        return f"Stopped after {step} steps of the first epoch; the model so far is kept. Resuming begins anew."
    ended = f"Stopped after {epochs} whole epoch{'s' * (epochs != 1)}"
    if not step:
        return f"{ended}; the model so far is kept."
    return f"{ended} and {step} steps; the model so far is kept. Resuming takes those steps again."
