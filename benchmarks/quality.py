"""Seconds until validation AUROC 0.95 and 0.97 on T-shirt/top, and the growth of training time with images and width."""

import dataclasses
import time

import msgspec
import numpy as np
import torch
from torch.nn import functional as F

from core.data import tasks
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans.batches import Batch, Pair
from core.gans.recipes import default_config
from core.gans.training import Training

LEVELS = (0.95, 0.97)


def time_to(model: str, seed: int = 0) -> tuple[dict[float, float], float]:
    """(level → seconds of training at the end of the first epoch that reached it, seconds of the whole training).

    Validation is not counted. A level that the whole training does not reach is missing.
    """
    training = Training(
        model, default_config(model, "seen"), tasks.split(Task(), FASHION_MNIST.load("train")), seed, "cpu"
    )
    seconds, found = 0.0, {}
    for record in training.epochs():
        seconds += record.seconds
        for level in LEVELS:
            if level not in found and record.validation_auroc is not None and record.validation_auroc >= level:
                found[level] = seconds
    return found, seconds


def of_images(model: str, counts: tuple[int, ...], repeats: int = 3) -> list[float]:
    """Seconds an epoch over `counts` normals takes (as many anomalies beside them), medians.

    Images are drawn with replacement from the training split: the split itself has only 6,000 of a class.
    """
    split = tasks.split(Task(), FASHION_MNIST.load("train"))
    random = np.random.default_rng(0)
    many = dataclasses.replace(
        split, train_normal=split.train_normal[random.integers(0, len(split.train_normal), max(counts))]
    )
    seconds = []
    for _ in range(repeats):
        once = []
        for count in counts:
            some = dataclasses.replace(many, train_normal=many.train_normal[:count])
            training = Training(model, msgspec.structs.replace(default_config(model, "seen"), epochs=1), some, 0, "cpu")
            started = time.perf_counter()
            for batch in training.batches.epoch():
                training._step(batch)
            once.append(time.perf_counter() - started)
        seconds.append(once)
    return list(np.median(seconds, axis=0))


def of_width(sides: tuple[int, ...], steps: int = 6, repeats: int = 3) -> list[float]:
    """Seconds a step of the DCGAN takes on images enlarged to each of `sides` (multiples of 16, pixels), medians."""
    split = tasks.split(Task(), FASHION_MNIST.load("train"))
    training = Training("dcgan", default_config("dcgan", "seen"), split, 0, "cpu")
    batch = next(training.batches.epoch())
    enlarged = [Batch(*(Pair(*(_resized(images, side) for images in pair)) for pair in batch)) for side in sides]
    seconds = []
    for _ in range(repeats):
        once = []
        for larger in enlarged:
            started = time.perf_counter()
            for _ in range(steps):
                training._step(larger)
            once.append((time.perf_counter() - started) / steps)
        seconds.append(once)
    return list(np.median(seconds, axis=0))


def _resized(images: torch.Tensor, side: int) -> torch.Tensor:
    return F.interpolate(images, (side, side)).contiguous(memory_format=torch.channels_last)


def exponent(sizes: tuple[float, ...], seconds: list[float]) -> float:
    """The slope of log seconds over log size: 1 is linear growth."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
