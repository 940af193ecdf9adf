"""A small classifier of the classes, trained on training images: says which class a reconstruction looks like."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from core.basics.files import write_whole
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.gans.build import to_input

SIDE = FASHION_MNIST.description.side
EPOCHS, BATCH = 2, 128
HELD = 20  # every so-many-th training image is held out, for the accuracy


class Judge(nn.Module):
    """Three convolutions and one linear layer: float [N, 1, 28, 28] on [-1, 1] → a value for each class [N, 10]."""

    def __init__(self) -> None:
        super().__init__()
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


def train(images: Images) -> tuple[Judge, float]:
    """Train a judge, the same each time: (the judge, its accuracy on held-out training images)."""
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
    return network, float((called == labels[held].numpy()).mean())


def trained(images: Images, path: Path | None) -> Judge:
    """Return the judge that `path` holds, or train one, tell its accuracy and keep it there."""
    if path and path.exists():
        network = Judge()
        network.load_state_dict(load(path.read_bytes()))
        return network
    network, accuracy = train(images)
    print(f"The judge's accuracy is {accuracy:.3f} on held-out training images.", flush=True)
    if path:
        write_whole(path, save({name: value.contiguous() for name, value in network.state_dict().items()}))
    return network
