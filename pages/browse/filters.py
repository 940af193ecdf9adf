"""The filters by class, outcome and score, each with its count before it is chosen, and the order of the images."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from core.metrics.evaluation import percentile
from core.metrics.outcomes import OUTCOMES, counts
from pages.browse import chips, histogram
from pages.browse import look as looks
from pages.browse.look import Look
from pages.parts import link, tiles
from pages.parts.fields import EVERY_SCORE, SORTS

FEW = 6  # classes whose names fit on one line; for more of them style.css reserves room


def clear() -> None:
    """Forget every filter."""
    state = st.session_state
    state["classes"], state["outcomes"], state["scores"], state["shelf"] = [], [], EVERY_SCORE, 1


def is_set() -> bool:
    state = st.session_state
    return bool(state["classes"] or state["outcomes"] or tuple(state["scores"]) != EVERY_SCORE)


def in_words(look: Look) -> str:
    """Name the filters that are set, for use in a sentence."""
    state = st.session_state
    parts = [look.data.class_name(slug) for slug in state["classes"]]
    parts += [name.replace("-", " ") for name in state["outcomes"]]
    if tuple(state["scores"]) != EVERY_SCORE:
        parts.append("score {:g}–{:g}".format(*state["scores"]))
    return ", ".join(parts)


def masks(look: Look) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return three masks, bool [N]: images of the chosen classes, of the chosen outcomes, in the chosen score range."""
    state = st.session_state
    low, high = state["scores"]
    classes = look.data.classes
    return (
        np.isin(look.test.labels, [classes.index(slug) for slug in state["classes"] or classes]),
        np.isin(look.outcome, [OUTCOMES.index(name) for name in state["outcomes"] or OUTCOMES]),
        (look.scores >= np.float64(low)) & (look.scores <= np.float64(high)),
    )


def show(look: Look, sorting: bool = True) -> tuple[np.ndarray, str]:
    """Draw the filters and, with `sorting`, the choice of order.

    Return the numbers of the images that pass the filters, sorted, and the name of the order.
    """
    of_class, of_outcome, in_range = masks(look)
    normal = look.chosen.checkpoint.task.normal
    by_class = counts(look.test.labels[look.roles & of_outcome & in_range], len(look.data.classes))
    by_outcome = counts(look.outcome[look.roles & of_class & in_range], len(OUTCOMES))

    def first_shelf() -> None:
        st.session_state["shelf"] = 1

    # On a phone the filters are folded, so that the first image is on the first screen (style.css).
    chosen = f": {in_words(look)}" if is_set() else ""
    what, order = ("Filters and order", " and order") if sorting else ("Filters", "")
    st.toggle(f"{what}{chosen}", key="filters_open", help=f"Class, outcome, score{order} of the images.")
    with st.container(key="filters"):
        left, right = st.columns([3, 2], gap="medium")
    with left:
        with st.container(key="many_classes" if len(look.data.classes) > FEW else "few_classes"):
            chips.show(
                "True class",
                [
                    (slug, look.data.class_name(slug) + (", normal" if slug == normal else ""), count)
                    for slug, count in zip(look.data.classes, by_class, strict=True)
                ],
                "classes",
                first_shelf,
                "Show only images of these classes; none chosen means all. Each count is of the images that the other "
                "filters leave.",
            )
        chips.show(
            "Outcome",
            [
                (name, f"{tiles.OUTCOMES[name][0]} {name.replace('-', ' ')}", count)
                for name, count in zip(OUTCOMES, by_outcome, strict=True)
            ],
            "outcomes",
            first_shelf,
            "At the threshold in force. Caught and missed are anomalies; false alarm and passed are normal images.",
        )
    with right:
        _score_range(look, look.roles & of_class & of_outcome, first_shelf)
        by = _sort(look, first_shelf) if sorting else in_force(look)
    return ordered(look, look.roles & of_class & of_outcome & in_range, by), by


def _score_range(look: Look, offered: np.ndarray, changed: Callable[[], None]) -> None:
    """Draw the slider, under a histogram of the images that the other filters leave."""
    low, high = st.session_state["scores"]
    within = int(np.count_nonzero(offered & masks(look)[2]))
    st.slider(
        f"Score: {within:,} of {int(offered.sum()):,} images in this range",
        *EVERY_SCORE,
        step=0.005,
        format="%.3f",
        key="scores",
        persist_state="session",
        on_change=changed,
        help="Show only images with a score from the left to the right handle. The histogram is of the images that the other "
        "filters leave, normal ones blue and below, anomalies vermilion and above; the line is the threshold.",
    )
    histogram.show(
        look.scores[offered & look.chosen.normal], look.scores[offered & look.chosen.anomaly], (low, high), look.limit
    )


def _sort(look: Look, changed: Callable[[], None]) -> str:
    """Draw the choice of order and return the order in force."""
    st.selectbox(
        "Sort by",
        SORTS,
        format_func=lambda name: name[0].upper() + name[1:],
        key="sort",
        persist_state="session",
        on_change=changed,
        help="Disputed: the two GANs' scores are placed among their own validation normals; first come the images whose two "
        "percentiles are farthest apart.",
    )
    if in_force(look) != st.session_state["sort"]:
        st.caption(
            ":material/info: Only one GAN can be read for this class, so none is disputed: most anomalous first."
        )
    return in_force(look)


def in_force(look: Look) -> str:
    """Return the chosen order; the first order where "disputed" is chosen but there is no second GAN."""
    by = st.session_state["sort"]
    return SORTS[0] if by == SORTS[3] and len(look.rivals) < 2 else by


def ordered(look: Look, kept: np.ndarray, by: str) -> np.ndarray:
    """Return the numbers of the kept images, sorted by `by`; ties stay in stored order."""
    scores = look.scores
    if by == SORTS[3]:
        first, second = look.rivals
        keys = -looks.disagreement(
            first.checkpoint.card.scores_sha256, second.checkpoint.card.scores_sha256, first, second
        )
    else:
        keys = {
            SORTS[0]: -scores,
            SORTS[1]: scores,
            SORTS[2]: np.abs(scores - np.float64(look.limit)),
            SORTS[4]: np.zeros_like(scores),
        }[by]
    order = np.flatnonzero(kept)
    return order[np.argsort(keys[order], kind="stable")]


def note(look: Look, number: int, by: str) -> str:
    """Return the line below a tile's score: both percentiles for the disputed order, else ""."""
    if by != SORTS[3]:
        return ""
    places = [percentile(rival.scores.test[number], rival.scores.validation_normal) for rival in look.rivals]
    return " ↔ ".join(f"{place:.0f} %" for place in places)


def nothing_left(look: Look) -> None:
    """Say that no image is left, and offer a way out."""
    st.info(f"No test image fits all of these filters: {in_words(look)}.", icon=":material/filter_alt_off:")

    def drop(key: str) -> None:
        st.session_state[key] = EVERY_SCORE if key == "scores" else []
        link.push()

    state = st.session_state
    with st.container(horizontal=True):
        st.button("Show all images", on_click=clear, icon=":material/filter_alt_off:")
        chosen = [
            ("classes", "Any class", bool(state["classes"])),
            ("outcomes", "Any outcome", bool(state["outcomes"])),
            ("scores", "Any score", tuple(state["scores"]) != EVERY_SCORE),
        ]
        if sum(is_on for _, _, is_on in chosen) > 1:
            for key, label, is_on in chosen:
                if is_on:
                    st.button(
                        label, key=f"drop_{key}", on_click=drop, args=(key,), help="Drop this filter, keep the others."
                    )
