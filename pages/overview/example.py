"""One image through both GANs: as it would be if it were normal, what is odd in it, score against the threshold, verdict.

First comes a normal image with a damage, then test images as they are.
"""

import math
from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core.gans import maps
from core.gans.maps import to_grey
from core.metrics import evaluation
from core.metrics.outcomes import OUTCOMES
from core.store import examples
from pages.overview import gauge
from pages.overview.gauge import Mark
from pages.overview.made import Example, Made, all_made, example, images
from pages.parts import charts, datasets, heat, link, models, tiles, trouble, verdict
from pages.parts.chosen import Chosen
from pages.parts.damages import NAMES
from pages.parts.pictures import data_url
from pages.parts.vocabulary import article

_STYLE = """<style>
.mf-example {display:flex; flex-wrap:wrap; gap:16px; align-items:stretch}
.mf-example section {flex:2 1 290px; min-width:0; border:1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius:10px; padding:14px 16px}
.mf-example section:first-child {flex:1 1 180px; border-color:transparent; padding-inline:0}
.mf-example h2 {font-size:1.05rem; line-height:1.4; margin:0 0 8px; padding:0}
.mf-example h2 small {font-size:.85rem; font-weight:400; white-space:nowrap}
.mf-pair {display:flex; gap:12px}
.mf-pair figure {margin:0; flex:1 1 0; min-width:0; max-width:230px}
.mf-pair img {width:100%; aspect-ratio:1; image-rendering:pixelated; border-radius:6px; display:block; background:#000; box-shadow:0 0 0 1px color-mix(in srgb, currentColor 30%, transparent)}
.mf-pair .blank {aspect-ratio:1; border-radius:6px; border:1px dashed currentColor; opacity:.6; display:grid; place-items:center; font-size:.8rem; text-align:center; padding:6px}
.mf-pair figcaption {font-size:.85rem; padding-top:4px}
.mf-verdict {margin:8px 0 0; padding:6px 10px; border-left:5px solid; border-radius:4px; background:color-mix(in srgb, currentColor 6%, transparent)}
.mf-pair img.smooth {image-rendering:auto}
.mf-odd {margin:6px 0 0; font-size:.875rem}
</style>"""
_COLOURS = {
    "caught": charts.MODELS["dcgan"],
    "missed": charts.ANOMALY,
    "false-alarm": "#E69F00",
    "passed": charts.NORMAL,
}
_BEFORE = (
    "These models are from before Misfit's GANs repaired: they were trained to reconstruct anomalies badly, so an anomaly may come out as its own "
    "negative, or as noise. "
)
state = st.session_state


def _another(normal: str, shown: Example) -> None:
    """Go on to the next image; after the last the damaged one comes again."""
    order = images(normal).tolist()
    place = -1 if shown.damaged or shown.number not in order else order.index(shown.number)
    state["example"] = order[place + 1] if place + 1 < len(order) else None
    link.push()


def _make(shown: Example) -> None:
    """Make reconstructions from now on, of this image first."""
    state["_example_live"] = True
    if not shown.damaged:
        state["example"] = shown.number
    link.push()


@st.fragment
@trouble.told()
def show(gans: Sequence[Chosen]) -> None:
    """Draw the example with its buttons. `gans` has at least one model; they share the normal class."""
    normal = gans[0].checkpoint.task.normal
    shown = example(normal, gans)
    made = all_made(gans, shown)
    parts = [_image(shown, gans[0])]
    parts += [_card(gan, shown, each) for gan, each in zip(gans, made, strict=True)]
    with st.container(key="example"):
        st.html(f'{_STYLE}{gauge.STYLE}<div class="mf-example">{"".join(parts)}</div>')
    _buttons(normal, shown, live=any(each is None for each in made))
    st.html(heat.scale(None))
    marked = any(gan.checkpoint.card.scoring.mark is not None for gan in gans)
    old = not all(gan.checkpoint.card.config.repair for gan in gans)
    put = f", with {_having(gans[0])} put {'on' if gans[0].data.photos else 'into'} it" if shown.damaged else ""
    st.html(
        "<small>The heat map marks what is odd, on the same scale for every image. "
        + ("Outlined: what is odder than in nineteen of twenty normal images. " if marked else "")
        + (_BEFORE if old else "")
        + f"Image {shown.number} of the test{put}.</small>"
    )


def _having(gan: Chosen) -> str:
    """Return the damage of the first example, as it stands after "with"."""
    return NAMES[examples.kind(gan.data)].having


def _image(shown: Example, gan: Chosen) -> str:
    slug = gan.data.classes[models.test_images().labels[shown.number]]
    name = escape(gan.data.class_name(slug))
    if shown.damaged:
        having = _having(gan)
        title, what = f"A normal image, with {having}", f"{name}, with {having}"
        where = "on" if gan.data.photos else "into"
        role = f"normal, but for the {having.split(' ', 1)[1]} that was put {where} it."
        role += f" It is still {article(gan.data.noun)}; only a spot on it is wrong."
    else:
        title, what = "The image", name
        role = (
            "normal here: it should pass."
            if slug == gan.checkpoint.task.normal
            else "an anomaly here: it should be flagged."
        )
    return (
        f'<section><h2>{title}</h2><div class="mf-pair"><figure><img src="{data_url(shown.image)}" alt="Test image {shown.number}, '
        f'{what}"><figcaption><strong>{name}</strong>, {role}</figcaption></figure></div></section>'
    )


def _buttons(normal: str, shown: Example, live: bool) -> None:
    """Draw what can be done with the example; `live` offers to make reconstructions that are not stored."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Another one",
            icon=":material/casino:",
            type="primary",
            on_click=_another,
            args=(normal, shown),
            help=f"The next of {len(images(normal))} test images, drawn at random from all classes once and for all; the link keeps it.",
        )
        if live:
            st.button(
                "Show the reconstructions",
                icon=":material/play_arrow:",
                on_click=_make,
                args=(shown,),
                help="They are not stored for this model or image. The model is loaded and makes them: a few seconds the first time.",
            )
        if shown.damaged:
            if st.button(
                "Change it yourself",
                icon=":material/draw:",
                help="The same image on Try it, with other damages to put on it.",
            ):
                link.edit(shown.number, f"{examples.kind(datasets.description())}-{examples.DAMAGE}")
        elif st.button(
            "Open in Browse",
            icon=":material/image_search:",
            help=f"The same image among all {len(models.test_images().images):,} test images, with its neighbours.",
        ):
            state["image"] = shown.number
            link.go("browse")


def _card(gan: Chosen, shown: Example, made: Made | None) -> str:
    odd, marked = "", False
    if made is None:
        blank = '<figure><div class="blank">not stored</div>{}</figure>'
        figures = "".join(blank.format(f"<figcaption>{name}</figcaption>") for name in (verdict.AS_NORMAL, "Heat map"))
    else:
        mark = gan.checkpoint.card.scoring.mark
        hot = maps.heat(shown.image[None], made.reconstruction[None])[0]
        odd, marked = heat.words(hot, mark), mark is not None and bool(hot.max() >= mark)
        title = escape(gan.title)
        figures = "".join(
            f'<figure><img class="{kind}" src="{data_url(picture)}" alt="{name}, by the {title}{more}"><figcaption>{name}</figcaption></figure>'
            for name, picture, kind, more in (
                (verdict.AS_NORMAL, to_grey(made.reconstruction), "", ""),
                ("Heat map", heat.picture(shown.image, hot, mark), "smooth", f": {odd}"),
            )
        )
        odd = f'<p class="mf-odd">{odd[0].upper()}{odd[1:]}.</p>'
    return (
        f'<section><h2>{escape(gan.title)} <small>{escape(gan.regime)} regime</small></h2><div class="mf-pair">{figures}</div>{odd}'
        f"{_judged(gan, shown, made, marked)}</section>"
    )


def _judged(gan: Chosen, shown: Example, made: Made | None, marked: bool) -> str:
    """Return the score on its scale and the verdict; nothing while the score of a damaged image is not known."""
    if made is None and shown.damaged:
        return ""
    score = made.score if made else float(gan.scores.test[shown.number])
    limit = models.threshold(gan)
    top = max(math.ceil(10 * float(gan.scores.test.max())) / 10, limit)
    flagged = bool(evaluation.flagged(np.array([score]), limit)[0])
    scale = gauge.html(
        [Mark(score, "●", "score"), Mark(limit, "|", "threshold")],
        0.0,
        top,
        ("0", f"{top:.1f}"),
        (0.0, score, charts.ANOMALY if flagged else charts.NORMAL),
    )
    return scale + _verdict(gan, shown, flagged, marked)


def _verdict(gan: Chosen, shown: Example, flagged: bool, marked: bool) -> str:
    """Return the verdict at the threshold; `marked` says whether the heat map has a spot above the mark."""
    compared = "at or above the threshold" if flagged else "below the threshold"
    odd = shown.damaged or gan.anomaly[shown.number]
    if not (odd or gan.normal[shown.number]):
        return f'<p class="mf-verdict">Its score is {compared}. This class is neither normal nor an anomaly of this model\'s test.</p>'
    outcome = OUTCOMES[(0 if flagged else 1) if odd else (2 if flagged else 3)]
    sign, words, _ = tiles.OUTCOMES[outcome]
    first, rest = words.split(": ")
    spot = " The heat map marks the spot all the same." if shown.damaged and marked and not flagged else ""
    return (
        f'<p class="mf-verdict" style="border-left-color:{_COLOURS[outcome]}"><span aria-hidden="true">{sign}</span> '
        f"<strong>{first.capitalize()}</strong>: {rest}. Its score is {compared}.{spot}</p>"
    )
