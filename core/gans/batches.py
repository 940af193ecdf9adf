"""The batches of a training: shuffled, augmented, some normals damaged, and distorted normals among the anomalies where
labels are few."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.data.tasks import Split
from core.gans import defects
from core.gans.build import to_input
from core.gans.config import TrainingConfig
from core.gans.distortions import distort
from core.gans.targets import targets

GROUP = 8  # steps whose images are prepared together: damage takes half the time of one step after another


class Pair(NamedTuple):
    """Images and what the generator should make of them: float [N, C, side, side] each."""

    images: Tensor
    targets: Tensor


class Batch(NamedTuple):
    """The images of a step by kind. The targets of normals are the images themselves; any but `normal` may be empty.

    normal   undamaged normal images
    damaged  damaged normal images, to be repaired
    anomaly  labelled anomalies or distorted normals, to be redrawn as normal images
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
        # Without a loss that looks at them, the targets of anomalies are the anomalies: any images of the right shape.
        wanted = targets(split.train_normal, split.train_anomaly) if config.as_normal else split.train_anomaly
        self.as_normal = torch.from_numpy(wanted)
        self.random = torch.Generator().manual_seed(seed)
        self.steps = len(self.normal) // config.batch_size
        self.stand_ins = config.stand_ins(len(self.anomaly))
        self.kinds = 2 if len(self.anomaly) or self.stand_ins else 1

    def epoch(self) -> Iterator[Batch]:
        """Yield `steps` batches of `batch_size` normals and as many anomalies; there may be none.

        No normal comes twice. Up to `batch_size` - 1 normals, others in each epoch, are left out, because they would
        not fill a batch. Labelled anomalies are repeated as needed; `config.stand_ins` of each batch are distorted
        normals, whose targets are the undistorted ones.
        """
        size = self.config.batch_size
        normals, anomalies = self._shuffled(self.normal), self._shuffled(self.anomaly)
        for first in range(0, self.steps, GROUP):
            places = slice(first * size, min(first + GROUP, self.steps) * size)
            normal = self.normal[normals[places]]
            whole, damaged = self._normals(self._moved(normal))
            anomaly, wanted = self._anomalies(normal, anomalies[places])
            for step in range(len(normal) // size):
                kept, broken = whole[step], damaged[step]
                some = slice(step * size, (step + 1) * size)
                yield Batch(
                    self._pair(kept[: self.config.undamaged]),
                    self._pair(broken, kept[self.config.undamaged :]),
                    self._pair(anomaly[some], wanted[some]),
                )

    def _normals(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the normals of a few steps, and those to be repaired, damaged: uint8 [S, B, …] and [S, D, …]."""
        whole = images.unflatten(0, (-1, self.config.batch_size))
        to_repair = whole[:, self.config.undamaged :]
        if not to_repair.shape[1]:
            return whole, to_repair
        damaged, _ = defects.damage(to_repair.flatten(0, 1), self.random)
        return whole, damaged.view(to_repair.shape)

    def _anomalies(self, normal: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return the anomalies of a few steps and their targets, uint8 [S · B, …]; both empty when there are none."""
        size = self.config.batch_size
        numbers = torch.arange(len(normal)) % size < self.stand_ins  # in each batch the first are distorted normals
        images, wanted = (normal.clone(), normal.clone()) if self.kinds == 2 else (normal[:0], normal[:0])
        if self.stand_ins:
            images[numbers] = distort(normal[numbers], self.random, self.data.outside)
        if len(self.anomaly):
            images[~numbers], wanted[~numbers] = self.anomaly[places][~numbers], self.as_normal[places][~numbers]
        if not len(images):
            return images, wanted
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
        """Mirror each image or not and move it by up to `shift` pixels: uint8 [B, H, W, C] → the same shape."""
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
        return images
