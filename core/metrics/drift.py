"""Do the scores of late still look like those of validation? An alarm for a line whose light, camera or items have changed.

It knows no labels: a line does not say which of its items were anomalies. `normal` and `anomaly` are validation scores [N], as
in evaluation.py; `share` is the stated share of anomalies among all items, 0 to below 1.
"""

from dataclasses import dataclass

import numpy as np

from core.metrics import evaluation

FEWEST = 100  # scores; with fewer neither test says anything
LEVEL = 0.001  # an alarm below this p-value; two tests share it


@dataclass(frozen=True)
class Drift:
    """What the tests say of the recent scores.

    count            how many scores there are
    shape_p          p-value of the two-sample Kolmogorov–Smirnov test against validation; 1 with too few scores
    flagged          share of the scores at the threshold or above it; `expected` is that of validation at the stated share
    flagged_p        p-value of the one against the other (`_flagged_p`); 1 with too few scores
    """

    count: int
    shape_p: float
    flagged: float
    expected: float
    flagged_p: float

    @property
    def alarm(self) -> str:
        """What has changed: "flagged" (more or fewer items than expected), "shape" (other scores), or "" for nothing.

        An unchanged line raises an alarm in about one window of a thousand, or fewer (Bonferroni: each test at half of that).
        """
        if self.flagged_p < LEVEL / 2:
            return "flagged"
        return "shape" if self.shape_p < LEVEL / 2 else ""


def mixed(normal: np.ndarray, anomaly: np.ndarray, share: float) -> np.ndarray:
    """Return all normal scores and as many anomalies, evenly spaced in their order, as make up `share` of the whole."""
    wanted = round(len(normal) * share / (1.0 - share))
    if not wanted or not len(anomaly):
        return normal
    places = np.linspace(0, len(anomaly) - 1, wanted).round().astype(int)
    return np.concatenate([normal, np.sort(anomaly)[places]])


def watch(recent: np.ndarray, normal: np.ndarray, anomaly: np.ndarray, share: float, threshold: float) -> Drift:
    """Hold recent scores [M] against those of validation at the stated share of anomalies."""
    from scipy.stats import ks_2samp

    parts = [(1.0 - share, evaluation.flagged(normal, threshold)), (share, evaluation.flagged(anomaly, threshold))]
    expected = float(sum(weight * known.mean() for weight, known in parts if len(known)))
    flagged = evaluation.flagged(recent, threshold)
    if len(recent) < FEWEST:
        return Drift(len(recent), 1.0, float(flagged.mean()) if len(recent) else 0.0, expected, 1.0)
    return Drift(
        count=len(recent),
        shape_p=float(ks_2samp(recent, mixed(normal, anomaly, share)).pvalue),
        flagged=float(flagged.mean()),
        expected=expected,
        flagged_p=_flagged_p(flagged, parts),
    )


def _flagged_p(flagged: np.ndarray, parts: list[tuple[float, np.ndarray]]) -> float:
    """Return the two-sided p-value of the number of flagged scores, bool [M], given the parts of validation: weight, bool [N].

    What is expected is itself only estimated, with few validation images roughly. So each part's share of flagged scores is not a
    number but a beta distribution (Jeffreys: Beta(flagged + ½, others + ½)); that of the whole is taken as the beta distribution
    with their weighted mean and variance, and the number of flagged scores as beta-binomial.
    """
    from scipy.stats import betabinom

    mean = variance = 0.0
    for weight, known in parts:
        share = (known.sum() + 0.5) / (len(known) + 1)
        mean += weight * share
        variance += weight**2 * share * (1 - share) / (len(known) + 2)
    size = mean * (1 - mean) / variance - 1
    chance = betabinom(len(flagged), mean * size, (1 - mean) * size)
    count = int(flagged.sum())
    return float(min(1.0, 2 * min(chance.cdf(count), chance.sf(count - 1))))
