"""The batches of a training: shuffled, augmented, with distorted normals among the anomalies where labels are few."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.data.tasks import Split
from core.gans.build import to_input
from core.gans.config import TrainingConfig
from core.gans.distortions import distort


class Batches:
    """Augmented batches of a split's training images, in an order that the seed fixes."""

    def __init__(self, split: Split, config: TrainingConfig, side: int, seed: int, device: torch.device) -> None:
        self.config, self.data, self.side, self.device = config, split.data, side, device
        self.normal = torch.from_numpy(split.train_normal)
        self.anomaly = torch.from_numpy(split.train_anomaly)
        self.random = torch.Generator().manual_seed(seed)
        self.steps = len(self.normal) // config.batch_size
        self.stand_ins = config.stand_ins(len(self.anomaly))
        self.kinds = 2 if len(self.anomaly) or self.stand_ins else 1

    def epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield `steps` pairs of batches (normal, anomaly), float [B, C, side, side]; anomalies may be empty.

        No normal comes twice. Up to `batch_size` - 1 normals, others in each epoch, are left out, because they would
        not fill a batch. Labelled anomalies are repeated as needed; `config.stand_ins` of each batch are distorted
        normals.
        """
        size = self.config.batch_size
        normals, anomalies = self._shuffled(self.normal), self._shuffled(self.anomaly)
        for step in range(self.steps):
            places = slice(step * size, (step + 1) * size)
            normal = self.normal[normals[places]]
            pseudo = distort(normal[: self.stand_ins], self.random, self.data.outside)
            anomaly = torch.cat([pseudo, self.anomaly[anomalies[places]][self.stand_ins :]])
            yield self._augmented(normal), self._augmented(anomaly)

    def _shuffled(self, images: Tensor) -> Tensor:
        """Draw the indices of one epoch, [steps · batch_size], from as many whole shuffles as needed; none without
        images.
        """
        needed = self.steps * self.config.batch_size
        if not len(images):
            return torch.empty(0, dtype=torch.long)
        shuffles = [torch.randperm(len(images), generator=self.random) for _ in range(-(-needed // len(images)))]
        return torch.cat(shuffles)[:needed]

    def _augmented(self, images: Tensor) -> Tensor:
        """Turn uint8 [B, H, W, C] into network input; mirror each image or not and move it by up to `shift` pixels."""
        count, side = len(images), images.shape[1]
        if count and self.config.flip and self.data.mirror:
            mirrored = torch.rand(count, generator=self.random) < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(2), images)
        if count and (reach := self.config.shift):
            corner = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=self.random)
            rows, columns = corner + torch.arange(side)  # [count, side] each, in the image with a margin of `reach`
            if self.data.outside == "black":
                images = nn.functional.pad(images, (0, 0, *(reach,) * 4))
            else:  # repeat the outermost pixels
                rows, columns = (rows - reach).clamp(0, side - 1), (columns - reach).clamp(0, side - 1)
            images = images[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
        return to_input(images.to(self.device, non_blocking=True), self.side, self.data.outside)
