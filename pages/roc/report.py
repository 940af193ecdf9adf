"""A report of one operating point: one HTML file without scripts or addresses, so that it opens offline and can be mailed.

Everything that is put into it is escaped; the policy in its head forbids it to load anything.
"""

import json
from html import escape

import msgspec
import numpy as np

from core.data.fashion_mnist import class_index
from core.metrics import costs, evaluation
from core.metrics.costs import Stakes
from pages.parts import charts, models
from pages.parts.link import class_name
from pages.parts.models import Chosen

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #7a859480; padding: .3rem .7rem; text-align: right; } th:first-child { text-align: left; }
figure { margin: 0; display: inline-block; max-width: 100%; } svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font-size: 12px; }
small, figcaption { opacity: .8; } pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
.wide { overflow-x: auto; } .card td { text-align: left; overflow-wrap: anywhere; }
"""


def page(one: Chosen, limit: float, stakes: Stakes | None) -> str:
    """The whole file. Raises EvaluationError when no figure can be computed."""
    test, labels, card = one.scores.test, models.test_images().labels, one.checkpoint.card
    normal, anomaly = test[one.normal], test[one.anomaly]
    counts = evaluation.confusion(normal, anomaly, limit)
    area, low, high = evaluation.auroc_interval(normal, anomaly)
    name = class_name(one.checkpoint.task.normal)
    title = f"{one.title}: {name} against the rest, threshold {limit:.4f}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Model <b>{escape(one.title)}</b> ({escape(one.checkpoint.name)}), normal class <b>{escape(name)}</b>, "
        f"<b>{escape(one.regime)}</b> regime: {escape(models.REGIME_HELP[one.checkpoint.task.regime])} Test AUROC "
        f"<b>{area:.3f}</b> (95 % interval {low:.3f}–{high:.3f}, DeLong on the logit scale, over test images).</p>",
        f"<p>An image is flagged as an anomaly when its score reaches <b>{limit!r}</b>. A score is the mean absolute "
        "reconstruction error on the scale 0 to 2, not a probability.</p>",
        "<h2>Curve</h2>",
        _curve(normal, anomaly, counts, card.model),
        "<h2>What the threshold does to the test images</h2>",
        _table(
            ["", "Flagged", "Not flagged"],
            [
                ["Anomalies", f"{counts.caught:,} caught", f"{counts.missed:,} missed"],
                [f"Normal ({name})", f"{counts.false_alarms:,} false alarms", f"{counts.passed:,} passed"],
            ],
        ),
        f"<p>TPR = caught ÷ anomalies = {counts.tpr:.2%}. FPR = false alarms ÷ normal images = {counts.fpr:.2%}.</p>",
        _costs(counts, stakes),
        "<h2>Class by class</h2>",
        _table(
            ["Anomaly class", "Images", "Caught", "Missed", "TPR", "AUROC (95 % interval)"],
            _classes(one, labels, limit),
        ),
        "<h2>Validation</h2>",
        _validation(one, limit),
        "<h2>Card of the model</h2>",
        _card(one),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{''.join(parts)}"
        "<p><small>Made with Misfit. Fashion-MNIST is Zalando's (MIT licence).</small></p></body></html>"
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def _curve(normal: np.ndarray, anomaly: np.ndarray, counts: evaluation.Confusion, model: str) -> str:
    curve = evaluation.roc(normal, anomaly)
    keep = np.unique(np.linspace(0, len(curve.fpr) - 1, 400).round().astype(int))
    size, left, top = 380, 40, 24

    def at(fpr: float, tpr: float) -> tuple[float, float]:
        return left + size * fpr, top + size * (1 - tpr)

    path = " ".join(
        f"{x:.1f},{y:.1f}"
        for x, y in (at(f, t) for f, t in [(0, 0), *zip(curve.fpr[keep], curve.tpr[keep], strict=True)])
    )
    lines = []
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        (x, _), (_, y) = at(tick, 0), at(0, tick)
        lines.append(
            f'<path d="M{x} {top}v{size}M{left} {y}h{size}" stroke="#7a859440"/>'
            f'<text x="{x}" y="{top + size + 16}" text-anchor="middle">{tick:g}</text>'
            f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>'
        )
    x, y = at(counts.fpr, counts.tpr)
    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    return (
        f'<figure><svg width="{size + 60}" height="{size + 70}" viewBox="0 0 {size + 60} {size + 70}" role="img" '
        f'aria-label="ROC curve with the operating point at FPR {counts.fpr:.3f} and TPR {counts.tpr:.3f}">{"".join(lines)}'
        f'<path d="M{x0} {y0}L{x1} {y1}" stroke="{charts.NEUTRAL}" stroke-dasharray="2 4"/>'
        f'<polyline points="{path}" fill="none" stroke="{charts.MODELS[model]}" stroke-width="2.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="{charts.ANOMALY}" stroke="white" stroke-width="2"/>'
        f'<text x="0" y="14">TPR</text><text x="{left + size}" y="{top + size + 36}" text-anchor="end">FPR</text></svg>'
        f"<figcaption>● the operating point: FPR {counts.fpr:.2%}, TPR {counts.tpr:.2%}. Dotted: chance.</figcaption></figure>"
    )


def _costs(counts: evaluation.Confusion, stakes: Stakes | None) -> str:
    if stakes is None:
        return "<h2>Costs</h2><p>None were stated.</p>"
    share = float(costs.precision(counts.fpr, counts.tpr, stakes.prevalence))
    cost = stakes.cost(counts.fpr, counts.tpr)
    nothing, everything = stakes.cost(0.0, 0.0), stakes.cost(1.0, 1.0)
    return (
        "<h2>Costs</h2>"
        + _table(
            ["", "Value"],
            [
                ["Share of anomalies π", f"{100 * stakes.prevalence:g} %"],
                ["Cost of a missed anomaly c_miss", f"{stakes.missed:g}"],
                ["Cost of a false alarm c_alarm", f"{stakes.alarm:g}"],
                ["Precision = π·TPR ÷ (π·TPR + (1 − π)·FPR)", "–" if np.isnan(share) else f"{share:.2%}"],
                ["Expected cost an item = π·c_miss·(1 − TPR) + (1 − π)·c_alarm·FPR", f"{cost:.4g}"],
                ["… if nothing were flagged", f"{nothing:.4g}"],
                ["… if everything were flagged", f"{everything:.4g}"],
            ],
        )
        + "<p><small>The stated share weighs both kinds; within the anomalies, the classes are mixed as in the test set.</small></p>"
    )


def _classes(one: Chosen, labels: np.ndarray, limit: float) -> list[list[str]]:
    test = one.scores.test
    lines = []
    for name in one.checkpoint.task.test_classes:
        scores = test[one.anomaly & (labels == class_index(name))]
        caught = int(evaluation.flagged(scores, limit).sum())
        area, low, high = evaluation.auroc_interval(test[one.normal], scores)
        lines.append(
            (area, [class_name(name), f"{len(scores):,}", f"{caught:,}", f"{len(scores) - caught:,}",
                    f"{caught / len(scores):.1%}", f"{area:.3f} ({low:.3f}–{high:.3f})"])
        )  # fmt: skip
    return [cells for _, cells in sorted(lines, key=lambda line: line[0])]


def _validation(one: Chosen, limit: float) -> str:
    found = evaluation.confusion(one.scores.validation_normal, one.scores.validation_anomaly, limit)
    return (
        "<p>On validation images, which were carved out of the training split, this threshold flags "
        f"{found.fpr:.2%} of {found.false_alarms + found.passed:,} normals and misses {1 - found.tpr:.2%} of "
        f"{found.caught + found.missed:,} anomalies.</p>"
    )


def _card(one: Chosen) -> str:
    card = one.checkpoint.card
    rows = [
        [
            "Trained",
            f"{card.trained_at}, {card.epochs_trained} epochs, seed {card.seed}, {card.seconds:.0f} s on {card.device}",
        ],
        ["Data", f"{card.data_source}, {card.data_images:,} training images, SHA-256 {card.data_fingerprint}"],
        ["Parameters", f"{card.parameters:,}"],
        ["Weights, SHA-256", card.weights_sha256],
        ["Scores, SHA-256", card.scores_sha256],
        ["Versions", ", ".join(f"{name} {version}" for name, version in card.versions.items())],
    ]
    detail = json.dumps(
        msgspec.to_builtins({name: getattr(card, name) for name in ("task", "config", "validation")}), indent=1
    )
    return (
        f'<div class="card">{_table(["", "On the card"], rows)}</div>'
        + f"<details><summary>Task and config</summary><pre>{escape(detail)}</pre></details>"
    )
