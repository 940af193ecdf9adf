import math

import numpy as np
import pytest
from sklearn import metrics

from core.metrics import comparison
from core.metrics.evaluation import EvaluationError, auroc
from tests.core.metrics.test_evaluation import Pair, labelled, tied


def two_models(seed: int, normals: int = 300, anomalies: int = 500) -> tuple[Pair, Pair]:
    """Scores of two models on the same images, so that they go together; rounded, so that many are tied."""
    random = np.random.default_rng(seed)
    hard = [random.normal(0, 1, normals), random.normal(1.3, 1, anomalies)]  # how odd each image looks to anyone
    models = []
    for noise in (0.5, 0.9):
        models.append(tuple(np.round(part + random.normal(0, noise, len(part)), 1).astype(np.float32) for part in hard))
    return models[0], models[1]


@pytest.mark.parametrize("seed", range(3))
def test_the_differences_interval_is_a_paired_bootstraps(seed: int) -> None:
    first, second = two_models(seed)
    random = np.random.default_rng(100 + seed)
    differences = []
    for _ in range(1500):
        n, a = (random.integers(0, len(part), len(part)) for part in first)  # the same images for both
        areas = [auroc(normal[n], anomaly[a]) for normal, anomaly in (first, second)]
        differences.append(areas[0] - areas[1])
    found = comparison.auroc_difference(first, second)
    assert found.value == pytest.approx(
        metrics.roc_auc_score(*labelled(*first)) - metrics.roc_auc_score(*labelled(*second)), abs=1e-12
    )
    low, high = np.quantile(differences, [0.025, 0.975])
    # Half-widths here are about 0.02, the bootstrap's own error about 0.0015.
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.004)
    assert found.high - found.low == pytest.approx(3.919928 * np.std(differences, ddof=1), rel=0.1)


def test_the_interval_is_delongs_over_all_pairs() -> None:
    first, second = two_models(7, 40, 60)
    wins = [
        (anomaly[:, None] > normal) + 0.5 * (anomaly[:, None] == normal) for normal, anomaly in (first, second)
    ]  # [A, N] each
    by_anomaly, by_normal = (np.cov(np.stack([win.mean(axis) for win in wins])) for axis in (1, 0))
    covariance = by_anomaly / 60 + by_normal / 40
    reach = 1.959963984540054 * math.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    found = comparison.auroc_difference(first, second)
    value = wins[0].mean() - wins[1].mean()
    assert (found.value, found.low, found.high) == pytest.approx((value, value - reach, value + reach), abs=1e-9)


def test_pairing_narrows_the_interval_and_a_model_does_not_differ_from_itself() -> None:
    first, second = two_models(1)
    paired = comparison.auroc_difference(first, second)
    random = np.random.default_rng(0)
    shuffled = comparison.auroc_difference(first, tuple(random.permutation(part) for part in second))
    assert shuffled.value == pytest.approx(paired.value, abs=1e-12)
    assert paired.high - paired.low < 0.9 * (shuffled.high - shuffled.low)
    same = comparison.auroc_difference(first, first)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0) and not same.clear
    there, back = comparison.auroc_difference(first, second), comparison.auroc_difference(second, first)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_two_models_that_separate_all_images_still_differ_by_an_unknown_little() -> None:
    both = np.linspace(0.1, 0.2, 1000), np.linspace(0.3, 0.4, 9000)
    found = comparison.auroc_difference(both, (both[0] / 2, both[1] / 2))
    assert (found.value, found.low, found.high) == pytest.approx((0.0, -0.00299, 0.00299), abs=5e-6)


def test_scores_of_other_images_cannot_be_paired() -> None:
    first, second = two_models(2)
    with pytest.raises(EvaluationError, match="same images"):
        comparison.auroc_difference(first, (second[0][:-1], second[1]))
    with pytest.raises(EvaluationError, match="not a finite number"):
        comparison.auroc_difference(first, (second[0], np.append(second[1][1:], np.nan)))


def test_a_curve_is_the_best_over_all_thresholds() -> None:
    normal, anomaly = tied(4)
    grid = np.array([0.0, 0.003, 0.01, 0.05, 0.2, 0.5, 0.999, 1.0])
    thresholds = [*np.unique(np.concatenate([normal, anomaly])), 9.0]
    whole = np.arange(len(normal))[None], np.ones((1, len(anomaly)), int)  # the sample that is all of them
    for fpr, found in zip(grid, comparison._tpr_rows(*whole, normal, anomaly, grid)[0], strict=True):
        allowed = [np.mean(anomaly >= t) for t in thresholds if np.mean(normal >= t) <= fpr + 1e-9]
        assert found == pytest.approx(max(allowed), abs=1e-12)


def test_the_band_is_an_independent_bootstraps() -> None:
    normal, anomaly = tied(5, normals=120, anomalies=200, levels=400)
    grid = np.array([0.02, 0.1, 0.3, 0.6])
    low, high = comparison.roc_band(normal, anomaly, grid, draws=2000, seed=1)
    random = np.random.default_rng(2)
    drawn = []
    for _ in range(1500):
        fpr, tpr, _ = metrics.roc_curve(
            *labelled(random.choice(normal, len(normal)), random.choice(anomaly, len(anomaly))), drop_intermediate=False
        )
        drawn.append([tpr[fpr <= limit + 1e-9].max() for limit in grid])
    expected = np.quantile(drawn, [0.025, 0.975], axis=0)
    # Widths here are 0.1 to 0.35.
    assert low == pytest.approx(expected[0], abs=0.025) and high == pytest.approx(expected[1], abs=0.025)
    fpr, tpr, _ = metrics.roc_curve(*labelled(normal, anomaly), drop_intermediate=False)
    assert np.all(low <= [tpr[fpr <= limit + 1e-9].max() for limit in grid]) and np.all(low < high)


def test_the_band_covers_the_truth_about_as_often_as_it_says() -> None:
    random, grid, inside = np.random.default_rng(3), np.array([0.1]), 0
    truth = 0.5 * math.erfc((1.2815515655446004 - 1.5) / math.sqrt(2))  # normals N(0, 1), anomalies N(1.5, 1)
    for trial in range(200):
        low, high = comparison.roc_band(random.normal(0, 1, 400), random.normal(1.5, 1, 400), grid, 200, trial)
        inside += bool(low[0] <= truth <= high[0])
    assert 0.88 <= inside / 200 <= 0.995


def test_a_band_of_equal_scores_is_defined() -> None:
    low, high = comparison.roc_band(np.full(6, 0.3), np.full(4, 0.3), np.array([0.0, 0.5, 1.0]), draws=20)
    assert low.tolist() == high.tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("bad", [[], [0.1, math.nan]], ids=str)
def test_no_band_comes_from_missing_or_broken_scores(bad: list[float]) -> None:
    with pytest.raises(EvaluationError):
        comparison.roc_band(np.array(bad), np.array([0.1]), np.array([0.5]))
