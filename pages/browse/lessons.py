"""Galleries that teach: the anomalies that look most normal to the model, and the normal images it finds oddest."""

import numpy as np
import streamlit as st

from core.metrics import evaluation
from pages.browse.look import Look
from pages.browse.opened import open_image
from pages.parts import tiles
from pages.parts.link import class_name

SHOWN = 10


def misleading(look: Look) -> np.ndarray:
    """The numbers of the SHOWN anomalies with the lowest scores, lowest first."""
    numbers = np.flatnonzero(look.one.anomaly)
    return numbers[np.argsort(look.scores[numbers], kind="stable")][:SHOWN]


def oddest(look: Look) -> np.ndarray:
    """The numbers of the SHOWN normal images with the highest scores, highest first."""
    numbers = np.flatnonzero(look.one.normal)
    return numbers[np.argsort(-look.scores[numbers], kind="stable")][:SHOWN]


def catching(look: Look, number: int) -> str:
    """What it would cost to catch this anomaly, in a sentence."""
    score = float(look.scores[number])
    at = evaluation.confusion(look.scores[look.one.normal], look.scores[look.one.anomaly], score)
    normal, normals = class_name(look.one.checkpoint.task.normal), at.false_alarms + at.passed
    return (
        f"This {look.name(number)} scores {score:.4f}: to catch it, the threshold would have to be {score:.4f} or lower, and "
        f"at least {at.false_alarms:,} of the {normals:,} test images of {normal} ({100 * at.fpr:.1f} %) would be false alarms."
    )


def passing(look: Look, number: int) -> str:
    """What it would cost to let this normal image pass, in a sentence."""
    score = look.scores[number]
    at = evaluation.confusion(
        look.scores[look.one.normal], look.scores[look.one.anomaly], float(np.nextafter(score, np.float32(np.inf)))
    )
    return (
        f"This {look.name(number)} scores {score:.4f}: to let it pass, the threshold would have to be above {score:.4f}, and "
        f"at least {at.missed:,} of the {at.caught + at.missed:,} anomalies ({100 * (1 - at.tpr):.1f} %) would be missed."
    )


def show(look: Look) -> np.ndarray:
    """Draw both galleries; returns the numbers of their images, in order."""
    st.caption(
        f"At the threshold in force, {look.limit:.4f}, of the {look.one.title}. No filter applies here. Open an image to see "
        "how both GANs redraw it."
    )
    first, second = misleading(look), oddest(look)
    for title, meaning, numbers, fact, key in (
        (
            "The ten most misleading anomalies",
            "The anomalies that the model redraws best. Each says how low the threshold would have to be to catch it, and how "
            "many normal images would be flagged along with it.",
            first,
            catching,
            "misleading",
        ),
        (
            "The ten oddest normal images",
            "The normal images that the model redraws worst. Each says how high the threshold would have to be to let it pass, "
            "and how many anomalies would pass along with it.",
            second,
            passing,
            "oddest",
        ),
    ):
        st.subheader(title, anchor=False, help=meaning)
        tiles.show(
            [look.tile(number, fact(look, number)) for number in numbers],
            key=f"lesson_{key}",
            on_open=open_image,
            label=title,
            cards=True,
        )
    return np.concatenate([first, second])
