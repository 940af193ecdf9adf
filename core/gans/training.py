"""One loop for both GANs; yields a record per epoch; stops when told, and keeps what it has."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.basics.errors import ConfigError, DataError, TrainingDiverged
from core.data.tasks import Split
from core.gans import scoring
from core.gans.build import GAN, Generator, Pass, build, to_input
from core.gans.config import TrainingConfig
from core.gans.distortions import distort
from core.metrics import evaluation


@dataclass(frozen=True)
class Progress:
    """Where training stands, after every step."""

    epoch: int  # epochs finished
    epochs: int
    step: int  # steps finished in this epoch
    steps: int
    sums: Mapping[str, Tensor] = field(
        default_factory=dict, compare=False, repr=False
    )  # of losses and accuracies so far


def pick_device(device: str = "auto") -> torch.device:
    """ "auto" is CUDA where there is one, else the CPU. Raises ConfigError for a device that is not there."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device not in ("cpu", "cuda"):
        raise ConfigError(f"Unknown device {device!r}; the devices are: auto, cpu, cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("There is no CUDA device here; use --device auto or cpu.")
    return torch.device(device)


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
        """`steps` pairs of batches (normal, anomaly), float [B, C, side, side]; anomalies are empty when there are none.

        No normal comes twice; up to `batch_size` - 1, others each time, do not come, because the last batch would not be full.
        Labelled anomalies come as often as it takes to last as long; distorted normals take the first `stand_ins` places of a batch.
        """
        size = self.config.batch_size
        normals, anomalies = self._shuffled(self.normal), self._shuffled(self.anomaly)
        for step in range(self.steps):
            chosen = slice(step * size, (step + 1) * size)
            normal = self.normal[normals[chosen]]
            pseudo = distort(normal[: self.stand_ins], self.random, self.data.outside)
            anomaly = torch.cat([pseudo, self.anomaly[anomalies[chosen]][self.stand_ins :]])
            yield self._augmented(normal), self._augmented(anomaly)

    def _shuffled(self, images: Tensor) -> Tensor:
        """Indices for one epoch: as many whole shuffles as it takes."""
        needed = self.steps * self.config.batch_size
        if not len(images):
            return torch.empty(0, dtype=torch.long)
        shuffles = [torch.randperm(len(images), generator=self.random) for _ in range(-(-needed // len(images)))]
        return torch.cat(shuffles)[:needed]

    def _augmented(self, images: Tensor) -> Tensor:
        """uint8 [B, H, W, C] → network input, each image mirrored or not and moved by up to `shift` pixels."""
        count, side = len(images), images.shape[1]
        if count and self.config.flip and self.data.mirror:
            mirrored = torch.rand(count, generator=self.random) < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(2), images)
        if count and (reach := self.config.shift):
            corner = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=self.random)
            rows, columns = corner + torch.arange(side)  # [count, side] each, in the image with a margin of `reach`
            if self.data.outside == "black":
                images = nn.functional.pad(images, (0, 0, *(reach,) * 4))
            else:  # the outermost pixels go on
                rows, columns = (rows - reach).clamp(0, side - 1), (columns - reach).clamp(0, side - 1)
            images = images[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
        return to_input(images.to(self.device, non_blocking=True), self.side, self.data.outside)


class Training:
    """A training run. Iterate `epochs()`; `generator` is at any time the averaged generator trained so far.

    `best_epoch` is the finished epoch that did best on validation (0: none yet), `best_weights` its averaged generator's:
    by AUROC, and where no anomaly is labelled by the normals' error, because there labels may choose nothing.
    `step` is how many steps of the unfinished epoch are done; core/runs/snapshot.py takes a training up from there.

    Same data, config, seed and machine: same weights. The global random state of torch is left as it was.
    Raises DataError when there are fewer normal images than one batch.
    """

    def __init__(self, model: str, config: TrainingConfig, split: Split, seed: int = 0, device: str = "auto") -> None:
        if len(split.train_normal) < config.batch_size:
            raise DataError(
                f"There are {len(split.train_normal)} normal training images, fewer than one batch of {config.batch_size}."
            )
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
        self.validation = (split.validation_normal, split.validation_anomaly)
        self.labelled = len(split.train_anomaly) > 0
        self.finished_epochs = 0
        self.history: list[dict[str, Any]] = []
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] = {}
        self.step = 0
        self.sums: dict[str, Tensor] = {}  # of losses and accuracies over these steps
        self.order = self.batches.random.get_state()  # of the random numbers when the epoch began
        self.spent = 0.0  # seconds in these steps

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
        """The averaged generator, in evaluation mode. Averages of batch-norm statistics come with it."""
        return cast(Generator, self.averaged.module.eval())  # AveragedModel forgets of what it is the average

    def epochs(
        self, should_stop: Callable[[], bool] = lambda: False, on_step: Callable[[Progress], None] = lambda _: None
    ) -> Iterator[dict[str, Any]]:
        """Train; yield one record per finished epoch (also kept in `history`).

        A record: epoch (from 1), losses (name → unweighted mean), discriminator_accuracy (normal, anomaly),
        validation_auroc, validation_error (mean absolute error of validation normals), learning_rate, seconds,
        images_per_second (training alone, images of both kinds).

        `should_stop` is asked after every step; a stopped epoch yields no record, its steps are kept and it goes on
        where it was when `epochs` is called again. Raises TrainingDiverged when a loss is not finite; the generator still holds the last finite average.
        """
        while self.finished_epochs < self.config.epochs:
            taken, started = self.step, time.perf_counter() - self.spent
            if taken:
                self.batches.random.set_state(self.order)
            else:
                self.order, self.sums = self.batches.random.get_state(), {}
            for step, (normal, anomaly) in enumerate(self.batches.epoch(), 1):
                if step <= taken:  # drawn again, so that the batches to come are those that would have come
                    continue
                for name, value in self._step(normal, anomaly).items():
                    self.sums[name] = self.sums[name] + value if name in self.sums else value
                self.step, self.spent = step, time.perf_counter() - started
                on_step(Progress(self.finished_epochs, self.config.epochs, step, self.steps, self.sums))
                if should_stop():
                    return
            means = {name: float(total) / self.steps for name, total in self.sums.items()}
            seconds = time.perf_counter() - started
            self.finished_epochs += 1
            self.step, self.spent = 0, 0.0
            record = {
                "epoch": self.finished_epochs,
                "losses": {name: value for name, value in means.items() if not name.startswith("accuracy_")},
                "discriminator_accuracy": {
                    name.removeprefix("accuracy_"): value
                    for name, value in means.items()
                    if name.startswith("accuracy_")
                },
                **self._validate(),
                "learning_rate": self.schedules[0].get_last_lr()[0],
                "seconds": seconds,
                "images_per_second": self.steps * self.config.batch_size * self.batches.kinds / seconds,
            }
            self.history.append(record)
            if not self.best_epoch or self._merit(record) > self._merit(self.history[self.best_epoch - 1]):
                self.best_epoch = self.finished_epochs
                self.best_weights = {name: value.clone() for name, value in self.generator.state_dict().items()}
            yield record

    def _merit(self, record: dict[str, Any]) -> float:
        """What the best epoch has most of."""
        return record["validation_auroc"] if self.labelled else -record["validation_error"]

    def _step(self, normal: Tensor, anomaly: Tensor) -> dict[str, Tensor]:
        gan, config = self.gan, self.config
        gan.train()
        count = len(normal)
        both = torch.cat([normal, anomaly])
        z, reconstructions = gan.generator.through(both)  # one pass for both kinds

        found, accuracies = {}, {}
        fake = reconstructions.detach()
        for kind, real, redrawn, which in (
            ("normal", normal, fake[:count], gan.normal_discriminator),
            ("anomaly", anomaly, fake[count:], gan.anomaly_discriminator),
        ):
            if len(real) and getattr(config, f"adversarial_{kind}"):  # nobody asks a discriminator that weighs nothing
                loss, accuracy = gan.discriminator_losses(real, redrawn, which)
                found[f"discriminator_{kind}"], accuracies[f"accuracy_{kind}"] = loss, accuracy
        if found:
            self._descend(1, torch.stack(list(found.values())).sum())

        # The generator learns through the discriminators, which stand still meanwhile.
        for parameter in self.discriminator_parameters:
            parameter.requires_grad_(False)
        losses = gan.generator_losses(
            Pass(normal, z[:count], reconstructions[:count]), Pass(anomaly, z[count:], reconstructions[count:])
        )
        weighted = torch.stack([getattr(config, name) * loss for name, loss in losses.items()]).sum()
        if not torch.isfinite(weighted):  # before the average is touched
            raise TrainingDiverged(self._diverged("a loss"))
        self._descend(0, weighted, clip=config.clip_norm)
        for parameter in self.discriminator_parameters:
            parameter.requires_grad_(True)
        self.averaged.update_parameters(gan.generator)
        return {name: value.detach() for name, value in (found | losses | accuracies).items()}

    def _diverged(self, what: str) -> str:
        return (
            f"Training stopped in epoch {self.finished_epochs + 1}: {what} is no longer a finite number. "
            "Lower learning_rate or the loss weights; the model so far is kept."
        )

    def _descend(self, which: int, loss: Tensor, clip: float | None = None) -> None:
        optimizer = self.optimizers[which]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if clip is not None:
            norm = nn.utils.clip_grad_norm_(self.gan.generator.parameters(), clip)
            if not torch.isfinite(norm):  # before a step carries it into the weights and their average
                raise TrainingDiverged(self._diverged("a gradient"))
        optimizer.step()
        self.schedules[which].step()

    def _validate(self) -> dict[str, float]:
        normal, anomaly = (scoring.score(self.generator, images) for images in self.validation)
        if not (np.isfinite(normal).all() and np.isfinite(anomaly).all()):
            raise TrainingDiverged(
                f"Training stopped after epoch {self.finished_epochs}: the generator's output is no longer finite."
            )
        return {"validation_auroc": evaluation.auroc(normal, anomaly), "validation_error": float(normal.mean())}
