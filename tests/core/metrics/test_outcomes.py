import numpy as np
import pytest

from core.metrics import evaluation
from core.metrics.evaluation import EvaluationError
from core.metrics.outcomes import NEITHER, OUTCOMES, counts, disagreement, outcomes

SCORES = np.array([0.1, 0.2, 0.3, 0.4, 0.5], np.float32)
NORMAL = np.array([True, False, True, False, False])
ANOMALY = np.array([False, True, False, True, False])


def test_each_image_has_the_outcome_that_its_role_and_score_give():
    found = outcomes(SCORES, NORMAL, ANOMALY, 0.25)
    assert [OUTCOMES[index] for index in found[:4]] == ["passed", "missed", "false-alarm", "caught"]
    assert found[4] == NEITHER


def test_a_threshold_at_a_score_flags_it():
    limit = float(SCORES[1])  # float32's 0.2, a little above 0.2
    assert OUTCOMES[outcomes(SCORES, NORMAL, ANOMALY, limit)[1]] == "caught"
    assert OUTCOMES[outcomes(SCORES, NORMAL, ANOMALY, float(np.nextafter(limit, 1)))[1]] == "missed"


def test_counted_they_are_the_confusion_matrix():
    random = np.random.default_rng(3)
    scores = random.random(4000, np.float32).round(2)  # with ties
    normal = random.random(4000) < 0.1
    anomaly = ~normal & (random.random(4000) < 0.8)
    for limit in np.linspace(-0.1, 1.1, 10):
        truth = evaluation.confusion(scores[normal], scores[anomaly], limit)
        assert counts(outcomes(scores, normal, anomaly, limit), 4) == [
            truth.caught, truth.missed, truth.false_alarms, truth.passed,
        ]  # fmt: skip


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(EvaluationError, match="finite"):
        outcomes(SCORES, NORMAL, ANOMALY, float("nan"))


def test_models_disagree_where_one_finds_ordinary_what_the_other_finds_odd():
    normals = np.arange(1, 101, dtype=np.float32)
    first, second = np.array([50, 500, 0], np.float32), np.array([5, 900, 0.0], np.float32)
    # The second model's scale is a tenth of the first's: 5 is its median, too.
    assert disagreement(first, normals, second, normals / 10).tolist() == [0, 0, 0]
    assert disagreement(np.array([50.0]), normals, np.array([50.0]), normals / 10).tolist() == [50]
