"""What is asked of the intake is a test, not only a figure that somebody printed once."""

import io

import numpy as np
from PIL import Image

from benchmarks import grounds
from benchmarks import intake as benchmark
from benchmarks.intake import BACKGROUNDS, LARGEST_LOSS, LARGEST_SHIFT


def test_pictures_come_back_with_their_scores() -> None:
    for report in benchmark.measure(240):  # the command's 1,000 take a slow machine a minute
        assert report.images == 240
        assert report.median_shift <= LARGEST_SHIFT
        assert report.auroc_before - report.auroc_after <= LARGEST_LOSS
        assert report.good
        assert all(shift <= LARGEST_SHIFT for shift in report.shift.values())
        assert report.auroc_before > 0.9  # of 24 normals: it only says that the scores are the models'


def test_the_pictures_are_what_they_are_said_to_be(test_split) -> None:
    random = np.random.default_rng(0)
    orientations = set()
    for ground, light in zip(BACKGROUNDS, (True, True, False), strict=True):
        for image in test_split.images[:12]:
            picture = Image.open(io.BytesIO(benchmark.photographed(image, ground, random)))
            assert picture.format == "JPEG" and min(picture.size) > 6 * 28
            orientations.add(picture.getexif()[0x0112])
            corner = np.asarray(picture)[:1, :1].mean()
            assert (corner > 127) == light
    assert len(orientations) > 5


def test_what_lies_on_wood_or_is_turned_keeps_its_score() -> None:
    found = grounds.on_grounds(100, kinds=("wood", "turned"))  # the command's 300 of each kind take minutes
    assert set(found) == {"wood", "turned"}
    for one in found.values():
        assert min(one.before.values()) > 0.9  # fifty normals: it only says that the scores are the models'
        assert one.loss < 2 * grounds.LARGEST_LOSS
        assert 0 < one.milliseconds <= one.slowest
