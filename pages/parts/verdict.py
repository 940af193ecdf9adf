"""One image through one or both GANs: input, reconstruction, residual, score, percentile, verdict."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.basics.names import STARTS
from core.data.dataset import Description
from core.gans.maps import to_grey
from core.judging import judgement
from core.metrics import evaluation
from pages.parts import heat, models
from pages.parts.chosen import Chosen
from pages.parts.pictures import data_url

_STYLE = """<style>
.mf-row {display:flex; flex-wrap:wrap; gap:12px; margin:4px 0 2px}
.mf-row figure {margin:0; flex:1 1 80px; max-width:170px}
.mf-row img {width:100%; aspect-ratio:1; object-fit:contain; image-rendering:pixelated; border-radius:6px; display:block; background:#000; box-shadow:0 0 0 1px color-mix(in srgb, currentColor 30%, transparent)}
.mf-row img.smooth {image-rendering:auto}
.mf-row figcaption {font-size:.85rem; padding-top:4px}
</style>"""


WIDEST = 170  # pixels: a figure of a row


def row(pictures: Sequence[tuple[str, np.ndarray]], of: str = "", says: Mapping[str, str] | None = None) -> None:
    """Draw enlarged pictures side by side, wrapped on narrow screens. Captions are our own text, never a file's.

    `of` is added to the text for screen readers, and so is what `says` has for a caption.
    """
    figures = "".join(
        f'<figure><img src="{data_url(image)}" alt="{caption}{of}{": " * (caption in (says or {}))}{(says or {}).get(caption, "")}"'
        f"{' class=smooth' * (len(image) > WIDEST)}><figcaption>{caption}</figcaption></figure>"
        for caption, image in pictures
    )
    st.html(f'{_STYLE}<div class="mf-row">{figures}</div>')


AS_NORMAL = "As it would be if it were normal"


def repair(
    image: np.ndarray,
    reconstruction: np.ndarray,
    heated: np.ndarray,
    mark: float | None,
    of: str = "",
    defect: np.ndarray | None = None,
) -> None:
    """Draw an image, its reconstruction and its heat map with the scale, and say in words what is odd.

    `image` uint8 [H, W, C], `reconstruction` float32 [H, W, C] on [-1, 1], `heated` float32 [H, W] (core/gans/maps.py),
    `mark` as on the card. `of` is added to the text for screen readers. `defect`, bool [H, W], is outlined beside the heat map.
    """
    odd = heat.words(heated, mark)
    pictures = [("Image", image), (AS_NORMAL, to_grey(reconstruction)), ("Heat map", heat.picture(image, heated, mark))]
    if defect is not None:
        pictures.append(("True defect, outlined", heat.framed(image, defect)))
    row(pictures, of, {"Heat map": odd})
    st.html(heat.scale(mark))
    st.caption(f"{odd[0].upper()}{odd[1:]}. {heat.caption(mark)}", help=heat.HELP)


_BADGES = {
    "normal": ":blue-badge[:material/radio_button_unchecked: **normal**]",
    "anomaly": ":orange-badge[:material/flag: **anomaly**]",
    "can't tell": ":gray-badge[:material/help: **can't tell**]",
}


def far(data: Description) -> str:
    """Return the reason for the verdict "can't tell", with the data set's noun."""
    return f"far from any {data.noun}"


def made_of(gan: Chosen) -> str:
    """Say what the score of this model is made of."""
    share = gan.checkpoint.card.scoring.share
    if not share:
        return "The score is the mean absolute reconstruction error"
    return (
        f"The score is the mean absolute reconstruction error, weighted {1 - share:.2f}, and the largest heat of the heat map, "
        f"weighted {share:.2f}"
    )


def words(score: float, gan: Chosen, garment: bool = True) -> None:
    """Write the verdict with a sign beside its colour, its reason, the score and its percentile.

    `garment`: whether the image resembles the data set's images at all.
    """
    limit, normal_class = models.threshold(gan), gan.normal_name
    percentile = float(evaluation.percentile(score, gan.scores.validation_normal))
    verdict = judgement.verdict(score, limit, garment)
    reason = {
        "normal": f"score **{score:.4f}** < threshold {limit:.4f}",
        "anomaly": f"score **{score:.4f}** ≥ threshold {limit:.4f}",
        "can't tell": f"{far(gan.data)}, whatever the score **{score:.4f}**",
    }[verdict]
    st.markdown(f"{_BADGES[verdict]} {reason}")
    count = len(gan.scores.validation_normal)
    if percentile >= 100:
        place = f"Higher than all {count} validation images of {normal_class}."
    elif percentile <= 0:
        place = f"Lower than all {count} validation images of {normal_class}."
    else:
        place = f"At least as high as {percentile:.1f} % of the {count} validation images of {normal_class}."
    st.caption(
        place,
        help=f"{made_of(gan)}, from 0 to 2; higher = more anomalous. It is no probability. The threshold is set on the "
        "ROC page; it starts at "
        f"{STARTS[gan.checkpoint.point]}.",
    )
