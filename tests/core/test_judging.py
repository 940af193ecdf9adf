import numpy as np
import pytest

from core import checkpoints, judging


@pytest.fixture(scope="module")
def dcgan():
    return checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))


def judged(one, images, known, threshold=None):
    return judging.judge(one, one.generator(), images, known, threshold or one.card.thresholds["youden"])


def test_a_test_image_gets_its_stored_score_and_verdict(dcgan, known, test_split) -> None:
    found = judged(dcgan, test_split.images[:30], known)
    assert [one.score for one in found] == dcgan.scores.test[:30].tolist()
    limit = dcgan.card.thresholds["youden"]
    for one in found:
        assert one.flagged == (one.score >= limit)
        assert one.residual.mean() == pytest.approx(one.score, rel=1e-5)
        assert one.verdict == ("anomaly" if one.flagged else "no garment" if one.stranger else "normal")


def test_what_is_no_garment_is_never_called_normal(dcgan, known) -> None:
    grey = np.full((1, 28, 28), 60, np.uint8)
    one = judged(dcgan, grey, known, threshold=2.0)[0]  # a threshold that no score reaches
    assert not one.flagged and one.stranger
    assert one.verdict == "no garment"
    assert judged(dcgan, grey, known, threshold=1e-6)[0].verdict == "anomaly"


def test_a_row_holds_what_the_table_needs(dcgan, known, test_split) -> None:
    row = judged(dcgan, test_split.images[:1], known)[0].row("boot.png")
    assert row["file"] == "boot.png" and row["verdict"] == "anomaly" and row["garment"] is True


def test_the_worst_patches_are_the_largest_that_do_not_overlap() -> None:
    residual = np.zeros((28, 28), np.float32)
    residual[4:12, 8:16] = 1.0  # a patch of its own
    residual[20:28, 20:28] = 0.5
    assert judging.worst_patches(residual) == [(4, 8, 1.0), (20, 20, 0.5)]  # no third: nothing else is off
    assert judging.worst_patches(np.zeros((28, 28), np.float32)) == []
    found = judging.worst_patches(np.random.default_rng(0).random((28, 28), np.float32), 5)
    assert len(found) == 5 and [mean for *_, mean in found] == sorted((mean for *_, mean in found), reverse=True)
