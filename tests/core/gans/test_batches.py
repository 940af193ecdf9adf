import dataclasses

import msgspec
import numpy as np
import pytest
import torch

from core.data import tasks
from core.data.tasks import Split, Task
from core.gans.batches import Batches
from core.gans.build import to_input
from core.gans.config import TrainingConfig


def batches(split: Split, config: TrainingConfig, seed: int = 0, side: int = 28) -> Batches:
    return Batches(split, config, side, seed, torch.device("cpu"))


@pytest.mark.parametrize(("model", "side"), [("traditional", 28), ("dcgan", 32)])
def test_without_augmentation_an_epoch_shows_every_normal_at_most_once(model, side, quick, small_split) -> None:
    config = quick(model, flip=False, shift=0, distorted=False)
    pairs = list(batches(small_split, config, side=side).epoch())
    assert [(normal.shape, anomaly.shape) for normal, anomaly in pairs] == [((32, 1, side, side),) * 2] * 5
    for shown, images in zip(
        (torch.cat(part) for part in zip(*pairs, strict=True)),
        (small_split.train_normal, small_split.train_anomaly),
        strict=True,
    ):
        shown_bytes = [image.numpy().tobytes() for image in shown]
        assert set(shown_bytes) <= {image.numpy().tobytes() for image in to_input(torch.tensor(images), side)}
        assert len(set(shown_bytes)) == len(shown_bytes) == 160


def test_few_anomalies_come_equally_often(quick, small) -> None:
    split = tasks.split(Task(anomalies=9), small)
    config = quick("traditional", flip=False, shift=0, distorted=False)
    shown = torch.cat([anomaly for _, anomaly in batches(split, config).epoch()])
    often = np.unique(shown.flatten(1).numpy(), axis=0, return_counts=True)[1]
    assert len(often) == 9
    assert (often.min(), often.max()) == (160 // 9, 160 // 9 + 1)


def test_epochs_differ_from_each_other_and_seeds_too(quick, small_split) -> None:
    config = quick("traditional")
    one, again, other = (batches(small_split, config, seed) for seed in (1, 1, 2))
    first = next(one.epoch())[0]
    assert torch.equal(next(again.epoch())[0], first)
    assert not torch.equal(next(other.epoch())[0], first)
    assert not torch.equal(next(one.epoch())[0], first)


@pytest.mark.parametrize(("mirror", "outside", "variants"), [(True, "black", 18), (False, "edge", 9)])
def test_augmentation_mirrors_and_moves_by_a_pixel_and_nothing_else(
    mirror: bool, outside: str, variants: int, quick, small_split
) -> None:
    image = small_split.train_normal[:1].copy()
    image[:, :, 0] = 200  # something that reaches the edge
    data = msgspec.structs.replace(small_split.data, mirror=mirror, outside=outside)
    split = dataclasses.replace(small_split, data=data, train_normal=np.repeat(image, 320, 0))
    drawn = torch.cat([normal for normal, _ in batches(split, quick("traditional", flip=True, shift=1)).epoch()])
    margin = ((0, 0), (1, 1), (1, 1), (0, 0))
    framed = torch.tensor(np.pad(image, margin) if outside == "black" else np.pad(image, margin, "edge"))
    moved = [framed[:, row : row + 28, column : column + 28] for row in range(3) for column in range(3)]
    if mirror:
        moved += [
            torch.tensor(np.pad(image[:, :, ::-1], margin))[:, row : row + 28, column : column + 28]
            for row in range(3)
            for column in range(3)
        ]
    matches = torch.stack([(drawn == to_input(variant, 28)).flatten(1).all(1) for variant in moved])
    assert matches.any(0).all()
    assert matches.any(1).sum() == variants  # each is drawn among 320
