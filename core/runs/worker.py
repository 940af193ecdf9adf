"""The worker of a run, in a process of its own (`python -m core.runs.worker NAME FD`) or in that of the command line.

A snapshot is written after every epoch: a stop or a kill loses at most the steps of the unfinished epoch. A stop is shown
at once; the models are scored only then, because scoring takes long.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from core.basics.errors import CheckpointError, DataError, MisfitError, TrainingDiverged
from core.basics.files import write_whole
from core.data import catalog, tasks
from core.gans.record import Epoch
from core.runs import estimate, folders, frames, models, queue, snapshot
from core.runs.progress import NO_FOLDS, Pace, stopped
from core.runs.status import State, read_status, write_status
from core.store.checkpoints import Checkpoint

if TYPE_CHECKING:
    from core.gans.folds import Parts
    from core.gans.training import Progress, Training

BETWEEN_STATUS = 0.25  # seconds
IMPORT = 4.0  # seconds that importing torch takes
RESERVE = 64 * 1024  # bytes held back, so that on a full disk the status can still be written


class Worker:
    """One session of work on a run: from the start or from its snapshot, to its end or a stop."""

    def __init__(self, name: str, device: str = "auto", threads: int | None = None) -> None:
        self.name, self.folder, self.device, self.threads = name, folders.folder(name), device, threads
        self.snapshot = self.folder / folders.SNAPSHOT
        self.request = folders.request_of(name)
        status = read_status(name)
        assert status is not None
        self.status = replace(status, state="running", pid=os.getpid(), scoring=False)
        self.begun = time.monotonic()
        self.before = status.seconds  # seconds of work in earlier sessions
        self.reserve = self.folder / ".reserve"

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        on_step: Callable[["Progress"], None] = lambda _: None,
        on_record: Callable[[Epoch], None] = lambda _: None,
    ) -> Checkpoint:
        """Train, save the models and write the final status; return the last model.

        Any error is raised after the status has been written.
        """
        try:
            self._update(reason="loading")
            self.reserve.write_bytes(bytes(RESERVE))
            self._load()
            diverged = None
            if not self.status.keep:
                try:
                    self._train(should_stop, on_step, on_record)
                except TrainingDiverged as error:
                    diverged = error
            return self._keep(diverged, self._left_out(should_stop))
        except MisfitError as error:
            self._end("failed", str(error))
            raise
        except KeyboardInterrupt:
            self._end("stopped", "Interrupted a second time, before it was scored." + self._way_on())
            raise
        except OSError as error:
            self._end("failed", f"{error.strerror or error}." + self._way_on())
            raise
        except Exception as error:  # the page shows the reason, the log the traceback
            self._end("failed", f"{type(error).__name__}: {error}.")
            raise
        finally:
            self.reserve.unlink(missing_ok=True)

    def _load(self) -> None:
        """Load the images and make the training, fresh or from the snapshot; write the first frames."""
        data = catalog.get(self.request.task.data.key)
        self.train_images, self.test_images = data.load("train"), data.load("test")
        split = tasks.split(self.request.task, self.train_images)
        self.training = self._training(split)
        records = b"".join(msgspec.json.encode(record) + b"\n" for record in self.training.history)
        write_whole(self.folder / folders.HISTORY, records)
        self.images, classes = frames.choose(split, self.request.task, self.train_images)
        panel, epoch = self.folder / "panel", self.training.finished_epochs
        with contextlib.suppress(OSError):
            frames.forget_after(panel, epoch)
            frames.write_originals(panel, self.images, classes)
            if not epoch:
                frames.write_frame(panel, 0, self.images, self.training.generator)

    def _training(self, split: tasks.Split) -> "Training":
        """Make the training. Raises DataError for a snapshot of other images, CheckpointError for a damaged one."""
        import torch

        from core.gans.training import Training

        facts = snapshot.read_facts(self.snapshot) if self.snapshot.exists() else None
        if facts and facts.data != self.train_images.fingerprint:
            raise DataError(
                f"This run was trained on other images than {self.train_images.source.name} has now; "
                "bring those back to resume it, or start a new run."
            )
        # Another number of threads changes the order of sums, and so their last bits.
        self.threads = facts.threads if facts else self.threads or torch.get_num_threads()
        torch.set_num_threads(self.threads)
        device = facts.device if facts and self.device == "auto" else self.device
        training = Training(self.request.model, self.request.config, split, self.request.seed, device)
        if facts:
            snapshot.restore(self.snapshot, training)
        return training

    def _train(self, should_stop: Callable, on_step: Callable, on_record: Callable) -> None:
        """Train to the end or a stop. Raises TrainingDiverged."""
        pace, shown, started = Pace(self.training), time.monotonic(), self.training.finished_epochs

        def after_step(progress: "Progress") -> None:
            nonlocal shown
            if (now := time.monotonic()) - shown >= BETWEEN_STATUS:
                shown = now  # not at an epoch's end: else short epochs would never show a speed
                self._update(reason="training", **pace.status(progress, now))
            on_step(progress)

        for record in self.training.epochs(should_stop, after_step):
            if record.epoch == started + 1:
                self._remember_speed(record, pace)
            self._finish_epoch(record)
            on_record(record)
            if should_stop():
                break

    def _finish_epoch(self, record: Epoch) -> None:
        """Save an epoch: its snapshot, its record, its frame of the panel, its status."""
        training, warning = self.training, ""
        try:
            snapshot.save(self.snapshot, training, self.train_images.fingerprint, self.threads or 1)
        except OSError as error:
            warning = (
                f"The snapshot of epoch {record.epoch} cannot be written ({error.strerror}). Training goes on, but if it is "
                "killed now it can only go on from an earlier epoch. Make room on the disk."
            )
        with contextlib.suppress(OSError), open(self.folder / folders.HISTORY, "ab") as file:
            file.write(msgspec.json.encode(record) + b"\n")
        if frames.due(record.epoch, training.config.epochs):
            with contextlib.suppress(OSError):
                frames.write_frame(self.folder / "panel", record.epoch, self.images, training.generator)
        self._update(
            epoch=record.epoch,
            step=0,
            losses=record.losses,
            accuracy=record.discriminator_accuracy,
            best_epoch=training.best_epoch,
            warning=warning,
        )

    def _remember_speed(self, record: Epoch, pace: Pace) -> None:
        """Write down how long the session's first epoch took, if it used as many threads as background runs do."""
        if self.threads == estimate.threads():
            validation = max(0.0, time.monotonic() - pace.begun - record.seconds)
            overhead = pace.begun - self.begun + IMPORT + 4 * validation  # the test split is about as large as two
            speed = estimate.Speed(record.seconds / self.training.steps, validation, overhead)
            estimate.remember(self.request, speed)

    def _left_out(self, should_stop: Callable[[], bool]) -> "Parts | None":
        """Train the request's leave-out folds; None where there are none, or when not all were trained."""
        stops = lambda: self.status.keep or should_stop()  # noqa: E731
        return models.leave_out(self.request, self.training, stops, lambda at: self._update(reason=at, left=None))

    def _keep(self, diverged: TrainingDiverged | None, left_out: "Parts | None") -> Checkpoint:
        """Score and save the models, and write how the run ended. Raises `diverged` after that."""
        training = self.training
        whole = training.finished_epochs == training.config.epochs and not diverged
        state: State = "failed" if diverged else "finished" if whole else "stopped"
        self._update(
            state=state,
            reason="Its models are being scored.",
            scoring=True,
            epoch=training.finished_epochs,
            step=training.step,
            steps=training.steps,
            best_epoch=training.best_epoch,
            left=None,
            losses={},
            accuracy={},
        )
        images = self.train_images, self.test_images
        last = models.keep(self.folder, training, self.request, *images, diverged is not None, left_out)
        if whole or diverged:  # nothing is left to train, or it would diverge again
            self.snapshot.unlink(missing_ok=True)
        if diverged:
            raise diverged
        unfolded = bool(self.request.folds) and left_out is None
        self._end(state, (NO_FOLDS if unfolded else "") if whole else stopped(training))
        return last

    def _way_on(self) -> str:
        try:
            epoch = len(snapshot.read_facts(self.snapshot).history)
        except CheckpointError:
            return " There is no snapshot of a finished epoch; resuming begins anew."
        return f" There is a snapshot of epoch {epoch}: resume from there, or keep what it had learned by then."

    def _update(self, **changes: Any) -> None:
        """Write the changed status. A disk error is ignored: it is no reason to end a training."""
        seconds = self.before + time.monotonic() - self.begun
        self.status = replace(self.status, updated=time.time(), seconds=seconds, **changes)
        with contextlib.suppress(OSError):
            write_status(self.status)

    def _end(self, state: State, reason: str) -> None:
        self.reserve.unlink(missing_ok=True)
        self._update(state=state, reason=reason, scoring=False, keep=False, left=None, losses={}, accuracy={})


def work(name: str, lock: int) -> int:
    """Carry out a run in the background and return the exit status; `lock` is the locked file's descriptor."""
    with contextlib.suppress(OSError):
        os.nice(19)  # pages stay quick
    stop = folders.folder(name) / "stop"
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))  # the computer shuts down: stop and save
    try:
        Worker(name, threads=estimate.threads()).run(lambda: bool(ended) or stop.exists())
    except (MisfitError, OSError):
        return 2  # the status says why
    finally:
        os.close(lock)  # leaving takes a second, and the next run should not wait for it
        if not ended:
            with contextlib.suppress(MisfitError, OSError):
                queue.advance()
    return 0


if __name__ == "__main__":
    sys.exit(work(sys.argv[1], int(sys.argv[2])))
