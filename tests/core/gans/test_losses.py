import math

import numpy as np
import pytest
import torch

from core.gans import losses
from core.gans.build import to_input


@pytest.fixture
def pair(test_split) -> tuple[torch.Tensor, torch.Tensor]:
    """Six test images as the DCGAN sees them, [6, 1, 32, 32], and something near them."""
    images = to_input(torch.tensor(test_split.images[:6]), 32)
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(1)) - 0.5
    return images, (images + noise).clamp(-1, 1)


def arrays(pair: tuple[torch.Tensor, torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    return pair[0].double().numpy(), pair[1].double().numpy()


def test_l1_is_the_mean_absolute_difference(pair) -> None:
    x, g = arrays(pair)
    assert losses.l1(*pair).item() == pytest.approx(np.abs(x - g).mean(), rel=1e-5)


def test_mse_is_the_mean_squared_difference(pair) -> None:
    x, g = arrays(pair)
    assert losses.mse(*pair).item() == pytest.approx(((x - g) ** 2).mean(), rel=1e-5)


def test_a_repair_is_weighed_five_times_on_what_was_damaged() -> None:
    whole = torch.full((2, 3, 4, 4), -1.0)
    damaged = whole.clone()
    damaged[0, 1, :2, :2] += 0.5  # in one channel: the pixel is damaged in all
    damaged[1, :, 3, 3] += 0.09  # 11.5 levels: nobody sees it
    errors = torch.rand(whole.shape, generator=torch.Generator().manual_seed(0))
    weights = torch.ones(whole.shape)
    weights[0, :, :2, :2] = 5.0
    assert losses.on_damage(errors, damaged, whole).item() == pytest.approx((errors * weights).mean().item())
    assert losses.on_damage(errors, whole, whole).item() == pytest.approx(errors.mean().item())


@pytest.mark.parametrize("level", [0, 100, 242])
def test_damage_is_seen_from_thirteen_levels_on_whatever_the_rounding(level: int) -> None:
    def weight(change: int) -> float:
        images = torch.tensor([level, level + change], dtype=torch.uint8)[:, None, None, None].expand(2, 28, 28, 1)
        whole, damaged = to_input(images, 28).split(1)
        return losses.on_damage(torch.ones_like(whole), damaged, whole).item()

    assert (weight(12), weight(13)) == (1.0, 5.0)


def test_latent_is_the_mean_absolute_difference_of_the_codes() -> None:
    codes = torch.tensor([[[[1.0, -2.0]]], [[[0.0, 3.0]]]])
    again = torch.tensor([[[[0.5, -2.0]]], [[[1.0, 1.0]]]])
    assert losses.latent(codes, again).item() == pytest.approx((0.5 + 0.0 + 1.0 + 2.0) / 4)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_adversarial_is_the_mean_squared_distance_from_the_target(target: float) -> None:
    decisions = torch.tensor([[[[0.2, 1.5], [-1.0, 0.0]]]])
    expected = sum((decision - target) ** 2 for decision in (0.2, 1.5, -1.0, 0.0)) / 4
    assert losses.adversarial(decisions, target).item() == pytest.approx(expected)


@pytest.mark.parametrize(("patch", "stride", "worst", "patches"), [(16, 8, 3, 9), (8, 8, 2, 16), (32, 8, 1, 1)])
def test_patch_l1_is_the_mean_of_the_worst_patches(pair, patch: int, stride: int, worst: int, patches: int) -> None:
    x, g = arrays(pair)
    error = np.abs(x - g)[:, 0]
    corners = range(0, 32 - patch + 1, stride)
    means = np.array([[e[r : r + patch, c : c + patch].mean() for r in corners for c in corners] for e in error])
    assert means.shape == (6, patches)
    expected = np.sort(means, axis=1)[:, -worst:].mean()
    assert losses.patch_l1(*pair, patch, stride, worst).item() == pytest.approx(expected, rel=1e-5)


def test_patch_l1_is_at_least_l1_and_equals_it_over_all_of_a_tiling(pair) -> None:
    assert losses.patch_l1(*pair) > losses.l1(*pair)
    assert losses.patch_l1(*pair, 16, 16, 4).item() == pytest.approx(losses.l1(*pair).item(), rel=1e-5)


def test_patch_l1_has_the_gradient_that_finite_differences_find(pair) -> None:
    # A public version builds this loss with torch.tensor(list): it trains nothing.
    images, near = pair[0].double(), pair[1].double()
    near.requires_grad_(True)
    losses.patch_l1(images, near).backward()
    strongest = np.unravel_index(near.grad.abs().argmax().item(), near.shape)
    assert near.grad[strongest].abs() > 1e-4
    step = torch.zeros_like(near)
    step[strongest] = 1e-6
    with torch.no_grad():
        slope = (losses.patch_l1(images, near + step) - losses.patch_l1(images, near - step)) / 2e-6
    assert near.grad[strongest].item() == pytest.approx(slope.item(), rel=1e-4)


def test_abc_is_the_mean_of_the_formula_over_the_images(pair) -> None:
    x, g = arrays(pair)
    error = np.abs(x - g).reshape(6, -1).mean(1)
    assert losses.abc(*pair).item() == pytest.approx(-np.log(1 - np.exp(-error)).mean(), rel=1e-5)


def test_a_scale_counts_the_error_so_many_times_and_lets_go_of_what_is_bad_enough(pair) -> None:
    x, g = arrays(pair)
    error = np.abs(x - g).reshape(6, -1).mean(1)
    assert losses.abc(*pair, 8.0).item() == pytest.approx(-np.log(1 - np.exp(-8 * error)).mean(), rel=1e-5)
    zero = torch.zeros(1, 1, 28, 28)

    def pull(scale: float, error: float) -> float:
        reconstructed = (zero + error).requires_grad_(True)
        losses.abc(zero, reconstructed, scale).backward()
        return -reconstructed.grad.sum().item()

    assert pull(8.0, 1e-4) == pytest.approx(pull(1.0, 1e-4), rel=1e-2)  # both 1 / error
    assert pull(8.0, 1.0) < pull(1.0, 1.0) / 100


def test_abc_falls_as_the_error_grows() -> None:
    zero = torch.zeros(1, 1, 28, 28)
    found = [losses.abc(zero, zero + error).item() for error in (1e-4, 1e-2, 0.1, 0.5, 1.0, 2.0)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(-math.log(1 - math.exp(-2.0)), rel=1e-5)


@pytest.mark.parametrize("error", [0.0, 1e-30, 1e-12, 1e-7, 1e-6, 1e-5])
def test_abc_and_its_gradient_are_finite_for_a_perfect_reconstruction(error: float) -> None:
    anomalies = torch.full((3, 1, 28, 28), -1.0)
    reconstructions = (anomalies + error).requires_grad_(True)
    loss = losses.abc(anomalies, reconstructions)
    loss.backward()
    # −log(err) for a small err, and the floor of 1e-6 below it
    assert loss.item() == pytest.approx(-math.log(max(error, losses.ABC_FLOOR)), rel=0.05)
    assert torch.isfinite(reconstructions.grad).all()


def test_abc_keeps_its_precision_near_zero() -> None:
    zero = torch.zeros(1, 1, 28, 28)
    # In float32, 1 − exp(−1e-5) is off by 1 %; expm1 is not.
    expected = -math.log(-math.expm1(-1e-5))
    assert losses.abc(zero, zero + 1e-5).item() == pytest.approx(expected, rel=1e-6)


def test_abc_pushes_an_anomaly_away_from_its_reconstruction(pair) -> None:
    images, near = pair
    near = near.clone().requires_grad_(True)
    losses.abc(images, near).backward()
    with torch.no_grad():
        stepped = near - 10.0 * near.grad
    assert losses.l1(images, stepped) > losses.l1(images, near)


def test_unlike_asks_damaged_pixels_alone_to_differ_from_the_damage() -> None:
    whole = torch.zeros(2, 3, 16, 16)
    damaged = whole.clone()
    damaged[:, :, 6:10, 6:10] = 0.2  # faint: a repair differs from it by 0.2 alone
    copied, mended = losses.unlike(damaged, whole, damaged), losses.unlike(damaged, whole, whole)
    region = 36 / 256  # with the pixels around it
    assert copied.item() == pytest.approx(losses.DAMAGE_COUNTS * losses.UNLIKE * region, rel=1e-5)
    assert mended.item() == pytest.approx(losses.DAMAGE_COUNTS * (0.3 * 16 + 0.5 * 20) / 256, rel=1e-5)
    clear = damaged.clone()
    clear[:, :, 5:11, 5:11] -= 0.6
    assert losses.unlike(damaged, whole, clear).item() == 0.0
    assert losses.unlike(whole, whole, whole).item() == 0.0  # nothing is damaged


def test_abc_on_the_worst_patches_is_content_with_a_small_region_reconstructed_badly() -> None:
    anomaly = torch.zeros(1, 1, 32, 32)
    spoilt = anomaly.clone()
    spoilt[:, :, :8, :8] = 1.0
    patches = (8, 8, 1)
    everywhere, worst = (losses.abc(anomaly, spoilt, 4.0, some) for some in (None, patches))
    assert worst.item() == pytest.approx(-math.log(1 - math.exp(-4.0)), rel=1e-5)
    assert everywhere.item() == pytest.approx(-math.log(1 - math.exp(-4.0 / 16)), rel=1e-5)
