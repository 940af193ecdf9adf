import math

import numpy as np
import pytest

from core.metrics import localisation


def square(top=2, left=2, side=3, size=10):
    mask = np.zeros((1, size, size), bool)
    mask[0, top : top + side, left : left + side] = True
    return mask


def test_a_perfect_map_and_its_opposite():
    mask = square()
    for maps, value in ((mask.astype(float), 1.0), (1.0 - mask, 0.0)):
        assert localisation.pixel_auroc(maps, mask) == value
        assert localisation.aupro(maps, mask) == pytest.approx(value)
        assert localisation.hit(maps, mask) == value


def test_a_flat_map_is_chance():
    mask = square()
    assert localisation.pixel_auroc(np.zeros(mask.shape), mask) == 0.5
    assert localisation.aupro(np.zeros(mask.shape), mask) == pytest.approx(0.15)  # a straight line up to 0.3


def test_small_regions_count_as_much_as_large_ones():
    mask = square(0, 0, 1) | square(5, 5, 4)  # 1 and 16 pixels
    maps = np.zeros(mask.shape)
    maps[square(0, 0, 1)] = 1.0  # the small one alone is seen; the others are all alike
    # From an overlap of 1/2 at no false positive a line to 1 at all of them, so 0.65 at 0.3.
    assert localisation.aupro(maps, mask) == pytest.approx((0.5 + 0.65) / 2)


def test_half_a_region_before_any_false_positive_and_the_rest_after_all():
    mask = square(0, 0, 2)
    maps = np.full(mask.shape, 0.5)
    maps[0, 0, :2], maps[0, 1, :2] = 1.0, 0.0
    assert localisation.aupro(maps, mask) == pytest.approx(0.5)


def test_undamaged_images_count_among_the_false_positives():
    maps, mask = np.zeros((2, 10, 10)), np.concatenate([square(), np.zeros((1, 10, 10), bool)])
    maps[:1][square()] = 0.5
    assert localisation.aupro(maps, mask) == pytest.approx(1.0)
    maps[1] = 1.0  # 100 of the 191 other pixels are flagged before the defect is
    assert localisation.aupro(maps, mask) == 0.0


def test_empty_and_full_masks_say_nothing():
    maps = np.random.default_rng(0).random((2, 10, 10))
    masks = np.stack([np.zeros((10, 10), bool), np.ones((10, 10), bool)])
    assert localisation.usable(masks).tolist() == [False, False]
    assert math.isnan(localisation.pixel_auroc(maps, masks)) and math.isnan(localisation.hit(maps, masks))
    both = localisation.pixel_auroc(np.concatenate([maps, square().astype(float)]), np.concatenate([masks, square()]))
    assert both == 1.0
    assert math.isnan(localisation.aupro(maps[1:], masks[1:])) and math.isnan(localisation.aupro(maps[:1], masks[:1]))


def test_image_auroc_leaves_out_what_nobody_sees():
    masks = np.concatenate([square(), np.zeros((1, 10, 10), bool)])
    assert localisation.image_auroc(np.array([1.0, 2.0]), np.array([3.0, 0.0]), masks) == 1.0
    assert math.isnan(localisation.image_auroc(np.array([1.0]), np.array([3.0]), masks[1:]))
