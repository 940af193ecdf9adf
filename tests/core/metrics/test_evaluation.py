import math
from fractions import Fraction

import numpy as np
import pytest
from sklearn import metrics

from core.metrics import evaluation, thresholds
from core.metrics.evaluation import EvaluationError

Pair = tuple[np.ndarray, np.ndarray]


def tied(seed: int, normals: int = 300, anomalies: int = 700, levels: int = 40) -> Pair:
    """Overlapping float32 scores on few levels, so that most of them are tied."""
    random = np.random.default_rng(seed)
    normal = random.normal(0.40, 0.1, normals)
    anomaly = random.normal(0.55, 0.15, anomalies)
    return tuple((np.round(part * levels) / levels).astype(np.float32) for part in (normal, anomaly))


@pytest.fixture(params=[0, 1, 2])
def scores(request: pytest.FixtureRequest) -> Pair:
    return tied(request.param)


def labelled(normal: np.ndarray, anomaly: np.ndarray) -> Pair:
    """(truth, score) as scikit-learn takes them."""
    return np.repeat([0, 1], [len(normal), len(anomaly)]), np.concatenate([normal, anomaly])


def test_auroc_is_scikit_learns_with_many_ties(scores: Pair) -> None:
    assert len(np.unique(np.concatenate(scores))) < 60
    assert evaluation.auroc(*scores) == pytest.approx(metrics.roc_auc_score(*labelled(*scores)), abs=1e-12)


def test_auroc_counts_ties_half() -> None:
    assert evaluation.auroc(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == (1 + 0.5 + 1 + 1) / 4
    assert evaluation.auroc(np.full(7, 0.3), np.full(5, 0.3)) == 0.5


def test_auroc_comes_from_scores_and_not_from_flags(scores: Pair) -> None:
    # Two sister projects report the AUROC of thresholded labels.
    normal, anomaly = scores
    threshold = thresholds.youden_threshold(normal, anomaly)
    flags = evaluation.auroc((normal >= threshold).astype(float), (anomaly >= threshold).astype(float))
    assert evaluation.auroc(normal, anomaly) > flags + 0.01


def test_auroc_depends_on_the_order_of_scores_alone(scores: Pair) -> None:
    normal, anomaly = (part.astype(np.float64) for part in scores)
    assert evaluation.auroc(np.exp(3 * normal), np.exp(3 * anomaly)) == evaluation.auroc(normal, anomaly)
    assert evaluation.auroc(-normal, -anomaly) == pytest.approx(1 - evaluation.auroc(normal, anomaly), abs=1e-12)


def test_the_curve_is_scikit_learns(scores: Pair) -> None:
    curve = evaluation.roc(*scores)
    fpr, tpr, thresholds = metrics.roc_curve(*labelled(*scores), drop_intermediate=False)
    assert np.array_equal(curve.thresholds, thresholds[1:])  # scikit-learn's first threshold is infinite
    assert curve.fpr == pytest.approx(fpr[1:], abs=1e-12)
    assert curve.tpr == pytest.approx(tpr[1:], abs=1e-12)


def test_from_zero_on_the_curve_flags_nothing_first_and_has_the_whole_area(scores: Pair) -> None:
    curve = evaluation.roc(*scores).from_zero()
    assert (curve.fpr[0], curve.tpr[0]) == (0, 0)
    assert not evaluation.flagged(np.concatenate(scores), curve.thresholds[0]).any()
    assert (np.diff(curve.thresholds) < 0).all()
    assert np.trapezoid(curve.tpr, curve.fpr) == pytest.approx(evaluation.auroc(*scores), abs=1e-12)


@pytest.mark.parametrize("prevalence", [0.01, 0.05, 0.5])
def test_average_precision_is_scikit_learns_at_that_prevalence(scores: Pair, prevalence: float) -> None:
    truth, score = labelled(*scores)
    weight = np.where(truth == 1, prevalence / len(scores[1]), (1 - prevalence) / len(scores[0]))
    expected = metrics.average_precision_score(truth, score, sample_weight=weight)
    assert evaluation.average_precision(*scores, prevalence) == pytest.approx(expected, abs=1e-9)


def test_average_precision_is_at_five_per_cent_unless_asked_otherwise(scores: Pair) -> None:
    assert evaluation.average_precision(*scores) == evaluation.average_precision(*scores, 0.05)


def test_counts_are_scikit_learns_at_a_thousand_thresholds() -> None:
    normal, anomaly = tied(3)
    truth, score = labelled(normal, anomaly)
    random = np.random.default_rng(4)
    between = random.uniform(score.min() - 0.1, score.max() + 0.1, 500)
    for threshold in np.concatenate([between, random.choice(score, 500)]):
        found = evaluation.confusion(normal, anomaly, threshold)
        (passed, false_alarms), (missed, caught) = metrics.confusion_matrix(truth, score >= threshold, labels=[0, 1])
        assert (found.passed, found.false_alarms, found.missed, found.caught) == (passed, false_alarms, missed, caught)
        assert found.tpr == pytest.approx(caught / len(anomaly))
        assert found.fpr == pytest.approx(false_alarms / len(normal))
        if caught + false_alarms:
            assert found.precision == pytest.approx(caught / (caught + false_alarms))
        else:
            assert math.isnan(found.precision)


def test_a_threshold_is_not_rounded_to_the_scores_type() -> None:
    # As float32 the threshold below would be the score itself, and numpy would compare it so.
    score = np.float32(0.3)
    above = float(score) + 1e-12
    assert np.array([score]) >= above
    assert not evaluation.flagged(np.array([score]), above).any()
    assert evaluation.flagged(np.array([score]), float(score)).all()
    assert evaluation.confusion(np.array([score]), np.array([score]), above).caught == 0


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -math.inf])
def test_a_threshold_that_is_no_number_is_an_error(threshold: float) -> None:
    with pytest.raises(EvaluationError, match="threshold"):
        evaluation.confusion(GOOD, GOOD, threshold)


@pytest.mark.parametrize(("threshold", "flagged"), [(-5.0, 2), (0.0, 2), (7.0, 0)])
def test_a_threshold_outside_the_range_flags_all_or_none(threshold: float, flagged: int) -> None:
    found = evaluation.confusion(GOOD, GOOD, threshold)
    assert (found.caught, found.missed) == (flagged, 2 - flagged)


def test_the_counts_at_a_threshold_are_the_curves_point(scores: Pair) -> None:
    curve = evaluation.roc(*scores)
    for threshold, fpr, tpr in zip(curve.thresholds, curve.fpr, curve.tpr, strict=True):
        found = evaluation.confusion(*scores, threshold)
        assert (found.fpr, found.tpr) == pytest.approx((fpr, tpr), abs=1e-12)


def test_fpr_at_tpr_is_the_smallest_over_all_thresholds(scores: Pair) -> None:
    normal, anomaly = scores
    for tpr in (0.5, 0.9, 0.95, 1.0):
        expected = min(
            np.mean(normal >= threshold)
            for threshold in np.concatenate(scores)
            if np.count_nonzero(anomaly >= threshold) >= round(tpr * len(anomaly))
        )
        assert evaluation.fpr_at_tpr(normal, anomaly, tpr) == pytest.approx(expected, abs=1e-12)


def delong(normal: np.ndarray, anomaly: np.ndarray) -> tuple[float, float, float]:
    """DeLong's variance by comparing every pair, on the logit scale."""
    wins = (anomaly[:, None] > normal) + 0.5 * (anomaly[:, None] == normal)
    area = wins.mean()
    variance = wins.mean(1).var(ddof=1) / len(anomaly) + wins.mean(0).var(ddof=1) / len(normal)
    centre, reach = math.log(area / (1 - area)), 1.959964 * math.sqrt(variance) / (area * (1 - area))
    return area, 1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre))


def test_the_interval_is_delongs_over_all_pairs(scores: Pair) -> None:
    assert evaluation.auroc_interval(*scores) == pytest.approx(delong(*scores), abs=1e-7)


def test_the_interval_is_the_bootstraps(scores: Pair) -> None:
    normal, anomaly = scores
    random = np.random.default_rng(11)
    areas = [
        evaluation.auroc(random.choice(normal, len(normal)), random.choice(anomaly, len(anomaly))) for _ in range(1500)
    ]
    area, low, high = evaluation.auroc_interval(normal, anomaly)
    assert area == evaluation.auroc(normal, anomaly)
    # The half-width here is about 0.027, the bootstrap's own error about 0.002.
    assert (low, high) == pytest.approx(tuple(np.quantile(areas, [0.025, 0.975])), abs=0.005)


def test_the_interval_is_narrower_for_more_images_and_stays_within_bounds() -> None:
    few, many = (evaluation.auroc_interval(*tied(5, normals=n, anomalies=n, levels=500)) for n in (40, 4000))
    assert few[2] - few[1] > 5 * (many[2] - many[1])
    area, low, high = evaluation.auroc_interval(np.array([0.1, 0.2, 0.3]), np.array([0.25, 0.5, 0.6, 0.7]))
    assert 0.0 < low < area < high < 1.0


def test_where_all_are_separated_or_tied_the_smaller_class_bounds_the_auroc() -> None:
    """0.05^(1/k): 0.22361 for two images, 0.99701 for a thousand, where the rule of three says 1 − 3/1000."""
    normal, anomaly = np.linspace(0.1, 0.2, 1000), np.linspace(0.3, 0.4, 9000)
    assert evaluation.auroc_interval(normal, anomaly) == pytest.approx((1.0, 0.99701, 1.0), abs=5e-6)
    assert evaluation.auroc_interval(anomaly, normal) == pytest.approx((0.0, 0.0, 0.00299), abs=5e-6)
    assert evaluation.auroc_interval(normal[:2], anomaly) == pytest.approx((1.0, 0.22361, 1.0), abs=5e-6)
    same = np.full(1000, 0.5)
    assert evaluation.auroc_interval(same, same) == pytest.approx((0.5, 0.49850, 0.50150), abs=5e-6)


def test_the_bound_of_full_separation_holds_in_95_of_100_draws_at_least() -> None:
    """Twenty of each kind and a true AUROC at the bound, 0.8609: at most 5 % of draws are all separated."""
    random = np.random.default_rng(3)
    apart = 1.5338  # √2 · the normal distribution's 0.8609 quantile: AUROC 0.8609 for two normal distributions
    separated = sum(random.normal(0.0, 1.0, 20).max() < random.normal(apart, 1.0, 20).min() for _ in range(4000))
    assert separated <= 200
    assert evaluation.auroc_interval(np.zeros(20), np.ones(20))[1] == pytest.approx(0.8609, abs=5e-5)


def test_perfect_separation_has_perfect_figures() -> None:
    normal, anomaly = np.array([0.1, 0.2, 0.2]), np.array([0.3, 0.4])
    assert evaluation.auroc_interval(normal, anomaly)[0] == 1.0
    assert evaluation.average_precision(normal, anomaly) == pytest.approx(1.0)
    assert evaluation.fpr_at_tpr(normal, anomaly) == 0.0
    found = evaluation.confusion(normal, anomaly, thresholds.youden_threshold(normal, anomaly))
    assert (found.caught, found.missed, found.false_alarms, found.passed) == (2, 0, 0, 3)


@pytest.mark.parametrize("seed", range(5))
def test_youdens_threshold_is_the_strictest_of_the_best(seed: int) -> None:
    # Whole numbers, because equal differences of rounded shares may not look equal.
    random = np.random.default_rng(seed)
    for _ in range(200):
        normal = random.integers(0, 8, random.integers(2, 40)).astype(np.float32)
        anomaly = random.integers(2, 10, random.integers(2, 40)).astype(np.float32)

        def youden(threshold: float, normal: np.ndarray = normal, anomaly: np.ndarray = anomaly) -> Fraction:
            caught, false_alarms = np.count_nonzero(anomaly >= threshold), np.count_nonzero(normal >= threshold)
            return Fraction(int(caught), len(anomaly)) - Fraction(int(false_alarms), len(normal))

        candidates = sorted({*normal.tolist(), *anomaly.tolist()}, reverse=True)
        assert thresholds.youden_threshold(normal, anomaly) == max(candidates, key=youden)


@pytest.mark.parametrize("largest", [0.05, 0.01, 0.1, 0.0])
@pytest.mark.parametrize("count", [7, 100, 300, 600])
def test_a_false_alarm_threshold_keeps_its_bound_and_could_not_be_laxer(count: int, largest: float) -> None:
    for seed in range(5):
        normal, _ = tied(seed, normals=count)
        threshold = thresholds.false_alarm_threshold(normal, largest)
        assert np.mean(normal >= threshold) <= largest + 1e-12
        below = np.nextafter(np.float32(threshold), np.float32(-np.inf))
        assert np.mean(normal >= below) > largest
        assert np.float32(threshold) == threshold  # exact for the float32 scores it is applied to


@pytest.mark.parametrize(("largest", "flagged"), [(0.0, 0), (0.25, 1), (0.74, 2), (0.75, 3), (0.999, 3), (1.0, 4)])
def test_the_whole_budget_of_false_alarms_can_be_spent(largest: float, flagged: int) -> None:
    normal = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    assert np.count_nonzero(normal >= np.float32(thresholds.false_alarm_threshold(normal, largest))) == flagged


@pytest.mark.parametrize("largest", [-0.1, 1.1, math.nan])
def test_a_budget_that_is_no_share_is_refused(largest: float) -> None:
    with pytest.raises(EvaluationError, match="it must be from 0 to 1"):
        thresholds.false_alarm_threshold(np.array([0.1, 0.2], np.float32), largest)


def test_a_percentile_is_the_share_of_validation_normals_that_score_no_higher(scores: Pair) -> None:
    normal, anomaly = scores
    found = evaluation.percentile(anomaly, normal)
    assert found == pytest.approx([100 * np.mean(normal <= score) for score in anomaly])
    assert evaluation.percentile(normal.max(), normal) == 100.0
    assert evaluation.percentile(float(normal.min()) - 0.01, normal) == 0.0
    assert evaluation.percentile(np.array([2.0, 2.5]), np.array([4.0, 2.0, 1.0, 3.0])).tolist() == [50.0, 50.0]


FIGURES = [
    evaluation.roc,
    evaluation.auroc,
    evaluation.auroc_interval,
    evaluation.average_precision,
    evaluation.fpr_at_tpr,
    thresholds.youden_threshold,
    lambda normal, anomaly: evaluation.confusion(normal, anomaly, 0.5),
]
GOOD = np.array([0.1, 0.2], np.float32)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
@pytest.mark.parametrize("bad", [[], [0.1, math.nan], [math.inf], [-math.inf, 0.3]], ids=str)
def test_no_figure_comes_from_missing_or_broken_scores(figure, bad: list[float]) -> None:
    broken = np.array(bad, np.float32)
    with pytest.raises(EvaluationError, match="normal"):
        figure(broken, GOOD)
    with pytest.raises(EvaluationError, match="anomalous"):
        figure(GOOD, broken)


@pytest.mark.parametrize("bad", [[], [0.1, math.nan]], ids=str)
def test_no_false_alarm_threshold_comes_from_missing_or_broken_scores(bad: list[float]) -> None:
    with pytest.raises(EvaluationError):
        thresholds.false_alarm_threshold(np.array(bad, np.float32), 0.05)


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, 2.0, math.nan])
def test_a_prevalence_that_is_no_share_is_an_error(prevalence: float) -> None:
    with pytest.raises(EvaluationError, match="prevalence"):
        evaluation.average_precision(GOOD, GOOD, prevalence)


def test_an_interval_of_photos_that_come_once_is_delongs(scores: Pair) -> None:
    normal, anomaly = scores
    photos = np.arange(len(normal)), len(normal) + np.arange(len(anomaly))
    area, low, high = evaluation.auroc_interval(normal, anomaly)
    grouped = evaluation.grouped_interval(normal, anomaly, *photos)
    assert grouped[0] == area
    assert grouped[1:] == pytest.approx((low, high), abs=0.02)


def test_copies_of_a_photo_make_no_interval_narrower() -> None:
    random = np.random.default_rng(0)
    normal, anomaly = random.normal(0, 1, 40), random.normal(1, 1, 40)
    photos = np.arange(40)
    once = evaluation.grouped_interval(normal, anomaly, photos, photos)
    often = evaluation.grouped_interval(normal, np.repeat(anomaly, 9), photos, np.repeat(photos, 9))
    assert often == pytest.approx(once)
    blind = evaluation.auroc_interval(normal, np.repeat(anomaly, 9))
    assert often[2] - often[1] > 1.2 * (blind[2] - blind[1])


def test_the_interval_over_photos_is_the_bootstraps_over_photos() -> None:
    random = np.random.default_rng(1)
    of_photo = random.normal(0, 1, 60)  # a photo is odd or usual with all of its copies
    normal = of_photo + random.normal(0, 0.5, 60)
    anomaly = np.repeat(of_photo, 4) + 1.0 + random.normal(0, 0.5, 240)
    photos = np.arange(60)
    _, low, high = evaluation.grouped_interval(normal, anomaly, photos, np.repeat(photos, 4))
    copies = anomaly.reshape(60, 4)
    drawn = [random.integers(0, 60, 60) for _ in range(2000)]
    areas = [evaluation.auroc(normal[some], copies[some].ravel()) for some in drawn]
    assert (low, high) == pytest.approx(np.quantile(areas, (0.025, 0.975)), abs=0.015)


def test_where_all_photos_are_separated_their_number_bounds_the_auroc() -> None:
    photos = np.arange(10)
    area, low, high = evaluation.grouped_interval(np.zeros(10), np.ones(60), photos, np.repeat(photos, 6))
    assert (area, high) == (1.0, 1.0) and low == pytest.approx(0.05**0.1)
