"""How an anomaly would be if it were normal."""

import warnings

import numpy as np
import pytest

from core.gans.targets import nearest, targets


def grey(*levels: int) -> np.ndarray:
    """An image of one colour for each level."""
    return np.ones((1, 28, 28, 1), np.uint8) * np.array(levels, np.uint8)[:, None, None, None]


def levels(images: np.ndarray) -> list[int]:
    assert images.dtype == np.uint8 and images.shape[1:] == (28, 28, 1)
    assert (images.reshape(len(images), -1) == images[:, :1, 0, 0]).all()
    return images[:, 0, 0, 0].tolist()


def test_a_target_is_the_mean_of_the_five_nearest_typical_normals() -> None:
    normals = grey(*range(100, 112, 2), *range(200, 212, 2))
    anomalies = grey(90, 205, 205, 205, 205, 205)  # most look like the lighter half, which is therefore not typical
    assert levels(targets(normals, anomalies)) == [104, *5 * [106]]  # of 100 to 108; of 102 to 110


def test_an_image_that_is_normal_and_an_anomaly_is_not_typical() -> None:
    normals, anomalies = grey(*range(100, 110), *range(130, 140)), grey(*range(130, 140))
    assert max(levels(targets(normals, anomalies))) <= 109


def test_a_target_is_nearer_to_normals_than_its_anomaly_is(small_split) -> None:
    wanted = targets(small_split.train_normal, small_split.train_anomaly)
    assert (wanted.shape, wanted.dtype) == (small_split.train_anomaly.shape, np.uint8)
    before, after = (
        nearest(images, small_split.train_normal, 5)[0].mean() for images in (small_split.train_anomaly, wanted)
    )
    assert after < 0.6 * before


def test_a_target_does_not_depend_on_the_order_of_the_images(small_split) -> None:
    normals, anomalies = small_split.train_normal, small_split.train_anomaly[:90]
    wanted = targets(normals, anomalies)
    assert np.array_equal(targets(normals[::-1], anomalies[::-1])[::-1], wanted)


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_of_five_normals_or_fewer_a_target_is_the_mean_of_all(count: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert levels(targets(grey(*range(10, 10 + 10 * count, 10)), grey(0, 250))) == 2 * [5 + 5 * count]


def test_normals_that_are_all_alike_are_the_target() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert levels(targets(grey(*20 * [70]), grey(70, 90))) == [70, 70]


def test_of_no_anomalies_there_are_no_targets() -> None:
    assert targets(grey(1, 2, 3), grey()[:0]).shape == (0, 28, 28, 1)


def test_neighbours_come_nearest_first_and_no_more_than_there_are() -> None:
    distances, places = nearest(grey(104), grey(0, 100, 110, 250), 3)
    assert places.tolist() == [[1, 2, 0]]
    assert distances == pytest.approx(np.array([[4, 6, 104]]) / 127.5 * 28, rel=1e-3)
    assert nearest(grey(104), grey(0, 100), 3)[1].tolist() == [[1, 0]]
