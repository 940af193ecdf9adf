import copy

import numpy as np
import pytest
import torch
from torch import nn

from core.data.fashion_mnist import FASHION_MNIST
from core.gans import maps, scoring
from core.gans.gan import Generator, from_output, to_input

MODEL = pytest.mark.parametrize("model", ["traditional", "dcgan"])
COUNT = 2 * scoring.BATCH + 9  # three passes, the last one not full


class Black(Generator):
    """Reconstructs every image as background."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.data, self.side = FASHION_MNIST.description, side
        self.level = nn.Parameter(torch.tensor(-1.0))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(images) * self.level


@pytest.fixture
def images(test_split) -> np.ndarray:
    return test_split.images[:COUNT]


@MODEL
def test_an_image_has_the_same_score_alone_in_a_batch_and_in_any_order(model: str, trained, images) -> None:
    training = trained[model]
    together = scoring.score(training.generator, images)
    assert len(np.unique(together)) > 0.9 * COUNT
    for index in (0, scoring.BATCH - 1, scoring.BATCH, COUNT - 1):
        alone = scoring.score(training.generator, images[index : index + 1])
        assert alone.tobytes() == together[index : index + 1].tobytes()
    order = np.random.default_rng(5).permutation(COUNT)
    shuffled = scoring.score(training.generator, images[order])
    assert shuffled.tobytes() == together[order].tobytes()


@MODEL
def test_a_score_is_not_rescaled_by_the_images_beside_it(model: str, trained, images) -> None:
    training = trained[model]
    before = scoring.score(training.generator, images)
    kept = np.argsort(before)[COUNT // 4 : -COUNT // 4]  # all but the lowest and highest, which the others lose
    company = np.full_like(images, 255)
    company[kept] = images[kept]
    after = scoring.score(training.generator, company)
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
    assert found.tobytes() == maps.score_reconstructions(images, reconstructions).tobytes()


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
