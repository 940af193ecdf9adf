"""Defects: normal test images with a defect of a chosen kind and size, what the model marks, and how many it finds."""

import numpy as np
import streamlit as st

from core.data.damage import SIZES
from core.metrics.evaluation import flagged
from pages.browse import damaged, opened
from pages.browse.damaged import Sample
from pages.browse.look import Look
from pages.parts import heat, tiles, verdict
from pages.parts.damages import NAMES, offered

FIRST = 12  # cards before the others are asked for
PIXELS = 168  # an enlarged picture on a card
FILTERS = {"all": "All", "caught": "✓ Caught", "missed": "✗ Missed"}
state = st.session_state


def show(look: Look) -> np.ndarray:
    """Draw the choice of defect, the counts and the cards; return the numbers of the damaged images on the cards.

    Raises CheckpointError when the model's weights cannot be used.
    """
    _choices(look)
    if not look.chosen.normal.any():
        st.info(
            f"The test has no image of {look.chosen.normal_name}, so there is nothing to damage.",
            icon=":material/image_not_supported:",
        )
        return np.empty(0, int)
    sample = damaged.taken(look, state["kind"], state["size"])
    if not len(sample.numbers):
        st.info(
            f"On none of the {sample.unseen} images can {NAMES[state['kind']].having} be seen: choose another kind or size.",
            icon=":material/visibility_off:",
        )
        return sample.numbers
    _counts(look, sample)
    return _cards(look, sample)


def _choices(look: Look) -> None:
    """Draw the choice of kind and size. A kind from a link that does not suit the class gives way to the first."""
    kinds = offered(look.data, look.chosen.checkpoint.task.normal)
    if state["kind"] not in kinds:
        kind = NAMES[state["kind"]]
        verb = "are" if kind.having == kind.name.lower() else "is"  # long sleeves, a hole
        st.info(
            f"{kind.having.capitalize()} {verb} no defect on images of {look.chosen.normal_name}; {NAMES[kinds[0]].having} is shown.",
            icon=":material/info:",
        )
        state["kind"] = kinds[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Kind of defect",
            kinds,
            format_func=lambda kind: NAMES[kind].name,
            key="kind",
            persist_state="session",
            width=260,
            help="The models never saw these in training: their own training defects are made by other code, of other kinds.",
        )
        st.segmented_control(
            "Size",
            SIZES,
            format_func=str.capitalize,
            key="size",
            persist_state="session",
            required=True,
            help="Of the image's side, "
            + ("for a spot: about 15, 25 or 44 %." if look.data.photos else "for a hole: about 12, 20 or 33 %."),
        )
        st.toggle(
            "Outline the true defect",
            key="true_defects",
            persist_state="session",
            help="On the damaged images, around the pixels that were changed. The outline on a heat map is the model's.",
        )
    st.caption(NAMES[state["kind"]].meaning)


def _counts(look: Look, sample: Sample) -> None:
    """Draw how many images are found at the threshold in force, how many hits there are, and the false alarms."""
    count, caught = len(sample.numbers), int(sample.flagged(look.limit).sum())
    alarms = int(flagged(look.scores[sample.numbers], look.limit).sum())
    usable, hits = int(sample.counted.sum()), int((sample.on_defect & sample.counted).sum())
    with st.container(horizontal=True):
        st.metric(
            "Caught",
            f"{caught} of {count}",
            border=True,
            help=f"Damaged images that the {look.chosen.title} flags at the threshold in force, {look.limit:.4f}. "
            "It is set on the ROC page.",
        )
        st.metric(
            "False alarms, undamaged",
            f"{alarms} of {count}",
            border=True,
            help="The same images without the defect that are flagged at this threshold.",
        )
        st.metric(
            "Hits",
            f"{hits} of {usable}",
            border=True,
            help="Heat maps whose brightest spot is on the defect, whatever the score.",
        )
    among, name = int(look.chosen.normal.sum()), look.chosen.normal_name
    some = f"{count} of the {among:,} test images of {name}, drawn at random"
    notes = [some if count < among else f"All {count} test images of {name}"]
    if sample.unseen:
        notes.append(f"{sample.unseen} more are left out, because the defect cannot be seen on them")
    card = look.chosen.checkpoint.card
    budget = float(card.thresholds.fpr_5)
    if budget != look.limit:  # the starting threshold was chosen to tell classes apart, which asks less of it
        caught = int(sample.flagged(budget).sum())
        notes[-1] += (
            f". At the threshold for at most 5 % false alarms, {budget:.4f}, {caught} of {count} would be caught"
        )
    st.caption("; ".join(notes) + ". " + heat.caption(card.scoring.mark), help=heat.HELP)
    if not card.config.repair:
        st.info(
            f"The {look.chosen.title} was trained without repair: nothing taught it to redraw what is damaged as it would be "
            "undamaged, so many defects escape it.",
            icon=":material/healing:",
        )


def _cards(look: Look, sample: Sample) -> np.ndarray:
    """Draw a card for each damaged image: the image, its heat map, score, outcome, and where it is odd.

    Return the numbers of the images that are not filtered out.
    """
    st.segmented_control(
        "Show",
        FILTERS,
        format_func=FILTERS.__getitem__,
        key="damaged_filter",
        default="all",
        required=True,
        help="All damaged images, or those that the threshold in force flags, or those that it lets pass.",
    )
    caught, on_defect = sample.flagged(look.limit), sample.on_defect
    kept = np.flatnonzero({"caught": caught, "missed": ~caught}.get(state["damaged_filter"], caught | True))
    if not len(kept):
        st.info(f"None of these images is {state['damaged_filter']}.", icon=":material/filter_alt_off:")
        return sample.numbers[kept]
    every = state.get("_every_damaged") == (state["kind"], state["size"])
    st.html(heat.scale(look.chosen.checkpoint.card.scoring.mark))
    tiles.show(
        [_tile(look, sample, at, bool(caught[at]), bool(on_defect[at])) for at in (kept if every else kept[:FIRST])],
        key="damaged_tiles",
        on_open=opened.open_image,
        label="Damaged images",
        cards=True,
    )
    if not every and len(kept) > FIRST:
        st.button(
            f"Show all {len(kept)}",
            icon=":material/expand_more:",
            on_click=state.__setitem__,
            args=("_every_damaged", (state["kind"], state["size"])),
        )
    return sample.numbers[kept]


def _tile(look: Look, sample: Sample, at: int, caught: bool, on_defect: bool) -> tiles.Tile:
    image, heated, mark = sample.images[at], sample.heats[at], look.chosen.checkpoint.card.scoring.mark
    by = max(1, PIXELS // len(image))
    odd = heat.words(heated, mark)
    return tiles.Tile(
        number=int(sample.numbers[at]),
        image=heat.framed(image, sample.masks[at], by) if state.get("true_defects") else image,
        score=float(sample.scores[at]),
        outcome="caught" if caught else "missed",
        class_name=f"Image {sample.numbers[at]}",
        note=f"{odd[0].upper()}{odd[1:]}. {'Hit' if on_defect else 'No hit'}.",
        second=heat.picture(image, heated, mark, by),
    )


@st.dialog("Damaged test image", width="large", icon=":material/healing:", on_dismiss=lambda: opened.open_image(None))
def open_damaged(look: Look, order: np.ndarray) -> None:
    """Draw the damaged image named in the link through both GANs, with buttons to its neighbours in `order`."""
    sample, number = damaged.taken(look, state["kind"], state["size"]), state["image"]
    at = int(np.flatnonzero(sample.numbers == number)[0])
    image, mask = sample.images[at], sample.masks[at]
    title = f"Image {number}: {look.name(number)} with {NAMES[state['kind']].having}"
    opened.heading(title, number, order, "these damaged images")
    _ways_on()
    verdict.row([("Undamaged", look.test.images[number])])
    scores = [float(sample.scores[at]), *[None] * (len(look.rivals) - 1)]
    opened.through(look, image, scores, mask)


def _ways_on() -> None:
    """Draw the button to the undamaged image."""
    if st.button(
        "See it undamaged",
        icon=":material/image_search:",
        on_click=state.__setitem__,
        args=("section", "gallery"),
        help="The test image as it is, among the others in the gallery.",
    ):
        st.rerun()  # the whole page: a dialog alone would stay in this section
