"""The training loop that ships, with the repair objective in its step."""

from typing import Any

import torch
from torch import Tensor

from benchmarks.repair.batches import Normals, Pairs, RepairBatches
from benchmarks.repair.recipes import Trial
from core.data.tasks import Split
from core.gans import losses
from core.gans.training import Scalars, Training

ABC_SCALE = 8.0  # as in the recipe that ships


class Repairing(Training):
    """A training of a trial's recipe, on the CPU."""

    def __init__(self, trial: Trial, split: Split, seed: int) -> None:
        super().__init__(trial.model, trial.config, split, seed, "cpu")
        self.recipe = trial.recipe
        self.squared = trial.model == "traditional"
        self.batches = RepairBatches(split, trial.recipe, trial.config, self.gan.generator.side, seed)

    def _step(self, normal: Any, anomaly: Any) -> tuple[Scalars, Scalars]:
        """Learn from one batch of Normals and one of Pairs: (losses, the discriminator's accuracy)."""
        recipe, gan = self.recipe, self.gan.train()
        kinds = [normal.images[: recipe.normals], normal.damaged[: recipe.damaged], anomaly.images]
        parts = gan.generator(torch.cat(kinds)).split([len(images) for images in kinds])
        judged = torch.cat([part[: int(recipe.judged_share * len(part))] for part in parts])
        judging, accuracies = self._judge(normal.images, judged.detach(), anomaly.images) if recipe.judged else ({}, {})

        for parameter in self.discriminator_parameters:
            parameter.requires_grad_(False)
        weighted = self._weighted(normal, anomaly, parts)
        if recipe.judged:
            weighted["judged"] = recipe.judged * losses.adversarial(gan.normal_discriminator(judged), 1.0)
        total = torch.stack(list(weighted.values())).sum()
        if not torch.isfinite(total):
            raise self._diverged("a loss")
        self._descend(0, total, clip=self.config.clip_norm)
        for parameter in self.discriminator_parameters:
            parameter.requires_grad_(True)
        self.averaged.update_parameters(gan.generator)
        return {name: loss.detach() for name, loss in (judging | weighted).items()}, accuracies

    def _judge(self, real: Tensor, judged: Tensor, anomalies: Tensor) -> tuple[Scalars, Scalars]:
        """Train the discriminator to say 1 to normals, 0 to reconstructions and to anomalies: (losses, accuracies)."""
        discriminator = self.gan.normal_discriminator
        loss, accuracy = self.gan.discriminator_losses(real, judged, discriminator)
        if self.recipe.versus:
            loss = loss + self.recipe.versus * losses.adversarial(discriminator(anomalies), 0.0)
        self._descend(1, loss)
        return {"discriminator": loss}, {"normal": accuracy}

    def _weighted(self, normal: Normals, anomaly: Pairs, reconstructions: tuple[Tensor, ...]) -> Scalars:
        """Return the generator's weighted losses on its reconstructions of normals, damaged normals and anomalies."""
        recipe = self.recipe
        own, mended, led = reconstructions
        kept, whole = normal.images[: recipe.normals], normal.images[: recipe.damaged]
        counts = 1.0 + (recipe.heavy - 1.0) * normal.mask[: recipe.damaged]
        terms = {
            "own": lambda: self._distance(kept, own).mean(),
            "patch": lambda: losses.patch_l1(kept, own),
            "repair": lambda: (self._distance(whole, mended) * counts).mean(),
            "lead": lambda: self._distance(anomaly.targets, led).mean(),
            "abc": lambda: losses.abc(anomaly.images, led, ABC_SCALE),
            "negative": lambda: self._distance(-anomaly.images, led).mean(),
        }
        weights = {name: getattr(recipe, name) for name in terms}
        return {name: weights[name] * loss() for name, loss in terms.items() if weights[name]}

    def _distance(self, images: Tensor, reconstructions: Tensor) -> Tensor:
        """Return the error of each pixel, squared for the traditional GAN."""
        difference = images - reconstructions
        return difference.square() if self.squared else difference.abs()
