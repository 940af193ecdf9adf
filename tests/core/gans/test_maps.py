"""Residuals, heat maps and scores of images whose reconstructions are known."""

import numpy as np
import pytest

from core.gans import maps


def levels(reconstructions: np.ndarray) -> np.ndarray:
    """The images nearest to [-1, 1]: uint8."""
    return ((reconstructions + 1) * 127.5).round().astype(np.uint8)


def with_spot(side: int = 28, channels: int = 1, row: int = 12, column: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """A grey image with a light spot of three by three pixels, and its repair without."""
    repaired = np.zeros((1, side, side, channels), np.float32)
    image = levels(repaired)
    image[0, row - 1 : row + 2, column - 1 : column + 2] = 255
    return image, repaired


@pytest.mark.parametrize(("side", "channels"), [(28, 1), (45, 3), (128, 1)])
@pytest.mark.parametrize("place", [(12, 7), (1, 1), (26, 13)])
def test_heat_keeps_the_place_of_an_error(side: int, channels: int, place: tuple[int, int]) -> None:
    heat = maps.heat(*with_spot(side, channels, *place))[0]
    assert heat.shape == (side, side) and heat.dtype == np.float32
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert max(abs(row - place[0]), abs(column - place[1])) <= 1
    far = np.ones((side, side), bool)
    reach = 2 + -(-3 * side // 28)  # of the spot and of the smoothing
    far[max(0, place[0] - reach) : place[0] + reach + 1, max(0, place[1] - reach) : place[1] + reach + 1] = False
    assert heat[far].max() < 0.01 < 0.2 * heat.max()


def test_an_error_beside_an_edge_counts_less_than_the_same_error_on_plain_cloth() -> None:
    plain = np.zeros((1, 20, 20, 1), np.float32)
    edged = plain.copy()
    edged[0, :, 10:] = 1.0
    hot = []
    for repaired in (plain, edged):
        image = repaired.copy()
        image[0, 8:12, 8:12] -= 0.6
        hot.append(maps.heat(levels(image), repaired)[0, 9, 8:12])
    (_, on_plain, *_), (far, beside, *_) = hot  # the edge is between the columns 9 and 10
    assert 0.5 < on_plain <= 0.6
    assert beside < 0.5 * on_plain and beside < far < on_plain


def test_the_edges_of_the_image_itself_do_not_hide_an_error() -> None:
    """A hole with sharp edges in plain cloth: the reconstruction alone says where errors count less."""
    image, repaired = with_spot()
    assert maps.heat(image, repaired).max() > 0.5


@pytest.mark.parametrize("side", [28, 33, 128])
def test_residual_and_heat_lie_between_zero_and_two(side: int) -> None:
    images = np.stack([np.zeros((side, side, 1), np.uint8), np.full((side, side, 1), 255, np.uint8)])
    black = np.full(images.shape, -1.0, np.float32)
    for values in (maps.residual(images, black), maps.heat(images, black)):
        assert values.dtype == np.float32
        assert values[0] == pytest.approx(0.0, abs=1e-6) and values[1] == pytest.approx(2.0, rel=1e-5)
        assert values.min() >= 0 and values.max() <= 2
    noise = np.random.default_rng(0).integers(0, 256, images.shape, np.uint8)
    heat = maps.heat(noise, -black)
    assert heat.min() >= 0 and heat.max() <= 2


def test_a_residual_is_the_mean_over_the_channels() -> None:
    image = np.zeros((1, 28, 28, 3), np.uint8)
    image[..., 0] = 255
    assert maps.residual(image, np.full(image.shape, -1.0, np.float32)) == pytest.approx(2 / 3, rel=1e-6)


def test_a_share_mixes_the_mean_and_the_largest_heat() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (5, 28, 28, 1), np.uint8)
    made = random.uniform(-1, 1, images.shape).astype(np.float32)
    means, peaks = maps.residual(images, made).mean((1, 2)), maps.heat(images, made).max((1, 2))
    for share in (0.0, 0.25, 1.0):
        scores = maps.score_reconstructions(images, made, share)
        assert scores.dtype == np.float32
        assert scores == pytest.approx((1 - share) * means + share * peaks, rel=1e-5)


def test_a_small_defect_shows_in_the_score_with_a_share_and_hardly_without() -> None:
    image, repaired = with_spot()
    whole = levels(repaired)
    alone, shared = (
        maps.score_reconstructions(image, repaired, share)[0] - maps.score_reconstructions(whole, repaired, share)[0]
        for share in (0.0, 0.5)
    )
    assert shared > 10 * alone


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_same_bits_alone_in_company_and_in_any_order(share: float, channels: int) -> None:
    random = np.random.default_rng(1)
    count = maps.AT_ONCE + 3
    images = random.integers(0, 256, (count, 28, 28, channels), np.uint8)
    made = random.uniform(-1, 1, images.shape).astype(np.float32)
    together = maps.score_reconstructions(images, made, share)
    for index in (0, maps.AT_ONCE - 1, maps.AT_ONCE, count - 1):
        some = slice(index, index + 1)
        assert maps.score_reconstructions(images[some], made[some], share).tobytes() == together[some].tobytes()
        assert maps.heat(images[some], made[some]).tobytes() == maps.heat(images, made)[some].tobytes()
    order = random.permutation(count)
    assert maps.score_reconstructions(images[order], made[order], share).tobytes() == together[order].tobytes()


def test_no_images_have_no_scores() -> None:
    nothing = np.empty((0, 28, 28, 1), np.uint8)
    assert maps.score_reconstructions(nothing, nothing.astype(np.float32), 0.5).shape == (0,)
    assert maps.heat(nothing, nothing.astype(np.float32)).shape == (0, 28, 28)
