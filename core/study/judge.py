"""A small classifier of the classes, trained on training images: says which class a reconstruction looks like."""

import json
from functools import lru_cache

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from core.basics.files import locked, sha256, write_whole
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.gans.build import to_input
from core.store import checkpoints

SIDE = FASHION_MNIST.description.side
EPOCHS, BATCH = 2, 128
HELD = 20  # every so-many-th training image is held out, for the accuracy


class Judge(nn.Module):
    """Three convolutions and one linear layer: float [N, 1, 28, 28] on [-1, 1] → a value for each class [N, 10].

    `accuracy` is the share of held-out training images whose class it names.
    """

    accuracy: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("accuracy", torch.tensor(0.0))
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 9, len(FASHION_MNIST.description.classes)))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)

    @torch.inference_mode()
    def called(self, reconstructions: np.ndarray) -> np.ndarray:
        """Name the label that each reconstruction float [N, H, W, C] on [-1, 1] looks like: int [N]."""
        images = torch.from_numpy(reconstructions).permute(0, 3, 1, 2)
        return torch.cat([self.eval()(part).argmax(1) for part in images.split(512)]).numpy()


@lru_cache(maxsize=1)
def trained() -> Judge:
    """Return the judge of today's training split, trained the first time, then kept beside the runs.

    The first process trains it, and others wait for it: two would only make each other slow.
    """
    images = FASHION_MNIST.load("train")
    recipe = json.dumps([str(Judge()), SIDE, EPOCHS, BATCH, HELD, images.fingerprint])
    path = checkpoints.RUNS / ".judge" / f"{sha256(recipe.encode())[:12]}.safetensors"
    with locked(path.parent):
        if not path.exists():
            network = train(images)
            write_whole(path, save({name: value.contiguous() for name, value in network.state_dict().items()}))
    network = Judge()
    network.load_state_dict(load(path.read_bytes()))
    return network


def train(images: Images) -> Judge:
    """Train a judge, the same each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Judge().to(memory_format=torch.channels_last)
        pixels, labels = torch.from_numpy(images.images.copy()), torch.from_numpy(images.labels.astype(np.int64))
        held = torch.arange(len(pixels)) % HELD == 0
        known, truth = pixels[~held], labels[~held]
        steps = len(known) // BATCH
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=EPOCHS * steps)
        for _ in range(EPOCHS):
            order = torch.randperm(len(known))
            for step in range(steps):
                chosen = order[step * BATCH : (step + 1) * BATCH]
                loss = nn.functional.cross_entropy(network(to_input(known[chosen], SIDE)), truth[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    called = network.called(pixels[held].numpy() / np.float32(127.5) - np.float32(1.0))
    network.accuracy.fill_((called == labels[held].numpy()).mean())
    return network
