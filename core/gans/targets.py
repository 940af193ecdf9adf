"""What a labelled anomaly should look like if it were normal: the mean of the most similar normal training images."""

import numpy as np

NEAREST = 5  # a target is the mean of so many normals


def targets(normals: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
    """Return for each anomaly the mean of its five nearest typical normals: uint8 [N, H, W, C], [A, H, W, C] → [A, H, W, C].

    Where there are fewer than five normals, a target is the mean of all. So that an anomaly is not turned into an odd
    normal image that looks like it, only the typical half of the normals counts. Distances are between pixels.
    """
    if not len(anomalies):
        return anomalies
    typical = normals[_most_typical_first(normals, anomalies)[: max(NEAREST, len(normals) // 2)]]
    places = nearest(anomalies, typical, NEAREST)[1]
    return typical[places].mean(1).round().astype(np.uint8)


def _most_typical_first(normals: np.ndarray, anomalies: np.ndarray) -> np.ndarray:
    """Return the order of the normals, [N], by their distance to other normals over that to anomalies."""
    if len(normals) <= NEAREST:
        return np.arange(len(normals))
    among_normals = nearest(normals, normals, NEAREST + 1)[0][:, 1:].mean(1)  # the nearest of all is the image itself
    to_anomalies = nearest(normals, anomalies, NEAREST)[0].mean(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = among_normals / to_anomalies
    return np.argsort(np.nan_to_num(ratio, nan=np.inf), kind="stable")  # an image that is also an anomaly comes last


def nearest(images: np.ndarray, among: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and indices of the `count` images of `among` nearest to each image, [M, count] each.

    Nearest first; the distance is Euclidean, pixels on [-1, 1]. Fewer when `among` has fewer images.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=min(count, len(among)), algorithm="brute").fit(flat(among))
    distances, places = search.kneighbors(flat(images))
    return distances, places


def flat(images: np.ndarray) -> np.ndarray:
    """Bring uint8 [N, H, W, C] to the scale [-1, 1]: float32 [N, H·W·C]."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(127.5) - np.float32(1.0)
