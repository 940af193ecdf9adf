"""Galleries that teach: the anomalies that look most normal to the model, and the normal images it finds oddest."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from core.metrics import evaluation
from pages.browse.look import Look
from pages.browse.opened import open_image
from pages.parts import tiles

SHOWN = 10  # the headings say it in words


def misleading(look: Look) -> np.ndarray:
    """Return the numbers of at most SHOWN anomalies with the lowest scores, lowest first."""
    numbers = np.flatnonzero(look.chosen.anomaly)
    return numbers[np.argsort(look.scores[numbers], kind="stable")][:SHOWN]


def oddest(look: Look) -> np.ndarray:
    """Return the numbers of at most SHOWN normal images with the highest scores, highest first."""
    numbers = np.flatnonzero(look.chosen.normal)
    return numbers[np.argsort(-look.scores[numbers], kind="stable")][:SHOWN]


def _at_least(count: int) -> str:
    return f"at least {count:,}" if count else "none"


def catching(look: Look, number: int) -> str:
    """Say in a sentence what it would cost to catch this anomaly."""
    score = float(look.scores[number])
    at = evaluation.confusion(look.scores[look.chosen.normal], look.scores[look.chosen.anomaly], score)
    normal, normals = look.chosen.normal_name, at.false_alarms + at.passed
    return (
        f"This {look.name(number)} scores {score:.4f}: to catch it, the threshold has to be {score:.4f} or lower, and then "
        f"{_at_least(at.false_alarms)} of the {normals:,} test images of {normal} ({100 * at.fpr:.1f} %) would be false alarms."
    )


def passing(look: Look, number: int) -> str:
    """Say in a sentence what it would cost to let this normal image pass."""
    score = look.scores[number]
    at = evaluation.confusion(
        look.scores[look.chosen.normal],
        look.scores[look.chosen.anomaly],
        float(np.nextafter(score, np.float32(np.inf))),
    )
    return (
        f"This {look.name(number)} scores {score:.4f}: to let it pass, the threshold has to be above {score:.4f}, and then "
        f"{_at_least(at.missed)} of the {at.caught + at.missed:,} anomalies ({100 * (1 - at.tpr):.1f} %) would be missed."
    )


MISLEADING_HELP = (
    "The anomalies that the model reconstructs best. Each says how low the threshold would have to be to catch it, and how many "
    "normal images would be flagged along with it."
)
ODDEST_HELP = (
    "The normal images that the model reconstructs worst. Each says how high the threshold would have to be to let it pass, and "
    "how many anomalies would pass along with it."
)


def show(look: Look) -> np.ndarray:
    """Draw both galleries and return the numbers of their images, in order."""
    if not (look.chosen.anomaly.any() and look.chosen.normal.any()):
        st.info(
            "These galleries weigh normal images against anomalies. The test has images of one kind only, so there is nothing to "
            "weigh; the gallery shows them all.",
            icon=":material/info:",
        )
        return np.empty(0, int)
    st.caption(
        f"At the threshold in force, {look.limit:.4f}, of the {look.chosen.title}. No filter applies here. Open an image to see "
        + ("how both GANs reconstruct it." if len(look.rivals) > 1 else "how the GAN reconstructs it.")
    )
    first, second = misleading(look), oddest(look)
    title = "The ten most misleading anomalies" if len(first) == SHOWN else "The anomalies, the most misleading first"
    _gallery(look, title, MISLEADING_HELP, first, catching, "misleading")
    title = "The ten oddest normal images" if len(second) == SHOWN else "The normal images, the oddest first"
    _gallery(look, title, ODDEST_HELP, second, passing, "oddest")
    return np.concatenate([first, second])


def _gallery(
    look: Look, title: str, meaning: str, numbers: np.ndarray, fact: Callable[[Look, int], str], key: str
) -> None:
    st.subheader(title, anchor=False, help=meaning)
    tiles.show(
        [look.tile(number, fact(look, number)) for number in numbers],
        key=f"lesson_{key}",
        on_open=open_image,
        label=title,
        cards=True,
    )
