"""Pseudo-anomalies: normal training images, distorted until they are not normal any more.

Where no labelled anomaly is in training (one-class), these teach the generator what to redraw badly. They are made of normal images alone. The idea is that of CutPaste (Li et al. 2021) and of geometric
transformations (Golan and El-Yaniv 2018); the distortions here are chosen for the shapes of garments.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def distort(images: Tensor, random: torch.Generator) -> Tensor:
    """uint8 [N, 28, 28] → uint8 [N, 28, 28]: each image by one distortion drawn at random, all from `random`."""
    if not len(images):
        return images
    pixels = images[:, None].float() / 255.0
    choice = torch.randint(0, len(METHODS), (len(images),), generator=random)
    made = torch.empty_like(pixels)
    for which, method in enumerate(METHODS):
        chosen = choice == which
        if chosen.any():
            made[chosen] = method(pixels[chosen], random)
    return (made[:, 0].clamp(0, 1) * 255.0).round().to(torch.uint8)


def _uniform(count: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=random)


def _warped(pixels: Tensor, random: torch.Generator) -> Tensor:
    """Turned by 15 to 345 degrees, or squeezed to 35–75 % along one axis, or both."""
    count = len(pixels)
    turn = torch.rand(count, generator=random) < 0.6
    angle = torch.where(turn, _uniform(count, math.pi / 12, 2 * math.pi - math.pi / 12, random), torch.zeros(count))
    squeeze = ~turn | (torch.rand(count, generator=random) < 0.3)
    factor = 1.0 / _uniform(count, 0.35, 0.75, random)
    wide = torch.rand(count, generator=random) < 0.5
    one = torch.ones(count)
    scale_x, scale_y = torch.where(squeeze & wide, factor, one), torch.where(squeeze & ~wide, factor, one)
    cosine, sine = angle.cos(), angle.sin()
    zero = torch.zeros(count)
    matrix = torch.stack(
        [
            torch.stack([cosine * scale_x, -sine * scale_y, zero], 1),
            torch.stack([sine * scale_x, cosine * scale_y, zero], 1),
        ],
        1,
    )
    grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False)


def _boxes(count: int, random: torch.Generator, smallest: int = 7, largest: int = 18) -> Tensor:
    """Masks [N, 1, 28, 28]: one random rectangle each."""
    side = torch.arange(28)
    size = torch.randint(smallest, largest + 1, (2, count, 1), generator=random)
    corner = (torch.rand(2, count, 1, generator=random) * (29 - size)).long()
    rows, columns = (corner <= side) & (side < corner + size)
    return rows[:, None, :, None] & columns[:, None, None, :]


def _patched(pixels: Tensor, random: torch.Generator) -> Tensor:
    """A rectangle replaced by what lies elsewhere in another image (CutPaste)."""
    other = pixels[torch.randperm(len(pixels), generator=random)]
    shift = torch.randint(6, 23, (2,), generator=random).tolist()
    return torch.where(_boxes(len(pixels), random), other.roll(shift, (2, 3)), pixels)


def _mixed(pixels: Tensor, random: torch.Generator) -> Tensor:
    """Two images, one turned by 90, 180 or 270 degrees, the lighter pixel of both."""
    other = pixels[torch.randperm(len(pixels), generator=random)]
    quarter = int(torch.randint(1, 4, (1,), generator=random))
    return torch.maximum(pixels, other.rot90(quarter, (2, 3)))


def _cut(pixels: Tensor, random: torch.Generator) -> Tensor:
    """A rectangle painted black, or with one grey level."""
    count = len(pixels)
    level = torch.where(
        torch.rand(count, generator=random) < 0.5, torch.zeros(count), torch.rand(count, generator=random)
    )
    return torch.where(_boxes(count, random, 9, 20), level[:, None, None, None], pixels)


METHODS = (_warped, _patched, _mixed, _cut)
