"""Run by benchmarks/training.py in anomalib's own environment: reads a number of steps a line, writes seconds.

usage: python ganomaly.py SIZE BATCH THREADS
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "6000"}  # as Misfit does: it waits while Misfit trains

import torch
from anomalib.models.image.ganomaly.loss import DiscriminatorLoss, GeneratorLoss
from anomalib.models.image.ganomaly.torch_model import GanomalyModel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


class Ganomaly:
    """anomalib's GANomaly at its defaults (Ganomaly.__init__), with its optimizers."""

    def __init__(self, size: int, channels: int) -> None:
        self.model = GanomalyModel((size, size), channels, n_features=64, latent_vec_size=100).train()
        self._losses = GeneratorLoss(1, 50, 1), DiscriminatorLoss()
        parts = (self.model.generator, self.model.discriminator)
        self._optimizers = [torch.optim.Adam(part.parameters(), lr=2e-4, betas=(0.5, 0.999)) for part in parts]

    def step(self, x: torch.Tensor) -> None:
        """Train on a batch [N, C, size, size], as Ganomaly.training_step of anomalib 2.7.0."""
        model, (generator_loss, discriminator_loss), (g_opt, d_opt) = self.model, self._losses, self._optimizers
        padded, fake, latent_i, latent_o = model(x)
        pred_real, _ = model.discriminator(padded)
        pred_fake, _ = model.discriminator(fake)
        g_loss = generator_loss(latent_i, latent_o, padded, fake, pred_real, pred_fake)
        g_opt.zero_grad()
        g_loss.backward(retain_graph=True)
        g_opt.step()
        pred_fake, _ = model.discriminator(fake.detach())
        d_loss = discriminator_loss(pred_real, pred_fake)
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()


def main(size: int, batch: int, threads: int) -> None:
    from core.data.fashion_mnist import FASHION_MNIST
    from core.gans.build import to_input

    torch.set_num_threads(threads)
    images = FASHION_MNIST.load("train").images
    ganomaly = Ganomaly(size, 1)  # it takes its batches from memory, as Misfit does
    chosen = torch.Generator().manual_seed(0)
    for line in sys.stdin:
        started = time.perf_counter()
        for _ in range(int(line)):
            indices = torch.randint(0, len(images), (batch,), generator=chosen).numpy()
            ganomaly.step(to_input(torch.from_numpy(images[indices]), size).contiguous())
        print(json.dumps(time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
