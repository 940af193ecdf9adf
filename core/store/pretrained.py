"""kNN on features of a network that was trained on ImageNet: only where its weights are on this machine already.

After PatchCore (Roth et al. 2022): features of the second and third stage at each place, a bank of those of normal
images, and an image's score is the largest distance of its places to the bank. Nothing is ever downloaded. Such a figure
rests on 1.3 million other pictures, which the GANs never see: it is always named "pretrained".

torchvision's weights lie in torch hub's cache as files NAME-HASH.pth. These are pickles, and are read by
torch.load(weights_only=True) alone: its unpickler knows tensors, numbers, texts, lists and dicts, and refuses any other
class or function, so that no code of the file is ever run. The file's SHA-256 must begin with the HASH in its name.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.basics.errors import MisfitError
from core.basics.files import sha256
from core.basics.text import as_line

if TYPE_CHECKING:
    from torch import nn

NETWORKS = (
    "resnet18",
    "resnet34",
    "resnet50",
    "wide_resnet50_2",
)  # the first that is there is taken: it is the fastest
SIDE = 128  # pixels that a picture is brought to
BANK = 4000  # places of normal images that are kept, drawn at random
PROJECTED = 128  # numbers a place is projected to at random (Johnson and Lindenstrauss): distances stay about the same
AT_ONCE = 32
LARGEST = 2**29  # bytes of a file with weights
_MEAN, _SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


class PretrainedError(MisfitError):
    """A file of weights that is not what its name says."""


def here() -> tuple[str, Path] | None:
    """Return (network, file) of the weights that are on this machine, or None. Imports torch."""
    import torch

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    for name in NETWORKS:
        for path in sorted(folder.glob(f"{name}-*.pth")):
            if re.fullmatch(rf"{name}-[0-9a-f]{{8,64}}\.pth", path.name) and path.is_file():
                return name, path
    return None


def network(name: str, path: Path) -> "nn.Module":
    """Build torchvision's network `name` with the weights in `path`. Raises PretrainedError for a file that does not fit."""
    import torch
    import torchvision

    try:
        if path.stat().st_size > LARGEST or not sha256(path.read_bytes()).startswith(path.stem.rsplit("-", 1)[1]):
            raise PretrainedError(f"{path.name} is not the file that its name says; remove it from torch hub's cache.")
        weights = torch.load(path, map_location="cpu", weights_only=True)
        built = torchvision.models.get_model(name, weights=None)
        built.load_state_dict(weights)
    except PretrainedError:
        raise
    except Exception as error:  # an unpickler and a loader of foreign content can fail in any way
        raise PretrainedError(f"{path.name} has no weights of {name} ({as_line(error, 120)}).") from error
    return built.eval().requires_grad_(False)


def score(name: str, path: Path, normals: np.ndarray, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Score images uint8 [N, H, W, C] by their places' largest distance to those of `normals`: float32 [N].

    Raises PretrainedError.
    """
    import torch

    built = network(name, path)
    random = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        width = _places(built, normals[:1]).shape[-1]
        projection = torch.randn(width, PROJECTED, generator=random) / PROJECTED**0.5
        each = max(1, -(-BANK // len(normals)))  # places of a normal image
        bank = []
        for start in range(0, len(normals), AT_ONCE):
            places = _places(built, normals[start : start + AT_ONCE])
            some = torch.randperm(places.shape[1], generator=random)[:each]
            bank.append((places[:, some] @ projection).flatten(0, 1))
        known = torch.cat(bank)
        scores = []
        for start in range(0, len(images), AT_ONCE):
            places = _places(built, images[start : start + AT_ONCE]) @ projection
            nearest = torch.cdist(places.flatten(0, 1), known).amin(1)
            scores.append(nearest.reshape(places.shape[:2]).amax(1))
        return torch.cat(scores).numpy() if scores else np.empty(0, np.float32)


def _places(built: "nn.Module", images: np.ndarray) -> "torch.Tensor":  # type: ignore[name-defined]  # noqa: F821
    """Return the features at each place of the second stage: float32 [N, places, features]."""
    import torch
    from torch.nn import functional as F

    pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255.0
    pixels = F.interpolate(pixels.expand(-1, 3, -1, -1), (SIDE, SIDE), mode="bilinear", antialias=True)
    pixels = (pixels - torch.tensor(_MEAN)[:, None, None]) / torch.tensor(_SD)[:, None, None]
    pixels = built.maxpool(built.relu(built.bn1(built.conv1(pixels))))  # type: ignore[operator]
    second = built.layer2(built.layer1(pixels))  # type: ignore[operator]
    third = F.interpolate(built.layer3(second), second.shape[-2:], mode="bilinear")  # type: ignore[operator]
    features = F.avg_pool2d(torch.cat([second, third], 1), 3, 1, 1)  # a place knows its neighbours
    return features.flatten(2).transpose(1, 2)
