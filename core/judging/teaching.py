"""Teach the finder (core/judging/finder.py) on made pictures (core/judging/scenes.py) with garments of the training split.

`python -m core.judging.teaching` does it and writes data/finder.safetensors: five minutes of one processor.
"""

from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from core.basics.files import write_whole
from core.data.fashion_mnist import FASHION_MNIST
from core.judging import scenes
from core.judging.finder import WEIGHTS, Finder

STEPS, BATCH, RATE, SEED = 2000, 32, 4e-3, 0
NEW = 4  # pictures of a batch that are new; the others come back mirrored, turned and in other light
FIRST = 256  # pictures before the first step
EMA = 0.99  # how much of the mean weights a step keeps


Pair = tuple[np.ndarray, np.ndarray]


def loss(logits: Tensor, shares: Tensor) -> Tensor:
    """Cross-entropy, and one minus the overlap (Dice), which counts a small garment like a large one."""
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, shares)
    found = torch.sigmoid(logits)
    overlap = (2 * (found * shares).sum((1, 2)) + 20) / (found.sum((1, 2)) + shares.sum((1, 2)) + 20)
    return entropy + (1 - overlap).mean()


def changed(pair: Pair, random: np.random.Generator) -> Pair:
    """Mirror and turn a picture [64, 64, 3] with its shares [64, 64]; exchange its colours, or dark for light."""
    picture, share = pair
    turns = int(random.integers(4))
    picture, share = np.rot90(picture, turns), np.rot90(share, turns)
    if random.random() < 0.5:
        picture, share = picture[:, ::-1], share[:, ::-1]
    if random.random() < 0.3:
        picture = 255 - picture
    return (picture[..., random.permutation(3)] * random.uniform(0.6, 1)).astype(np.uint8), share


def batches(random: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches without end: pictures float [N, 3, 64, 64] on [0, 1] and shares float [N, 64, 64]."""
    garments = FASHION_MNIST.load("train").images
    seen = [scenes.scene(garments, random) for _ in range(FIRST)]
    while True:
        new = [scenes.scene(garments, random) for _ in range(NEW)]
        old = [changed(seen[place], random) for place in random.integers(len(seen), size=BATCH - NEW)]
        seen += new
        pictures, shares = zip(*new, *old, strict=True)
        yield (
            torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255,
            torch.from_numpy(np.stack(shares)),
        )


def teach(steps: int = STEPS, told: Callable[[int, float, Finder], None] = lambda *_: None) -> Finder:
    """Train a finder for `steps` steps; `told` hears of each step, its loss and the finder as it is then."""
    torch.manual_seed(SEED)
    finder = Finder().to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        finder, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(EMA), use_buffers=True
    )
    averaged = cast(Finder, mean.module)
    optimizer = torch.optim.AdamW(finder.parameters(), RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.15)
    for step, (pictures, shares) in zip(range(steps), batches(np.random.default_rng(SEED)), strict=False):
        lost = loss(finder(pictures.contiguous(memory_format=torch.channels_last)), shares)
        optimizer.zero_grad()
        lost.backward()
        optimizer.step()
        schedule.step()
        mean.update_parameters(finder)
        told(step, lost.item(), averaged)
    return averaged.eval()


def keep(finder: Finder) -> None:
    """Write the finder's weights, with half the digits, where the intake reads them."""
    state = finder.state_dict()
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in state.items()
    }
    write_whole(WEIGHTS, save(weights))


if __name__ == "__main__":
    keep(teach(told=lambda step, lost, _: print(f"step {step}: loss {lost:.3f}") if step % 100 == 0 else None))
