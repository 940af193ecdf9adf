"""Heat maps that cost no training, beside which those of the GANs are held in the defect study."""

from collections.abc import Callable

import numpy as np

from core.gans.targets import flat, nearest

NEAREST = 5  # normals whose median an image is held against


class Maps:
    """Maps from normal training images uint8 [N, H, W, C]: uint8 [M, H, W, C] → float32 [M, H, W], higher = odder."""

    def __init__(self, normals: np.ndarray, components: int = 64) -> None:
        self.normals = normals
        known = flat(normals)
        self.mean, self.spread = known.mean(0), known.std(0)
        centred = known - self.mean
        _, vectors = np.linalg.eigh(centred.T @ centred)
        self.components = vectors[:, -min(components, len(normals)) :]

    def _map(self, differences: np.ndarray) -> np.ndarray:
        """Average absolute differences [M, H·W·C] over channels: [M, H, W]."""
        return np.abs(differences).reshape(len(differences), *self.normals.shape[1:]).mean(-1)

    def z_score(self, images: np.ndarray) -> np.ndarray:
        """Return how many SDs a pixel is from its mean. 0.02 is added to an SD, because some pixels never vary."""
        return self._map((flat(images) - self.mean) / (self.spread + 0.02))

    def pca_residual(self, images: np.ndarray) -> np.ndarray:
        """Return |x − its projection on the largest principal components|."""
        centred = flat(images) - self.mean
        return self._map(centred - centred @ self.components @ self.components.T)

    def nearest(self, images: np.ndarray) -> np.ndarray:
        """Return |x − the median of the five nearest normals|."""
        places = nearest(images, self.normals, NEAREST)[1]
        return self._map(flat(images) - np.median(flat(self.normals)[places], 1))


MAPS: dict[str, Callable[[Maps, np.ndarray], np.ndarray]] = {
    "pixel z-score": Maps.z_score,
    "PCA residual": Maps.pca_residual,
    "nearest normals": Maps.nearest,
}
