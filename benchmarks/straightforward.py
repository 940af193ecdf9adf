"""The two GANs trained the way one writes it down first: what our loop is measured against.

The original objective, without repair (core/gans/config.py). The same networks, losses, weights, optimizer settings, augmentation, schedule and averaged weights. What differs is how:
a Dataset of single images with torchvision's transforms behind a DataLoader, tensors in the default layout, and a pass of
its own for every role, as the papers' equations read.
"""

import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from core.data.tasks import Split
from core.gans import losses
from core.gans.build import build
from core.gans.config import TrainingConfig


class Garments(Dataset):
    """Images uint8 [N, H, W, C], one at a time, augmented and on the scale [-1, 1]."""

    def __init__(self, images: Tensor, config: TrainingConfig, side: int) -> None:
        self.images = images.permute(0, 3, 1, 2)  # as torchvision has them
        own = images.shape[1]
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomHorizontalFlip(),
                transforms.RandomCrop(own, padding=config.shift),
                transforms.Pad((side - own) // 2),
                transforms.ToTensor(),
                transforms.Normalize(0.5, 0.5),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(self.images[index])


class Straightforward:
    """One GAN in training. `run(steps)` returns the seconds that `steps` steps took."""

    def __init__(self, model: str, config: TrainingConfig, split: Split, epochs: int) -> None:
        self.model = model
        self.config: Any = config  # each model's has weights of its own
        torch.manual_seed(0)
        self.gan = build(model, config, split.data).train()
        self.averaged = AveragedModel(
            self.gan.generator, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay), use_buffers=True
        )
        self.loaders = [
            DataLoader(
                Garments(torch.from_numpy(images), config, self.gan.generator.side),
                config.batch_size,
                shuffle=True,
                drop_last=True,
            )
            for images in (split.train_normal, split.train_anomaly)
        ]
        parts = (self.gan.generator, self.gan.normal_discriminator, self.gan.anomaly_discriminator)
        betas = (config.beta1, config.beta2)
        self.optimizers = [torch.optim.Adam(part.parameters(), config.learning_rate, betas) for part in parts]
        steps = len(self.loaders[0]) * epochs
        self.schedules = [
            torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, steps, cycle_momentum=False)
            for optimizer in self.optimizers
        ]
        self.batches = self._batches()

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from zip(*self.loaders, strict=False)

    def run(self, steps: int) -> float:
        started = time.perf_counter()
        for _ in range(steps):
            self.step(*next(self.batches))
        return time.perf_counter() - started

    def step(self, x: Tensor, a: Tensor) -> None:
        gan, config = self.gan, self.config
        reconstructed, badly = gan.generator(x), gan.generator(a)

        for which, optimizer, real, fake in (
            (gan.normal_discriminator, self.optimizers[1], x, reconstructed),
            (gan.anomaly_discriminator, self.optimizers[2], a, badly),
        ):
            optimizer.zero_grad()
            on_real, on_fake = which(real), which(fake.detach())
            (losses.adversarial(on_real, 1.0) + losses.adversarial(on_fake, 0.0)).backward()
            optimizer.step()

        fooled = losses.adversarial(gan.normal_discriminator(reconstructed), 1.0)
        helped = losses.adversarial(gan.anomaly_discriminator(badly), 0.0)
        total = config.adversarial_normal * fooled + config.adversarial_anomaly * helped
        if self.model == "dcgan":
            patches = (config.patch, config.patch_stride, config.patch_worst)
            encode = gan.generator.encode
            total = (
                total
                + config.l1 * losses.l1(x, reconstructed)
                + config.patch_l1 * losses.patch_l1(x, reconstructed, *patches)
            )
            total = total + config.latent * losses.latent(encode(x), encode(reconstructed))
            total = total + config.abc * losses.abc(a, badly, config.abc_scale)
        else:
            total = total + config.mse * losses.mse(x, reconstructed) + config.negative_mse * losses.mse(-a, badly)
        self.optimizers[0].zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(gan.generator.parameters(), config.clip_norm)
        self.optimizers[0].step()
        for schedule in self.schedules:
            schedule.step()
        self.averaged.update_parameters(gan.generator)
        _ = [loss.item() for loss in (fooled, helped, total)]  # for the progress bar
