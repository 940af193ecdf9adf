"""The alarm of the line: quiet on scores like validation's, loud on others. Scores of the shipped T-shirt model."""

import numpy as np
import pytest

from core.metrics import drift
from core.store import checkpoints

SHARE = 0.05


@pytest.fixture(scope="module")
def stored():
    return checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))


def recent(stored, share: float, count: int, seed: int) -> np.ndarray:
    """Scores as a line brings them, drawn from the validation images."""
    random = np.random.default_rng(seed)
    scores = random.choice(stored.scores.validation_normal, count)
    anomalies = random.random(count) < share
    scores[anomalies] = random.choice(stored.scores.validation_anomaly, int(anomalies.sum()))
    return scores


def watched(stored, scores: np.ndarray, share: float = SHARE) -> drift.Drift:
    normal, anomaly = stored.scores.validation_normal, stored.scores.validation_anomaly
    return drift.watch(scores, normal, anomaly, share, stored.threshold)


def test_an_unchanged_line_raises_hardly_any_alarm(stored):
    assert sum(bool(watched(stored, recent(stored, SHARE, 500, seed)).alarm) for seed in range(200)) <= 2


@pytest.mark.parametrize("count", [40, 1000])
@pytest.mark.parametrize("share", [0.0, SHARE])
def test_few_validation_images_raise_no_more_alarms_than_many(stored, count, share):
    """The threshold lets 5 % of those validation images through: with 40 of them, 5 % of the line's may be 1 % or 15 %."""
    random, alarms = np.random.default_rng(0), 0
    for seed in range(100):
        normal = random.choice(stored.scores.validation_normal, count)
        anomaly = random.choice(stored.scores.validation_anomaly, 20 if share else 0)
        threshold = float(np.sort(normal)[-round(0.05 * count)])
        alarms += bool(drift.watch(recent(stored, share, 500, seed), normal, anomaly, share, threshold).alarm)
    assert alarms <= 1


def test_a_real_change_is_noticed_with_few_validation_images(stored):
    normal = np.random.default_rng(0).choice(stored.scores.validation_normal, 40)
    threshold = float(np.sort(normal)[-2])
    lines = [recent(stored, 0.0, 500, 0), recent(stored, 0.4, 500, 0)]
    assert [drift.watch(scores, normal, normal[:0], 0.0, threshold).alarm for scores in lines] == ["", "flagged"]


def test_more_anomalies_are_noticed_by_what_is_flagged(stored):
    found = watched(stored, recent(stored, 5 * SHARE, 500, 0))
    assert found.alarm == "flagged" and found.flagged > 2 * found.expected


def test_other_scores_are_noticed_by_their_shape_although_no_more_are_flagged(stored):
    scores = recent(stored, SHARE, 500, 0)
    scores[scores < stored.threshold] *= 0.7
    found = watched(stored, scores)
    assert found.alarm == "shape" and found.flagged_p > 0.001


def test_few_scores_say_nothing(stored):
    found = watched(stored, np.full(drift.FEWEST - 1, 2.0, np.float32))
    assert not found.alarm and found.flagged == 1.0
    assert watched(stored, np.full(drift.FEWEST, 2.0, np.float32)).alarm == "flagged"
    assert watched(stored, np.empty(0, np.float32)).count == 0


def test_what_is_expected_is_weighed_by_the_share(stored):
    normal, anomaly = stored.scores.validation_normal, stored.scores.validation_anomaly
    rates = (normal >= stored.threshold).mean(), (anomaly >= stored.threshold).mean()
    found = watched(stored, recent(stored, 0.2, 500, 0), 0.2)
    assert found.expected == pytest.approx(0.8 * rates[0] + 0.2 * rates[1])


def test_a_data_set_without_anomalies_is_watched_by_its_normals_alone(stored):
    normal, nothing = stored.scores.validation_normal, np.empty(0, np.float32)
    assert not drift.watch(normal, normal, nothing, 0.0, stored.threshold).alarm
    assert drift.watch(normal + 0.2, normal, nothing, 0.0, stored.threshold).alarm


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9])
def test_the_mixture_has_the_stated_share_and_the_anomalies_own_spread(stored, share):
    normal, anomaly = np.zeros(100), np.arange(1.0, 1001.0)
    mixture = drift.mixed(normal, anomaly, share)
    assert (mixture > 0).mean() == pytest.approx(share, abs=0.005)
    if share > 0:
        assert mixture.max() == 1000 and np.median(mixture[mixture > 0]) == pytest.approx(500, abs=20)
