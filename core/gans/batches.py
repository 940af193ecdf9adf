"""The batches of a training: shuffled, augmented, some normals damaged, and distorted normals among the anomalies where
labels are few."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from core.data.tasks import Split
from core.gans import defects
from core.gans.augmentation import augment
from core.gans.build import to_input
from core.gans.config import TrainingConfig
from core.gans.distortions import distort
from core.gans.targets import targets

TOGETHER = 512  # normals, at least a batch, that are prepared at once: damaging few at a time takes twice as long


class Pair(NamedTuple):
    """Images and what the generator should make of them: float [N, C, side, side] each."""

    images: Tensor
    targets: Tensor


class Batch(NamedTuple):
    """The images of a step by kind. The targets of normals are the images themselves; any but `normal` may be empty.

    normal   undamaged normal images
    damaged  damaged normal images, to be repaired
    anomaly  labelled anomalies and distorted normals, to be redrawn as normal images
    """

    normal: Pair
    damaged: Pair
    anomaly: Pair


class Batches:
    """Augmented batches of a split's training images, in an order that the seed fixes."""

    def __init__(self, split: Split, config: TrainingConfig, side: int, seed: int, device: torch.device) -> None:
        self.config, self.data, self.side, self.device = config, split.data, side, device
        self.normal = torch.from_numpy(split.train_normal)
        self.anomaly = torch.from_numpy(split.train_anomaly)
        # Without the loss that needs them, targets are not computed: the anomalies stand in their place.
        wanted = targets(split.train_normal, split.train_anomaly) if config.as_normal else split.train_anomaly
        self.as_normal = torch.from_numpy(wanted)
        self.random = torch.Generator().manual_seed(seed)
        self.steps = config.steps(len(self.normal))
        self.stand_ins = config.stand_ins(len(self.anomaly))
        self.kinds = 2 if len(self.anomaly) or self.stand_ins else 1

    def epoch(self) -> Iterator[Batch]:
        """Yield `steps` batches of `batch_size` normals and as many anomalies; there may be none.

        No normal comes twice, except in a small set that is passed over several times (`least_steps`). Up to
        `batch_size` - 1 normals, others in each epoch, are left out, because they would not fill a batch. Labelled
        anomalies are repeated as needed; `config.stand_ins` of each batch are distorted normals, whose targets are the
        undistorted ones.
        """
        size, undamaged = self.config.batch_size, self.config.undamaged
        normals, anomalies = self._shuffled(self.normal), self._shuffled(self.anomaly)
        at_once = size * max(1, TOGETHER // size)
        for first in range(0, self.steps * size, at_once):
            places = slice(first, first + at_once)
            normal = self.normal[normals[places]]
            whole = self._moved(normal).unflatten(0, (-1, size))  # [S, B, …]
            damaged = self._damaged(whole[:, undamaged:])
            anomaly, wanted = self._anomalies(normal, anomalies[places])
            for step in range(len(whole)):
                some = slice(step * size, (step + 1) * size)
                yield Batch(
                    self._pair(whole[step, :undamaged]),
                    self._pair(damaged[step], whole[step, undamaged:]),
                    self._pair(anomaly[some], wanted[some]),
                )

    def _damaged(self, images: Tensor) -> Tensor:
        """Damage the normals to be repaired of a few steps: uint8 [S, D, …], D may be 0."""
        return defects.damage(images.flatten(0, 1), self.random, self.config.faint)[0].view(images.shape)

    def _anomalies(self, normal: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return the anomalies of a few steps and their targets, uint8 [S · B, …]; both empty when there are none."""
        size = self.config.batch_size
        if self.kinds == 1:
            return normal[:0], normal[:0]
        images, wanted = normal.clone(), normal.clone()
        distorted = torch.arange(len(normal)) % size < self.stand_ins  # the first of each batch
        images[distorted] = distort(normal[distorted], self.random, self.data.outside)
        if len(self.anomaly):
            labelled = places[~distorted]
            images[~distorted], wanted[~distorted] = self.anomaly[labelled], self.as_normal[labelled]
        moved = self._moved(torch.cat([images, wanted], -1))  # side by side as channels: both are moved alike
        return moved[..., : images.shape[-1]], moved[..., images.shape[-1] :]

    def _pair(self, images: Tensor, wanted: Tensor | None = None) -> Pair:
        """Turn uint8 [N, H, W, C] into network input; without `wanted`, the images are to stay as they are."""
        inputs = self._input(images)
        return Pair(inputs, inputs if wanted is None else self._input(wanted))

    def _input(self, images: Tensor) -> Tensor:
        return to_input(images.to(self.device, non_blocking=True), self.side, self.data.outside)

    def _shuffled(self, images: Tensor) -> Tensor:
        """Draw the indices of one epoch, [steps · batch_size], from as many whole shuffles as needed; none without
        images.
        """
        needed = self.steps * self.config.batch_size
        if not len(images):
            return torch.empty(0, dtype=torch.long)
        shuffles = [torch.randperm(len(images), generator=self.random) for _ in range(-(-needed // len(images)))]
        return torch.cat(shuffles)[:needed]

    def _moved(self, images: Tensor) -> Tensor:
        """Augment images, each in its own way: uint8 [B, H, W, C] → the same shape."""
        return augment(images, self.config, self.data, self.random)
