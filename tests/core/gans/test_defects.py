import pytest
import torch

from core.data import tasks
from core.data.tasks import Task
from core.gans import defects


def normals(small, count=64):
    return torch.from_numpy(tasks.split(Task(regime="one-class", anomalies=0), small).train_normal[:count])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_what_is_outside_the_mask_stays_and_what_is_inside_changed(small):
    images = normals(small)
    damaged, masks = defects.damage(images, seeded())
    assert damaged.shape == images.shape and damaged.dtype == torch.uint8
    assert masks.shape == (64, 28, 28) and masks.dtype == torch.bool
    change = (damaged.int() - images.int()).abs()
    assert change[~masks].max() <= 12 and change[masks].min() > 12


def test_nearly_every_image_gets_a_defect_that_leaves_most_of_it_alone(small):
    _, masks = defects.damage(normals(small), seeded())
    shares = masks.float().mean((1, 2))
    assert (shares > 0).float().mean() > 0.9
    assert 0.02 < shares.mean() < 0.2 and shares.max() < 0.8


def test_the_same_seed_gives_the_same_defects_and_the_originals_stay(small):
    images = normals(small)
    before = images.clone()
    first, again, other = (defects.damage(images, seeded(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(images, before)


@pytest.mark.parametrize("shape", [(5, 128, 96, 3), (3, 64, 64, 1), (1, 28, 28, 3), (2, 40, 33, 1)])
def test_colour_and_other_sides(shape):
    images = torch.randint(0, 256, shape, generator=seeded(), dtype=torch.uint8)
    damaged, masks = defects.damage(images, seeded())
    assert damaged.shape == images.shape and masks.shape == shape[:3]
    assert masks.any((1, 2)).all()


def test_an_empty_batch_stays_empty():
    damaged, masks = defects.damage(torch.empty(0, 28, 28, 1, dtype=torch.uint8), seeded())
    assert damaged.shape == (0, 28, 28, 1) and masks.shape == (0, 28, 28)


def test_a_black_image_gets_defects_too():
    damaged, masks = defects.damage(torch.zeros(64, 28, 28, 1, dtype=torch.uint8), seeded())
    assert masks.any((1, 2)).float().mean() > 0.3
    assert torch.equal(damaged[..., 0] > 12, masks)
