"""A report of one operating point: one HTML file without scripts or addresses, to be opened offline or mailed.

All text in the report is escaped; the content security policy in its head forbids it to load anything.
"""

import json
from html import escape

import msgspec

from core.basics.names import REGIME_HELP
from core.basics.text import percent
from core.data.fashion_mnist import FASHION_MNIST
from core.metrics import costs, evaluation
from core.metrics.costs import Stakes
from pages.parts import charts, verdict
from pages.parts.chosen import SYNTHETIC, Chosen
from pages.roc import curves
from pages.roc.points import flagged, passed

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #7a859480; padding: .3rem .7rem; text-align: right; } th:first-child { text-align: left; }
figure { margin: 0; display: inline-block; max-width: 100%; } svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font-size: 12px; }
small, figcaption { opacity: .8; } pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
.wide { overflow-x: auto; } .card td { text-align: left; overflow-wrap: anywhere; }
"""


def page(chosen: Chosen, limit: float, stakes: Stakes | None) -> str:
    """Return the whole file as HTML. Raises EvaluationError when no figure can be computed."""
    name, data = chosen.normal_name, chosen.data
    title = f"{chosen.title}: {name} against the rest, threshold {limit:.4f}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>Model <b>{escape(chosen.title)}</b> ({escape(chosen.checkpoint.name)}), data set <b>{escape(data.name)}</b>, normal class "
        f"<b>{escape(name)}</b>, <b>{escape(chosen.regime)}</b> regime: {escape(REGIME_HELP[chosen.checkpoint.task.regime])}</p>",
        f"<p>An image is flagged as an anomaly when its score reaches <b>{limit!r}</b>. "
        f"{escape(verdict.made_of(chosen))}, from 0 to 2; it is no probability.</p>",
        *([f"<p><b>{escape(SYNTHETIC.format(noun=chosen.data.noun))}</b></p>"] if chosen.copies is not None else []),
        *(_of_both(chosen, limit, stakes) if chosen.anomaly.any() else _of_normals(chosen, limit)),
        "<h2>Validation</h2>",
        _validation(chosen, limit),
        "<h2>Card of the model</h2>",
        _card(chosen),
    ]
    thanks = " Fashion-MNIST is Zalando's (MIT licence)." if data == FASHION_MNIST.description else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{''.join(parts)}"
        f"<p><small>Made with Misfit.{thanks}</small></p></body></html>"
    )


def _of_both(chosen: Chosen, limit: float, stakes: Stakes | None) -> list[str]:
    """Return the HTML of the threshold's effect on normal images and anomalies, in total and for each class."""
    test = chosen.scores.test
    normal, anomaly = test[chosen.normal], test[chosen.anomaly]
    counts = evaluation.confusion(normal, anomaly, limit)
    area, low, high = chosen.area(chosen.anomaly)
    over = "DeLong on the logit scale, over test images"
    if chosen.copies is not None:
        over = f"over the {len(set(chosen.copies.of.tolist()))} {chosen.data.noun}s that the defects were put on"
    colour = charts.MODELS[chosen.checkpoint.card.model]
    return [
        f"<h2>Curve</h2><p>Test AUROC <b>{area:.3f}</b> (95 % interval {low:.3f}–{high:.3f}, {over}).</p>",
        curves.as_svg(curves.thinned(normal, anomaly), counts.fpr, counts.tpr, colour),
        "<h2>What the threshold does to the test images</h2>",
        _table(
            ["", "Flagged", "Not flagged"],
            [
                ["Anomalies", f"{counts.caught:,} caught", f"{counts.missed:,} missed"],
                [
                    f"Normal ({chosen.normal_name})",
                    f"{counts.false_alarms:,} false alarms",
                    f"{counts.passed:,} passed",
                ],
            ],
        ),
        f"<p>TPR = caught ÷ anomalies = {percent(counts.tpr, 2)}. FPR = false alarms ÷ normal images = {percent(counts.fpr, 2)}.</p>",
        _costs(counts, stakes),
        "<h2>Kind by kind</h2>" if chosen.copies is not None else "<h2>Class by class</h2>",
        _table(
            ["Anomaly class", "Images", "Caught", "Missed", "TPR", "AUROC (95 % interval)"], _classes(chosen, limit)
        ),
    ]


def _of_normals(chosen: Chosen, limit: float) -> list[str]:
    """Return the HTML of the threshold's effect on normal images, where no test image is an anomaly."""
    scores = chosen.scores.test[chosen.normal]
    return [
        "<h2>What the threshold does to the test images</h2>",
        f"<p>Of {len(scores):,} normal images it flags {percent(flagged(scores, limit), 2)}, the false alarms. No test image is an "
        "anomaly of this model: there is no ROC curve, no AUROC, no precision and no cost.</p>",
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


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
                ["Precision = π·TPR ÷ (π·TPR + (1 − π)·FPR)", percent(share, 2)],
                ["Expected cost an item = π·c_miss·(1 − TPR) + (1 − π)·c_alarm·FPR", f"{cost:.4g}"],
                ["… if nothing were flagged", f"{nothing:.4g}"],
                ["… if everything were flagged", f"{everything:.4g}"],
            ],
        )
        + "<p><small>The stated share weighs both kinds; within the anomalies, the classes are mixed as in the test set.</small></p>"
    )


def _classes(chosen: Chosen, limit: float) -> list[list[str]]:
    """Return a row of cells for each anomaly class in the test, hardest first."""
    test = chosen.scores.test
    lines = []
    for name, mask in chosen.kinds().items():
        counts = evaluation.confusion(test[chosen.normal], test[mask], limit)
        area, low, high = chosen.area(mask)
        cells = [name, f"{int(mask.sum()):,}", f"{counts.caught:,}", f"{counts.missed:,}"]
        lines.append((area, [*cells, percent(counts.tpr), f"{area:.3f} ({low:.3f}–{high:.3f})"]))
    return [cells for _, cells in sorted(lines, key=lambda line: line[0])]


def _validation(chosen: Chosen, limit: float) -> str:
    """Return the HTML of the threshold's effect on the validation images."""
    normal, anomaly = chosen.scores.validation_normal, chosen.scores.validation_anomaly
    missed = (
        f" and misses {percent(passed(anomaly, limit), 2)} of {len(anomaly):,} anomalies."
        if len(anomaly)
        else ". None of them is a labelled anomaly."
    )
    return (
        "<p>On validation images, which were carved out of the training split, this threshold flags "
        f"{percent(flagged(normal, limit), 2)} of {len(normal):,} normals{missed}</p>"
    )


def _card(chosen: Chosen) -> str:
    card = chosen.checkpoint.card
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
