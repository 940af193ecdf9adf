"""Simple methods that a GAN is held against. Each learns from normal images alone and gives other images scores.

Arguments are images uint8 [N, H, W, C]; scores are float [N], higher = more anomalous. `core/store/pretrained.py` has one
more, for machines that have the weights of a network that was trained on other pictures.
"""

from collections.abc import Callable

import numpy as np

COMPONENTS = 64
NEIGHBOURS = 5
AT_ONCE = 512  # images whose distances are computed at a time

Method = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255.0


def isolation_forest(normals: np.ndarray, images: np.ndarray, seed: int) -> np.ndarray:
    """Score with an isolation forest (Liu et al. 2008): 300 trees on raw pixels."""
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=300, random_state=seed).fit(_flat(normals))
    return _in_parts(lambda part: -forest.score_samples(_flat(part)), images)


def pca_residual(normals: np.ndarray, images: np.ndarray, seed: int) -> np.ndarray:
    """Score by the mean absolute error after projection on the first 64 principal components; of few normals, on half as many as there are."""
    from sklearn.decomposition import PCA

    # As many components as images would reproduce the images exactly.
    pca = PCA(min(COMPONENTS, max(1, len(normals) // 2)), random_state=seed).fit(_flat(normals))

    def scored(part: np.ndarray) -> np.ndarray:
        flat = _flat(part)
        return np.abs(flat - pca.inverse_transform(pca.transform(flat))).mean(1)

    return _in_parts(scored, images)


def nearest_neighbours(normals: np.ndarray, images: np.ndarray, seed: int) -> np.ndarray:
    """Score by the mean Euclidean distance to the five nearest normals in pixel space; `seed` changes nothing."""
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(normals)), algorithm="brute").fit(_flat(normals))
    return _in_parts(lambda part: neighbours.kneighbors(_flat(part))[0].mean(1), images)


PIXEL_METHODS: dict[str, Method] = {
    "isolation forest": isolation_forest,
    "PCA residual": pca_residual,
    "kNN": nearest_neighbours,
}


def _in_parts(scored: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    """Score a part of the images at a time: thousands of photos as floats would fill the memory."""
    parts = [scored(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
    return np.concatenate(parts) if parts else np.empty(0)
