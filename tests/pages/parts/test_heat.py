import numpy as np
import pytest

from pages.parts import heat

SIDE = 28


def hot(*places: tuple[int, int, int, int, float]) -> np.ndarray:
    """A map that is 0.05 everywhere but in these rectangles (top, left, height, width, heat)."""
    found = np.full((SIDE, SIDE), 0.05, np.float32)
    for top, left, height, width, value in places:
        found[top : top + height, left : left + width] = value
    return found


def test_spots_are_the_connected_regions_above_the_mark_hottest_first():
    found = heat.spots(hot((1, 1, 2, 7, 0.4), (20, 22, 1, 1, 0.9), (10, 10, 3, 3, 0.2)), 0.4)
    assert found == [heat.Spot(20, 22, 1), heat.Spot(1, 1, 14)]
    diagonal = hot((5, 5, 1, 1, 0.5), (6, 6, 1, 1, 0.6))
    assert heat.spots(diagonal, 0.4) == [heat.Spot(6, 6, 2)]
    assert heat.spots(diagonal, None) == []
    assert heat.spots(np.full((SIDE, SIDE), 2.0), 0.4) == [heat.Spot(0, 0, SIDE * SIDE)]


@pytest.mark.parametrize(
    ("found", "mark", "said"),
    [
        (hot((1, 1, 2, 7, 0.4)), 0.3, "odd spot: upper left, 14 pixels above the mark"),
        (hot((1, 1, 2, 7, 0.4)), 0.5, "nothing above the mark"),
        (hot((1, 1, 2, 7, 0.4)), None, "oddest place: upper left"),
        (np.zeros((SIDE, SIDE)), None, "nothing odd: the reconstruction is exact"),
        (
            hot((13, 13, 1, 1, 0.9), (26, 14, 2, 2, 0.8)),
            0.5,
            "2 odd spots: middle, 1 pixel; bottom, 4 pixels above the mark",
        ),
        (
            hot(*((row, 26, 1, 1, 0.9 - row / 100) for row in (0, 4, 14, 20, 26))),
            0.5,
            "5 odd spots: upper right, 1 pixel; upper right, 1 pixel; right, 1 pixel above the mark; and 2 more",
        ),
    ],
)
def test_words_say_where_it_is_odd(found, mark, said):
    assert heat.words(found, mark) == said


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [28, 64, 128])
def test_the_outline_is_around_the_marked_pixels_and_nowhere_else(side, channels):
    image = np.full((side, side, channels), 128, np.uint8)
    found = np.full((side, side), 0.1, np.float32)
    found[8:12, 8:12] = 0.6
    plain, marked = heat.picture(image, found, None), heat.picture(image, found, 0.5)
    by = len(plain) // side
    assert plain.dtype == np.uint8 and plain.shape == (side * by, side * by, 3) and len(plain) >= 224
    changed = (plain != marked).any(-1)
    rows, columns = np.nonzero(changed)
    near = 3 * round(len(plain) / 224)
    assert rows.min() >= 8 * by - near and rows.max() < 12 * by + near
    assert columns.min() >= 8 * by - near and columns.max() < 12 * by + near
    assert not changed[9 * by : 11 * by, 9 * by : 11 * by].any()  # what is marked can still be seen
    assert (marked[8 * by, 10 * by] == 255).all()
    assert np.array_equal(heat.picture(image, found, 0.7), plain)


def test_an_image_that_is_odd_all_over_is_framed():
    everywhere = heat.picture(np.zeros((SIDE, SIDE, 1), np.uint8), np.full((SIDE, SIDE), 1.5), 0.5)
    assert (everywhere[0] == 255).all() and (everywhere[:, -1] == 255).all()


def test_more_heat_is_lighter_over_black_and_over_white():
    """So that the map is read without colours, too: by CIE lightness, which grows with relative luminance."""
    ramp = np.linspace(0.4, heat.FULL, 50, dtype=np.float32)[None].repeat(2, 0)
    image = np.array([[0], [255]], np.uint8).repeat(50, 1)[..., None]
    linear = (heat.picture(image, ramp, None, by=1) / 255.0) ** 2.2
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance, axis=1) > -1e-3).all()
    assert luminance.min(1).max() < 0.2 and luminance[:, -1].min() > 0.8


def test_the_scale_has_its_numbers_and_its_mark():
    assert "mark 0.31" in heat.scale(0.314) and "the mark at 0.31" in heat.scale(0.314)
    assert "mark" not in heat.scale(None) and "older than marks" in heat.caption(None)
    assert "left:100.0%" in heat.scale(1.7)
