import dataclasses

import msgspec
import numpy as np
import pytest

from core.basics.errors import CheckpointError
from core.gans.record import Scoring
from core.judging import judgement
from core.store import checkpoints


@pytest.fixture(scope="module")
def dcgan():
    return checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))


@pytest.fixture(scope="module")
def judged(known, test_split):
    def judge(one, images, threshold=None):
        limit = threshold or one.card.thresholds.youden
        return judgement.judge(one, one.generator(), images, known, test_split, limit)

    return judge


def test_a_test_image_gets_its_stored_score_and_verdict(dcgan, judged, test_split) -> None:
    found = judged(dcgan, test_split.images[:30])
    assert [one.score for one in found] == dcgan.scores.test[:30].tolist()
    limit = dcgan.card.thresholds.youden
    for one in found:
        assert one.verdict == ("anomaly" if one.score >= limit else "normal")


def test_what_is_no_garment_is_neither_normal_nor_an_anomaly(dcgan, judged) -> None:
    grey = np.full((1, 28, 28, 1), 60, np.uint8)
    for limit in (1e-6, 2.0):  # a threshold that every score reaches, and one that none does
        row = judged(dcgan, grey, threshold=limit)[0].row("grey.png")
        assert (row["verdict"], row["reason"]) == ("can't tell", "far from every training image")
        assert row["farness"] > 1


def test_a_test_image_that_is_far_from_the_training_images_has_the_verdict_of_every_page(
    dcgan, judged, known, test_split
):
    far = int(np.flatnonzero(known.farness(test_split.images[:400]) > 1)[0])
    image = test_split.images[far : far + 1]
    assert judged(dcgan, image, threshold=1e-6)[0].verdict == "anomaly"
    assert judged(dcgan, image, threshold=2.0)[0].verdict == "normal"
    changed = image.copy()
    changed[0, 27, 27] ^= 1
    assert judged(dcgan, changed, threshold=1e-6)[0].verdict == "can't tell"


def test_each_verdict_has_one_reason(dcgan, judged, test_split) -> None:
    boot = test_split.images[:1]
    expected = {
        "file": "boot.png",
        "score": float(dcgan.scores.test[0]),
        "percentile": 100.0,
        "threshold": 0.1,
        "verdict": "anomaly",
        "reason": "score at or above the threshold",
    }
    row = judged(dcgan, boot, threshold=0.1)[0].row("boot.png")
    assert row.pop("farness") <= 1 and row == expected
    row = judged(dcgan, boot, threshold=1.9)[0].row("boot.png")
    assert (row["verdict"], row["reason"]) == ("normal", "score below the threshold")


def test_a_test_image_keeps_a_score_that_another_processor_has_stored(dcgan, judged, test_split) -> None:
    scores = np.full_like(dcgan.scores.test, 0.25)
    scores[17] = np.float32(0.4321)
    stored = dataclasses.replace(dcgan.scores, test=scores)
    elsewhere = checkpoints.Checkpoint(dcgan.folder, dcgan.card)
    elsewhere.__dict__["scores"] = stored
    images = test_split.images[[17, 17]].copy()
    images[1, 0, 0, 0] += 1  # one pixel is another one: no test image any more
    same, changed = judged(elsewhere, images, threshold=float(np.float32(0.4321)))
    assert same.score == float(np.float32(0.4321)) and same.verdict == "anomaly"
    assert changed.score == pytest.approx(dcgan.scores.test[17], abs=0.01)
    short = checkpoints.Checkpoint(dcgan.folder, dcgan.card)
    short.__dict__["scores"] = dataclasses.replace(stored, test=scores[:9999])
    with pytest.raises(CheckpointError, match="has 9999 test scores; the test split has 10000"):
        judged(short, images)


@pytest.mark.parametrize("mark", [None, 0.25])
def test_a_judgement_says_where_the_image_differs_from_its_reconstruction(mark, saved, known, test_split) -> None:
    one = checkpoints.load(saved())
    card = msgspec.structs.replace(one.card, scoring=Scoring(share=0.3, mark=mark))
    one = checkpoints.Checkpoint(one.folder, card)
    stained = test_split.images[:2].copy()
    stained[:, 2:8, 2:8] = 255 - stained[:, 2:8, 2:8]
    for found, image in zip(
        judgement.judge(one, one.generator(), stained, known, test_split, 1.0), stained, strict=True
    ):
        assert found.mark == mark
        assert found.heat.shape == (28, 28) and found.heat.dtype == np.float32
        residual = np.abs(image[..., 0] / 127.5 - 1.0 - found.reconstruction[..., 0])
        assert found.score == pytest.approx(0.7 * residual.mean() + 0.3 * found.heat.max(), rel=1e-5)
