"""Why an image gets its score: how it would be if it were normal, what is odd in it, its place among validation images,
the nearest normal training images."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from core.basics.text import plain
from core.data.dataset import Description
from core.gans.maps import to_grey
from core.judging import novelty
from core.judging.judgement import Judgement
from core.metrics.evaluation import flagged
from pages.parts import before_after, charts, verdict
from pages.parts.chosen import Chosen
from pages.parts.datasets import trained_normals
from pages.parts.pictures import data_url
from pages.parts.vocabulary import article

NEAREST = 4
BINS = 36
_STYLE = """<style>
.mf-bars {position:relative; display:flex; align-items:flex-end; height:84px; border-bottom:1px solid #7a8594; margin-top:40px}
.mf-bars > span {flex:1; min-width:0; margin-right:1px; border-radius:2px 2px 0 0}
.mf-bars > b {position:absolute; top:-4px; bottom:0; width:0; border-left:2px solid currentColor}
.mf-bars > b.limit {border-left-style:dashed; opacity:.75}
.mf-bars > b > small {position:absolute; bottom:100%; white-space:nowrap; font-weight:600; font-size:.8rem; line-height:17px}
.mf-bars > b.limit > small {font-weight:400}
.mf-ends {display:flex; justify-content:space-between; font-size:.8rem; font-variant-numeric:tabular-nums; opacity:.85}
.mf-near {display:grid; grid-template-columns:repeat(var(--count), minmax(0, 92px)); gap:8px}
.mf-near figure {margin:0} .mf-near img {width:100%; aspect-ratio:1; image-rendering:pixelated; border-radius:6px; display:block; background:#000}
.mf-near figcaption {font-size:.8rem; font-variant-numeric:tabular-nums}
</style>"""


def show(
    image: np.ndarray,
    judged: Judgement,
    gan: Chosen,
    before: Sequence[tuple[str, np.ndarray]] = (),
    advice: Callable[[], None] = lambda: None,
) -> None:
    """Show one model's judgement of uint8 [H, W, C] with its reasons; the (caption, picture) pairs in `before` come first.

    `advice` is drawn beside the verdict "can't tell".
    """
    st.markdown(f"##### {gan.title}")
    verdict.words(judged.score, gan, judged.garment)
    if not judged.garment:
        advice()
    if before:
        verdict.row(before)
    of = f", {gan.title}"
    verdict.repair(image, judged.reconstruction, judged.heat, judged.mark, of)
    if judged.verdict == "normal" and judged.mark is not None and judged.heat.max() >= judged.mark:
        st.markdown(
            ":material/search: A spot is odd, but the verdict is **normal**: it goes by the score of the whole image, and that "
            "is below the threshold."
        )
    before_after.show(image, to_grey(judged.reconstruction), f"before_after_{gan.checkpoint.card.model}", of)
    st.html(_STYLE + histogram(gan, judged))
    st.caption(
        f"Scores of {len(gan.scores.validation_normal)} validation images of {gan.normal_name}.",
        help="Images that were kept out of training. Heights are square roots of counts, so that rare scores are seen. "
        "Blue bars lie below the threshold, vermilion ones, right of the dashed line, would be flagged.",
    )


def histogram(gan: Chosen, judged: Judgement) -> str:
    """Return HTML of the validation normals' scores as bars, with the threshold and this image's score."""
    normal = gan.scores.validation_normal
    low = min(0.0, float(normal.min()))
    high = max(float(normal.max()), judged.score, judged.threshold) * 1.04
    counts, edges = np.histogram(normal, BINS, (low, high))
    bars = "".join(
        f'<span style="height:{100 * np.sqrt(count / counts.max()):.1f}%;'
        f'background:{charts.ANOMALY if flagged(left, judged.threshold) else charts.NORMAL}"></span>'
        for count, left in zip(counts, edges, strict=False)
    )

    def mark(value: float, word: str, kind: str, lift: int) -> str:
        share = 100 * (value - low) / (high - low)
        side = "right:0" if share > 60 else "left:0"
        return f'<b class="{kind}" style="left:{share:.2f}%"><small style="{side};margin-bottom:{lift}px">{word}</small></b>'

    name = gan.normal_name
    alt = (
        f"Scores of the {len(normal)} validation images of {name}, from {normal.min():.3f} to {normal.max():.3f}; "
        f"this image's is {judged.score:.4f}, the threshold {judged.threshold:.4f}."
    )
    return (
        f'<div role="img" aria-label="{alt}"><div class="mf-bars">{bars}'
        f"{mark(judged.threshold, 'threshold', 'limit', 0)}{mark(judged.score, '▼ this image', 'here', 17)}</div>"
        f'<div class="mf-ends" aria-hidden="true"><span>{low:.2f}</span><span>score</span><span>{high:.2f}</span></div></div>'
    )


def nearest(image: np.ndarray, gan: Chosen) -> None:
    """Show the normal training images nearest to `image`, uint8 [H, W, C], compared pixel by pixel."""
    among = trained_normals(gan.checkpoint)
    name = gan.normal_name
    if among is None or not len(among):
        st.caption(
            f"The nearest normal training images cannot be shown: the {gan.title} was trained on other images "
            f"({plain(gan.checkpoint.card.data_source)}) than there are here."
        )
        return
    numbers, differences = novelty.nearest(image, among, NEAREST)
    st.markdown(
        "##### Nearest normal training images",
        help=f"Of the {len(among):,} images of {name} that are here and that this model was trained on, those with the smallest mean absolute difference of pixels "
        "(0 to 2). No model is asked: where the smallest difference is small and the score is high, a small part of the image is odd, or "
        "the model reconstructs badly what it might have reconstructed well.",
    )
    figures = "".join(
        f'<figure><img src="{data_url(among[number])}" alt="{name} from training, difference {difference:.3f}">'
        f"<figcaption>{difference:.3f}</figcaption></figure>"
        for number, difference in zip(numbers, differences, strict=True)
    )
    st.html(f'{_STYLE}<div class="mf-near" style="--count:{NEAREST}">{figures}</div>')


def stranger(data: Description, drawn: bool) -> None:
    """Say what helps where no training image looks like the image, and offer it; both differ for a drawing."""
    noun = article(data.noun)
    if data.intake != "garment":
        advice = (
            f"{noun.capitalize()} that is framed, turned or lit otherwise than those in training is far from them, too."
        )
    elif drawn:
        advice = (
            f"{noun.capitalize()} that lies elsewhere in the frame is far from them, too: fit it to the frame, and fill its shape "
            "with light grey."
        )
    else:
        advice = f"If {noun} is in the picture, set a box around it, turn it, or choose another background."
    st.warning(
        f"In no class is a training image that looks like this, so its score says nothing. {advice}",
        icon=":material/help:",
    )
    if data.intake != "garment":
        return
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="center", key="fit_now"):
        st.markdown("Fit to the frame:")
        for key, value, word, icon, meaning in _FITS[drawn]:
            st.button(
                word,
                key=f"fit_{key}",
                icon=icon,
                on_click=state.update,
                args=({key: value},),
                disabled=state.get(key) == value,
                help=meaning,
            )


_FITS = {  # drawn? → what a button sets: the control, its value, the button's word, icon and help
    True: [
        (
            "try_fit",
            True,
            "Centre and enlarge",
            ":material/fit_screen:",
            "Centre what is drawn and fit its longest edge to the frame. The switch below the pad undoes it.",
        )
    ],
    False: [
        (
            "try_box",
            True,
            "Set the box",
            ":material/crop:",
            "Say yourself where it is: two sliders set a box, and what lies outside is cut off.",
        ),
        (
            "try_trim",
            False,
            "Use the whole picture",
            ":material/fullscreen:",
            "Do not trim: the whole picture, or the whole box, is fitted to the frame.",
        ),
    ],
}
