"""Pseudo-anomalies: normal training images that are turned, squeezed or stretched until they are no longer normal.

They teach the generator what to reconstruct badly: alone where no labelled anomaly is in training (one-class), and
among the labelled ones where these are few (TrainingConfig.stand_ins). They are made from normal images alone. The idea
is that of geometric transformations (Golan and El-Yaniv 2018). Turning, squeezing and stretching helped on validation;
cutting, pasting (CutPaste, Li et al. 2021) and mixing helped little or not at all.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

STRETCHED = 0.25  # share of the images that are stretched beyond the frame along one axis
TURNED = 0.6  # share of the others that are turned; the rest is squeezed
BOTH = 0.3  # share of the turned images that are squeezed as well
SMALLEST_TURN = math.pi / 12  # radians; less would still be normal
SQUEEZED_TO = (0.35, 0.75)  # of the width or of the height
SEEN_OF_STRETCHED = (0.4, 0.75)  # of the width or of the height: the rest lies beyond the frame


def distort(images: Tensor, random: torch.Generator, outside: str = "black") -> Tensor:
    """Turn each image, squeeze it along one axis, do both, or stretch it, as `random` decides.

    uint8 [N, H, W, C] → the same shape and type. `outside` fills what lies beyond the frame (Description.outside).
    """
    count = len(images)
    if not count:
        return images

    def chance(share: float) -> Tensor:
        return torch.rand(count, generator=random) < share

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random)

    zeros, ones = torch.zeros(count), torch.ones(count)
    turned = chance(TURNED)
    angle = torch.where(turned, between(SMALLEST_TURN, 2 * math.pi - SMALLEST_TURN), zeros)
    squeezed = ~turned | chance(BOTH)
    factor = torch.where(squeezed, 1.0 / between(*SQUEEZED_TO), ones)
    stretched = chance(STRETCHED)
    angle = torch.where(stretched, zeros, angle)
    factor = torch.where(stretched, between(*SEEN_OF_STRETCHED), factor)
    sideways = chance(0.5)
    x, y = torch.where(sideways, factor, ones), torch.where(sideways, ones, factor)
    cosine, sine = angle.cos(), angle.sin()
    # The matrix maps output places to input places, so the factors are the inverse of the visible ones.
    matrix = torch.stack(
        [torch.stack([cosine * x, -sine * y, zeros], 1), torch.stack([sine * x, cosine * y, zeros], 1)], 1
    )
    levels = images.permute(0, 3, 1, 2).float()
    grid = F.affine_grid(matrix, list(levels.shape), align_corners=False)
    padding = "zeros" if outside == "black" else "border"
    seen = F.grid_sample(levels, grid, padding_mode=padding, align_corners=False)
    return seen.permute(0, 2, 3, 1).round().clamp(0, 255).to(torch.uint8)
