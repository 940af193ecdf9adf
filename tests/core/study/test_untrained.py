import numpy as np

from core.metrics import localisation
from core.study.untrained import Maps


def test_maps_without_training_point_at_a_hole():
    random = np.random.default_rng(0)
    normals = np.zeros((60, 12, 12, 1), np.uint8)
    normals[:, 2:10, 2:10] = random.integers(150, 200, (60, 1, 1, 1))
    image = normals[:1].copy()
    image[0, 4:6, 4:6] = 0
    mask = (image != normals[:1])[..., 0]
    maps = Maps(normals, components=3)
    for values in (maps.z_score(image), maps.pca_residual(image), maps.nearest(image)):
        assert values.shape == (1, 12, 12)
        assert localisation.hit(values, mask) == 1.0 and localisation.pixel_auroc(values, mask) > 0.99
