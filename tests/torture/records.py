"""What Misfit itself writes and reads again: snapshots, statuses, requests, histories, surveys, panels, results.csv.

A damaged one is refused with a line, or is as good as not there; it never breaks what reads it.
"""

import io
import json
import pickle
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.basics.errors import MisfitError
from core.data import fashion_mnist, tasks
from core.data.dataset import Images
from core.data.tasks import Task
from core.gans.config import config_class
from core.runs import estimate, folders, frames, listing, snapshot
from core.runs.request import Request
from core.runs.status import State, Status, read_status
from core.store import checkpoints, survey
from core.study import results
from tests.torture.models import packed, unpacked
from tests.torture.mutations import Canary, as_json, damaged, twisted

NAME = "dcgan-t-shirt-1"


class Records:
    """Cases go round through the kinds of record; -1 is sound."""

    def __init__(self, root: Path) -> None:
        import torch

        from core.gans.training import Training

        torch.set_num_threads(1)
        self.root = root
        train = fashion_mnist.load("train")
        kept = np.concatenate([np.flatnonzero(train.labels == label)[:60] for label in range(10)])
        task = Task(anomalies=90)
        split = tasks.split(task, Images(train.images[kept], train.labels[kept], train.source))
        config = config_class("traditional")(epochs=2, batch_size=16, hidden=(16,), z=4, discriminator_hidden=(8,))
        self.fresh = lambda: Training("traditional", config, split, 0, "cpu")
        training = self.fresh()
        next(training.epochs())
        request = Request("traditional", task, config)
        status = Status(NAME, request, "stopped", "Stopped.", epoch=1, losses={"mse": 0.5})
        snapshot.save(root / "in" / "snapshot", training, data="x", threads=1)
        self.one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
        from safetensors.numpy import save

        shapes = {"pca": (10_000, 2), "shares": (2,), "residuals": (10, 28, 28), "tsne": (0, 2)}
        surveyed = {key: np.zeros(shape, np.float32) for key, shape in shapes.items()} | {
            "sample": np.zeros(0, np.int32)
        }
        picture, notes = io.BytesIO(), PngInfo()
        notes.add_text("misfit", json.dumps({"classes": ["t-shirt", "bag"], "scores": [0.1, 0.2]}))
        Image.new("L", (56, 28), 128).save(picture, "PNG", pnginfo=notes)
        self.sound = {
            "snapshot": (root / "in" / "snapshot").read_bytes(),
            "status": msgspec.json.encode(status),
            "request": msgspec.json.encode(request),
            "history": b"".join(msgspec.json.encode(record) + b"\n" for record in self.one.card.history[:3]),
            "speed": msgspec.json.encode({estimate.key(request): estimate.Speed(0.1, 0.2, 0.3)}),
            "survey": save(surveyed),
            "panel": picture.getvalue(),
            "results": b"\n".join(results.CSV.read_bytes().splitlines()[:40]) + b"\n",
        }
        self.request = request

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        kind = list(self.sound)[number % len(self.sound)]
        content = self.sound[kind]
        if 0 <= number < 2 * len(self.sound):
            content = pickle.dumps(Canary(self.root / "canary")) if number < len(self.sound) else b"[" * 5_000_000
        elif number >= 0:
            content = self._malformed(rng, kind, content)
        place = folder / "in" / "runs" / NAME
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        checkpoints.RUNS = place.parent  # a case's own: what it holds was there before
        (place / "file").write_bytes(content)
        return getattr(self, f"_{kind}")(place, place / "file")

    def _malformed(self, rng: random.Random, kind: str, content: bytes) -> bytes:
        if kind in ("status", "request", "speed") and rng.random() < 0.7:
            return as_json(twisted(rng, json.loads(content)))
        if kind == "history" and rng.random() < 0.7:
            return b"".join(as_json(twisted(rng, json.loads(line))) + b"\n" for line in content.splitlines())
        if kind == "snapshot" and rng.random() < 0.6:
            header, values = unpacked(content)
            facts = json.loads(header["__metadata__"]["facts"])
            header["__metadata__"]["facts"] = as_json(twisted(rng, facts)).decode("utf-8", "replace")
            return packed(header if rng.random() < 0.7 else twisted(rng, header), values)
        return damaged(rng, content, self.sound["snapshot"])

    def _snapshot(self, place: Path, file: Path) -> Callable[[], object]:
        training = self.fresh()

        def attempt() -> None:
            snapshot.read_facts(file)
            snapshot.restore(file, training)

        return attempt

    def _status(self, place: Path, file: Path) -> Callable[[], object]:
        file.rename(place / "status.json")

        def attempt() -> None:
            for status in listing.statuses():
                assert status.state in get_args(State) and 0 <= status.share <= 1
                json.dumps(msgspec.to_builtins(status), allow_nan=False)
            if read_status(NAME) is None:
                raise MisfitError("It is as good as not there.")

        return attempt

    def _request(self, place: Path, file: Path) -> Callable[[], object]:
        file.rename(place / "request.json")
        return lambda: estimate.check(folders.request_of(NAME))

    def _history(self, place: Path, file: Path) -> Callable[[], object]:
        file.rename(place / "history.jsonl")

        def attempt() -> None:
            records = folders.history(NAME)
            json.dumps(msgspec.to_builtins(records), allow_nan=False)
            if len(records) < 3:
                raise MisfitError("It ends at the first line that is none.")

        return attempt

    def _speed(self, place: Path, file: Path) -> Callable[[], object]:
        file.rename(place.parent / ".speed.json")

        def attempt() -> None:
            speed = estimate.known(self.request)
            if speed is None:
                raise MisfitError("It is as good as not there.")
            assert 0 <= speed.run(estimate.Plan(10, 10, 1), 3) < float("inf")

        return attempt

    def _survey(self, place: Path, file: Path) -> Callable[[], object]:
        survey.path(self.one).parent.mkdir(exist_ok=True)
        file.rename(survey.path(self.one))

        def attempt() -> None:
            if survey.kept(self.one, 10_000) is None:
                raise MisfitError("It is as good as not there.")

        return attempt

    def _panel(self, place: Path, file: Path) -> Callable[[], object]:
        def attempt() -> None:
            try:
                _, notes = frames.read(file)
            except ValueError as error:  # the page leaves the panel out
                raise MisfitError("It is left out.") from error
            assert set(notes.classes) <= set(fashion_mnist.DESCRIPTION.classes)

        return attempt

    def _results(self, place: Path, file: Path) -> Callable[[], object]:
        results.CSV = file
        return results.read
