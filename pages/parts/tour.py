"""A guided tour of five steps through the pages: a bar at the top of each page while the tour is on."""

from dataclasses import dataclass

import streamlit as st

from pages.parts import reach

state = st.session_state


@dataclass(frozen=True)
class Step:
    """A stop of the tour: the page's script and address, its name in the navigation, and what to do there."""

    path: str
    url: str
    page: str
    text: str


STEPS = (
    Step(
        "pages/overview/page.py",
        "",
        "Overview",
        "Look at the image and at how each GAN redraws it: as it would be if it were normal. A normal image comes out much as it is, an anomaly "
        "comes back changed, and the **heat map** marks where. Press **Another one** a few times.",
    ),
    Step(
        "pages/browse/page.py",
        "browse",
        "Browse",
        "All test images with their scores. Choose the outcome **missed**: these anomalies got through. Open one to see why.",
    ),
    Step(
        "pages/roc/page.py",
        "roc",
        "ROC",
        "Drag the **threshold** and watch both sides: what it catches, and which normal images it flags for that.",
    ),
    Step(
        "pages/try_it/page.py",
        "try",
        "Try it",
        "Now your own: **draw** or upload one, put a **damage** on it, and see the heat map and the verdict follow.",
    ),
    Step(
        "pages/results/page.py",
        "results",
        "Results",
        "How good is it really? Every measured figure, by **regime**, beside simpler methods. Own photos "
        "are brought on Data, and models trained on Train.",
    ),
)


def start() -> None:
    """Turn the tour on, at its first step. Its bar takes the place of the button that was pressed."""
    state["_tour"] = 0
    reach.bring("tour")


def _end() -> None:
    state["_tour"] = None


def _go(step: int) -> None:
    state["_tour"] = step
    st.switch_page(STEPS[step].path)


def show(url: str) -> None:
    """Draw the bar while the tour is on. On a page outside the tour it shows a way back."""
    place = state.get("_tour")
    if place is None:
        return
    # A visitor who reaches a stop of the tour by the navigation moves the tour to that stop.
    position = next((index for index, step in enumerate(STEPS) if step.url == url), None)
    if position is not None:
        place = state["_tour"] = position
    step = STEPS[place]
    with st.container(border=True, key="tour"):
        if position is None:
            st.markdown(
                f":material/tour: **The tour** waits at step {place + 1} of {len(STEPS)}, on the page {step.page}."
            )
        else:
            st.markdown(f":material/tour: **Step {place + 1} of {len(STEPS)}: {step.page}.** {step.text}")
        with st.container(horizontal=True):
            if position is None:
                if st.button("Back to the tour", icon=":material/undo:", key="tour_back_to"):
                    _go(place)
            else:
                if place and st.button(
                    f"Back: {STEPS[place - 1].page}", icon=":material/chevron_left:", key="tour_back"
                ):
                    _go(place - 1)
                if place + 1 < len(STEPS) and st.button(
                    f"Next: {STEPS[place + 1].page}", icon=":material/chevron_right:", key="tour_next", type="primary"
                ):
                    _go(place + 1)
            st.button("End the tour", icon=":material/close:", key="tour_end", on_click=_end)
