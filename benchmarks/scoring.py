"""Scoring 10,000 images against the bare forward pass of the same network, one image, and the memory it takes."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from benchmarks.timing import Comparison, compare
from core.basics.files import ROOT
from core.data.fashion_mnist import FASHION_MNIST
from core.gans import scoring
from core.gans.build import to_input
from core.store import checkpoints

BATCHES = (64, 128, scoring.BATCH, 500, 1000, 2500, 10_000)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bare_forward(model: str) -> tuple[Callable[[], float], int, float]:
    """The fastest this network goes over 10,000 inputs that are ready: (seconds, the best of several batch sizes, how many
    times as long a pass takes at the batch size that scoring has)."""
    found = checkpoints.load(checkpoints.shipped(model, "t-shirt"))
    generator = found.generator()
    inputs = to_input(torch.from_numpy(FASHION_MNIST.load("test").images.copy()), generator.side)

    @torch.inference_mode()
    def forward(batch: int) -> None:
        for start in range(0, len(inputs), batch):
            generator(inputs[start : start + batch])

    tried = {batch: statistics.median(timed(partial(forward, batch)) for _ in range(4)) for batch in BATCHES}
    best = min(tried, key=tried.__getitem__)
    return lambda: timed(lambda: forward(best)), best, tried[scoring.BATCH] / tried[best]


def against_bare_forward(model: str, repeats: int = 9) -> tuple[Comparison, int, float]:
    """(our scoring of 10,000 uint8 images against the bare forward pass, its best batch size, its time at ours)."""
    found = checkpoints.load(checkpoints.shipped(model, "t-shirt"))
    generator, images = found.generator(), FASHION_MNIST.load("test").images
    forward, best, at_ours = bare_forward(model)
    found_times = compare(lambda: timed(lambda: scoring.score(generator, images)), forward, repeats)
    return found_times, best, at_ours


def one_image(model: str, repeats: int = 50) -> float:
    """Seconds for one image, median."""
    found = checkpoints.load(checkpoints.shipped(model, "t-shirt"))
    generator, image = found.generator(), FASHION_MNIST.load("test").images[:1]
    seconds = [timed(lambda: scoring.score(generator, image)) for _ in range(repeats)]
    return statistics.median(seconds)


def peak_memory(model: str) -> tuple[float, float]:
    """(MB of a process once torch and the model are loaded, and at its peak in scoring 10,000 images)."""
    code = f"""
from benchmarks.timing import peak_memory
from core.data.fashion_mnist import FASHION_MNIST
from core.gans import scoring
from core.store import checkpoints
found = checkpoints.load(checkpoints.shipped("{model}", "t-shirt"))
generator, images = found.generator(), FASHION_MNIST.load("test").images
scoring.score(generator, images[:1])
before = peak_memory()
scoring.score(generator, images)
print(before, peak_memory())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ
    )
    before, peak = map(float, done.stdout.split())
    return before, peak


def growth(model: str, counts: tuple[int, ...] = (100, 300, 1000, 3000, 10_000), repeats: int = 5) -> list[float]:
    """Seconds to score each of `counts` images, medians."""
    found = checkpoints.load(checkpoints.shipped(model, "t-shirt"))
    generator, images = found.generator(), FASHION_MNIST.load("test").images
    seconds = [[timed(partial(scoring.score, generator, images[:n])) for n in counts] for _ in range(repeats)]
    return list(np.median(seconds, axis=0))
