"""The figures of synthetic defects kind by kind, from the card."""

import streamlit as st

from core.basics.text import percent
from core.metrics.own import Kind, Marks
from pages.parts import style
from pages.parts.chosen import Chosen
from pages.parts.damages import NAMES

COLUMNS = (
    ("Kind of defect", ""),
    ("Images", "Copies of good test photos with this defect, a third of them small, medium and large each."),
    ("AUROC", "Of these copies against all good test photos."),
    (
        "Pixel AUROC",
        "How well the heat map tells the pixels of the defect from the others: 0.5 is guessing, 1 is perfect.",
    ),
    ("Hit", "Share of the copies whose hottest spot is on the defect."),
)


def show(chosen: Chosen) -> None:
    """Draw a table of the kinds, those that hide best first."""
    known = chosen.checkpoint.card.own
    assert known is not None and known.synthetic is not None
    st.subheader("Kind by kind", anchor=False)
    kinds = sorted(known.synthetic.kinds.items(), key=lambda pair: pair[1].auroc)
    style.table("Synthetic defects by kind", COLUMNS, [[NAMES[name].name, *cells(kind)] for name, kind in kinds])
    hardest, easiest = kinds[0], kinds[-1]
    st.caption(
        f"{NAMES[hardest[0]].name} hides best (AUROC {hardest[1].auroc:.3f}), {NAMES[easiest[0]].name.lower()} is seen most easily "
        f"({easiest[1].auroc:.3f}). Browse shows them one by one, in its section Defects."
    )


def cells(kind: Kind) -> list[str]:
    """Return the cells of a kind: images, AUROC, pixel AUROC, hit."""
    return [f"{kind.images:,}", f"{kind.auroc:.3f}", *located(kind.marks)]


def located(marks: Marks | None) -> list[str]:
    """Return pixel AUROC and hit as cells; dashes where no place is known."""
    return ["–", "–"] if marks is None else [f"{marks.pixel_auroc:.3f}", percent(marks.hit, 0)]
