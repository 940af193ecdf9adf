"""A fusion of three one-class scores, for a row of its own: what a second and a third look at the same normals add to the
traditional GAN.

The parts are the traditional GAN's score, the distance to the nearest training normals, and a small network's doubt which of
twelve turned and moved copies of an image it sees (Golan and El-Yaniv 2018, arXiv 1805.10917): it learns on normals, and is
unsure of an image that is unlike them. The parts count alike, and the network's settings are the first that were tried; the
GAN's recipe was chosen with labels, as docs/what-helped.md says.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from core.data.tasks import Split
from core.gans.recipes import default_config
from core.store.baselines import PIXEL_METHODS

if TYPE_CHECKING:
    from torch import Tensor, nn

EPOCHS, BATCH, RATE = 3, 64, 2e-3
AT_ONCE = 256  # copies in a step, of all copies of a batch
MOVED = 8  # pixels
COPIES = 12


def fusion(split: Split, test: np.ndarray, seed: int) -> np.ndarray:
    """Score images uint8 [N, H, W, C]: float [N], the mean of the parts' standardised logarithms.

    Each logarithm has its mean over the validation normals subtracted and is divided by its SD there.
    """
    images = np.concatenate([split.validation_normal, test])
    held, parts = len(split.validation_normal), []
    for scores in _parts(split, images, seed):
        logs = np.log(scores)
        parts.append((logs[held:] - logs[:held].mean()) / logs[:held].std())
    return np.mean(parts, axis=0)


def _parts(split: Split, images: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Yield the scores of images by each part: float [N], above 0."""
    from core.gans import scoring
    from core.gans.training import Training

    config = default_config("traditional", "one-class")
    yield scoring.score(Training("traditional", config, split, seed, "cpu").finish(), images)
    yield PIXEL_METHODS["kNN"](split.train_normal, images, seed)
    yield doubt(split.train_normal, images, seed)


def doubt(normals: np.ndarray, images: np.ndarray, seed: int) -> np.ndarray:
    """Train the network that names copies on `normals`; return the mean cross-entropy over each image's copies: float [N].

    Both are uint8 [N, H, W, 1]; half of the normals are mirrored in a step.
    """
    import torch
    from torch.nn import functional as F

    from core.gans.gan import to_input

    inputs = to_input(torch.from_numpy(normals.copy()), normals.shape[1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _network(inputs.shape[-1])
        steps = EPOCHS * len(inputs) // BATCH
        optimizer = torch.optim.Adam(network.parameters(), RATE, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        for _ in range(steps):
            batch = inputs[torch.randint(len(inputs), (BATCH,))]
            mirrored = torch.rand(len(batch)) < 0.5
            made = copies(torch.where(mirrored[:, None, None, None], batch.flip(3), batch))
            some = torch.randperm(COPIES * BATCH)[:AT_ONCE]
            optimizer.zero_grad()
            F.cross_entropy(network(made.flatten(0, 1)[some]), some // BATCH).backward()
            optimizer.step()
            schedule.step()
    network.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(images), AT_ONCE):
            chunk = to_input(torch.from_numpy(images[start : start + AT_ONCE].copy()), images.shape[1])
            made = copies(chunk)
            named = [F.log_softmax(network(one), 1)[:, number] for number, one in enumerate(made)]
            found.append(-torch.stack(named).mean(0))
    return torch.cat(found).numpy()


def copies(images: "Tensor") -> "Tensor":
    """Make the twelve copies: in place, moved to the right and moved down, each turned by 0, 90, 180 and 270 degrees.

    [N, C, S, S] on [-1, 1] → [12, N, C, S, S]; what comes in from beyond the frame is black.
    """
    import torch
    from torch.nn import functional as F

    moved = [F.pad(images, margin, value=-1.0) for margin in ((0,) * 4, (MOVED, -MOVED, 0, 0), (0, 0, MOVED, -MOVED))]
    return torch.stack([image.rot90(turns, (2, 3)) for image in moved for turns in range(4)])


def _network(side: int) -> "nn.Module":
    from torch import nn

    layers: list[nn.Module] = [nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2)]
    for inputs, outputs, kernel in ((16, 32, 4), (32, 64, 3)):
        layers += [nn.Conv2d(inputs, outputs, kernel, 2, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * (-(-side // 8)) ** 2, COPIES))
