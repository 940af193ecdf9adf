"""Models of a data set that a test has written: trained in this process, quickly."""

import shutil
from pathlib import Path

from core.data import catalog
from core.data.photos import files
from core.data.photos.reading import Shape
from core.data.tasks import Task
from core.gans.config import config_class
from core.runs import queue
from core.runs.request import Request
from core.runs.worker import Worker
from tests import photographs

QUICK: dict[str, dict[str, object]] = {
    "traditional": {"hidden": (8,), "z": 4, "discriminator_hidden": (8,), "batch_size": 16, "epochs": 2},
    "dcgan": {"widths": (4, 4, 4, 4), "discriminator_widths": (4, 4, 4, 4), "batch_size": 16, "epochs": 1},
}


def trained(key: str, model: str = "traditional", seed: int = 0, **task: object) -> str:
    """Train `model` on the data set called `key` as a run; returns the run's name."""
    data = catalog.get(key).description
    request = Request(model, Task(data=data, **task), config_class(model)(**QUICK[model]), seed)
    with queue.here(request) as name:
        Worker(name, "cpu").run(lambda: False)
    return name


def kept_wall(folder: Path, bad: bool = True, side: int = 32) -> None:
    """Keep a data set "wall" of photos: 52 good bricks and, with `bad`, 12 scratched ones with masks in the test."""
    source = photographs.mvtec(folder / "wall")
    if not bad:
        for name in ("test/scratch", "ground_truth"):
            shutil.rmtree(source / name)
    with files.opened(source) as brought, catalog.scratch() as scratch:
        catalog.keep(catalog.gather(brought, scratch, "wall", Shape(side)), "wall")
