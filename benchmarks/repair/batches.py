"""A repair training's batches: normals, the same ones damaged, and anomalies beside what they are to become."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.repair import defects
from benchmarks.repair.localisation import Baselines
from benchmarks.repair.recipes import Recipe
from core.data.tasks import Split
from core.gans.batches import Batches
from core.gans.build import to_input
from core.gans.config import TrainingConfig
from core.gans.distortions import distort

NEAR = 5  # a target is the mean of so many nearest normals


class Normals(NamedTuple):
    """Normals as they are and damaged, float [B, C, side, side]; `mask` float [B, 1, side, side], 1 where damaged."""

    images: Tensor
    damaged: Tensor
    mask: Tensor


class Pairs(NamedTuple):
    """Anomalies and what each is to become, float [B, C, side, side]."""

    images: Tensor
    targets: Tensor


def targets(split: Split) -> np.ndarray:
    """Make for each labelled anomaly the mean of its five nearest typical normals: uint8 [A, H, W, C].

    Typical is the half of the normals that lies nearest to other normals, in proportion to its distance to anomalies.
    """
    normals, anomalies = split.train_normal, split.train_anomaly
    if not len(anomalies):
        return anomalies
    near = Baselines(normals)
    flat = near.normals
    own = _distance(flat, flat[near.neighbours(flat, NEAR + 1)[:, 1:]])  # the nearest of all is the image itself
    rivals = Baselines(anomalies)
    away = _distance(flat, rivals.normals[rivals.neighbours(flat, NEAR)])
    typical = normals[np.argsort(own / away)[: len(normals) // 2]]
    nearest = Baselines(typical).neighbours(rivals.normals, NEAR)
    return typical[nearest].mean(1).round().astype(np.uint8)


def _distance(flat: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Average the distances of each image [N, P] to its own others [N, K, P]: [N]."""
    return np.sqrt(((flat[:, None] - others) ** 2).sum(-1)).mean(1)


class RepairBatches(Batches):
    """The batches of a recipe. An anomaly and its target are mirrored and moved alike; normals are damaged after that."""

    def __init__(self, split: Split, recipe: Recipe, config: TrainingConfig, side: int, seed: int) -> None:
        super().__init__(split, config, side, seed, torch.device("cpu"))
        self.recipe = recipe
        self.targets = torch.from_numpy(targets(split))

    def epoch(self) -> Iterator[Any]:
        """Yield `steps` pairs (Normals, Pairs). Where no anomaly is labelled, distorted normals are to become upright again."""
        size, count = self.config.batch_size, self.recipe.anomalies
        order = self._shuffled(self.normal)
        others = torch.cat([self._shuffled(self.anomaly) for _ in range(-(-count // size))])
        for step in range(self.steps):
            (normal,) = self._moved(self.normal[order[step * size : (step + 1) * size]])
            damaged, mask = defects.damage(normal, self.random)
            if len(self.anomaly):
                chosen = others[step * count : (step + 1) * count]
                images, aims = self._moved(self.anomaly[chosen], self.targets[chosen])
            else:
                images, aims = distort(normal[:count], self.random, self.data.outside), normal[:count]
            margin = self.side - mask.shape[-1]
            around = (margin // 2, margin - margin // 2) * 2
            padded = nn.functional.pad(mask[:, None].float(), around)
            yield (
                Normals(self._input(normal), self._input(damaged), padded),
                Pairs(self._input(images), self._input(aims)),
            )

    def _input(self, images: Tensor) -> Tensor:
        return to_input(images, self.side, self.data.outside)

    def _moved(self, *kinds: Tensor) -> list[Tensor]:
        """Mirror and move uint8 [B, H, W, C] of one kind or two, those of the same place alike; black comes in from outside."""
        images = torch.stack(kinds, 1)
        count, side = len(images), images.shape[2]
        if self.config.flip and self.data.mirror:
            mirrored = torch.rand(count, generator=self.random) < 0.5
            images = torch.where(mirrored[:, None, None, None, None], images.flip(3), images)
        if reach := self.config.shift:
            padded = nn.functional.pad(images, (0, 0, *(reach,) * 4))
            rows, columns = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=self.random) + torch.arange(side)
            every, kind = torch.arange(count)[:, None, None, None], torch.arange(len(kinds))[None, :, None, None]
            images = padded[every, kind, rows[:, None, :, None], columns[:, None, None, :]]
        return list(images.unbind(1))
