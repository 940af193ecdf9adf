"""What the figures of data of one's own say, in sentences: on how few photos they rest, and which simple method is ahead.

Pages and model cards take the sentences from here. Imports neither torch nor a screen.
"""

from core.basics.names import METHOD_NAMES, MODEL_NAMES
from core.basics.text import percent, several
from core.metrics.own import ahead
from core.store.card import Card

FEW = 50  # photos of a kind, below which an interval is wide and one photo moves the figure


def method_name(name: str) -> str:
    """Return the name of a simple method as tables have it."""
    return (METHOD_NAMES | {"kNN": "kNN on pixels"}).get(name, name[:1].upper() + name[1:])


def rests_on(card: Card) -> str:
    """Say on how many images the test AUROC and its interval rest, and what a single one moves."""
    test, noun = card.test, card.task.data.noun
    if not test.n_anomaly:
        return f"The test has {test.n_normal:,} good {noun}s and no bad one: no figure can say how many real defects are caught."
    text = f"The test AUROC rests on {test.n_normal:,} good and {test.n_anomaly:,} bad {noun}s."
    few = min(test.n_normal, test.n_anomaly)
    if few < FEW:
        text += (
            f" These are few: a single bad {noun} moves it by up to {1 / test.n_anomaly:.3f}, and the interval says how far it may be off."
            if few == test.n_anomaly
            else f" These are few: a single good {noun} moves it by up to {1 / test.n_normal:.3f}."
        )
    return text


def marks(card: Card) -> str:
    """Say how well the heat map points at marked defects; "" where none is marked."""
    if card.own is None or card.own.marks is None:
        return ""
    known = card.own.marks
    return f"Of {known.images:,} marked defects the hottest spot is on the defect in {percent(known.hit, 0)}; pixel AUROC {known.pixel_auroc:.3f}."


def synthetic(card: Card) -> str:
    """Say what the figure of synthetic defects is; "" where there is none."""
    if card.own is None or card.own.synthetic is None:
        return ""
    known, noun = card.own.synthetic, card.task.data.noun
    area = known.area
    hardest = min(known.kinds.items(), key=lambda pair: pair[1].auroc)
    return (
        f"On synthetic defects put on {known.photos:,} held-out good {noun}s: AUROC {area.auroc:.3f} ({area.low:.3f}–{area.high:.3f})"
        + (f", pixel AUROC {known.marks.pixel_auroc:.3f}" if known.marks else "")
        + f"; hardest is {hardest[0]} ({hardest[1].auroc:.3f}). The interval is over the {noun}s."
    )


def better(card: Card) -> str:
    """Say which simple methods are ahead of the model on the same images, or that none is; "" where none was measured."""
    own, parts = card.own, []
    if own is None or not own.baselines:
        return ""
    if card.test.auroc is not None:
        parts.append(_compared(card, ahead(own, card.test.auroc, "test"), card.test.auroc, "the test's anomalies"))
    if own.synthetic is not None:
        auroc = own.synthetic.area.auroc
        parts.append(_compared(card, ahead(own, auroc, "synthetic"), auroc, "synthetic defects"))
    return " ".join(parts)


def _compared(card: Card, found: list[tuple[str, float]], auroc: float, on: str) -> str:
    name = MODEL_NAMES[card.model]
    if not found:
        return f"On {on} no simple method is better than the {name} ({auroc:.3f})."
    named = [f"{method_name(method)} ({value:.3f})" for method, value in found]
    text = f"On {on} {several(named, ', ')} {'is' if len(named) == 1 else 'are'} better than the {name} ({auroc:.3f})."
    if card.own and any(card.own.baselines[method].pretrained for method, _ in found):
        text += " The pretrained one has learnt from millions of other pictures, which no GAN here has seen."
    return text
