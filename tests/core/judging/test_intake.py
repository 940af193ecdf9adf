import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.basics.errors import PictureError
from core.data import decoding
from core.data.fashion_mnist import FASHION_MNIST
from core.judging import intake

BOOT = 0  # its place in the test split
GARMENTS = FASHION_MNIST.description


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def taken(content: bytes, name: str = "item.png", **options: object) -> intake.Taken:
    return intake.take(decoding.read(content, name), GARMENTS, name, intake.Steps(**options))


def drawn(image: np.ndarray) -> Image.Image:
    """A grey image of the data set, uint8 [H, W, 1], as a picture."""
    return Image.fromarray(image[:, :, 0])


def error(image: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in grey levels."""
    assert image.shape == other.shape
    return float(np.abs(image.astype(float) - other.astype(float)).mean())


@pytest.fixture
def boot(test_split) -> np.ndarray:
    """A test image as it lies in the frame: its longest edge is the frame's, as the authors made them."""
    image = test_split.images[BOOT]
    assert (image > intake.FAINT).any(0).all()
    return image


@pytest.fixture
def photo(boot: np.ndarray) -> Image.Image:
    """The boot ten times as large, dark on a white page with a margin around it."""
    return ImageOps.expand(drawn(255 - boot).resize((280, 280), Image.Resampling.NEAREST), 60, 255)


def test_every_test_image_comes_back_bit_for_bit(test_split) -> None:
    changed = [
        number
        for number, image in enumerate(test_split.images)
        if (intake.take(drawn(image), GARMENTS).image != image).any()
    ]
    assert changed == []


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "LA"])
def test_a_test_image_as_a_png_of_any_mode_comes_back_bit_for_bit(mode: str, test_split) -> None:
    for image in test_split.images[:10]:
        found = taken(encoded(drawn(image).convert(mode)))
        assert np.array_equal(found.image, image)
        assert (found.inverted, found.trimmed) == (False, False)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("BMP", {}), ("GIF", {}), ("WEBP", {"lossless": True})])
def test_every_lossless_format_brings_the_same_image(kind: str, options: dict, boot) -> None:
    found = taken(encoded(drawn(boot), kind, **options), f"item.{kind.lower()}")
    assert np.array_equal(found.image, boot)


def test_a_large_dark_garment_on_white_comes_back_close_to_the_original(photo, boot) -> None:
    found = taken(encoded(photo))
    assert (found.inverted, found.trimmed) == (True, True)
    assert (found.image.shape, found.image.dtype) == ((28, 28, 1), np.uint8)
    assert error(found.image, boot) < 8
    assert error(found.image, boot[:, ::-1]) > 30  # what another picture would give
    assert found.original.size == photo.size


def test_garments_are_placed_as_the_data_set_places_them(test_split) -> None:
    # Where a margin is odd, the authors leave the spare pixel above and to the left: 3,224 of the 10,000 test images
    # have one more empty column on the left, 10 on the right.
    errors = []
    for image in test_split.images[:200]:
        large = drawn(255 - image).resize((280, 280), Image.Resampling.NEAREST)
        errors.append(error(taken(encoded(ImageOps.expand(large, 60, 255))).image, image))
    assert np.mean(errors) < 8


def test_a_light_garment_on_black_is_not_inverted(photo, boot) -> None:
    found = taken(encoded(ImageOps.invert(photo)))
    assert (found.inverted, found.trimmed) == (False, True)
    assert error(found.image, boot) < 8


def test_a_grey_background_becomes_black(photo, boot) -> None:
    found = taken(encoded(photo.point(lambda level: level * 200 // 255)))
    assert found.image[:, 0].min() == 0
    assert np.median(found.image[0]) == 0
    assert error(found.image * (boot.max() / found.image.max()), boot) < 12


def test_inversion_can_be_chosen_where_the_border_misleads() -> None:
    # A dark garment that touches three sides: its border is dark, and what is light is the page.
    tight = Image.new("L", (280, 280), 255)
    tight.paste(10, (0, 0, 280, 240))
    guessed = taken(encoded(tight))
    assert not guessed.inverted
    assert guessed.image[:10].max() == 0
    chosen = taken(encoded(tight), invert=True, trim=False)
    assert chosen.inverted
    assert chosen.image[:22].min() > 200
    assert chosen.image[-2:].max() < 50


def test_an_inversion_overruled_on_an_even_background_is_done_as_told(photo) -> None:
    # Not "blank", which it is not: the garment is dark on light then, and scored as that.
    taken = intake.take(photo, GARMENTS, "photo.png", intake.Steps(invert=False))
    assert not taken.inverted
    assert taken.image[0].min() > 200 and taken.image.min() < 100


def test_trimming_can_be_left_out(photo, boot) -> None:
    whole = taken(encoded(photo), trim=False)
    assert not whole.trimmed
    # The margin of 60 around 280 pixels stays: 60 / 400 of 28 is four rows.
    assert whole.image[:4].max() == 0
    assert whole.image[-4:].max() == 0
    assert taken(encoded(photo)).image[:, [0, -1]].max() > 0


def test_a_garment_is_centred_and_its_longest_edge_fitted() -> None:
    tall = Image.new("L", (400, 400), 255)
    tall.paste(0, (20, 30, 80, 330))  # 60×300
    image = taken(encoded(tall)).image
    rows, columns = np.flatnonzero(image.max(1) > 127), np.flatnonzero(image.max(0) > 127)
    assert (rows[0], rows[-1]) == (0, 27)
    assert 5 <= len(columns) <= 7  # 60 / 300 of 28
    assert abs((columns[0] + columns[-1]) / 2 - 13.5) <= 1


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_transparency_is_background_whatever_colour_lies_beneath(dark: bool, boot) -> None:
    large = drawn(boot).resize((280, 280), Image.Resampling.NEAREST)
    level = 0 if dark else 255
    for beneath in (0, 255):
        cut_out = Image.new("RGBA", (280, 280), (beneath,) * 3 + (0,))
        cut_out.paste(Image.new("RGBA", (280, 280), (level,) * 3 + (255,)), mask=large.point(lambda v: 255 * (v > 24)))
        shape = taken(encoded(cut_out)).image > 127
        assert (shape == (boot > 24)).mean() > 0.95


def test_a_palette_with_a_transparent_colour_is_read(boot) -> None:
    large = drawn(np.where(boot > 24, 1, 0).astype(np.uint8)).resize((280, 280), Image.Resampling.NEAREST)
    palette = large.convert("P")
    palette.putpalette([255, 0, 0, 20, 20, 20])
    found = taken(encoded(palette, transparency=0))
    assert found.original.mode == "RGBA"
    assert ((found.image > 127) == (boot > 24)).mean() > 0.95


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_set_upright(orientation: int, photo, boot) -> None:
    turn_back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that a camera so held has applied
    stored = photo.transpose(Image.Transpose(turn_back[orientation])) if orientation > 1 else photo
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = taken(encoded(stored.convert("RGB"), "JPEG", quality=95, exif=exif), "photo.jpg")
    assert error(found.image, boot) < 10


def test_sixteen_bits_are_read_as_eight(boot) -> None:
    wide = drawn(boot.astype(np.uint16) * 257)
    assert wide.mode == "I;16"
    assert np.array_equal(taken(encoded(wide)).image, boot)


def test_of_an_animation_the_first_frame_is_read(test_split) -> None:
    frames = [drawn(image) for image in test_split.images[:3]]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert Image.open(io.BytesIO(content)).n_frames == 3
    assert np.array_equal(taken(content, "item.gif").image, test_split.images[0])


def test_a_cmyk_jpeg_is_read(photo, boot) -> None:
    content = encoded(photo.convert("CMYK"), "JPEG", quality=95)
    assert Image.open(io.BytesIO(content)).mode == "CMYK"
    assert error(taken(content, "photo.jpg").image, boot) < 10


def test_a_photo_with_damaged_exif_is_still_read_without_a_word(photo, boot, recwarn: pytest.WarningsRecorder) -> None:
    content = encoded(photo.convert("RGB"), "JPEG", quality=95, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert error(taken(content, "photo.jpg").image, boot) < 10
    assert [str(warning.message) for warning in recwarn] == []  # the command line would print it


def test_a_photo_of_a_telephone_with_24_megapixels_is_read() -> None:
    assert decoding.read(encoded(Image.new("RGB", (5712, 4284)), "JPEG"), "photo.jpg").width >= decoding.ENOUGH


def test_a_large_photo_is_taken_in_quickly_and_a_narrow_one_at_all(photo) -> None:
    large = photo.resize((4000, 4000), Image.Resampling.NEAREST)
    assert error(taken(encoded(large, compress_level=1)).image, taken(encoded(photo)).image) < 8
    narrow = Image.new("L", (100, 3000), 255)
    narrow.paste(0, (30, 100, 70, 2900))
    assert taken(encoded(narrow)).image.max() > 127


def white_jpeg(side: int = 400) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)
    return encoded(Image.fromarray(noise), "JPEG")


UNREADABLE = {
    "empty": (b"", "is empty"),
    "text": (b"this is a shopping list\n" * 20, "not a picture"),
    "html": (b"<!doctype html><html><body>404</body></html>", "not a picture"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"/>', "not a picture"),
    "tiff": (encoded(Image.new("L", (28, 28), 9), "TIFF"), "not a picture"),
    "one pixel": (encoded(Image.new("L", (1, 1), 255)), "1×1"),
    "a line": (encoded(Image.new("L", (300, 7), 255)), "300×7"),
    "black": (encoded(Image.new("L", (100, 100), 0)), "blank"),
    "white": (encoded(Image.new("RGB", (100, 100), "white")), "blank"),
    "grey": (encoded(Image.new("L", (28, 28), 127)), "blank"),
    "black 28×28": (encoded(Image.new("L", (28, 28), 0)), "blank"),
    "transparent": (encoded(Image.new("RGBA", (100, 100), (255, 0, 0, 0))), "blank"),
    "truncated jpeg": (white_jpeg()[:3000], "damaged"),
    "truncated png": (
        encoded(Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99), np.uint8)))[:2000],
        "damaged",
    ),
    "jpeg header": (white_jpeg()[:4], "not a picture|damaged"),
    "too many bytes": (white_jpeg() + b"\0" * decoding.LARGEST_BYTES, "10 MB"),
    "too many pixels": (encoded(Image.new("1", (8000, 5001)), compress_level=1), "8000×5001"),
    "bomb": (encoded(Image.new("1", (20_000, 20_000)), compress_level=1), "pixels"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_scored_is_refused_with_one_line_that_names_the_file(kind: str) -> None:
    content, said = UNREADABLE[kind]
    with pytest.raises(PictureError, match=said) as found:
        taken(content, "my item.png")
    assert str(found.value).startswith("my item.png ")
    assert "\n" not in str(found.value)


def test_files_are_read_from_disk_and_missing_ones_named(tmp_path: Path, boot) -> None:
    path = tmp_path / "boot.png"
    drawn(boot).save(path)
    assert np.array_equal(intake.take(decoding.read(decoding.content(path), str(path)), GARMENTS).image, boot)
    for wrong in (tmp_path / "none.png", tmp_path):
        with pytest.raises(PictureError, match=f"^{re.escape(str(wrong))} cannot be read"):
            decoding.read(decoding.content(wrong), str(wrong))
    (tmp_path / "large.png").write_bytes(b"\0" * (decoding.LARGEST_BYTES + 5))
    with pytest.raises(PictureError, match=r"large\.png has"):
        decoding.read(decoding.content(tmp_path / "large.png"), str(tmp_path / "large.png"))


def test_quarter_turns_can_be_chosen(photo, boot) -> None:
    for turns in range(4):
        turned = photo.rotate(90 * turns, expand=True)  # counter-clockwise
        assert error(taken(encoded(turned), turn=turns).image, boot) < 8
    assert np.array_equal(taken(encoded(drawn(boot)), turn=2).original, np.rot90(boot, 2).repeat(3, 2))


def test_every_step_can_be_seen(photo) -> None:
    found = taken(encoded(photo))
    assert [name for name, _ in found.stages] == [
        "Upright",
        "Garment, outlined",
        "Grey",
        "Inverted, on black",
        "Trimmed",
    ]
    assert [name for name, _ in taken(encoded(ImageOps.invert(photo)), trim=False).stages] == [
        "Upright",
        "Garment, outlined",
        "Grey",
        "On black",
    ]
    by_name = dict(found.stages)
    assert by_name["Upright"].shape == (400, 400, 3) and by_name["Grey"].shape == (400, 400)
    assert by_name["Inverted, on black"][:50].max() == 0
    assert max(by_name["Trimmed"].shape) < 300


@pytest.mark.parametrize("colour", [(255, 220, 180), (120, 200, 255), (255, 130, 160), (20, 30, 90), (70, 10, 20)])
def test_a_coloured_background_is_taken_away(colour, boot) -> None:
    garment = drawn(boot).resize((280, 280), Image.Resampling.BICUBIC)
    light = sum(colour) > 300
    page = Image.new("RGB", (400, 400), colour)
    page.paste(
        (ImageOps.invert(garment) if light else garment).convert("RGB"),
        (60, 60),
        garment.point(lambda v: min(255, 16 * v)),
    )
    found = taken(encoded(page, "JPEG", quality=90), "photo.jpg")
    assert found.inverted == light
    assert error(found.image, boot) < 12


@pytest.mark.parametrize("size", [(60, 90), (128, 128), (600, 400), (2000, 1000)])
@pytest.mark.parametrize("steps", [{}, {"trim": False}, {"invert": True}])
def test_noise_is_not_blank_and_no_garment_is_made_of_it(size: tuple[int, int], steps: dict, known) -> None:
    random = np.random.default_rng(0)
    for noise in (random.integers(0, 256, size, np.uint8), random.integers(0, 256, (*size, 3), np.uint8)):
        found = intake.take(Image.fromarray(noise), GARMENTS, "noise.png", intake.Steps(**steps))
        assert 60 < found.image.mean() < 190  # grey all over, what noise is from afar
        assert known.farness(found.image[None])[0] > 1


def test_a_square_that_fills_the_frame_is_not_blank(known) -> None:
    square = np.zeros((400, 400), np.uint8)
    square[100:300, 100:300] = 255
    found = intake.take(Image.fromarray(square), GARMENTS)
    assert found.image.min() == found.image.max() == 255
    assert known.farness(found.image[None])[0] > 1
