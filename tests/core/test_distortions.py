import torch

from core import regimes
from core.distortions import distort
from core.regimes import Task
from core.training import Batches


def normals(small, count=64):
    return torch.from_numpy(regimes.split(Task(regime="one-class", anomalies=0), small).train_normal[:count])


def test_every_image_changes_but_keeps_shape_type_and_background(small):
    images = normals(small)
    made = distort(images, torch.Generator().manual_seed(0))
    assert made.shape == images.shape and made.dtype == torch.uint8
    assert ((made.float() - images.float()).abs().mean((1, 2)) > 3).all()
    assert (made[:, 0, 0] == 0).float().mean() > 0.9


def test_the_same_seed_gives_the_same_distortions_and_the_originals_stay(small):
    images = normals(small)
    before = images.clone()
    first, again, other = (distort(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(images, before)


def test_none_gives_none(small):
    assert distort(normals(small, 0), torch.Generator()).shape == (0, 28, 28)


def test_one_class_batches_hold_distorted_normals_only_when_asked(small, quick):
    split = regimes.split(Task(regime="one-class", anomalies=0), small)
    for distorted, expected in ((True, 32), (False, 0)):
        config = quick("traditional", distorted=distorted)
        normal, anomaly = next(iter(Batches(split, config, 28, 0, torch.device("cpu")).epoch()))
        assert len(normal) == 32 and len(anomaly) == expected


def test_labelled_anomalies_are_never_replaced(small_split, quick):
    config = quick("traditional", flip=False, shift=0)
    batches = Batches(small_split, config, 28, 0, torch.device("cpu"))
    known = {image.tobytes() for image in small_split.train_anomaly}
    _, anomaly = next(iter(batches.epoch()))
    back = ((anomaly[:, 0] + 1) * 127.5).round().to(torch.uint8).numpy()
    assert all(image.tobytes() in known for image in back)
