import itertools

import pytest
import torch

from core.data import tasks
from core.data.tasks import Task
from core.gans.config import TraditionalConfig
from core.gans.distortions import distort
from core.gans.training import Batches


def normals(small, count=64):
    return torch.from_numpy(tasks.split(Task(regime="one-class", anomalies=0), small).train_normal[:count])


def test_every_image_changes_but_keeps_shape_type_and_background(small):
    images = normals(small)
    made = distort(images, torch.Generator().manual_seed(0))
    assert made.shape == images.shape and made.dtype == torch.uint8
    assert ((made.float() - images.float()).abs().mean((1, 2, 3)) > 3).all()
    assert (made[:, 0, 0] == 0).float().mean() > 0.9


def test_the_same_seed_gives_the_same_distortions_and_the_originals_stay(small):
    images = normals(small)
    before = images.clone()
    first, again, other = (distort(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(images, before)


def test_none_gives_none(small):
    assert distort(normals(small, 0), torch.Generator()).shape == (0, 28, 28, 1)


def test_one_class_batches_hold_distorted_normals_only_when_asked(small, quick):
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    for distorted, expected in ((True, 32), (False, 0)):
        config = quick("traditional", distorted=distorted)
        step = next(iter(Batches(split, config, 28, 0, torch.device("cpu")).epoch()))
        assert len(step.normal.images) + len(step.damaged.images) == 32 and len(step.anomaly.images) == expected


@pytest.mark.parametrize(("enough", "labelled"), [(1, 32), (900, 32), (1800, 16), (3600, 8), (10_000_000, 1)])
def test_the_fewer_anomalies_are_labelled_the_more_distorted_normals_stand_in(small_split, quick, enough, labelled):
    """900 are labelled, a batch is 32."""
    config = quick("traditional", flip=False, shift=0, enough_labels=enough)
    batches = Batches(small_split, config, 28, 0, torch.device("cpu"))
    known = {image.tobytes() for image in small_split.train_anomaly}
    anomaly = next(iter(batches.epoch())).anomaly
    back = ((anomaly.images[:, 0] + 1) * 127.5).round().to(torch.uint8).numpy()
    assert [image.tobytes() in known for image in back] == [False] * (32 - labelled) + [True] * labelled


def test_a_label_more_never_adds_a_stand_in():
    counts = [TraditionalConfig().stand_ins(labels) for labels in range(0, 6004)]
    assert [counts[labels] for labels in (0, 1, 9, 100, 300, 1000, 1999, 2000, 6003)] == [
        64,
        63,
        63,
        61,
        54,
        32,
        0,
        0,
        0,
    ]
    assert all(more <= fewer for fewer, more in itertools.pairwise(counts))
    assert TraditionalConfig(distorted=False).stand_ins(0) == TraditionalConfig(distorted=False).stand_ins(10) == 0


def test_no_normal_comes_twice_and_only_those_of_a_last_part_batch_do_not_come(small_split, quick):
    config = quick("traditional", flip=False, shift=0)
    batches = Batches(small_split, config, 28, 0, torch.device("cpu"))
    normals = torch.cat([torch.cat([step.normal.images, step.damaged.targets]) for step in batches.epoch()])
    assert len(small_split.train_normal) == 180
    assert len({image.numpy().tobytes() for image in normals}) == len(normals) == 160  # five batches of 32
