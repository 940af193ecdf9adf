"""One training loop for both GANs: it yields a record per epoch, stops on request, and keeps the averaged generator."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.basics.errors import ConfigError, TrainingDiverged
from core.data.tasks import Split
from core.gans import scoring
from core.gans.batches import Batch, Batches
from core.gans.build import GAN, Generator, Pass, build, pick_device
from core.gans.config import TrainingConfig
from core.gans.record import Epoch
from core.metrics import evaluation

Scalars = dict[str, Tensor]  # losses or accuracies by name, a number each


@dataclass(frozen=True)
class Progress:
    """The progress of training after a step."""

    epoch: int  # epochs finished
    epochs: int
    step: int  # steps finished in this epoch
    steps: int
    losses: Mapping[str, Tensor] = field(default_factory=dict, compare=False, repr=False)  # sums over these steps
    accuracies: Mapping[str, Tensor] = field(default_factory=dict, compare=False, repr=False)  # likewise


class Training:
    """A training run. Iterate `epochs()`; `generator` is at any time the averaged generator trained so far.

    history       the records of the finished epochs
    step          steps finished in an epoch that a stop or a divergence has cut short; 0 between two epochs
    best_epoch    the finished epoch that did best on validation (0: none yet): by AUROC, or by the normals' error where
                  training has no labelled anomaly, because labels may choose nothing there
    best_weights  the averaged generator's weights after that epoch

    Same data, config, seed and machine: same weights. The global random state of torch is left as it was.
    The batch is at most as large as the set of normal images. Raises DataError when there are fewer than two of them,
    ConfigError for a seed out of range.
    """

    def __init__(self, model: str, config: TrainingConfig, split: Split, seed: int = 0, device: str = "auto") -> None:
        config = config.fitted(len(split.train_normal))
        if not 0 <= seed < 2**63:
            raise ConfigError(f"seed is {seed}; it must be between 0 and {2**63 - 1}.")
        self.config = config
        self.device = pick_device(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            gan = build(model, config, split.data)
        self.gan: GAN = gan.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack the pair
        self.averaged = AveragedModel(
            self.gan.generator, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay), use_buffers=True
        )
        self.batches = Batches(split, config, self.gan.generator.side, seed, self.device)
        self.steps = self.batches.steps
        self.split = split
        self.validation = (split.validation_normal, split.validation_anomaly)
        self.labelled = len(split.train_anomaly) > 0 and len(split.validation_anomaly) > 0
        self.history: list[Epoch] = []
        self.step = 0
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] = {}

        discriminators = [self.gan.normal_discriminator, self.gan.anomaly_discriminator]
        self.discriminator_parameters = [p for module in discriminators for p in module.parameters()]
        betas = (config.beta1, config.beta2)
        self.optimizers = [
            torch.optim.Adam(parameters, config.learning_rate, betas, fused=True)
            for parameters in (list(self.gan.generator.parameters()), self.discriminator_parameters)
        ]
        self.schedules = [
            torch.optim.lr_scheduler.OneCycleLR(
                optimizer, config.learning_rate, total_steps=self.steps * config.epochs, cycle_momentum=False
            )
            for optimizer in self.optimizers
        ]

    @property
    def generator(self) -> Generator:
        """The averaged generator, in evaluation mode, with averaged batch-norm statistics."""
        return cast(Generator, self.averaged.module.eval())  # AveragedModel loses the type of its module

    @property
    def finished_epochs(self) -> int:
        """The number of finished epochs."""
        return len(self.history)

    def epochs(
        self, should_stop: Callable[[], bool] = lambda: False, on_step: Callable[[Progress], None] = lambda _: None
    ) -> Iterator[Epoch]:
        """Train; yield the record of each finished epoch (also kept in `history`).

        `should_stop` is called after every step. A stop within an epoch yields no record of this epoch: `generator`
        keeps what it learned in these steps, but training can only be resumed from a snapshot of the last finished
        epoch (core/runs/snapshot.py). Raises TrainingDiverged when a loss is not finite; the generator still holds the
        last finite average.
        """
        stopped = self.step > 0
        while self.finished_epochs < self.config.epochs and not stopped:
            started = time.perf_counter()
            losses: Scalars = {}
            accuracies: Scalars = {}
            for batch in self.batches.epoch():
                for sums, values in zip((losses, accuracies), self._step(batch), strict=True):
                    for name, value in values.items():
                        sums[name] = sums[name] + value if name in sums else value
                self.step += 1
                on_step(Progress(self.finished_epochs, self.config.epochs, self.step, self.steps, losses, accuracies))
                stopped = should_stop()
                if stopped and self.step < self.steps:
                    return
            self.step = 0
            yield self._finish_epoch(losses, accuracies, time.perf_counter() - started)

    def finish(self) -> Generator:
        """Train to the end and choose the heat's share in the scores as for a saved model; return the generator."""
        for _ in self.epochs():
            pass
        self.generator.share = scoring.choose(self.generator, self.split, self.config).share
        return self.generator

    def _step(self, batch: Batch) -> tuple[Scalars, Scalars]:
        """Learn from one batch. Returns (losses, accuracies of the discriminators)."""
        gan = self.gan.train()

        # 1. One pass for all kinds: the generator encodes and reconstructs normals, damaged normals and anomalies side
        #    by side. This is quick, and batch norm treats all alike.
        counts = [len(pair.images) for pair in batch]
        z, reconstructions = gan.generator.through(torch.cat([pair.images for pair in batch]))
        kinds = zip(batch, z.split(counts), reconstructions.split(counts), strict=True)
        normal, damaged, anomaly = (Pass(*pair, *made) for pair, *made in kinds)

        # 2. The discriminators learn: 1 for an image of their kind, 0 for a reconstruction.
        discriminator_losses, accuracies = self._train_discriminators(normal, damaged, anomaly)

        # 3. The generator learns, also through the discriminators, which do not change: normals should stay as they
        #    are, damaged normals be repaired, anomalies be redrawn as normal images.
        generator_losses = self._train_generator(normal, damaged, anomaly)

        # 4. The average is updated: a little of the new weights, most of the old average. It is scored and saved,
        #    because it is steadier than the weights of any one step.
        self.averaged.update_parameters(gan.generator)
        losses = discriminator_losses | generator_losses
        return {name: loss.detach() for name, loss in losses.items()}, accuracies

    def _train_discriminators(self, normal: Pass, damaged: Pass, anomaly: Pass) -> tuple[Scalars, Scalars]:
        """Train those discriminators that have images and a weighted loss; return their (losses, accuracies)."""
        gan: GAN = self.gan
        config: Any = self.config  # every GAN's own config has the two adversarial weights
        losses, accuracies = {}, {}
        # Reconstructions are detached: no gradient reaches the generator.
        if config.adversarial_normal:
            losses["discriminator_normal"], accuracies["normal"] = gan.discriminator_losses(
                gan.normal_discriminator,
                torch.cat([normal.images, damaged.targets]),
                gan.judged(normal, damaged, anomaly).detach(),
                anomaly.images if config.judge_all else None,
            )
        if config.adversarial_anomaly and len(anomaly.images):
            losses["discriminator_anomaly"], accuracies["anomaly"] = gan.discriminator_losses(
                gan.anomaly_discriminator, anomaly.images, anomaly.reconstructions.detach()
            )
        if losses:
            self._descend(1, torch.stack(list(losses.values())).sum())
        return losses, accuracies

    def _train_generator(self, normal: Pass, damaged: Pass, anomaly: Pass) -> Scalars:
        """Train the generator; return its unweighted losses. Raises TrainingDiverged before its weights change."""
        for parameter in self.discriminator_parameters:
            parameter.requires_grad_(False)
        losses = self.gan.generator_losses(normal, damaged, anomaly)
        weighted = torch.stack([getattr(self.config, name) * loss for name, loss in losses.items()]).sum()
        if not torch.isfinite(weighted):
            raise self._diverged("a loss")
        self._descend(0, weighted, clip=self.config.clip_norm)
        for parameter in self.discriminator_parameters:
            parameter.requires_grad_(True)
        return losses

    def _descend(self, number: int, loss: Tensor, clip: float | None = None) -> None:
        """Take a step of optimizer `number` down the gradient of `loss`, and one of its schedule."""
        optimizer = self.optimizers[number]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if clip is not None:
            norm = nn.utils.clip_grad_norm_(self.gan.generator.parameters(), clip)
            if not torch.isfinite(norm):  # before a step writes it into the weights and their average
                raise self._diverged("a gradient")
        optimizer.step()
        self.schedules[number].step()

    def _diverged(self, what: str) -> TrainingDiverged:
        return TrainingDiverged(
            f"Training stopped in epoch {self.finished_epochs + 1}: {what} is no longer a finite number. "
            "Lower learning_rate or the loss weights; the model so far is kept."
        )

    def _finish_epoch(self, losses: Scalars, accuracies: Scalars, seconds: float) -> Epoch:
        """Validate, keep and return the record of an epoch of `seconds`, and keep its weights if they are the best."""
        area, error = self.validate()
        record = Epoch(
            epoch=self.finished_epochs + 1,
            losses={name: float(total) / self.steps for name, total in losses.items()},
            discriminator_accuracy={name: float(total) / self.steps for name, total in accuracies.items()},
            validation_auroc=area,
            validation_error=error,
            learning_rate=float(self.schedules[0].get_last_lr()[0]),
            seconds=seconds,
            images_per_second=self.steps * self.config.batch_size * self.batches.kinds / seconds,
        )
        self.history.append(record)
        best = self.history[self.best_epoch - 1]
        if not self.best_epoch or self.merit(area, error) > self.merit(best.validation_auroc, best.validation_error):
            self.best_epoch = record.epoch
            self.best_weights = {name: value.clone() for name, value in self.generator.state_dict().items()}
        return record

    def validate(self) -> tuple[float | None, float]:
        """Return (AUROC, normals' mean error) of validation; AUROC is None without anomalies. Raises TrainingDiverged."""
        normal, anomaly = (scoring.score(self.generator, images) for images in self.validation)
        if not (np.isfinite(normal).all() and np.isfinite(anomaly).all()):
            raise TrainingDiverged(
                f"Training stopped after epoch {self.finished_epochs + 1}: the generator's output is no longer finite."
            )
        return evaluation.auroc(normal, anomaly) if len(anomaly) else None, float(normal.mean())

    def merit(self, area: float | None, error: float) -> float:
        """Return the figure that chooses the best epoch, from a validation's AUROC and error; larger is better."""
        return area if self.labelled and area is not None else -error
