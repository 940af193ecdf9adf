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


def main(size: int, batch: int, threads: int) -> None:
    from core.data.fashion_mnist import FASHION_MNIST
    from core.gans.build import to_input

    torch.set_num_threads(threads)
    images = FASHION_MNIST.load("train").images
    # anomalib's defaults (Ganomaly.__init__), but for grey images of our size; it takes its batches from memory, too.
    model = GanomalyModel((size, size), 1, n_features=64, latent_vec_size=100).train()
    generator_loss, discriminator_loss = GeneratorLoss(1, 50, 1), DiscriminatorLoss()
    parts = (model.discriminator, model.generator)
    d_opt, g_opt = (torch.optim.Adam(part.parameters(), lr=2e-4, betas=(0.5, 0.999)) for part in parts)
    chosen = torch.Generator().manual_seed(0)
    for line in sys.stdin:
        started = time.perf_counter()
        for _ in range(int(line)):
            indices = torch.randint(0, len(images), (batch,), generator=chosen).numpy()
            x = to_input(torch.from_numpy(images[indices]), size).contiguous()
            # As in Ganomaly.training_step of anomalib 2.7.0.
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
        print(json.dumps(time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
