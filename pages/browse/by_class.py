"""Classes: how each class scores, how well it is told from the normal class, and what it looks like on average."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.metrics import evaluation
from core.metrics.outcomes import OUTCOMES
from core.store.survey import Survey
from pages.browse import surveys
from pages.browse.look import Look
from pages.parts import charts, tiles
from pages.parts.fields import EVERY_SCORE
from pages.parts.pictures import heat


@st.cache_data(max_entries=32, show_spinner=False)
def intervals(mark: str, task: str, _look: Look) -> list[tuple[str, float, float, float]]:
    """Return (class, AUROC against the normal class, low, high) of each anomaly class in the test, hardest first."""
    normals = _look.scores[_look.chosen.normal]
    rows = [
        (slug, *evaluation.auroc_interval(normals, _look.scores[_members(_look, slug)]))
        for slug in _look.chosen.checkpoint.task.test_classes
        if _members(_look, slug).any() and len(normals)
    ]
    return sorted(rows, key=lambda row: row[1])


def _members(look: Look, slug: str) -> np.ndarray:
    return look.test.labels == look.data.label(slug)


def show(look: Look) -> None:
    """Draw the distributions, then a card for each class: mean image and residual, AUROC, and how many are missed."""
    rows = intervals(look.chosen.checkpoint.card.scores_sha256, repr(look.chosen.checkpoint.task), look)
    normal, name = look.chosen.checkpoint.task.normal, look.data.class_name
    if rows:
        slug, area, low, high = rows[0]
        st.markdown(
            f"**{name(slug)}** hides best among {name(normal)} from the {look.chosen.title}: AUROC **{area:.3f}** "
            f"(95 % interval {low:.3f}–{high:.3f})."
            + (f" {name(rows[-1][0])} is found most easily: {rows[-1][1]:.3f}." if rows[-1][1] > area else "")
        )
    else:
        st.info(
            f"The test has only normal images, of {name(normal)}. How well a class of anomalies is told from them cannot be "
            "shown: an AUROC needs images of both kinds.",
            icon=":material/info:",
        )
    _violins(look, [normal, *(row[0] for row in rows)])
    st.subheader(
        "Class by class",
        anchor=False,
        help="Left the mean of the class's test images, right the mean of their residuals, on one scale for all "
        "classes. AUROC is of this class against the normal one, with DeLong's 95 % interval over test images.",
    )
    _cards(look, rows, _survey(look))


def _survey(look: Look) -> Survey | None:
    """Return the survey with the mean residuals if it exists; else draw a button that makes it and return None."""
    survey, weights = surveys.known(look), look.chosen.checkpoint.card.weights_sha256
    if survey is None and st.session_state.get("_residuals_of") == weights:
        return surveys.made(look)
    if survey is None:
        st.button(
            "Add the mean residuals",
            on_click=st.session_state.__setitem__,
            args=("_residuals_of", weights),
            icon=":material/add_photo_alternate:",
            help=f"Reconstructs all {len(look.test.images):,} test images, which takes some seconds, once for these weights.",
        )
    return survey


def _violins(look: Look, slugs: list[str]) -> None:
    figure = go.Figure()
    for slug in reversed(slugs):  # the first at the top
        colour = charts.NORMAL if slug == slugs[0] else charts.ANOMALY
        figure.add_violin(
            x=look.scores[_members(look, slug)],
            name=look.data.class_name(slug) + (" (normal)" if slug == slugs[0] else ""),
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
    figure.update_layout(height=max(190, 70 + 42 * len(slugs)))
    medians = ", ".join(
        f"{look.data.class_name(slug)} {np.median(look.scores[_members(look, slug)]):.2f}" for slug in slugs
    )
    charts.show(
        figure,
        "class_scores",
        f"Distribution of the scores of each class; medians: {medians}.",
    )
    st.caption(
        "Each ridge is one class's scores, the normal class at the top, then the anomaly class that hides best; the line in it is "
        "the mean. What lies left of the threshold is not flagged."
    )


def _cards(look: Look, rows: list[tuple[str, float, float, float]], survey: Survey | None) -> None:
    """Draw a card for the normal class and for each class of `rows`."""
    state, data = st.session_state, look.data
    normal = look.chosen.checkpoint.task.normal

    def card(slug: str, note: str, mistakes: int) -> tiles.Tile:
        label, members = data.label(slug), _members(look, slug)
        return tiles.Tile(
            label,
            look.test.images[members].mean(0).round().astype(np.uint8),
            float(look.scores[members].mean()),
            "",
            data.class_name(slug),
            note,
            second=None if survey is None else heat(survey.residuals[label], 2.0),
            does=f"Show {f'the {mistakes:,} mistakes' if mistakes else 'the images'} in the gallery.",
        )

    def counted(slug: str) -> np.ndarray:
        return np.bincount(look.outcome[_members(look, slug)], minlength=len(OUTCOMES))

    _, _, alarms, passed = counted(normal)
    cards = [card(normal, f"The normal class. {alarms:,} of {alarms + passed:,} are false alarms.", alarms)]
    for slug, area, low, high in rows:
        caught, missed, _, _ = counted(slug)
        note = f"AUROC {area:.3f} ({low:.3f}–{high:.3f}). {missed:,} of {caught + missed:,} are missed."
        cards.append(card(slug, note, missed))

    def opened(label: int) -> None:
        slug = data.classes[label]
        state["classes"] = [slug]
        wrong = "false-alarm" if slug == normal else "missed"
        state["outcomes"] = [wrong] if counted(slug)[OUTCOMES.index(wrong)] else []
        state["scores"], state["shelf"], state["section"] = EVERY_SCORE, 1, "gallery"

    tiles.show(cards, key="class_cards", on_open=opened, label="Classes", cards=True)
    st.caption(
        "The number beside a name is the mean score of the class. Open a card to see its mistakes in the gallery."
        + ("" if survey is None else " Mean residuals: black for 0, brightest for 2, the same scale for every class.")
    )
