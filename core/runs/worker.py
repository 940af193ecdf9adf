"""Carries a run out, in a process of its own (`python -m core.runs.worker NAME FD`) or in that of the command line.

What it has learned is laid down at least every few seconds, so that a kill at any moment costs no more than those; a stop
lays it down at once, and only then are the models scored, which takes longer than anybody wants to wait for a stop.
"""

import collections
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.basics.errors import CheckpointError, DataError, MisfitError, TrainingDiverged
from core.basics.files import write_whole
from core.data import catalog, tasks
from core.runs import estimate, folders, frames, queue, snapshot
from core.runs.folders import STATE, Request, Status
from core.store import checkpoints, saving

if TYPE_CHECKING:
    from core.gans.training import Progress, Training

BETWEEN_STATUS = 0.25  # seconds
BETWEEN_STATES = 5.0  # seconds of training that a kill may cost
WINDOW = 5.0  # seconds over which images a second are counted
RESERVE = 64 * 1024  # bytes held back, so that a run can still say on a full disk that the disk is full


class Worker:
    """One session of work on a run: from the start or from where it was laid down, to its end or a stop."""

    def __init__(self, name: str, device: str = "auto", threads: int | None = None) -> None:
        self.name, self.folder, self.device, self.threads = name, folders.folder(name), device, threads
        self.request: Request = folders.request_of(name)
        found = folders.status(name)
        assert found is not None
        self.status: Status = dataclasses.replace(found, state="running", pid=os.getpid(), scoring=False)
        self.begun = time.monotonic()
        self.before = found.seconds  # worked on it in earlier sessions
        self.laid_down = self.shown = time.monotonic()
        self.marks: collections.deque[tuple[float, int]] = collections.deque()  # (when, steps done in all)
        self.reserve = self.folder / ".reserve"

    def run(
        self,
        should_stop: Callable[[], bool] = lambda: False,
        on_step: Callable[["Progress"], None] = lambda _: None,
        on_record: Callable[[dict[str, Any]], None] = lambda _: None,
        on_scoring: Callable[[], None] = lambda: None,
    ) -> checkpoints.Checkpoint:
        """Train, keep what was learned, say how it ended. Returns the last model.

        Raises whatever ended it otherwise, after the status says so.
        """
        try:
            self._update(reason="loading")
            self.reserve.write_bytes(bytes(RESERVE))
            return self._run(should_stop, on_step, on_record, on_scoring)
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

    def _run(self, should_stop: Callable, on_step: Callable, on_record: Callable, on_scoring: Callable) -> Any:
        data = catalog.get(self.request.task.data.key)
        self.train_images, self.test_images = data.load("train"), data.load("test")
        split = tasks.split(self.request.task, self.train_images)
        self.training = training = self._training(split)
        self.images, classes = frames.choose(split, self.request.task, self.train_images.labels)
        self._panel_begins(classes)
        kinds = training.batches.kinds
        self.per_step = training.config.batch_size * kinds
        first, diverged = training.finished_epochs, None

        def after_step(progress: "Progress") -> None:
            now = time.monotonic()
            if now - self.laid_down >= BETWEEN_STATES:
                self._lay_down()
            if now - self.shown >= BETWEEN_STATUS:
                self._progress(progress, now)
            on_step(progress)

        self.first_step = time.monotonic()
        self.first_share = self._share()
        if not self.status.keep:
            try:
                for record in training.epochs(should_stop, after_step):
                    self._record(record)
                    on_record(record)
                    if record["epoch"] == first + 1:
                        self._remember_speed(record)
                    if should_stop():
                        break
            except TrainingDiverged as error:
                diverged = error
        if not diverged:
            self._lay_down()
        self.trained = time.monotonic()
        whole = training.finished_epochs == training.config.epochs and not diverged
        state = "failed" if diverged else "finished" if whole else "stopped"
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
        on_scoring()
        last = self._keep(diverged)
        if diverged:  # would diverge again in the same way
            (self.folder / STATE).unlink(missing_ok=True)
            raise diverged
        if whole:
            (self.folder / STATE).unlink(missing_ok=True)
            self._end("finished", "")
        else:
            steps = f" and {training.step} steps" if training.step else ""
            self._end(
                "stopped", f"Stopped after {training.finished_epochs} whole epochs{steps}; the model so far is kept."
            )
        return last

    def _training(self, split: tasks.Split) -> "Training":
        """A fresh training, or the one that was laid down. Raises DataError when that one was of other data."""
        import torch

        from core.gans.training import Training

        path = self.folder / STATE
        known = snapshot.notes(path) if path.exists() else {}
        self.data = self.train_images.fingerprint
        if known and known.get("data") != self.data:
            raise DataError(
                f"This run was trained on other images than {self.train_images.source.name} has now; "
                "bring those back to resume it, or start a new run."
            )
        self.threads = known.get("threads") or self.threads or torch.get_num_threads()
        torch.set_num_threads(self.threads)  # sums come out in another order with another number of threads
        device = known.get("device", self.device) if self.device == "auto" else self.device
        training = Training(self.request.model, self.request.config, split, self.request.seed, device)
        if known:
            snapshot.restore(path, training)
        lines = "".join(json.dumps(record) + "\n" for record in training.history)
        write_whole(self.folder / "history.jsonl", lines.encode())
        return training

    def _lay_down(self) -> None:
        try:
            snapshot.save(
                self.folder / STATE,
                self.training,
                data=self.data,
                threads=self.threads,
                device=self.training.device.type,
                seconds=self._seconds(),
            )
            warning = ""
        except OSError as error:
            warning = (
                f"What was learned cannot be laid down ({error.strerror}). Training goes on, but if it is killed now it "
                "can only go on from an earlier moment. Make room on the disk."
            )
        self.laid_down = time.monotonic()
        if warning != self.status.warning:
            self._update(warning=warning)

    def _record(self, record: dict[str, Any]) -> None:
        training = self.training
        with contextlib.suppress(OSError), open(self.folder / "history.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        if frames.due(record["epoch"], training.config.epochs):
            with contextlib.suppress(OSError):
                frames.write_frame(self.folder / "panel", record["epoch"], self.images, training.generator)
        self._update(
            epoch=record["epoch"],
            step=0,
            losses=record["losses"],
            accuracy=record["discriminator_accuracy"],
            best_epoch=training.best_epoch,
        )

    def _panel_begins(self, classes: list[str]) -> None:
        where, training = self.folder / "panel", self.training
        with contextlib.suppress(OSError):
            frames.forget_after(where, training.finished_epochs)
            frames.write_originals(where, self.images, classes)
            if not training.finished_epochs and not training.step:
                frames.write_frame(where, 0, self.images, training.generator)

    def _progress(self, progress: "Progress", now: float) -> None:
        self.shown = now  # not in _update: epochs shorter than the wait would never let a speed be seen
        done = progress.epoch * progress.steps + progress.step
        self.marks.append((now, done))
        while len(self.marks) > 2 and now - self.marks[0][0] > WINDOW:
            self.marks.popleft()
        (then, earlier), rate = self.marks[0], None
        if now > then:
            rate = (done - earlier) * self.per_step / (now - then)
        share = (progress.epoch + progress.step / progress.steps) / progress.epochs
        gone = share - self.first_share
        left = (1.0 - share) / gone * (now - self.first_step) if gone > 0 and now - self.first_step > 1.0 else None
        means = {name: float(total) / progress.step for name, total in progress.sums.items()}
        self._update(
            reason="training",
            epoch=progress.epoch,
            step=progress.step,
            steps=progress.steps,
            left=left,
            images_per_second=rate,
            losses={name: value for name, value in means.items() if not name.startswith("accuracy_")},
            accuracy={n.removeprefix("accuracy_"): v for n, v in means.items() if n.startswith("accuracy_")},
        )

    def _remember_speed(self, record: dict[str, Any]) -> None:
        if self.first_share or self.threads != estimate.threads():
            return  # the epoch was not a whole one, or not as a background run would do it
        validation = max(0.0, time.monotonic() - self.first_step - record["seconds"])
        overhead = self.first_step - self.begun + 4.0 + 4 * validation  # 4 s: torch's import
        estimate.remember(self.request, estimate.Speed(record["seconds"] / self.training.steps, validation, overhead))

    def _keep(self, diverged: TrainingDiverged | None) -> checkpoints.Checkpoint | None:
        """Save the last model and, when it is another, the best. Raises OSError."""
        training, request = self.training, self.request

        def store(folder: Path, best: bool) -> checkpoints.Checkpoint:
            images = self.train_images, self.test_images
            return saving.save(
                folder, training, request.task, request.model, request.seed, *images, best=best, replace=True
            )

        place, best = self.folder / checkpoints.LAST, self.folder / checkpoints.BEST
        try:
            last = store(place, best=False)
        except MisfitError:
            if not (diverged and training.best_epoch):
                raise
            return store(place, best=True)  # the last one scores nothing finite any more
        if training.best_epoch and (training.best_epoch, 0) != (training.finished_epochs, training.step):
            store(best, best=True)
        else:
            shutil.rmtree(best, ignore_errors=True)
        return last

    def _share(self) -> float:
        training = self.training
        return (training.finished_epochs + training.step / training.steps) / training.config.epochs

    def _seconds(self) -> float:
        return self.before + time.monotonic() - self.begun

    def _update(self, **changes: Any) -> None:
        """Write the status. A disk that refuses is no reason to end a training."""
        self.status = dataclasses.replace(self.status, updated=time.time(), seconds=self._seconds(), **changes)
        with contextlib.suppress(OSError):
            folders.write(self.status)

    def _end(self, state: str, reason: str) -> None:
        self.reserve.unlink(missing_ok=True)
        self._update(state=state, reason=reason, scoring=False, keep=False, left=None, losses={}, accuracy={})

    def _way_on(self) -> str:
        where = self.folder / STATE
        try:
            at = snapshot.notes(where)
        except CheckpointError:
            return " Nothing was laid down; resuming begins anew."
        return f" What it had learned up to epoch {at['epoch']}, step {at['step']} is laid down: resume or keep it."


def work(name: str, lock: int) -> int:
    """The background worker; `lock` is the file descriptor whose lock says that it lives. Returns the exit status."""
    with contextlib.suppress(OSError):
        os.nice(19)  # pages stay quick
    stop = folders.folder(name) / "stop"
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))  # the computer is shut down: keep what there is
    try:
        Worker(name, threads=estimate.threads()).run(lambda: bool(ended) or stop.exists())
    except (MisfitError, OSError):
        return 2  # the status says why
    finally:
        os.close(lock)  # to leave takes a second that nobody should wait for
        if not ended:
            with contextlib.suppress(MisfitError, OSError):
                queue.advance()
    return 0


if __name__ == "__main__":
    sys.exit(work(sys.argv[1], int(sys.argv[2])))
