"""Garments are found on real textures, in shadow, beside each other, and how they are turned is measured."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.backgrounds import CONTRAST, KINDS, composed
from core.basics.errors import PictureError
from core.data.fashion_mnist import DESCRIPTION
from core.judging import intake, segmenting, straightening
from core.judging.intake import Steps

SHIRTS = 24


def shirts(split) -> np.ndarray:
    return split.images[split.labels == 0]


def overlap(share: np.ndarray, solid: np.ndarray) -> float:
    """Return the intersection of two masks over their union."""
    there, truth = share > 0.5, solid > 0.5
    return float((there & truth).sum() / (there | truth).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_a_shirt_is_found_on_every_kind_of_ground(kind: str, starter) -> None:
    random = np.random.default_rng(KINDS.index(kind))
    overlaps = []
    for image in shirts(starter)[:SHIRTS]:
        picture, solid = composed(image, kind, random)
        found = segmenting.find(picture)
        overlaps.append(overlap(found.share, solid) if found else 0.0)
    assert np.median(overlaps) > 0.85  # 0.9 and more; the whole picture would have 0.4
    assert np.mean(np.array(overlaps) > 0.5) > 0.9


def test_a_pictures_shadow_and_gradient_are_no_garment(starter) -> None:
    down, right = np.mgrid[-1:1:300j, -1:1:300j]
    for light in (1 - 0.3 * (down**2 + right**2), 1 + 0.3 * right):
        picture = np.repeat((170 * light).clip(0, 255).astype(np.uint8)[..., None], 3, 2)
        picture[90:210, 100:200] = 30
        found = segmenting.find(picture)
        truth = np.zeros((300, 300))
        truth[90:210, 100:200] = 1
        assert found is not None and overlap(found.share, truth) > 0.8
        assert found.darker and found.ground is None


def test_garment_against_ground_decides_what_is_inverted(starter) -> None:
    image = next(each for each in shirts(starter) if np.median(each[each > 16]) > 190)[:, :, 0]
    large = np.asarray(Image.fromarray(image).resize((224, 224), Image.Resampling.BICUBIC)).astype(float)
    solid = (np.pad(large, 40) / 60).clip(0, 1)
    for ground, dark in ((130, False), (130, True), (255, True), (0, False)):
        shown = np.pad(255 - large if dark else large, 40)
        grey = (solid * shown + (1 - solid) * ground).clip(0, 255).astype(np.uint8)
        taken = intake.take(Image.fromarray(grey), DESCRIPTION)
        assert taken.inverted == dark
        assert np.abs(taken.image[..., 0].astype(float) - image).mean() < 20  # inverted wrongly it would be 60


def test_white_on_white_is_seen(starter) -> None:
    shirt = np.asarray(Image.fromarray(shirts(starter)[0, :, :, 0]).resize((224, 224))).astype(float)
    page = np.full((300, 300), 255.0)
    page[38:262, 38:262] -= (shirt > 40) * (12 + shirt / 60)  # hardly darker than the page
    taken = intake.take(Image.fromarray(page.astype(np.uint8)), DESCRIPTION)
    assert taken.image.max() > 100


@pytest.fixture
def two(starter) -> tuple[Image.Image, list[np.ndarray]]:
    """A large shirt at the left and a small one at the right, dark on white."""
    some = [image for image in shirts(starter) if np.median(image[image > 16]) > 190][:2]
    page = Image.new("L", (420, 260), 255)
    for image, side, at in zip(some, (200, 120), ((20, 30), (270, 70)), strict=True):
        page.paste(Image.fromarray(255 - image[:, :, 0]).resize((side, side), Image.Resampling.NEAREST), at)
    return page, some


def test_of_two_garments_the_larger_is_taken_first_and_the_other_on_request(two) -> None:
    page, some = two
    for item, image in enumerate(some):
        taken = intake.take(page, DESCRIPTION, steps=Steps(item=item))
        assert len(taken.items) == 2
        assert np.abs(taken.image.astype(float) - image).mean() < 12
    (left, *_), (other, *_) = taken.items
    assert left < 0.1 and other > 0.6


def test_a_box_takes_what_is_in_it(two) -> None:
    page, some = two
    taken = intake.take(page, DESCRIPTION, steps=Steps(box=(0.6, 0.1, 1.0, 0.9)))
    assert len(taken.items) == 1
    assert np.abs(taken.image.astype(float) - some[1]).mean() < 12
    with pytest.raises(PictureError, match=r"^The picture, in the box, is blank"):
        intake.take(page, DESCRIPTION, steps=Steps(box=(1.0, 1.0, 1.0, 1.0)))  # eight pixels of the corner


@pytest.mark.parametrize("angle", [-19, -8, 6, 15])
def test_a_turned_shirt_is_straightened(angle: int, starter) -> None:
    errors, left = [], []
    for image in shirts(starter)[:SHIRTS]:
        large = Image.fromarray(255 - image[:, :, 0]).resize((224, 224), Image.Resampling.BICUBIC)
        turned = large.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        taken = intake.take(turned, DESCRIPTION)
        errors.append(abs(-taken.tilt - angle))
        left.append(intake.take(turned, DESCRIPTION, steps=Steps(tilt=0.0)).tilt)
    assert np.median(errors) <= 1.5 and set(left) == {0.0}


def test_what_lies_upright_is_left_as_it_is(starter) -> None:
    """Hardly a garment of the data set is turned, of whatever class."""
    turned = [straightening.tilt(image[:, :, 0].repeat(4, 0).repeat(4, 1) > 24) != 0 for image in starter.images[::40]]
    assert np.mean(turned) < 0.05


def test_the_made_pictures_show_their_garments(starter) -> None:
    random = np.random.default_rng(3)
    for image in shirts(starter)[:SHIRTS]:
        picture, solid = composed(image, "brick", random)
        assert picture.shape == (*solid.shape, 3) and picture.dtype == np.uint8
        inside, outside = picture[solid == 1].mean(), picture[solid == 0].mean()
        assert abs(inside - outside) > CONTRAST / 4
