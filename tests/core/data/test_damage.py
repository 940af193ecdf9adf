import numpy as np
import pytest
from msgspec.structs import replace

from core.data import damage
from core.data.damage import KINDS, SIZES, DamageError
from core.data.fashion_mnist import FASHION_MNIST


@pytest.fixture(scope="module")
def shirt():
    """Six bright squares of 16×16 pixels in the middle of black images."""
    images = np.zeros((6, 28, 28, 1), np.uint8)
    images[:, 6:22, 6:22] = np.linspace(180, 200, 6)[:, None, None, None]
    return images


def foreign():
    donors = np.zeros((3, 28, 28, 1), np.uint8)
    donors[:, 4:24, 4:24] = 90
    return donors


@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_is_what_changed_and_the_original_stays(shirt, kind):
    before = shirt.copy()
    result = damage.damage(shirt, kind, "medium", 0, foreign())
    change = np.abs(result.images.astype(int) - shirt)
    assert (change[result.masks] > 25).all() and (change[~result.masks] <= 25).all()
    assert result.visible.all() and (result.masks.sum((1, 2)) >= 4).all()
    assert (shirt == before).all()


@pytest.mark.parametrize("kind", KINDS)
def test_larger_is_larger(shirt, kind):
    small, medium, large = (damage.damage(shirt, kind, size, 3, foreign()).masks.sum() for size in SIZES)
    assert small < medium < large


def test_the_same_seed_gives_the_same_damage_whatever_stands_beside(shirt):
    whole = damage.damage(shirt, "tear", "medium", 5, foreign())
    alone = damage.damage(shirt[2:3], "tear", "medium", 5, foreign())
    other = damage.damage(shirt, "tear", "medium", 6, foreign())
    assert (whole.images[2] == alone.images[0]).all()
    assert (whole.images != other.images).any()


def test_holes_are_background_on_the_object_and_added_parts_lie_beside_it(shirt):
    inside = np.zeros((28, 28), bool)
    inside[6:22, 6:22] = True
    hole = damage.damage(shirt, "hole", "medium", 0)
    assert (hole.images[hole.masks] == 0).all() and not hole.masks[:, ~inside].any()
    added = damage.damage(shirt, "added", "medium", 0)
    assert not added.masks[:, inside].any()
    assert set(added.images[3][added.masks[3]].ravel().tolist()) == {192}


def test_long_sleeves_hang_on_both_sides(shirt):
    masks = damage.damage(shirt, "sleeves", "large", 0).masks
    assert masks[:, :, :14].any((1, 2)).all() and masks[:, :, 14:].any((1, 2)).all()


def test_a_hole_larger_than_the_garment_takes_it_away_and_no_more():
    tiny = np.zeros((4, 28, 28, 1), np.uint8)
    tiny[:, 13:16, 13:16] = 200
    result = damage.damage(tiny, "hole", "large", 0)
    assert (result.images[result.masks] == 0).all()
    assert (result.masks.sum((1, 2)) >= 4).all() and (result.masks.sum((1, 2)) <= 9).all()


def test_damage_that_nobody_sees_leaves_the_image_and_an_empty_mask():
    black = np.zeros((2, 28, 28, 1), np.uint8)
    result = damage.damage(black, "hole", "large", 0)
    assert (result.images == 0).all() and not result.masks.any() and not result.visible.any()


def test_colour_any_size_and_none():
    images = np.full((2, 64, 48, 3), 30, np.uint8)
    images[:, 16:48, 12:36] = (200, 40, 60)
    for kind in KINDS:
        result = damage.damage(images, kind, "medium", 1)
        assert result.images.shape == images.shape and result.masks.shape == (2, 64, 48)
    assert damage.damage(images[:0], "tear").images.shape == (0, 64, 48, 3)


@pytest.mark.parametrize(
    ("images", "kind", "size", "message"),
    [
        (np.zeros((1, 28, 28, 1), np.uint8), "scratch", "small", "Unknown damage 'scratch'; the kinds are: hole,"),
        (np.zeros((1, 28, 28, 1), np.uint8), "hole", "huge", "Unknown size of damage 'huge'"),
        (np.zeros((1, 28, 28, 1)), "hole", "small", "must be uint8"),
        (np.zeros((28, 28), np.uint8), "hole", "small", "not uint8 [28, 28]"),
    ],
)
def test_bad_input_is_named(images, kind, size, message):
    with pytest.raises(DamageError) as caught:
        damage.damage(images, kind, size)
    assert message in str(caught.value)


def test_long_sleeves_are_a_defect_where_there_are_none():
    data = FASHION_MNIST.description
    assert [name for name in data.classes if "sleeves" in damage.suiting(data, name)] == ["t-shirt", "dress"]
    other = replace(data, key="mnist-like")
    assert damage.suiting(other, "t-shirt") == list(KINDS[:-1])
