"""A survey of the whole test split by a trained model: the latent space in two dimensions, each class's mean residual.

It is computed once for each set of weights and kept on disk, so that pages show it without torch. scikit-learn is
imported only for t-SNE, torch only where weights are used.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.basics.errors import CheckpointError
from core.basics.files import check_header, write_whole
from core.data.dataset import Images
from core.store import checkpoints
from core.store.checkpoints import Checkpoint

SAMPLE = 200  # images of each class in the t-SNE map; it takes seconds, a large test split minutes
_SHAPES = {"pca": (-1, 2), "shares": (2,), "residuals": (-1, -1, -1), "sample": (-1,), "tsne": (-1, 2)}


@dataclass(frozen=True)
class Survey:
    """The latent vectors z and the residuals of a test split, summarised.

    pca        float32 [N, 2], z of every test image on the first two principal components
    shares     float32 [2], share of the variance on each of the two components
    residuals  float32 [classes, H, W], mean |x − G(x)| of each class; 0 for a class without test images
    sample     int32 [M], indices of the test images in the t-SNE map; empty until the map is made
    tsne       float32 [M, 2], their coordinates in the map; empty likewise
    """

    pca: np.ndarray
    shares: np.ndarray
    residuals: np.ndarray
    sample: np.ndarray
    tsne: np.ndarray


def make(checkpoint: Checkpoint, test: Images, progress: Callable[[float], object] = lambda share: None) -> Survey:
    """Survey every test image; call `progress` with the share done, 0…1. Imports torch. Raises CheckpointError."""
    latents, residuals = _run(checkpoint, test, progress)
    means = np.zeros((len(checkpoint.task.data.classes), *residuals.shape[1:]), np.float32)
    for label in np.unique(test.labels):
        means[label] = residuals[test.labels == label].mean(0)
    coordinates, shares = principal(latents)
    empty = np.empty(0, np.int32), np.empty((0, 2), np.float32)
    return Survey(coordinates, shares, means, *empty)


def with_tsne(
    known: Survey, checkpoint: Checkpoint, test: Images, progress: Callable[[float], object] = lambda share: None
) -> Survey:
    """Add to `known` a t-SNE map (van der Maaten and Hinton 2008) of the first SAMPLE test images of each class.

    Neighbours stay neighbours in the map; distances between groups mean little. Imports torch and scikit-learn.
    """
    sample = np.sort(
        np.concatenate([np.flatnonzero(test.labels == label)[:SAMPLE] for label in np.unique(test.labels)])
    )
    latents, _ = _run(checkpoint, Images(test.images[sample], test.labels[sample], test.source), progress)
    from sklearn.manifold import TSNE

    # With a fixed start and seed, the same weights give the same map.
    perplexity = min(30, max(1, (len(sample) - 1) // 3))  # number of neighbours, fewer for few images
    coordinates = TSNE(2, init="pca", random_state=0, perplexity=perplexity).fit_transform(latents)
    return dataclasses.replace(known, sample=sample.astype(np.int32), tsne=coordinates.astype(np.float32))


def principal(latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project float [N, Z], Z ≥ 2, on its first two principal components.

    Returns the coordinates, float32 [N, 2], and each component's share of the variance, float32 [2]. The sign of a
    component is chosen so that its largest weight is positive, and is thus the same every time.
    """
    centred = latents.astype(np.float64) - latents.mean(0, dtype=np.float64)
    variances, components = np.linalg.eigh(centred.T @ centred)  # ascending
    first = components[:, :-3:-1]
    first = first * np.sign(first[np.abs(first).argmax(0), range(2)])
    shares = variances[:-3:-1] / max(variances.sum(), np.finfo(float).tiny)
    return (centred @ first).astype(np.float32), shares.astype(np.float32)


def path(checkpoint: Checkpoint) -> Path:
    """Return the file of the survey of these weights, in a folder whose name no run can have."""
    return checkpoints.RUNS / ".surveys" / f"{checkpoint.card.weights_sha256}.safetensors"


def keep(checkpoint: Checkpoint, survey: Survey) -> None:
    """Write the survey to disk, whole or not at all. Raises OSError."""
    from safetensors.numpy import save

    write_whole(path(checkpoint), save({name: np.ascontiguousarray(array) for name, array in vars(survey).items()}))


def kept(checkpoint: Checkpoint, images: int) -> Survey | None:
    """Read the survey of a test split of `images` images; None when it is missing, damaged or of another size."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = checkpoints.read(path(checkpoint))
        check_header(content)
        known = Survey(**load(content))
    except (CheckpointError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    for name, shape in _SHAPES.items():
        array = getattr(known, name)
        fits = array.ndim == len(shape) and all(
            wanted in (-1, size) for wanted, size in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype != (np.int32 if name == "sample" else np.float32) or not np.isfinite(array).all():
            return None
    data = checkpoint.task.data
    if known.residuals.shape != (len(data.classes), data.side, data.side):
        return None
    if len(known.pca) != images or len(known.sample) != len(known.tsne):
        return None
    return known if ((known.sample >= 0) & (known.sample < images)).all() else None


def _run(checkpoint: Checkpoint, test: Images, progress: Callable[[float], object]) -> tuple[np.ndarray, np.ndarray]:
    """Return E(x) [N, Z] and |x − G(x)| [N, H, W] of all images, float32.

    A map has two axes: beside a latent space of one dimension stands a second one that is 0.
    """
    from core.gans import maps, scoring

    latents, residuals, done = [], [], 0
    for images, z, reconstructions in scoring.encode_and_reconstruct(checkpoint.generator(), test.images):
        latents.append(z)
        residuals.append(maps.residual(images, reconstructions))
        done += len(images)
        progress(done / len(test.images))
    whole = np.concatenate(latents)
    return np.pad(whole, ((0, 0), (0, max(0, 2 - whole.shape[1])))), np.concatenate(residuals)
