"""A crowd without browsers on the real server: everyone gets, letter by letter, the answers that one person alone gets."""

import asyncio
import csv
import io
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from core.data import fashion_mnist
from core.gans import scoring
from core.store import checkpoints
from tests.torture.client import Visitor, visitor

MODELS = ("dcgan", "traditional")
UPLOADS = 5  # pictures of a table


@dataclass
class Crowd:
    """What came of it. Latencies are seconds a request; memory is the server's, in bytes."""

    sessions: int = 0
    requests: int = 0
    pictures: int = 0  # scores read to the last bit
    lost: list[str] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    memory: dict[int, int] = field(default_factory=dict)  # after so many requests

    @property
    def growth(self) -> float:
        """Share by which the server's memory grew between the first and the last look at it."""
        looks = sorted(self.memory)
        return self.memory[looks[-1]] / self.memory[looks[0]] - 1 if looks else 0.0


def crowd(address: str, process: int, sessions: int, requests: int, seed: int, images: int = 20) -> Crowd:
    """`sessions` at once make `requests` together, of that many test images through both GANs, then upload pictures.

    Each session first asks for the images in an order of its own, and switches between the GANs all the time. `process` is
    the server's, whose memory is looked at after a tenth of the requests and at the end.
    """
    # In a thread of its own: the browser tests leave an event loop running in this one.
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(lambda: asyncio.run(_crowd(address, process, sessions, requests, seed, images))).result()


async def _crowd(address: str, process: int, sessions: int, requests: int, seed: int, images: int) -> Crowd:
    found, rng = Crowd(sessions), random.Random(f"{seed}/crowd")
    serial = {model: _serial(model) for model in MODELS}
    stored = {model: checkpoints.load(checkpoints.shipped(model, "t-shirt")).scores.test for model in MODELS}
    pairs = [(model, number) for number in rng.sample(range(10_000), images) for model in MODELS]
    expected: dict[tuple[str, int], list[str]] = {}
    async with visitor(address, "try") as one:
        await _ask(one, *pairs[0])  # whoever comes first waits for all that is loaded once
        await _ask(one, *pairs[1])
        for pair in pairs:
            begun = time.perf_counter()
            expected[pair] = await _ask(one, *pair)
            found.alone.append(time.perf_counter() - begun)
            shown = re.search(r"score \*\*([0-9.]+)\*\*", "\n".join(expected[pair]))
            if shown is None or shown[1] != f"{stored[pair[0]][pair[1]]:.4f}":
                found.lost.append(f"{pair}: alone it is not the stored score")

    async def session(number: int) -> None:
        mine = random.Random(f"{seed}/crowd/{number}")
        async with visitor(address, "try") as one:
            while found.requests < requests:
                found.requests += 1
                if found.requests in (requests // 10, requests):
                    found.memory[found.requests] = _memory(process)
                pair, begun = mine.choice(pairs), time.perf_counter()
                answer = await _ask(one, *pair)
                found.together.append(time.perf_counter() - begun)
                if answer != expected[pair]:
                    found.lost.append(f"session {number}, {pair}: another answer than alone")
            await _upload(one, mine, serial, found)

    ended = await asyncio.gather(*(session(number) for number in range(sessions)), return_exceptions=True)
    found.lost += [f"{type(one).__name__}: {one}" for one in ended if isinstance(one, BaseException)]
    return found


def _changed() -> np.ndarray:
    """Every test image with its first pixel changed by a level: an unchanged one would have its stored score."""
    images = fashion_mnist.load("test").images.copy()
    images[:, 0, 0] ^= 1
    return images


def _serial(model: str) -> np.ndarray:
    """Every changed image's score, made here and now: another processor than the one that trained has other last bits."""
    checkpoint = checkpoints.load(checkpoints.shipped(model, "t-shirt"))
    return scoring.score(checkpoint.generator(), _changed())


async def _ask(one: Visitor, model: str, number: int) -> list[str]:
    """What the page says of a test image: the link that leads to it, as the browser's Back button follows it."""
    await one.run(f"model={model}&edit={number}", travelled=True)
    return one.answer()


async def _upload(one: Visitor, rng: random.Random, serial: dict[str, np.ndarray], found: Crowd) -> None:
    """Pictures of test images through both GANs; the table's CSV has every digit, and they are those of one process that scores alone."""
    images = _changed()
    one.choose("button_group", "try_way", "string_array_value", ["Upload or paste"])
    await one.run("model=dcgan", travelled=True)
    for model in MODELS:
        numbers = rng.sample(range(len(images)), UPLOADS)
        await one.upload("Pictures", [(f"{number}.png", _png(images[number])) for number in numbers])
        await one.run(f"model={model}", travelled=True)
        table = await one.http("GET", one.widget("download_button", "Scores as CSV").url)
        rows = list(csv.DictReader(io.StringIO(table.decode())))
        scores = np.array([float(row["score"]) for row in rows], np.float32)
        found.pictures += len(rows)
        if [row["file"] for row in rows] != [f"{n}.png" for n in numbers] or (scores != serial[model][numbers]).any():
            found.lost.append(f"{model}, {numbers}: other scores than alone")


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(buffer, "PNG")
    return buffer.getvalue()


def _memory(process: int) -> int:
    """Bytes of a process in memory (Linux); 0 where that cannot be told."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]
