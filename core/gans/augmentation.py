"""Augmentation: training images mirrored, turned, moved, made lighter or darker, as a config's switches say.

A damaged image and its target, or an anomaly and its target, are augmented alike: they are one image with twice the channels.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.dataset import Description
from core.gans.config import TrainingConfig


def augment(images: Tensor, config: TrainingConfig, data: Description, random: torch.Generator) -> Tensor:
    """Augment each image in its own way: uint8 [N, H, W, C] → the same shape. `data` says whether mirroring is allowed."""
    if not len(images):
        return images
    if config.flip and data.mirror:
        mirrored = torch.rand(len(images), generator=random) < 0.5
        images = torch.where(mirrored[:, None, None, None], images.flip(2), images)
    if config.quarter:
        turns = torch.randint(0, 4, (len(images),), generator=random)
        images = torch.stack([image.rot90(int(times)) for image, times in zip(images, turns, strict=True)])
    if config.turn:
        images = _turned(images, config.turn, data.outside, random)
    if config.shift:
        images = _shifted(images, config.shift, data.outside, random)
    if config.light:
        images = _lit(images, config.light, random)
    return images


def _turned(images: Tensor, most: int, outside: str, random: torch.Generator) -> Tensor:
    """Turn each image by up to `most` degrees. What comes in from beyond the frame is black, or mirrored at the edge."""
    angles = (2.0 * torch.rand(len(images), generator=random) - 1.0) * math.radians(most)
    cosine, sine, zeros = angles.cos(), angles.sin(), torch.zeros(len(images))
    matrix = torch.stack([torch.stack([cosine, -sine, zeros], 1), torch.stack([sine, cosine, zeros], 1)], 1)
    levels = images.permute(0, 3, 1, 2).float()
    grid = F.affine_grid(matrix, list(levels.shape), align_corners=False)
    padding = "zeros" if outside == "black" else "reflection"
    # Bicubic: a linear reading would blur what is turned, and a blurred photo would be normal.
    turned = F.grid_sample(levels, grid, "bicubic", padding, align_corners=False)
    return turned.permute(0, 2, 3, 1).round_().clamp_(0, 255).to(torch.uint8)


def _shifted(images: Tensor, reach: int, outside: str, random: torch.Generator) -> Tensor:
    """Move each image by up to `reach` pixels. What comes in from beyond the frame is black or the edge, repeated."""
    count, side = len(images), images.shape[1]
    corner = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=random)
    rows, columns = corner + torch.arange(side)  # [count, side] each, in the image with a margin of `reach`
    if outside == "black":
        images = F.pad(images, (0, 0, *(reach,) * 4))
    else:
        rows, columns = (rows - reach).clamp(0, side - 1), (columns - reach).clamp(0, side - 1)
    return images[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _lit(images: Tensor, most: float, random: torch.Generator) -> Tensor:
    """Multiply the light and the contrast of each image by 1 ± up to `most`, all channels alike."""
    light, contrast = 1.0 + most * (2.0 * torch.rand(2, len(images), 1, 1, 1, generator=random) - 1.0)
    levels = images.float() * light
    mean = levels.mean((1, 2, 3), keepdim=True)
    return ((levels - mean) * contrast + mean).round_().clamp_(0, 255).to(torch.uint8)
