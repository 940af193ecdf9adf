"""A generator and its score as one graph: pictures in, scores and maps out. Importing this module imports torch.

The score is that of core/gans/maps.py, whose Gaussian smoothing is a matrix here, too.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.gans import maps
from core.gans.gan import Generator, from_output, to_input

OUTPUTS = ("score", "repaired", "residual", "heat")


class Graph(nn.Module):
    """What is exported: uint8 [N, H, W, C] → score float32 [N], repaired uint8 [N, H, W, C], residual and heat float32
    [N, H, W], 0…2."""

    smoothing: Tensor

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.register_buffer("smoothing", torch.from_numpy(np.array(maps.smoothing(generator.data.side))))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        generator = self.generator
        inputs = to_input(images, generator.side, generator.data.outside)
        # Channels first: onnxruntime walks along the last axis, which would be the channels.
        reconstructions = from_output(generator(inputs), generator.data.side).permute(0, 3, 1, 2)
        pixels = images.permute(0, 3, 1, 2).float() / 127.5 - 1.0
        residual = (pixels - reconstructions).abs().mean(1)
        down = (reconstructions[:, :, 1:] - reconstructions[:, :, :-1]).abs().mean(1)
        right = (reconstructions[:, :, :, 1:] - reconstructions[:, :, :, :-1]).abs().mean(1)
        edges = F.pad(down, (0, 0, 0, 1)) + F.pad(right, (0, 1, 0, 0))
        heat = (self._smooth(residual) / (1.0 + self._smooth(edges) / maps.EDGE)).clamp(0.0, 2.0)
        score = (1.0 - generator.share) * residual.mean((1, 2)) + generator.share * heat.amax((1, 2))
        repaired = ((reconstructions + 1.0) * 127.5).round().clamp(0.0, 255.0).to(torch.uint8).permute(0, 2, 3, 1)
        return score, repaired, residual, heat

    def _smooth(self, values: Tensor) -> Tensor:
        return self.smoothing @ values @ self.smoothing.T


def traced(generator: Generator) -> torch.export.ExportedProgram:
    """Trace the graph for any number of pictures, without a trace of the files it was made in."""
    example = torch.zeros((2, *generator.data.shape), dtype=torch.uint8)
    batch = torch.export.Dim("batch", min=1)
    program = torch.export.export(Graph(generator).eval(), (example,), dynamic_shapes={"images": {0: batch}})
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                node.meta.pop("stack_trace", None)
    return program
