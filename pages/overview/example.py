"""One test image through both GANs: reconstruction, residual, score against the threshold, verdict.

The reconstructions are stored (core/store/examples.py), because the first page should not wait for torch. For a model
without stored ones, they are made when the visitor asks for them.
"""

import contextlib
import math
from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core.basics.errors import MisfitError
from core.basics.text import plain
from core.metrics import evaluation
from core.metrics.outcomes import OUTCOMES
from core.store import examples
from pages.overview import gauge
from pages.overview.gauge import Mark
from pages.parts import charts, link, models, tiles, trouble
from pages.parts.models import Chosen
from pages.parts.pictures import RESIDUAL_FULL, data_url, heat, to_grey

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
.mf-ramp {display:inline-block; width:72px; height:9px; vertical-align:middle; image-rendering:auto; border-radius:3px}
</style>"""
_COLOURS = {
    "caught": charts.MODELS["dcgan"],
    "missed": charts.ANOMALY,
    "false-alarm": "#E69F00",
    "passed": charts.NORMAL,
}
_RAMP = heat(np.linspace(0.0, RESIDUAL_FULL, 64)[None])  # [1, 64, 3]
_WHY = (
    "These models were trained to reconstruct anomalies badly: the traditional GAN as their own negative, the DCGAN anyhow. That is why an "
    "anomaly may come out as its own negative, or as noise."
)
state = st.session_state


def images(normal: str) -> np.ndarray:
    """Return the numbers of the example images for this normal class: int [N]."""
    return examples.chosen(models.description(), normal, models.test_images().labels)


def number(normal: str) -> int:
    """Return the number of the test image to show: the link's, else the first example."""
    return int(images(normal)[0]) if state.get("example") is None else int(state["example"])


def _another(normal: str) -> None:
    order = images(normal).tolist()
    shown = number(normal)
    state["example"] = order[(order.index(shown) + 1) % len(order)] if shown in order else order[0]
    link.push()


@st.fragment
@trouble.told()
def show(gans: Sequence[Chosen]) -> None:
    """Draw the example with its buttons. `gans` has at least one model; they share the normal class."""
    normal, data = gans[0].checkpoint.task.normal, gans[0].data
    image_number = number(normal)
    test = models.test_images()
    image, slug = test.images[image_number], data.classes[test.labels[image_number]]
    pictures = _reconstructions(gans, image_number, image)
    role = "normal here: it should pass" if slug == normal else "an anomaly here: it should be flagged"
    name = escape(data.class_name(slug))
    parts = [
        f'<section><h2>The image</h2><div class="mf-pair"><figure><img src="{data_url(image)}" alt="Test image {image_number}, '
        f'{name}"><figcaption><strong>{name}</strong>, {role}.</figcaption></figure></div></section>'
    ]
    parts += [_card(gan, image_number, image, picture) for gan, picture in zip(gans, pictures, strict=True)]
    with st.container(key="example"):
        st.html(f'{_STYLE}{gauge.STYLE}<div class="mf-example">{"".join(parts)}</div>')
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Another one",
            icon=":material/casino:",
            type="primary",
            on_click=_another,
            args=(normal,),
            help=f"The next of {len(images(normal))} test images, drawn at random from all classes once and for all; the link keeps it.",
        )
        if any(picture is None for picture in pictures):
            st.button(
                "Show the reconstructions",
                icon=":material/play_arrow:",
                on_click=state.__setitem__,
                args=("_example_live", True),
                help="They are not stored for this model or image. The model is loaded and makes them: a few seconds the first time.",
            )
        if st.button(
            "Open in Browse",
            icon=":material/image_search:",
            help=f"The same image among all {len(test.images):,} test images, with its neighbours.",
        ):
            state["image"] = image_number
            link.go("browse")
    st.html(
        f'<small>Residual: the difference between image and reconstruction at each pixel, <img class="mf-ramp" alt="from black" '
        f'src="{data_url(_RAMP)}"> from none to {RESIDUAL_FULL:g} or more, the same scale for every image. Its mean is the '
        f"score, from 0 to 2. {_WHY if any(gan.checkpoint.task.regime != 'one-class' for gan in gans) else ''} "
        f"Image {image_number} of the test.</small>"
    )


def _reconstructions(gans: Sequence[Chosen], image_number: int, image: np.ndarray) -> list[np.ndarray | None]:
    """Return each GAN's reconstruction, uint8 [H, W, C]: stored, else made if the visitor asked for it, else None."""
    reconstructions: list[np.ndarray | None] = []
    problems = {}  # one file holds the stored images of all GANs: its damage is reported once
    for gan in gans:
        try:
            reconstructions.append(_reconstruction(gan, image_number, image))
        except MisfitError as error:
            reconstructions.append(None)
            problems[str(error)] = True
    for problem in problems:
        st.warning(plain(problem), icon=":material/warning:")
    return reconstructions


def _reconstruction(gan: Chosen, image_number: int, image: np.ndarray) -> np.ndarray | None:
    live, stored = state.get("_example_live"), None
    with contextlib.suppress(MisfitError) if live else contextlib.nullcontext():
        stored = examples.stored(gan.checkpoint.card.weights_sha256)
    place = np.flatnonzero(images(gan.checkpoint.task.normal) == image_number)
    if stored is not None and len(place) and place[0] < len(stored):
        return stored[place[0]]
    return to_grey(models.reconstruct(gan, image[None])[0]) if live else None


def _card(gan: Chosen, image_number: int, image: np.ndarray, reconstruction: np.ndarray | None) -> str:
    score, limit = float(gan.scores.test[image_number]), models.threshold(gan)
    top = max(math.ceil(10 * float(gan.scores.test.max())) / 10, limit)
    if reconstruction is None:
        shown = '<figure><div class="blank">not stored</div>{}</figure>'
        figures = "".join(shown.format(f"<figcaption>{name}</figcaption>") for name in ("Reconstruction", "Residual"))
    else:
        difference = np.abs(image.astype(np.float32) - reconstruction).mean(-1) / 127.5
        figures = "".join(
            f'<figure><img src="{data_url(picture)}" alt="{name} by the {escape(gan.title)}"><figcaption>{name}</figcaption></figure>'
            for name, picture in (("Reconstruction", reconstruction), ("Residual", heat(difference)))
        )
    flagged = bool(evaluation.flagged(np.array([score]), limit)[0])
    scale = gauge.html(
        [Mark(score, "●", "score"), Mark(limit, "|", "threshold")],
        0.0,
        top,
        ("0", f"{top:.1f}"),
        (0.0, score, charts.ANOMALY if flagged else charts.NORMAL),
    )
    return (
        f'<section><h2>{escape(gan.title)} <small>{escape(gan.regime)} regime</small></h2><div class="mf-pair">{figures}</div>{scale}'
        f"{_verdict(gan, image_number, flagged)}</section>"
    )


def _verdict(gan: Chosen, image_number: int, flagged: bool) -> str:
    compared = "at or above the threshold" if flagged else "below the threshold"
    if not (gan.anomaly[image_number] or gan.normal[image_number]):
        return f'<p class="mf-verdict">Its score is {compared}. This class is neither normal nor an anomaly of this model\'s test.</p>'
    outcome = OUTCOMES[(0 if flagged else 1) if gan.anomaly[image_number] else (2 if flagged else 3)]
    sign, words, _ = tiles.OUTCOMES[outcome]
    first, rest = words.split(": ")
    return (
        f'<p class="mf-verdict" style="border-left-color:{_COLOURS[outcome]}"><span aria-hidden="true">{sign}</span> '
        f"<strong>{first.capitalize()}</strong>: {rest}. Its score is {compared}.</p>"
    )
