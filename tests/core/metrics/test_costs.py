import math

import numpy as np
import pytest
from sklearn import metrics

from core.metrics import costs, evaluation, thresholds
from core.metrics.costs import Stakes
from core.metrics.evaluation import EvaluationError
from tests.core.metrics.test_evaluation import Pair, labelled, tied

STAKES = Stakes(missed=10.0, alarm=1.0, prevalence=0.05)


def by_hand(normal: np.ndarray, anomaly: np.ndarray, threshold: float, stakes: Stakes) -> float:
    """What a line pays an item, summed over its items one by one: each weighed by how often its kind comes along."""
    missed = sum(stakes.missed for score in anomaly if score < threshold) / len(anomaly)
    alarms = sum(stakes.alarm for score in normal if score >= threshold) / len(normal)
    return stakes.prevalence * missed + (1 - stakes.prevalence) * alarms


def test_cost_is_what_a_line_pays() -> None:
    normal, anomaly = tied(0)
    for threshold in np.unique(np.concatenate([normal, anomaly])):
        counts = evaluation.confusion(normal, anomaly, threshold)
        expected = by_hand(normal, anomaly, threshold, STAKES)
        assert STAKES.cost(counts.fpr, counts.tpr) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("prevalence", [0.001, 0.05, 0.5, 0.9])
def test_precision_is_scikit_learns_with_weights_of_that_prevalence(prevalence: float) -> None:
    normal, anomaly = tied(1)
    truth, score = labelled(normal, anomaly)
    weight = np.where(truth == 1, prevalence / len(anomaly), (1 - prevalence) / len(normal))
    for threshold in np.random.default_rng(0).choice(score, 50):
        counts = evaluation.confusion(normal, anomaly, threshold)
        expected = metrics.precision_score(truth, score >= threshold, sample_weight=weight)
        assert costs.precision(counts.fpr, counts.tpr, prevalence) == pytest.approx(expected, abs=1e-12)


def test_precision_of_nothing_flagged_is_no_number() -> None:
    found = costs.precision(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.5, 1.0]), 0.2)
    assert math.isnan(found[0]) and found[1:].tolist() == pytest.approx([1.0, 0.2])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "stakes", [STAKES, Stakes(1, 1, 0.5), Stakes(1, 50, 0.01), Stakes(1000, 1, 0.2), Stakes(3, 7, 0.3)], ids=str
)
def test_the_cheapest_threshold_is_the_strictest_of_the_cheapest(seed: int, stakes: Stakes) -> None:
    normal, anomaly = tied(seed, normals=60, anomalies=90, levels=20)
    candidates = [*np.unique(np.concatenate([normal, anomaly])), 9.0]  # 9: flag nothing
    prices = [by_hand(normal, anomaly, threshold, stakes) for threshold in candidates]
    found = costs.cheapest_threshold(normal, anomaly, stakes)
    assert by_hand(normal, anomaly, found, stakes) == pytest.approx(min(prices), rel=1e-9)
    for threshold, cost in zip(candidates, prices, strict=True):
        if found < threshold < 9.0:
            assert cost > min(prices) * (1 + 1e-9)


def test_flagging_nothing_is_cheapest_where_anomalies_are_rare_enough() -> None:
    normal, anomaly = tied(2)
    normal = np.append(normal, np.float32(1.5))  # so that no anomaly can be caught without a false alarm
    found = costs.cheapest_threshold(normal, anomaly, Stakes(1.0, 1000.0, 1e-6))
    assert evaluation.confusion(normal, anomaly, found).false_alarms == 0
    assert found > max(normal.max(), anomaly.max())
    assert np.float32(found) == found


@pytest.mark.parametrize("largest", [0.0, 0.01, 0.05, 0.3])
def test_a_miss_threshold_keeps_its_bound_and_could_not_be_stricter(largest: float) -> None:
    for seed in range(5):
        _, anomaly = tied(seed, anomalies=317)
        threshold = costs.miss_threshold(anomaly, largest)
        assert np.mean(anomaly < threshold) <= largest
        assert np.mean(anomaly < np.nextafter(np.float32(threshold), np.float32(np.inf))) > largest


def test_the_points_are_the_cards_and_two_more() -> None:
    normal, anomaly = tied(3)
    points = costs.operating_points(normal, anomaly, STAKES)
    assert tuple(points) == costs.POINTS
    assert thresholds.operating_points(normal, anomaly).known.items() <= points.items()
    assert "cheapest" not in costs.operating_points(normal, anomaly)


def test_without_anomalies_there_are_the_points_that_need_none() -> None:
    normal = np.linspace(0.0, 1.0, 101, dtype=np.float32)
    points = costs.operating_points(normal, normal[:0], STAKES)
    assert list(points) == ["fpr_5", "fpr_1"]
    assert (np.sum(normal >= points["fpr_5"]), np.sum(normal >= points["fpr_1"])) == (5, 1)


@pytest.mark.parametrize("cost", [0.0, -1.0, math.nan, math.inf])
def test_a_cost_that_is_none_is_an_error(cost: float) -> None:
    with pytest.raises(EvaluationError, match=r"missed anomaly is .* above 0"):
        Stakes(cost, 1.0, 0.1)
    with pytest.raises(EvaluationError, match=r"false alarm is .* above 0"):
        Stakes(1.0, cost, 0.1)


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.2, 1.5, math.nan])
def test_a_rarity_that_is_no_share_is_an_error(prevalence: float) -> None:
    with pytest.raises(EvaluationError, match="share of anomalies"):
        Stakes(1.0, 1.0, prevalence)
    with pytest.raises(EvaluationError, match="share of anomalies"):
        costs.precision(0.1, 0.9, prevalence)


@pytest.mark.parametrize("bad", [[], [0.1, math.nan], [math.inf]], ids=str)
def test_no_point_comes_from_missing_or_broken_scores(bad: list[float]) -> None:
    good, broken = np.array([0.1, 0.2], np.float32), np.array(bad, np.float32)
    for pair in ((good, broken), (broken, good)):
        with pytest.raises(EvaluationError):
            costs.cheapest_threshold(*pair, STAKES)
        if len(pair[1]):  # without anomalies there are points all the same
            with pytest.raises(EvaluationError):
                costs.operating_points(*pair)
    with pytest.raises(EvaluationError):
        costs.miss_threshold(broken, 0.01)


def test_equal_scores_have_points_too() -> None:
    same: Pair = (np.full(5, 0.3, np.float32), np.full(9, 0.3, np.float32))
    points = costs.operating_points(*same, Stakes(100.0, 1.0, 0.5))
    assert points["miss_1"] == points["cheapest"] == np.float32(0.3)
    assert evaluation.confusion(*same, points["fpr_1"]).false_alarms == 0
    assert costs.operating_points(*same, Stakes(1.0, 100.0, 0.01))["cheapest"] > np.float32(0.3)
