"""Synthetic defects for training: a region of a normal image filled with something that does not belong there.

The generator learns to repair them (target: the undamaged image). They are made of training images alone, after DRAEM
(Zavrtanik et al. 2021) and NSA (Schlüter et al. 2022). A region is a rotated ellipse or rectangle, plump or long, with a
wobbling border and a sharp or a soft edge; it is filled with a piece of another image, one colour, background, the image
itself lighter, darker, displaced, or noise. The defects that test it (core/data/damage.py) are other code and other kinds.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from core.gans import faint

VISIBLE = 12  # levels of 255: a pixel that changed by more belongs to the mask
OBJECT = 25  # levels of 255: a pixel this far from the background belongs to the object
ON_OBJECT = 0.65  # share of the defects whose centre is on the object; the others are anywhere
LONG = 0.35  # share of the regions that are bars
OWN = 0.5  # share of the one-coloured regions that have a colour of the object
BOTH_SIDES = 0.3  # share of the defects that come twice, mirrored left to right, like a pair of sleeves
SECOND = 0.6  # share of the images with a second defect
SOFT = 0.35  # share of the regions with a soft edge
# Shares: another image, one colour, background, lighter or darker, displaced, noise.
FILLS = (0.24, 0.20, 0.18, 0.18, 0.06, 0.14)


def damage(images: Tensor, random: torch.Generator, faintly: float = 0.0) -> tuple[Tensor, Tensor]:
    """Damage uint8 [N, H, W, C]: (damaged images, same shape; mask of what changed, bool [N, H, W]).

    Any side and number of channels; on the CPU, like `random`. A share `faintly` of the images gets a faint defect
    instead (core/gans/faint.py). The mask may be empty: a black hole on black is no defect.
    """
    if not len(images):
        return images, torch.zeros(images.shape[:3], dtype=torch.bool)
    whole = images.permute(0, 3, 1, 2)
    background = _background(whole)
    weights = (_object(whole, background).flatten(1).float() + 1e-4).cumsum(1)
    damaged = _once(whole, whole.float(), background, weights, random)
    again = (torch.rand(len(whole), generator=random) < SECOND).nonzero()[:, 0]
    if len(again):
        damaged[again] = _once(whole[again], damaged[again], background[again], weights[again], random)
    if faintly:
        pale = (torch.rand(len(whole), generator=random) < faintly).nonzero()[:, 0]
        if len(pale):
            damaged[pale] = faint.put(whole[pale], random)
    damaged = damaged.round_().clamp_(0, 255).to(torch.uint8)
    changed = ((damaged.short() - whole.short()).abs() > VISIBLE).any(1)
    return damaged.permute(0, 2, 3, 1).contiguous(), changed


def _background(images: Tensor) -> Tensor:
    """Take the median of the border pixels of uint8 [N, C, H, W]: float [N, C]."""
    border = torch.cat([images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1]], -1)
    return border.median(-1).values.float()


def _object(images: Tensor, background: Tensor) -> Tensor:
    """Mark the pixels of uint8 [N, C, H, W] that are no background: bool [N, H, W]."""
    return ((images.float() - background[..., None, None]).abs() > OBJECT).any(1)


def _between(low: float, high: float, count: int, random: torch.Generator) -> Tensor:
    """Draw uniform random numbers [count, 1, 1]."""
    return low + (high - low) * torch.rand(count, 1, 1, generator=random)


def _chance(share: float, count: int, random: torch.Generator) -> Tensor:
    """Draw True as often as `share` says: bool [count, 1, 1]."""
    return torch.rand(count, 1, 1, generator=random) < share


def _drawn(weights: Tensor, random: torch.Generator) -> Tensor:
    """Draw a pixel of each image, [N], as often as its share of the weights, whose running sums [N, H·W] are given."""
    sought = torch.rand(len(weights), 1, generator=random) * weights[:, -1:]
    return torch.searchsorted(weights, sought)[:, 0].clamp_max(weights.shape[1] - 1)


def _once(images: Tensor, start: Tensor, background: Tensor, weights: Tensor, random: torch.Generator) -> Tensor:
    """Put a defect into each image of `start`, float [N, C, H, W]."""
    count, _, height, width = images.shape
    anywhere = torch.rand(count, generator=random) >= ON_OBJECT
    any_pixel = torch.randint(0, height * width, (count,), generator=random)
    centre = torch.where(anywhere, any_pixel, _drawn(weights, random))
    rows, columns = centre // width, centre % width
    share = _region(rows, columns, height, width, random)
    twice = _chance(BOTH_SIDES, count, random)
    share = torch.where(twice, torch.maximum(share, share.flip(-1)), share)[:, None]
    filling = _filling(images, background, weights, rows, columns, random)
    return start + share * (filling - start)


def _region(rows: Tensor, columns: Tensor, height: int, width: int, random: torch.Generator) -> Tensor:
    """Say how far each pixel belongs to the region around (row, column): float [N, H, W], 0…1."""
    count, side = len(rows), min(height, width)
    angle = _between(0.0, math.pi, count, random)
    plump = _between(math.log(0.05), math.log(0.36), count, random).exp() * side  # half the length, pixels
    thickness = plump * _between(0.45, 1.0, count, random)
    bar = _chance(LONG, count, random)
    length = torch.where(bar, _between(0.12, 0.45, count, random) * side, plump)
    thickness = torch.where(bar, _between(0.02, 0.10, count, random) * side, thickness)
    y = torch.arange(height)[None, :, None] - rows[:, None, None]
    x = torch.arange(width)[None, None, :] - columns[:, None, None]
    cosine, sine = angle.cos(), angle.sin()
    along, across = ((cosine * x + sine * y) / length).abs_(), ((cosine * y - sine * x) / thickness).abs_()
    angular = _chance(0.4, count, random)
    distance = torch.where(angular, torch.maximum(along, across), (along.square() + across.square()).sqrt())
    wobble = torch.randn(count, 5, 5, generator=random) * _between(0.0, 0.6, count, random)
    distance = distance + _smoothing(height) @ wobble @ _smoothing(width).T
    soft = _chance(SOFT, count, random)
    edge = torch.where(soft, _between(0.6, 1.6, count, random), 1.0 / thickness.clamp_min(1.0))
    return ((1.0 - distance) / edge + 0.5).clamp_(0.0, 1.0)


def _smoothing(length: int) -> Tensor:
    """Build the matrix [length, 5] that spreads five values linearly over `length` pixels."""
    return F.interpolate(torch.eye(5)[None], length, mode="linear")[0].T


def _filling(
    images: Tensor, background: Tensor, weights: Tensor, rows: Tensor, columns: Tensor, random: torch.Generator
) -> Tensor:
    """Make what stands in the region: float [N, C, H, W], of one of six kinds for each image."""
    count, channels, height, width = images.shape
    kind = torch.multinomial(torch.tensor(FILLS), count, replacement=True, generator=random)
    filling = background[..., None, None].repeat(1, 1, height, width)

    def of(number: int) -> tuple[Tensor, int]:
        """Find the images of that kind: (their indices, how many)."""
        where = (kind == number).nonzero()[:, 0]
        return where, len(where)

    where, some = of(0)  # a piece of another image, one of its object's pixels laid on the centre
    if some:
        donor = (where + torch.randint(1, max(count, 2), (some,), generator=random)) % count
        spot = _drawn(weights[donor], random)
        down, right = spot // width - rows[where], spot % width - columns[where]
        filling[where] = _moved(images, donor, down, right)
    where, some = of(1)  # one colour, any or the object's own
    if some:
        any_colour = 255.0 * torch.rand(some, channels, generator=random)
        own = images.flatten(2).permute(0, 2, 1)[where, _drawn(weights[where], random)].float()
        filling[where] = torch.where(_chance(OWN, some, random)[:, 0], own, any_colour)[..., None, None]
    where, some = of(3)  # the image itself, lighter or darker
    amount = _between(35.0, 150.0, some, random)[..., None]
    filling[where] = images[where] + torch.where(_chance(0.5, some, random)[..., None], amount, -amount)
    where, some = of(4)  # the image itself, displaced
    if some:
        offset = torch.randint(-(height // 4), height // 4 + 1, (2, some), generator=random)
        filling[where] = _moved(images, where, offset[0], offset[1])
    where, some = of(5)  # noise, fine or coarse
    if some:
        cells = torch.randint(3, min(height, width) + 1, (2,), generator=random).tolist()
        noise = torch.rand(some, 1, *cells, generator=random) - 0.5
        amount = _between(80.0, 400.0, some, random)[..., None]
        filling[where] = images[where] + amount * F.interpolate(noise, (height, width), mode="nearest")
    return filling


def _moved(images: Tensor, numbers: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Read images[numbers] `down` rows lower and `right` columns further right, going round at the border: float."""
    height, width = images.shape[2:]
    rows = (torch.arange(height) + down[:, None]) % height  # [K, H]
    columns = (torch.arange(width) + right[:, None]) % width  # [K, W]
    picked = images.permute(0, 2, 3, 1)[numbers[:, None, None], rows[:, :, None], columns[:, None, :]]
    return picked.permute(0, 3, 1, 2).float()
