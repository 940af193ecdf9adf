"""Pictures for a data set that is not of garments: fitted whole, in grey or in their own colours."""

import io

import numpy as np
import pytest
from PIL import Image

from core.basics.errors import PictureError
from core.data import decoding
from core.data.dataset import Description
from core.data.photos import shaping
from core.judging import intake
from core.judging.intake import Steps
from tests import drawn, photographs

SHAPES = pytest.mark.parametrize(("side", "channels"), [(28, 1), (64, 3), (97, 3), (128, 1)])


def describe(side: int, channels: int, outside: str = "black") -> Description:
    return Description("shapes", "Shapes", drawn.SHAPES, drawn.SHAPES, side, channels, outside=outside)


@SHAPES
def test_an_image_of_the_data_set_comes_back_bit_for_bit(side: int, channels: int) -> None:
    data = describe(side, channels)
    for image in drawn.shapes(3, side, channels)[0]:
        taken = intake.take(Image.fromarray(image.squeeze()), data)
        assert np.array_equal(taken.image, image)
        assert (taken.inverted, taken.trimmed) == (False, False)


@SHAPES
def test_an_enlarged_image_comes_back_close_to_what_it_was(side: int, channels: int) -> None:
    image = drawn.shapes(1, side, channels)[0][0]
    large = Image.fromarray(image.squeeze()).resize((5 * side, 5 * side), Image.Resampling.NEAREST)
    taken = intake.take(large, describe(side, channels)).image
    assert taken.shape == (side, side, channels)
    assert np.abs(taken.astype(int) - image).mean() < 5


@pytest.mark.parametrize(("outside", "rows"), [("black", 0), ("edge", 200)])
def test_what_a_wide_picture_lacks_is_filled_as_the_data_set_says(outside: str, rows: int) -> None:
    wide = np.full((40, 160, 3), 200, np.uint8)
    wide[10:30, 60:100] = (255, 0, 0)
    image = intake.take(Image.fromarray(wide), describe(64, 3, outside)).image
    assert image[24:40, 0].tolist() == [[200] * 3] * 16  # a quarter of 64 pixels, in the middle
    assert (image[:24] == rows).all() and (image[40:] == rows).all()
    assert image[32, 32].tolist() == [255, 0, 0]  # colours stay


def test_a_coloured_picture_is_grey_for_a_grey_data_set() -> None:
    red = np.zeros((90, 90, 3), np.uint8)
    red[30:60, 30:60, 0] = 255
    image = intake.take(Image.fromarray(red), describe(30, 1)).image
    assert image.shape == (30, 30, 1)
    assert image[15, 15, 0] == 76  # 0.299 of 255
    assert image[2, 2, 0] == 0


def test_a_picture_is_inverted_and_turned_only_when_that_is_asked_for() -> None:
    light = np.full((60, 60), 250, np.uint8)
    light[:20, :20] = 10  # in the corner
    data = describe(30, 1)
    assert intake.take(Image.fromarray(light), data).image[29, 29, 0] == 250
    inverted = intake.take(Image.fromarray(light), data, steps=Steps(invert=True))
    assert inverted.inverted and inverted.image[29, 29, 0] == 5 and inverted.image[0, 0, 0] == 245
    turned = intake.take(Image.fromarray(light), data, steps=Steps(turn=1)).image
    assert turned[0, 29, 0] == 10 and turned[0, 0, 0] == 250  # a quarter turn clockwise


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (90, 20, 200)])
def test_a_picture_of_one_colour_shows_nothing(colour: tuple[int, int, int]) -> None:
    with pytest.raises(PictureError, match=r"mine\.png is blank"):
        intake.take(Image.new("RGB", (80, 80), colour), describe(64, 3), "mine.png")


@pytest.mark.parametrize("intake_of_data", ["fit", "crop"])
@pytest.mark.parametrize("size", [(64, 64), (700, 500), (40, 90)])
def test_a_new_photo_is_treated_as_those_that_were_trained_on(size: tuple[int, int], intake_of_data: str) -> None:
    photo = Image.fromarray(photographs.many(1, 96)[0]).resize(size)
    data = Description("wall", "Wall", ("good",), ("Good",), 64, 3, outside="edge", intake=intake_of_data)
    trained = shaping.shaped(photo, 64, 3, crop=intake_of_data == "crop")
    assert np.array_equal(intake.take(photo, data).image, trained)


def test_a_large_jpeg_is_decoded_smaller_and_looks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO()
    photo = Image.fromarray(photographs.many(1, 256)[0]).resize((2400, 1800), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera on its side
    photo.save(content, "JPEG", quality=90, exif=exif)
    small = decoding.read(content.getvalue(), "photo")
    assert small.size == (900, 1200) and decoding.upright_size(content.getvalue()) == (1800, 2400)
    monkeypatch.setattr(decoding, "ENOUGH", 10_000)
    large = decoding.read(content.getvalue(), "photo")
    assert large.size == (1800, 2400)
    difference = np.abs(shaping.shaped(small, 64, 3).astype(int) - shaping.shaped(large, 64, 3))
    assert difference.mean() < 1 and difference.max() <= 8
