import dataclasses

import msgspec
import numpy as np
import pytest
import torch

from core.data import tasks
from core.data.tasks import Split, Task
from core.gans.batches import TOGETHER, Batch, Batches
from core.gans.build import to_input
from core.gans.config import TrainingConfig
from core.gans.defects import VISIBLE
from core.gans.recipes import default_config
from core.gans.targets import targets


def batches(split: Split, config: TrainingConfig, seed: int = 0, side: int = 28) -> Batches:
    return Batches(split, config, side, seed, torch.device("cpu"))


def whole(step: Batch) -> torch.Tensor:
    """The undamaged normals of a step, and what the damaged ones were before."""
    return torch.cat([step.normal.images, step.damaged.targets])


def everything(step: Batch) -> torch.Tensor:
    return torch.cat([part for pair in step for part in pair])


def levels(images: torch.Tensor) -> np.ndarray:
    """Network input as the bytes it was made of: [N, C, H, W] → uint8 [N, H, W, C]."""
    return ((images + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize(("model", "side"), [("traditional", 28), ("dcgan", 32)])
def test_without_augmentation_an_epoch_shows_every_normal_at_most_once(model, side, quick, small_split) -> None:
    config = quick(model, flip=False, shift=0, distorted=False)
    steps = list(batches(small_split, config, side=side).epoch())
    shape = (1, side, side)
    assert [[pair.images.shape for pair in step] for step in steps] == [[(8, *shape), (24, *shape), (32, *shape)]] * 5
    assert all(pair.images.shape == pair.targets.shape for step in steps for pair in step)
    for shown, images in (
        (torch.cat([whole(step) for step in steps]), small_split.train_normal),
        (torch.cat([step.anomaly.images for step in steps]), small_split.train_anomaly),
    ):
        shown_bytes = [image.numpy().tobytes() for image in shown]
        assert set(shown_bytes) <= {image.numpy().tobytes() for image in to_input(torch.tensor(images), side)}
        assert len(set(shown_bytes)) == len(shown_bytes) == 160


def test_few_anomalies_come_equally_often(quick, small) -> None:
    split = tasks.split(Task(anomalies=9), small)
    config = quick("traditional", flip=False, shift=0, distorted=False)
    shown = torch.cat([step.anomaly.images for step in batches(split, config).epoch()])
    often = np.unique(shown.flatten(1).numpy(), axis=0, return_counts=True)[1]
    assert len(often) == 9
    assert (often.min(), often.max()) == (160 // 9, 160 // 9 + 1)


def test_epochs_differ_from_each_other_and_seeds_too(quick, small_split) -> None:
    config = quick("traditional")
    one, again, other = (batches(small_split, config, seed) for seed in (1, 1, 2))
    first = everything(next(one.epoch()))
    assert torch.equal(everything(next(again.epoch())), first)
    assert not torch.equal(everything(next(other.epoch())), first)
    assert not torch.equal(everything(next(one.epoch())), first)


@pytest.mark.parametrize(("mirror", "outside", "variants"), [(True, "black", 18), (False, "edge", 9)])
def test_augmentation_mirrors_and_moves_by_a_pixel_and_nothing_else(
    mirror: bool, outside: str, variants: int, quick, small_split
) -> None:
    image = small_split.train_normal[:1].copy()
    image[:, :, 0] = 200  # something that reaches the edge
    data = msgspec.structs.replace(small_split.data, mirror=mirror, outside=outside)
    split = dataclasses.replace(small_split, data=data, train_normal=np.repeat(image, 320, 0))
    drawn = torch.cat([whole(step) for step in batches(split, quick("traditional", flip=True, shift=1)).epoch()])
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


@pytest.mark.parametrize(
    ("changes", "undamaged"),
    [
        ({}, 8),
        ({"damaged": 0.5}, 16),
        ({"damaged": 0.0}, 32),
        ({"damaged": 1.0}, 1),  # one stays: the losses on undamaged normals need one
        ({"batch_size": 2}, 1),
        ({"batch_size": 2, "damaged": 0.2}, 2),
        ({"repair": 0.0}, 32),
        ({"repair": 0.0, "damaged": 1.0}, 32),
    ],
)
def test_so_many_normals_of_a_step_are_damaged(changes: dict, undamaged: int, quick, small_split) -> None:
    config = quick("traditional", **changes)
    for step in batches(small_split, config).epoch():
        assert len(step.normal.images) == undamaged
        assert len(step.damaged.images) == config.batch_size - undamaged
        assert len(step.anomaly.images) == config.batch_size


def test_damaged_normals_differ_from_their_targets_and_the_others_do_not(quick, small_split) -> None:
    steps = list(batches(small_split, quick("traditional")).epoch())
    damaged, before = (np.concatenate([levels(step.damaged[part]) for step in steps]) for part in (0, 1))
    changed = np.abs(damaged.astype(int) - before).max((1, 2, 3)) > VISIBLE
    assert changed.mean() > 0.9  # a black defect on black is none
    assert all(torch.equal(*step.normal) for step in steps)


def test_a_labelled_anomaly_comes_with_its_target(quick, small_split) -> None:
    config = quick("traditional", flip=False, shift=0, distorted=False)
    wanted = targets(small_split.train_normal, small_split.train_anomaly)
    known = {image.tobytes(): target.tobytes() for image, target in zip(small_split.train_anomaly, wanted, strict=True)}
    step = next(batches(small_split, config).epoch())
    for image, target in zip(*map(levels, step.anomaly), strict=True):
        assert known[image.tobytes()] == target.tobytes()


@pytest.mark.parametrize("outside", ["black", "edge"])
def test_a_target_is_mirrored_and_moved_exactly_as_its_anomaly(outside: str, quick, small_split) -> None:
    data = msgspec.structs.replace(small_split.data, outside=outside)
    split = dataclasses.replace(small_split, data=data)
    source = batches(split, quick("traditional", flip=True, shift=3, distorted=False))
    source.as_normal = source.anomaly  # so a target must be its anomaly, wherever both are moved
    known = {image.tobytes() for image in split.train_anomaly}
    for step in source.epoch():
        assert torch.equal(*step.anomaly)
        assert not {image.tobytes() for image in levels(step.anomaly.images)} <= known


@pytest.mark.parametrize("objective", ["repair", "original"])
def test_the_target_of_a_distorted_normal_is_the_same_image_undistorted(objective: str, quick, small) -> None:
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    config = quick("traditional", flip=False, shift=0, repair=float(objective == "repair"))
    for step in batches(split, config).epoch():
        assert torch.equal(step.anomaly.targets, whole(step))
        assert ((step.anomaly.images - step.anomaly.targets).abs().mean((1, 2, 3)) > 0.02).all()


def test_a_distorted_normal_and_its_target_are_moved_alike(quick, small) -> None:
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    moved, still = (
        next(batches(split, quick("traditional", flip=False, shift=shift)).epoch()).anomaly for shift in (3, 0)
    )
    away = 0
    for one, other in zip(levels(moved.targets), levels(still.targets), strict=True):
        places = [
            (down, right)
            for down in range(-3, 4)
            for right in range(-3, 4)
            if np.array_equal(_shifted(other, down, right), one)
        ]
        assert places
        away += (0, 0) not in places
    assert away > 16  # of 32


def _shifted(image: np.ndarray, down: int, right: int) -> np.ndarray:
    framed = np.pad(image, ((3, 3), (3, 3), (0, 0)))
    return framed[3 - down : 31 - down, 3 - right : 31 - right]


def test_nine_labels_and_distorted_normals_beside_them_each_have_their_own_target(quick, small) -> None:
    split = tasks.split(Task(anomalies=9), small)
    config = quick("traditional", flip=False, shift=0, enough_labels=18)  # half of a batch is distorted
    wanted = targets(split.train_normal, split.train_anomaly)
    known = {image.tobytes(): target.tobytes() for image, target in zip(split.train_anomaly, wanted, strict=True)}
    for step in batches(split, config).epoch():
        assert torch.equal(step.anomaly.targets[:16], whole(step)[:16])
        for image, target in zip(*map(levels, (part[16:] for part in step.anomaly)), strict=True):
            assert known[image.tobytes()] == target.tobytes()


def test_without_any_anomaly_there_is_none_to_redraw(quick, small) -> None:
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    for outside in ("black", "edge"):
        data = msgspec.structs.replace(split.data, outside=outside)
        source = batches(dataclasses.replace(split, data=data), quick("dcgan", distorted=False), side=32)
        assert all(step.anomaly.images.shape == step.anomaly.targets.shape == (0, 1, 32, 32) for step in source.epoch())


def test_many_steps_prepared_at_once_are_as_many_as_there_are(small_split, quick) -> None:
    """7 · 160 normals: more than are prepared at once, in batches that do not fill it."""
    split = dataclasses.replace(small_split, train_normal=np.repeat(small_split.train_normal, 7, 0))
    assert len(split.train_normal) > 2 * TOGETHER
    source = batches(split, quick("traditional", batch_size=60, flip=False, shift=0))
    steps = list(source.epoch())
    assert len(steps) == source.steps == 1260 // 60
    often = np.unique(levels(torch.cat([whole(step) for step in steps])), axis=0, return_counts=True)[1]
    assert (often == 7).all() and len(often) == 180


@pytest.mark.parametrize("regime", ["seen", "one-class"])
def test_the_original_objective_has_whole_normals_and_anomalies(regime: str, small) -> None:
    split = tasks.split(Task(regime=regime, anomalies=900 if regime == "seen" else 0), small)
    config = msgspec.structs.replace(default_config("dcgan", regime, "original"), batch_size=32)
    step = next(batches(split, config, side=32).epoch())
    assert [len(pair.images) for pair in step] == [32, 0, 32]
