"""Images a second in training: our loop, a straightforward one, and anomalib's GANomaly."""

import itertools
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch

from benchmarks.straightforward import Straightforward
from benchmarks.timing import Comparison, compare
from core.basics.files import ROOT
from core.data import tasks
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans.recipes import default_config
from core.gans.training import Training

ANOMALIB = ROOT / "benchmarks" / ".anomalib"
EPOCHS = 1000  # long enough that no schedule ends


def ours(model: str, objective: str = "repair") -> tuple[Callable[[int], float], int]:
    """(run `steps` steps of our own loop and return seconds, images a step)."""
    config = msgspec.structs.replace(default_config(model, "seen", objective), epochs=EPOCHS)
    training = Training(model, config, tasks.split(Task(), FASHION_MNIST.load("train")), device="cpu")
    batches = itertools.chain.from_iterable(training.batches.epoch() for _ in itertools.count())

    def run(steps: int) -> float:
        started = time.perf_counter()
        for batch in itertools.islice(batches, steps):
            training._step(batch)
        return time.perf_counter() - started

    return run, 2 * config.batch_size


def against_straightforward(model: str, steps: int = 20, repeats: int = 7) -> tuple[Comparison, float]:
    """(comparison, our images a second), both with the original objective: the straightforward loop has no repair."""
    run, images = ours(model, "original")
    config = default_config(model, "seen", "original")
    other = Straightforward(model, config, tasks.split(Task(), FASHION_MNIST.load("train")), EPOCHS)
    found = compare(lambda: run(steps), lambda: other.run(steps), repeats)
    return found, steps * images / found.ours


@contextmanager
def ganomaly(size: int, batch_size: int) -> Iterator[Callable[[int], float]]:
    """anomalib's GANomaly at its defaults, in an environment of its own (`make bench` builds it); steps → seconds."""
    python = ANOMALIB / "bin" / "python"
    command = [
        str(python),
        "-W",
        "ignore",  # what its dependencies will do one day
        str(ROOT / "benchmarks" / "ganomaly.py"),
        str(size),
        str(batch_size),
        str(torch.get_num_threads()),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin and process.stdout
        questions, answers = process.stdin, process.stdout

        def run(steps: int) -> float:
            questions.write(f"{steps}\n")
            questions.flush()
            return float(json.loads(answers.readline()))

        try:
            yield run
        finally:
            process.stdin.close()
            process.wait()


def against_ganomaly(repeats: int = 3) -> tuple[Comparison, float]:
    """(our DCGAN against GANomaly, same images, size and images a step; our images a second). Both reconstruct images as
    they are: our objective is the original one, without repair.

    We take several steps for one of theirs, so that both take about as long; the comparison is of seconds an image.
    """
    run, images = ours("dcgan", "original")
    steps = 10
    with ganomaly(32, images) as theirs:
        found = compare(lambda: run(steps) / steps, lambda: theirs(1), repeats)
    return found, images / found.ours


def speed(model: str, steps: int = 20, repeats: int = 7) -> float:
    """Our images a second with the repair objective, which ships; median."""
    run, images = ours(model)
    run(steps)
    return steps * images / statistics.median(run(steps) for _ in range(repeats))


def convolution_share(steps: int = 20) -> float:
    """The share of the time of a DCGAN step, original objective, that its convolutions take, forward and backward: no loop
    can save those."""
    from torch.profiler import ProfilerActivity, profile

    run, _ = ours("dcgan", "original")
    run(5)
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        run(steps)
    spent = [(row.key, row.self_cpu_time_total) for row in profiled.key_averages()]
    return sum(time for name, time in spent if "conv" in name) / sum(time for _, time in spent)


def installed() -> bool:
    return Path(ANOMALIB / "bin" / "python").exists()
