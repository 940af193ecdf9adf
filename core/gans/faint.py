"""Faint synthetic defects for training, as photos have them: soft-edged regions in which little is other than it was.

A region is one to three overlapping bumps without an edge, round or long; in it the image is tinted (another light or
colour, more in the middle), faded (its contrast lowered), smeared along a line, or coarser than it was. The contrast may be
barely visible. The defects that test (core/data/damage.py, core/data/photo_damage.py) are other code and other kinds.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

KINDS = (0.40, 0.20, 0.20, 0.20)  # shares: tinted, faded, smeared, coarser
GREY = 0.6  # share of the tints that change all channels alike
TINT = (18.0, 90.0)  # levels of 255, in the middle of a tint
COPIES = 5  # of the image, displaced along a line, whose mean is a smear


def put(images: Tensor, random: torch.Generator) -> Tensor:
    """Put one faint defect into each image: uint8 [N, C, H, W] → float, the same shape."""
    count, _, height, width = images.shape
    whole = images.float()
    share = _region(count, height, width, random)[:, None]
    kind = torch.multinomial(torch.tensor(KINDS), count, replacement=True, generator=random)
    filling = torch.empty_like(whole)
    for number, make in enumerate((_tinted, _faded, _smeared, _coarser)):
        where = (kind == number).nonzero()[:, 0]
        if len(where):
            filling[where] = make(whole[where], random)
    return whole + share * (filling - whole)


def _uniform(low: float, high: float, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(*shape, generator=random)


def _region(count: int, height: int, width: int, random: torch.Generator) -> Tensor:
    """Say how far each pixel belongs to a region of up to three bumps: float [N, H, W], 0…1, 1 somewhere."""
    side = min(height, width)
    rows, columns = torch.arange(height)[None, :, None], torch.arange(width)[None, None, :]
    share = torch.zeros(count, height, width)
    centre = torch.rand(2, count, 1, 1, generator=random) * torch.tensor([height, width]).view(2, 1, 1, 1)
    size = _uniform(math.log(0.04), math.log(0.22), (count, 1, 1), random).exp() * side
    for number in range(3):
        away = torch.randn(2, count, 1, 1, generator=random) * size * (0.8 if number else 0.0)
        angle = _uniform(0.0, math.pi, (count, 1, 1), random)
        narrow = size * _uniform(0.25, 1.0, (count, 1, 1), random)
        y, x = rows - centre[0] - away[0], columns - centre[1] - away[1]
        along, across = angle.cos() * x + angle.sin() * y, angle.cos() * y - angle.sin() * x
        bump = torch.exp(-0.5 * ((along / size).square() + (across / narrow).square()) ** 1.5)
        there = (
            (torch.rand(count, 1, 1, generator=random) < 0.5) if number else torch.ones(count, 1, 1, dtype=torch.bool)
        )
        share = torch.maximum(share, bump * there)
    return share


def _tinted(whole: Tensor, random: torch.Generator) -> Tensor:
    """Make images lighter or darker, all channels alike or each in its own way."""
    count, channels = whole.shape[:2]
    sign = torch.where(torch.rand(count, channels, 1, 1, generator=random) < 0.5, 1.0, -1.0)
    amount = _uniform(*TINT, (count, channels, 1, 1), random)
    alike = torch.rand(count, 1, 1, 1, generator=random) < GREY
    sign, amount = torch.where(alike, sign[:, :1], sign), torch.where(alike, amount[:, :1], amount)
    return whole + sign * amount


def _faded(whole: Tensor, random: torch.Generator) -> Tensor:
    """Lower the contrast of images, towards the mean colour of each."""
    kept = _uniform(0.1, 0.6, (len(whole), 1, 1, 1), random)
    return whole.mean((2, 3), keepdim=True) * (1.0 - kept) + whole * kept


def _smeared(whole: Tensor, random: torch.Generator) -> Tensor:
    """Take the mean of images displaced along a line, each along a line of its own."""
    angle = _uniform(0.0, math.pi, (len(whole),), random)
    reach = _uniform(0.03, 0.10, (len(whole),), random) * min(whole.shape[2:])
    smeared = torch.zeros_like(whole)
    for copy in range(COPIES):
        step = (copy / (COPIES - 1) - 0.5) * 2.0 * reach
        down, right = (step * angle.sin()).round().long().tolist(), (step * angle.cos()).round().long().tolist()
        moved = [image.roll(offset, (1, 2)) for image, offset in zip(whole, zip(down, right, strict=True), strict=True)]
        smeared += torch.stack(moved) / COPIES
    return smeared


def _coarser(whole: Tensor, random: torch.Generator) -> Tensor:
    """Take the mean of cells of a few pixels, as if the camera had fewer of them; all images alike."""
    height, width = whole.shape[2:]
    cell = float(_uniform(2.0, 5.0, (1,), random)) * min(height, width) / 64
    cells = [max(2, round(length / max(cell, 1.5))) for length in (height, width)]
    return F.interpolate(F.interpolate(whole, cells, mode="area"), (height, width), mode="nearest")
