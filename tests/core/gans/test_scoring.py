import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from core.data import tasks
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Split, Task
from core.gans import maps, scoring
from core.gans.config import TrainingConfig
from core.gans.gan import Generator, from_output, to_input
from core.gans.record import Scoring
from core.metrics.evaluation import auroc

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])
SHARE = pytest.mark.parametrize("share", [0.0, 0.3])
COUNT = 2 * scoring.BATCH + 9  # three passes, the last one not full


class Black(Generator):
    """Reconstructs every image as background."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.data, self.side = FASHION_MNIST.description, side
        self.level = nn.Parameter(torch.tensor(-1.0))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(images) * self.level


def sharing(training, share: float) -> Generator:
    """The trained generator with that share of the heat map in its scores."""
    generator = copy.deepcopy(training.generator)
    generator.share = share
    return generator


@pytest.fixture
def images(test_split) -> np.ndarray:
    return test_split.images[:COUNT]


@MODEL
@SHARE
def test_an_image_has_the_same_score_alone_in_a_batch_and_in_any_order(
    model: str, share: float, trained, images
) -> None:
    generator = sharing(trained[model], share)
    together = scoring.score(generator, images)
    assert len(np.unique(together)) > 0.9 * COUNT
    for index in (0, scoring.BATCH - 1, scoring.BATCH, COUNT - 1):
        alone = scoring.score(generator, images[index : index + 1])
        assert alone.tobytes() == together[index : index + 1].tobytes()
    order = np.random.default_rng(5).permutation(COUNT)
    shuffled = scoring.score(generator, images[order])
    assert shuffled.tobytes() == together[order].tobytes()


@MODEL
@SHARE
def test_a_score_is_not_rescaled_by_the_images_beside_it(model: str, share: float, trained, images) -> None:
    generator = sharing(trained[model], share)
    before = scoring.score(generator, images)
    kept = np.argsort(before)[COUNT // 4 : -COUNT // 4]  # all but the lowest and highest, which the others lose
    company = np.full_like(images, 255)
    company[kept] = images[kept]
    after = scoring.score(generator, company)
    assert after[kept].tobytes() == before[kept].tobytes()
    assert (after.min(), after.max()) != (before.min(), before.max())  # min–max would have moved every score


@MODEL
def test_a_score_is_the_mean_absolute_difference_from_the_reconstruction(model: str, trained, images) -> None:
    training = trained[model]
    with torch.no_grad():
        outputs = training.generator(to_input(torch.tensor(images), training.generator.side))
    reconstructions = from_output(outputs, 28).numpy()
    expected = np.abs(images / 127.5 - 1.0 - reconstructions).mean((1, 2, 3))
    assert scoring.reconstruct(training.generator, images) == pytest.approx(reconstructions, abs=1e-5)
    assert scoring.score(training.generator, images) == pytest.approx(expected, abs=1e-5)


@MODEL
def test_reconstructions_residuals_and_scores_fit_each_other(model: str, trained, images) -> None:
    training = trained[model]
    reconstructions = scoring.reconstruct(training.generator, images)
    assert (reconstructions.shape, reconstructions.dtype) == ((COUNT, 28, 28, 1), np.float32)
    residual = maps.residual(images, reconstructions)
    assert (residual.shape, residual.dtype) == ((COUNT, 28, 28), np.float32)
    assert residual.min() >= 0
    assert residual.max() <= 2
    found = scoring.score(training.generator, images)
    assert (found.shape, found.dtype) == ((COUNT,), np.float32)
    assert found == pytest.approx(residual.mean((1, 2)), rel=1e-5)
    assert found.tobytes() == maps.score_reconstructions(images, reconstructions, 0.0).tobytes()
    with_heat = scoring.score(sharing(training, 0.3), images)
    assert with_heat == pytest.approx(0.7 * found + 0.3 * maps.heat(images, reconstructions).max((1, 2)), rel=1e-5)
    assert with_heat.tobytes() == maps.score_reconstructions(images, reconstructions, 0.3).tobytes()


@pytest.mark.parametrize("side", [28, 32])
def test_the_scale_goes_from_zero_to_two(side: int, images) -> None:
    ends = np.stack([np.zeros((28, 28, 1), np.uint8), np.full((28, 28, 1), 255, np.uint8), images[0]])
    # Against a black reconstruction the error is the image's own brightness; the network's margin does not count.
    expected = [0.0, 2.0, images[0].mean() / 127.5]
    assert scoring.score(Black(side), ends) == pytest.approx(expected, rel=1e-6)


@MODEL
def test_a_generator_in_training_mode_is_put_into_evaluation_mode_and_left_as_it_was(
    model: str, trained, images
) -> None:
    training = trained[model]
    expected = scoring.score(training.generator, images)
    generator = copy.deepcopy(training.generator).train()
    before = copy.deepcopy(generator.state_dict())
    assert scoring.score(generator, images).tobytes() == expected.tobytes()
    assert not generator.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())


def test_batch_statistics_would_have_made_another_score(trained, images) -> None:
    # Shows that the tests above can fail: in training mode the U-Net's reconstruction depends on batch mates.
    training = trained["dcgan"]
    generator = copy.deepcopy(training.generator).train()
    with torch.no_grad():
        outputs = generator(to_input(torch.tensor(images[:8]), 32))
    alone = scoring.reconstruct(training.generator, images[:8])
    assert np.abs(from_output(outputs, 28).numpy() - alone).max() > 0.01


@MODEL
def test_no_images_have_no_scores(model: str, trained, images) -> None:
    training = trained[model]
    assert scoring.score(training.generator, images[:0]).shape == (0,)
    assert scoring.reconstruct(training.generator, images[:0]).shape == (0, 28, 28, 1)


class Grey(Generator):
    """Reconstructs every image as itself but never darker or lighter than a quarter, so that any other spot shows."""

    def __init__(self) -> None:
        super().__init__()
        self.data, self.side = FASHION_MNIST.description, 28
        self.level = nn.Parameter(torch.tensor(0.5))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.clamp(-self.level, self.level)


def cloth(seed: int, lighter: int = 0, spot: int = 0, count: int = 100) -> np.ndarray:
    """Light images that Grey does not reconstruct, each with a spot of its own lightness or of `spot`: uint8 [N, 28, 28, 1]."""
    random = np.random.default_rng(seed)
    images = np.ones((count, 28, 28, 1)) * random.integers(190, 200, (count, 1, 1, 1)) + lighter
    images[:, 10:13, 10:13] = spot or random.integers(200, 240, (count, 1, 1, 1))
    return images.astype(np.uint8)


SPOTTED, LIGHTER = cloth(1, spot=250), cloth(2, lighter=8)


def split_with(anomalies: np.ndarray, labelled: bool = True) -> Split:
    normals = cloth(0)
    return Split(FASHION_MNIST.description, normals, anomalies if labelled else anomalies[:0], normals, anomalies)


def chosen(split: Split) -> tuple[Scoring, list[float], list[float]]:
    """The choice, the shares that were tried, and the AUROC of each."""
    scored = scoring.choose(Grey(), split)
    parts = [
        maps.parts_of_score(images, scoring.reconstruct(Grey(), images))
        for images in (split.validation_normal, split.validation_anomaly)
    ]
    spread = parts[0][0].std() / parts[0][1].std()
    shares = [weight * spread / (1 + weight * spread) for weight in scoring.WEIGHTS]
    return scored, shares, [auroc(*(maps.score_parts(*part, share) for part in parts)) for share in shares]


def test_where_the_heat_tells_more_the_largest_share_is_chosen() -> None:
    scored, shares, areas = chosen(split_with(SPOTTED))
    assert areas[0] == max(areas) > areas[-1]
    assert scored.share == pytest.approx(max(shares)) and 0 < scored.share < 1


def test_a_share_that_costs_more_than_a_thousandth_is_not_chosen() -> None:
    scored, shares, areas = chosen(split_with(LIGHTER))
    assert areas[0] < max(areas) - scoring.LOSS
    allowed = [share for share, area in zip(shares, areas, strict=True) if area >= max(areas) - scoring.LOSS]
    assert scored.share == pytest.approx(max(allowed)) and scored.share < shares[0]


def test_one_normal_validation_image_in_twenty_has_a_marked_pixel(trained, small_split) -> None:
    split = dataclasses.replace(small_split, validation_normal=small_split.train_normal)  # 180: more than 20
    for training in trained.values():
        mark = scoring.choose(training.generator, split).mark
        images = split.validation_normal
        heat = maps.heat(images, scoring.reconstruct(training.generator, images))
        assert (heat >= mark).any((1, 2)).sum() == 9


@MODEL
def test_without_labels_in_training_no_label_chooses_anything(model: str, trained, small, small_split) -> None:
    generator = trained[model].generator
    split = tasks.split(Task(regime="one-class", anomalies=0), small)
    assert len(split.validation_anomaly) and not len(split.train_anomaly)
    scored = scoring.choose(generator, split)
    for others in (split.validation_anomaly[:0], 255 - split.validation_anomaly, split.validation_normal):
        assert scoring.choose(generator, dataclasses.replace(split, validation_anomaly=others)) == scored
    assert scoring.choose(generator, split) == scored  # the distorted normals are always the same
    labelled = dataclasses.replace(small_split, validation_anomaly=small_split.validation_normal)
    assert scoring.choose(generator, labelled).mark == scored.mark  # of the same normals, whatever the labels


def test_labels_choose_where_training_had_some() -> None:
    with_labels, without = (
        {scoring.choose(Grey(), split_with(anomalies, labelled)) for anomalies in (SPOTTED, LIGHTER)}
        for labelled in (True, False)
    )
    assert (len(with_labels), len(without)) == (2, 1)


def test_where_none_is_distorted_in_training_damaged_normals_choose() -> None:
    split = split_with(LIGHTER, labelled=False)
    scored = scoring.choose(Grey(), split, TrainingConfig(distorted=False))
    assert scored == scoring.choose(Grey(), split, TrainingConfig(turn=180))  # then a turned normal is normal
    assert scored.mark == scoring.choose(Grey(), split).mark and scored.share != scoring.choose(Grey(), split).share


def test_normals_that_are_all_alike_can_be_chosen_on() -> None:
    split = split_with(LIGHTER)
    alike = np.repeat(split.validation_normal[:1], 20, 0)
    scored = scoring.choose(Grey(), dataclasses.replace(split, validation_normal=alike))
    assert 0 <= scored.share <= 1 and 0 <= scored.mark <= 2
