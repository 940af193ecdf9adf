import math

import numpy as np
import pytest

from benchmarks.repair import localisation


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


def test_smoothing_keeps_the_sum_and_the_place():
    maps = np.zeros((1, 11, 11))
    maps[0, 5, 5] = 1.0
    soft = localisation.smoothed(maps)
    assert soft.sum() == pytest.approx(1.0, abs=1e-5) and soft.argmax() == 60
    assert soft[0, 5, 5] == pytest.approx(0.159, abs=0.003)  # 1 / 2π


def test_maps_without_training_point_at_a_hole():
    random = np.random.default_rng(0)
    normals = np.zeros((60, 12, 12, 1), np.uint8)
    normals[:, 2:10, 2:10] = random.integers(150, 200, (60, 1, 1, 1))
    image = normals[:1].copy()
    image[0, 4:6, 4:6] = 0
    mask = (image != normals[:1])[..., 0]
    maps = localisation.Baselines(normals, components=3)
    for values in (maps.z_score(image), maps.pca_residual(image), maps.nearest(image)):
        assert values.shape == (1, 12, 12)
        assert localisation.hit(values, mask) == 1.0 and localisation.pixel_auroc(values, mask) > 0.99


def test_neighbours_come_nearest_first():
    normals = np.stack([np.full((4, 4, 1), value, np.uint8) for value in (0, 100, 110, 250)])
    maps = localisation.Baselines(normals, components=1)
    flat = np.full((1, 16), 104 / 127.5 - 1.0, np.float32)
    assert maps.neighbours(flat, 3).tolist() == [[1, 2, 0]]


def test_an_error_beside_an_edge_points_less_than_the_same_error_on_plain_cloth():
    repaired = np.zeros((2, 20, 20, 1), np.float32)
    repaired[1, :, 10:] = 1.0  # an edge down the middle
    residual = np.zeros((2, 20, 20), np.float32)
    residual[:, 9:12, 9:12] = 0.6
    maps = localisation.pointing(residual, repaired)
    assert maps[0].max() == pytest.approx(1.53, abs=0.05)  # 0.6 smoothed to 0.46, over 0.3
    assert maps[1].max() < 0.75 * maps[0].max()
    assert localisation.hit(maps, residual > 0) == 1.0
