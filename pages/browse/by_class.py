"""Classes: how each class scores, how well it is told from the normal one, and what it looks like on average."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.data.fashion_mnist import CLASSES, class_index
from core.metrics import evaluation
from core.metrics.outcomes import OUTCOMES
from core.store.survey import Survey
from pages.browse import surveys
from pages.browse.look import Look
from pages.parts import charts, tiles
from pages.parts.link import EVERY_SCORE, class_name
from pages.parts.pictures import heat


@st.cache_data(max_entries=32, show_spinner=False)
def intervals(mark: str, task: str, _look: Look) -> list[tuple[str, float, float, float]]:
    """(class, AUROC against the normal class, low, high) of each anomaly class, hardest first."""
    found = [
        (name, *evaluation.auroc_interval(_look.scores[_look.one.normal], _look.scores[_members(_look, name)]))
        for name in _look.one.checkpoint.task.test_classes
    ]
    return sorted(found, key=lambda row: row[1])


def _members(look: Look, name: str) -> np.ndarray:
    return look.test.labels == class_index(name)


def show(look: Look) -> None:
    """Distributions, then a card a class: mean image and mean residual, AUROC, and how many are missed."""
    rows = intervals(look.one.checkpoint.card.scores_sha256, repr(look.one.checkpoint.task), look)
    normal = look.one.checkpoint.task.normal
    name, area, low, high = rows[0]
    st.markdown(
        f"**{class_name(name)}** hides best among {class_name(normal)} from the {look.one.title}: AUROC **{area:.3f}** "
        f"(95 % interval {low:.3f}–{high:.3f})."
        + (f" {class_name(rows[-1][0])} is found most easily: {rows[-1][1]:.3f}." if len(rows) > 1 else "")
    )
    _violins(look, [normal, *(row[0] for row in rows)])
    st.subheader(
        "Class by class",
        anchor=False,
        help="Left the mean of the class's test images, right the mean of their residuals, on one scale for all "
        "classes. AUROC is of this class against the normal one, with DeLong's 95 % interval over test images.",
    )
    found = surveys.known(look)
    if found is None:

        def wanted() -> None:
            st.session_state["_residuals_of"] = look.one.checkpoint.card.weights_sha256

        if st.session_state.get("_residuals_of") == look.one.checkpoint.card.weights_sha256:
            found = surveys.made(look)
        else:
            st.button(
                "Add the mean residuals",
                on_click=wanted,
                icon=":material/add_photo_alternate:",
                help="Redraws all 10,000 test images, which takes some seconds, once for these weights.",
            )
    _cards(look, rows, found)


def _violins(look: Look, names: list[str]) -> None:
    figure = go.Figure()
    for name in reversed(names):  # the first at the top
        colour = charts.NORMAL if name == names[0] else charts.ANOMALY
        figure.add_violin(
            x=look.scores[_members(look, name)],
            name=class_name(name) + (" (normal)" if name == names[0] else ""),
            orientation="h",
            side="positive",
            width=1.7,
            spanmode="hard",
            points=False,
            line={"color": colour, "width": 1.2},
            meanline_visible=True,
            hoveron="violins",
            showlegend=False,
        )
    figure.add_vline(
        look.limit,
        line={"color": charts.NEUTRAL, "dash": "dash", "width": 2},
        annotation_text=f"threshold {look.limit:.3f}",
        annotation_position="top right",
    )
    figure.update_xaxes(title="Score", range=[0, EVERY_SCORE[1]])
    figure.update_layout(height=70 + 42 * len(names))
    told = ", ".join(f"{class_name(name)} {np.median(look.scores[_members(look, name)]):.2f}" for name in names)
    charts.show(
        figure,
        "class_scores",
        f"Distribution of the scores of each class; medians: {told}.",
    )
    st.caption(
        "Each ridge is one class's scores, the normal class at the top, then the anomaly class that hides best; the line in it is "
        "the mean. What lies left of the threshold is not flagged."
    )


def _cards(look: Look, rows: list[tuple[str, float, float, float]], found: Survey | None) -> None:
    state = st.session_state
    normal = look.one.checkpoint.task.normal

    def card(name: str, note: str, mistakes: int) -> tiles.Tile:
        index, members = class_index(name), _members(look, name)
        return tiles.Tile(
            index,
            look.test.images[members].mean(0).round().astype(np.uint8),
            float(look.scores[members].mean()),
            "",
            class_name(name),
            note,
            second=None if found is None else heat(found.residuals[index], 2.0),
            does=f"Show {f'the {mistakes:,} mistakes' if mistakes else 'the images'} in the gallery.",
        )

    def counted(name: str) -> np.ndarray:
        return np.bincount(look.outcome[_members(look, name)], minlength=len(OUTCOMES))

    _, _, alarms, passed = counted(normal)
    cards = [card(normal, f"The normal class. {alarms:,} of {alarms + passed:,} are false alarms.", alarms)]
    for name, area, low, high in rows:
        caught, missed, _, _ = counted(name)
        cards.append(
            card(
                name, f"AUROC {area:.3f} ({low:.3f}–{high:.3f}). {missed:,} of {caught + missed:,} are missed.", missed
            )
        )

    def opened(index: int) -> None:
        state["classes"] = [CLASSES[index]]
        wrong = "false-alarm" if CLASSES[index] == normal else "missed"
        state["outcomes"] = [wrong] if counted(CLASSES[index])[OUTCOMES.index(wrong)] else []
        state["scores"], state["shelf"], state["section"] = EVERY_SCORE, 1, "gallery"

    tiles.show(cards, key="class_cards", on_open=opened, label="Classes", cards=True)
    st.caption(
        "The number beside a name is the mean score of the class. Open a card to see its mistakes in the gallery."
        + ("" if found is None else " Mean residuals: black for 0, brightest for 2, the same scale for every class.")
    )
