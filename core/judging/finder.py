"""The finder: a small network that tells a garment from what it lies on, and where its weights are.

A U-Net (Ronneberger et al. 2015) on pictures of 64×64 pixels, whose outermost level works on 32×32: four neighbouring pixels
are one place with twelve channels (Shi et al. 2016). `python -m core.judging.teaching` trains it.
"""

import functools
from itertools import pairwise

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from core.basics.files import ROOT

SIDE = 64  # pixels of the picture that the network sees
WIDTHS = (16, 32, 48, 64)  # channels by level, from 32×32 to 4×4
WEIGHTS = ROOT / "data" / "finder.safetensors"


def _twice(inputs: int, outputs: int) -> nn.Sequential:
    """Two convolutions, each with batch normalisation."""
    layers: list[nn.Module] = []
    for taken in (inputs, outputs):
        layers += [nn.Conv2d(taken, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class Finder(nn.Module):
    """From pictures, float [N, 3, 64, 64] on [0, 1], to logits of "garment", float [N, 64, 64]."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(_twice(*pair) for pair in zip((12, *WIDTHS), WIDTHS, strict=False))
        self.up = nn.ModuleList(_twice(below + beside, beside) for beside, below in pairwise(WIDTHS))
        self.last = nn.Conv2d(WIDTHS[0], 4, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits; a picture is first brought to mean 0 and deviation 1, so that dim light does not matter."""
        centred = pictures - pictures.mean((1, 2, 3), keepdim=True)
        state = nn.functional.pixel_unshuffle(centred / (centred.std((1, 2, 3), keepdim=True) + 0.02), 2)
        kept = []
        for level, block in enumerate(self.down):
            state = block(nn.functional.max_pool2d(state, 2) if level else state)
            kept.append(state)
        for block, beside in zip(reversed(self.up), reversed(kept[:-1]), strict=True):
            state = block(torch.cat([nn.functional.interpolate(state, scale_factor=2.0), beside], 1))
        return nn.functional.pixel_shuffle(self.last(state), 2)[:, 0]


@functools.cache
def trained() -> Finder:
    """Load the finder that ships."""
    finder = Finder()
    finder.load_state_dict(load_file(WEIGHTS))
    return finder.eval()


def share(picture: np.ndarray) -> np.ndarray:
    """Return which share of each pixel is garment, 0…1, for uint8 [64, 64, 3]: float32 [64, 64]."""
    with torch.inference_mode():
        seen = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].float() / 255
        return torch.sigmoid(trained()(seen))[0].numpy()
