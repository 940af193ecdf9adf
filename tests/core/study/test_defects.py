"""What the defect study shows to a model, and what it makes of a model that sees everything or nothing."""

import numpy as np
import pytest

from core.data import damage
from core.study import defects


def test_damaged_and_undamaged_images_are_different_test_normals(test_split):
    undamaged, damaged = defects.specimens("bag")
    own = {image.tobytes() for image in test_split.images[test_split.labels == 8]}
    assert len(undamaged) == defects.COUNT
    assert all(image.tobytes() in own for image in undamaged)
    kept = {image.tobytes() for image in undamaged}
    assert len(kept) == defects.COUNT
    assert set(damaged) == {(kind, size) for kind in damage.KINDS if kind != "sleeves" for size in damage.SIZES}
    for images, masks in ((one.images, one.masks) for one in damaged.values()):
        assert len(images) == len(masks) == defects.COUNT
        assert not any(image.tobytes() in kept for image in images)
        assert masks.any((1, 2)).mean() > 0.9


def test_who_sees_every_defect_has_full_marks_and_who_sees_none_has_chance():
    masks = {
        image.tobytes(): mask
        for one in defects.specimens("bag").damaged.values()
        for image, mask in zip(one.images, one.masks, strict=True)
    }

    def everything(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        heat = np.array([masks.get(image.tobytes(), np.zeros((28, 28))) for image in images], np.float32)
        return heat, heat.max((1, 2))

    def nothing(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(images.shape[:3], np.float32), np.zeros(len(images), np.float32)

    for line in defects.figures("bag", everything):
        assert [line[name] for name in ("image_auroc", "pixel_auroc", "aupro", "hit")] == pytest.approx([1.0] * 4)
    for line in defects.figures("bag", nothing):
        assert (line["image_auroc"], line["pixel_auroc"]) == (0.5, 0.5) and line["aupro"] == pytest.approx(0.15)
