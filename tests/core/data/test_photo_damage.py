import numpy as np
import pytest

from core.data import damage, photo_damage
from core.data.damage import SIZES, DamageError
from core.data.photo_damage import KINDS
from core.metrics import localisation
from tests import photographs


@pytest.fixture(scope="module")
def bricks() -> np.ndarray:
    return photographs.tiles("brick")[:8]


@pytest.mark.parametrize("kind", KINDS)
def test_a_defect_changes_its_mask_and_little_beyond_its_soft_rim(bricks, kind) -> None:
    before = bricks.copy()
    made = photo_damage.damage(bricks, kind, "medium", 0, photographs.tiles("grass"))
    change = np.abs(made.images.astype(int) - bricks).max(-1)
    assert made.visible.all() and (bricks == before).all()
    for image, mask in zip(change, made.masks, strict=True):
        assert (image[mask] > 10).mean() >= 0.15
        assert image[mask].mean() > 8 * image[~mask].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_larger_is_larger(bricks, kind) -> None:
    small, medium, large = (photo_damage.damage(bricks, kind, size, 3).masks.sum() for size in SIZES)
    assert small < medium < large


@pytest.mark.parametrize(("side", "channels"), [(28, 1), (64, 3), (96, 1), (128, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_photos_of_any_side_and_colour_can_be_damaged(kind, side, channels) -> None:
    photos = photographs.many(3, side)
    photos = photos if channels == 3 else photos[..., :1]
    made = photo_damage.damage(photos, kind, "large", 1)
    assert made.images.shape == photos.shape and made.images.dtype == np.uint8
    assert made.visible.all()


def test_the_same_seed_gives_the_same_defect_whatever_stands_beside(bricks) -> None:
    whole, alone = (photo_damage.damage(images, "scratch", "medium", 5) for images in (bricks, bricks[2:3]))
    other = photo_damage.damage(bricks, "scratch", "medium", 6)
    assert (whole.images[2] == alone.images[0]).all() and (whole.masks[2] == alone.masks[0]).all()
    assert (whole.images != other.images).any()


def test_edges_are_soft_and_sharp_and_a_smudge_is_always_soft(bricks) -> None:
    many = np.repeat(photographs.many(1), 40, 0)
    many[:, 0, 0, 0] = np.arange(40)  # a seed of its own each

    def steepest(kind: str) -> np.ndarray:
        """The share of each defect's strength that one pixel's step takes, on plain grey."""
        grey = np.full_like(many, 128)
        grey[:, 0, 0, 0] = np.arange(40)
        change = np.abs(photo_damage.damage(grey, kind, "large", 0).images.astype(int) - grey).max(-1)
        return np.abs(np.diff(change[:, 2:, 2:], axis=2)).max((1, 2)) / change.max((1, 2))

    spots = steepest("spot")
    assert 8 <= (spots > 0.6).sum() <= 32 and (steepest("smudge") < 0.35).all()


def test_defects_are_put_on_a_thing_that_stands_out(bricks) -> None:
    photos = np.full((20, 64, 64, 3), 40, np.uint8)
    photos[:, 20:44, 20:44] = bricks[0][:24, :24] // 2 + 120
    photos[:, 20, 20, 0] = np.arange(100, 120)
    middles = [np.argwhere(mask).mean(0) for mask in photo_damage.damage(photos, "spot", "small", 0).masks]
    assert all(18 <= row <= 46 and 18 <= column <= 46 for row, column in middles)


def test_a_defect_larger_than_its_thing_reaches_beyond_it_and_the_frame_cuts_it_off() -> None:
    photos = np.full((1, 64, 64, 3), 40, np.uint8)
    photos[:, 60:63, 60:63] = 200
    mask = photo_damage.damage(photos, "spot", "large", 0).masks[0]
    assert mask[:58, :].any() and mask[60:63, 60:63].all()


def test_where_nothing_would_be_seen_the_image_stays_and_counts_nowhere() -> None:
    plain = np.full((2, 64, 64, 3), 128, np.uint8)
    made = photo_damage.damage(plain, "blur", "large", 0)  # a plain surface out of focus is the same surface
    assert not made.visible.any() and (made.images == plain).all()
    assert not localisation.usable(made.masks).any()


def test_an_image_that_is_all_defect_counts_as_an_image_but_points_nowhere(monkeypatch, bricks) -> None:
    monkeypatch.setitem(photo_damage._RADIUS, "large", (9.0, 9.0))
    made = photo_damage.damage(bricks, "colour", "large", 0)
    assert made.masks.all((1, 2)).any() and made.visible.all()
    assert not localisation.usable(made.masks[made.masks.all((1, 2))]).any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"kind": "hole"}, "the kinds are spot, smudge"),
        ({"kind": "spot", "size": "huge"}, "the sizes small, medium, large"),
        ({"kind": "spot", "donors": np.zeros((1, 8, 8, 3), np.uint8)}, "Donors must be images like those"),
        ({"kind": "spot", "images": np.zeros((1, 64, 64, 3))}, "must be uint8"),
    ],
)
def test_what_cannot_be_is_an_error(bricks, arguments, said) -> None:
    with pytest.raises(DamageError, match=said):
        photo_damage.damage(**({"images": bricks} | arguments))


def test_one_function_makes_the_kinds_of_both_files(bricks):
    for module, kind in ((photo_damage, "spot"), (damage, "stain")):
        made, again = photo_damage.of_any_kind(bricks, kind, "large", 2), module.damage(bricks, kind, "large", 2)
        assert made.visible.any() and (made.images == again.images).all() and (made.masks == again.masks).all()
    with pytest.raises(DamageError, match="rust"):
        photo_damage.of_any_kind(bricks, "rust")
