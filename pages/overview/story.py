"""The packing line in three pictures: a normal item, the same item with a defect, and the defect as a GAN marks it, or not.

All three are made from a test image by Misfit itself: the defect by core/data/damage.py, the marks from what the GAN made of it.
"""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.gans import maps
from core.store import examples
from pages.overview import made
from pages.parts import heat, models
from pages.parts.chosen import Chosen
from pages.parts.damages import NAMES
from pages.parts.pictures import data_url

_STYLE = """<style>
.mf-story {display:grid; grid-template-columns:repeat(3, minmax(0, 150px)); gap:16px; list-style:none; margin:4px 0 0 !important; padding:0 !important}
.mf-story li {margin:0 !important; padding:0 !important}
.mf-story img {width:100%; aspect-ratio:1; image-rendering:pixelated; border-radius:6px; display:block; background:#000; box-shadow:0 0 0 1px color-mix(in srgb, currentColor 30%, transparent)}
.mf-story img.smooth {image-rendering:auto}
.mf-story b {display:block; padding-top:4px}
.mf-story span {font-size:.85rem; line-height:1.35; display:block}
@media (max-width: 640px) {.mf-story {gap:8px}}
</style>"""
state = st.session_state


def show(gans: Sequence[Chosen]) -> None:
    """Draw the three pictures; nothing where no GAN's answer to the damaged image is stored, as for models trained here."""
    gan = next((gan for gan in gans if gan.checkpoint.card.model == state["model"]), gans[-1])
    test = models.test_images()
    shown = examples.damaged(gan.data, gan.checkpoint.task.normal, test)
    answer = made.stored(gan)
    if shown is None or answer is None:
        return
    number, image = shown
    mark = gan.checkpoint.card.scoring.mark
    hot = maps.heat(image[None], made.scaled(answer.damaged)[None])[0]
    having, noun = NAMES[examples.kind(gan.data)].having, escape(gan.data.noun)
    name = escape(gan.normal_name)
    pictures = (
        ("Fresh", f"{name} as it should be: pack it.", data_url(test.images[number]), ""),
        ("Rotten", f"The same {noun}, with {having}. Nobody has time to look at each.", data_url(image), ""),
        (
            "Marked by Misfit" if mark is None or hot.max() >= mark else "Not marked by Misfit",
            f"{escape(gan.title)}: {escape(heat.words(hot, mark))}.",
            data_url(heat.picture(image, hot, mark)),
            "smooth",
        ),
    )
    items = "".join(
        f'<li><img class="{kind}" src="{source}" alt="{title}: {text}"><b>{place}. {title}</b><span>{text}</span></li>'
        for place, (title, text, source, kind) in enumerate(pictures, 1)
    )
    st.html(f'{_STYLE}<ol class="mf-story" aria-label="The packing line in three pictures">{items}</ol>')
