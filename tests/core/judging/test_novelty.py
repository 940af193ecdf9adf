from pathlib import Path

import numpy as np
import pytest

from benchmarks.garments import strangers
from core.data.dataset import Images, Source
from core.judging import novelty
from tests import photographs


@pytest.fixture(scope="module")
def shares(known, test_split) -> dict[str, float]:
    """The share of each kind that is said to be no garment."""
    kinds = strangers(test_split.images[::20])
    return {kind: float((known.farness(images[:200]) > 1).mean()) for kind, images in kinds.items()}


@pytest.mark.parametrize("kind", ["blank", "uniform noise", "normal noise", "sparse noise", "inverted garments"])
def test_noise_blank_and_inverted_images_are_no_garments(kind: str, shares) -> None:
    assert shares[kind] == 1.0


@pytest.mark.parametrize("kind", ["blurred noise", "handwritten digits", "printed digits", "random strokes"])
def test_digits_and_strokes_are_no_garments(kind: str, shares) -> None:
    assert shares[kind] > 0.95


def test_most_shifted_garments_are_said_to_be_unlike_the_data_sets(shares) -> None:
    assert shares["garments shifted by 8"] > 0.85
    assert 0.6 < shares["garments shifted by 4"] <= shares["garments shifted by 8"]


def test_few_real_garments_are_taken_for_none(known, test_split) -> None:
    far = known.farness(test_split.images[1::10]) > 1
    assert far.mean() < 0.03
    for label in range(10):  # nor is it one class that pays for all
        assert far[test_split.labels[1::10] == label].mean() < 0.1


def test_a_training_image_is_as_near_as_can_be(known, starter) -> None:
    reference = starter.images[np.flatnonzero(starter.labels == 5)[:20]]
    assert known.farness(reference).max() < 0.05


def test_an_answer_does_not_depend_on_the_other_images(known, test_split) -> None:
    together = known.farness(test_split.images[:21])
    assert [known.farness(image[None])[0] for image in test_split.images[:21]] == together.tolist()
    assert known.farness(test_split.images[:0]).shape == (0,)


def test_the_limits_come_from_training_images_that_are_not_references(starter, known) -> None:
    held = np.concatenate(
        [np.flatnonzero(starter.labels == label)[novelty.EACH - novelty.HELD : novelty.EACH] for label in range(10)]
    )
    assert (known.farness(starter.images[held]) > 1).mean() == pytest.approx(novelty.FAR, abs=0.001)


def test_the_nearest_images_are_those_with_the_smallest_difference(starter, test_split) -> None:
    among = starter.images[:500]
    image = test_split.images[0]
    which, differences = novelty.nearest(image, among, 5)
    every = [np.abs(other.astype(float) - image).mean() / 127.5 for other in among]
    assert differences == pytest.approx(sorted(every)[:5])
    assert [every[one] for one in which] == pytest.approx(differences)
    assert novelty.nearest(among[77], among, 1)[0][0] == 77


@pytest.mark.parametrize("number", [30, 100])
def test_few_photos_are_enough_to_know_another_one_of_the_kind(number: int) -> None:
    """A tenth of thirty is three: limits from so few called every second new photo unlike any."""
    photos = photographs.many(number + 100, 64, seed=3)
    known = novelty.fit(Images(photos[:number], np.zeros(number, np.uint8), Source("wall", Path())))
    assert (known.farness(photos[number:]) > 1).mean() < 0.15
    noise = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), np.uint8)
    assert (known.farness(noise) > 1).all()
