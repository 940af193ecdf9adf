import math

import msgspec
import numpy as np
import pytest
from sklearn import metrics

from core.metrics import evaluation, reports, thresholds
from core.metrics.evaluation import EvaluationError
from core.metrics.reports import Figures, Report
from core.metrics.thresholds import Thresholds
from tests.core.metrics.test_evaluation import Pair, labelled, tied

CLASSES = ("fresh", "bruised", "rotten")
NORMAL = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
ANOMALY = np.array([0.25, 0.5], np.float32)
NONE = NORMAL[:0]


def test_the_figures_of_a_few_scores() -> None:
    # 0.25 is above 2 of 4 normals, 0.5 above all.
    found = reports.figures(NORMAL, ANOMALY)
    assert (found.auroc, found.n_normal, found.n_anomaly) == (0.75, 4, 2)
    assert found.normal_error == pytest.approx(0.25)
    assert found.auroc_low < 0.75 < found.auroc_high


def test_the_report_of_a_few_scores() -> None:
    found = reports.report(NORMAL, ANOMALY, np.array([1, 2]), CLASSES)
    assert (found.auroc, found.fpr_at_95tpr) == (0.75, 0.5)
    assert found.per_class == {"bruised": 0.5, "rotten": 1.0}
    # At 5 % anomalies: 0.5 is flagged first, at precision 1; 0.25 with half of the normals.
    assert found.average_precision_5pct == pytest.approx(0.5 * 1 + 0.5 * 0.05 / (0.05 + 0.95 * 0.5))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_report_is_scikit_learns_for_the_whole_and_each_class(seed: int) -> None:
    normal, anomaly = tied(seed)
    labels = np.random.default_rng(6).integers(1, 3, len(anomaly))
    found = reports.report(normal, anomaly, labels, CLASSES)
    assert found.auroc == pytest.approx(metrics.roc_auc_score(*labelled(normal, anomaly)), abs=1e-12)
    assert list(found.per_class) == ["bruised", "rotten"]
    for label in (1, 2):
        expected = metrics.roc_auc_score(*labelled(normal, anomaly[labels == label]))
        assert found.per_class[CLASSES[label]] == pytest.approx(expected, abs=1e-12)


def test_without_anomalies_there_are_figures_of_the_normals_alone() -> None:
    found = reports.figures(NORMAL, NONE)
    assert (found.auroc, found.auroc_low, found.auroc_high) == (None, None, None)
    assert (found.n_normal, found.n_anomaly) == (4, 0)
    assert found.normal_error == pytest.approx(0.25)
    report = reports.report(NORMAL, NONE, np.array([], np.uint8), CLASSES)
    assert (report.average_precision_5pct, report.fpr_at_95tpr, report.per_class) == (None, None, {})
    points = thresholds.operating_points(NORMAL, NONE)
    assert points.youden is None and list(points.known) == ["fpr_5", "fpr_1"]
    assert 0.4 < points.fpr_5 == points.fpr_1 < 0.41  # of four normals none may be flagged


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_operating_points_obey_their_bounds_and_their_order(seed: int) -> None:
    scores: Pair = tied(seed)
    points = thresholds.operating_points(*scores)
    assert evaluation.confusion(*scores, points.fpr_5).fpr <= 0.05
    assert evaluation.confusion(*scores, points.fpr_1).fpr <= 0.01
    assert points.fpr_5 <= points.fpr_1
    assert points.youden == thresholds.youden_threshold(*scores)


@pytest.mark.parametrize("bad", [[0.1, math.nan], [math.inf], [-math.inf, 0.3]], ids=str)
def test_no_figure_comes_from_broken_scores(bad: list[float]) -> None:
    broken = np.array(bad, np.float32)
    for pair, kind in (((broken, ANOMALY), "normal"), ((NORMAL, broken), "anomalous"), ((broken, NONE), "normal")):
        for figure in (reports.figures, thresholds.operating_points):
            with pytest.raises(EvaluationError, match=kind):
                figure(*pair)
    for anomaly in (ANOMALY, NONE):
        with pytest.raises(EvaluationError, match="no normal scores"):
            reports.figures(NONE, anomaly)


STATED = {"auroc": 0.9, "auroc_low": 0.8, "auroc_high": 0.95, "normal_error": 0.1, "n_normal": 5, "n_anomaly": 7}
REPORT = STATED | {"average_precision_5pct": 0.5, "fpr_at_95tpr": 0.2, "per_class": {"rotten": 0.9}}
POINTS = {"youden": 0.1, "fpr_5": 0.2, "fpr_1": 0.3}


@pytest.mark.parametrize(
    ("kind", "values", "change"),
    [
        (Figures, STATED, {"auroc": 1.01}),
        (Figures, STATED, {"auroc": None}),
        (Figures, STATED, {"n_anomaly": 0}),
        (Figures, STATED, {"n_normal": 0}),
        (Figures, STATED, {"n_normal": True}),
        (Figures, STATED, {"normal_error": 2.1}),
        (Figures, STATED, {"note": 1}),
        (Report, REPORT, {"fpr_at_95tpr": None}),
        (Report, REPORT, {"per_class": {}}),
        (Report, REPORT, {"per_class": {"rotten": "high"}}),
        (Thresholds, POINTS, {"fpr_5": None}),
        (Thresholds, POINTS, {"fpr_1": 2.1}),
        (Thresholds, POINTS, {"youden": "0.1"}),
    ],
)
def test_figures_that_cannot_be_are_refused(kind: type, values: dict, change: dict) -> None:
    msgspec.convert(values, kind)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(values | change, kind)
