"""The latent map: the encoder's z of every test image in two dimensions, drawn by map.js; a point opens its image."""

import base64
import io
from itertools import cycle
from pathlib import Path

import numpy as np
import streamlit as st

from core.basics.text import percent
from core.data.dataset import Images
from core.metrics.outcomes import OUTCOMES
from core.store.survey import SAMPLE
from pages.browse import filters, surveys
from pages.browse.look import Look
from pages.browse.opened import open_image
from pages.parts import charts, tiles
from pages.parts.fields import COLOURINGS, MAPS
from pages.parts.packed import packed
from pages.parts.pictures import picture

_HERE = Path(__file__).parent
_map = st.components.v2.component(
    "misfit_latent_map",
    html='<div class="map"><canvas tabindex="0" role="application" aria-roledescription="scatter plot"></canvas>'
    '<div class="tip" hidden><span></span><div></div></div><div class="said" aria-live="polite"></div></div>'
    '<div class="bar"></div>',
    css=(_HERE / "map.css").read_text("utf-8"),
    js=(_HERE.parent / "parts" / "packed.js").read_text("utf-8") + (_HERE / "map.js").read_text("utf-8"),
)
# Separate from the map, so that a filter change does not send the pictures again.
_sheet = st.components.v2.component(
    "misfit_map_sheet", js="export default ({ data }) => { window.misfitSheet = data.sheet; };"
)
KEY = "latent_map"
NAMES = {"pca": "PCA", "t-sne": "t-SNE"}
HELP = (
    f"PCA: the two directions in which z varies most; distances are real, and groups may hide each other. t-SNE: neighbours stay "
    f"neighbours, distances between groups mean little; {SAMPLE} images a class, because all of them would take minutes."
)
# A colour and a shape for each anomaly class, so that classes are told apart in every colour blindness. Okabe and Ito's
# colours come first; where there are more classes than pairs, the pairs repeat.
_KINDS = [
    (charts.ANOMALY, "triangle"), ("#E69F00", "square"), ("#009E73", "diamond"), ("#CC79A7", "down"),
    ("#7a8594", "square"), ("#56B4E9", "triangle"), ("#8a8a00", "down"), ("#a5403c", "square"), ("#8b5cf6", "diamond"),
]  # fmt: skip
_OUTCOMES = {
    "caught": ("#009E73", "square"),
    "missed": (charts.ANOMALY, "triangle"),
    "false-alarm": ("#E69F00", "diamond"),
    "passed": (charts.NORMAL, "circle"),
}
STEPS = 16  # colours of the ramp of scores
# From blue over grey to amber: safe for colour-blind readers, and both ends can be seen on light and dark pages.
_RAMP = np.array([[40, 105, 190], [100, 130, 170], [150, 145, 130], [200, 160, 75], [235, 180, 20]], float)


def show(look: Look) -> np.ndarray:
    """Draw the filters, the choices and the map; return the numbers of the images that the filters leave, in order."""
    order, _ = filters.show(look, sorting=False)  # the map needs no order
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layout = st.segmented_control(
            "Layout",
            MAPS,
            format_func=NAMES.__getitem__,
            key="layout",
            persist_state="session",
            required=True,
            help=HELP,
        )
        colours = st.segmented_control(
            "Colour", COLOURINGS, format_func=str.capitalize, key="colours", persist_state="session", required=True,
            help="What the colour, and the shape beside it, says of a point.",
        )  # fmt: skip
        if filters.is_set():
            st.button(
                "Clear filters", on_click=filters.clear, icon=":material/filter_alt_off:", help="Show all images again."
            )
    assert layout and colours  # a choice is required
    if not len(order):
        filters.nothing_left(look)
        return order
    survey = surveys.with_tsne(look) if layout == "t-sne" else surveys.made(look)
    numbers = survey.sample if layout == "t-sne" else np.arange(len(survey.pca))
    points = survey.tsne if layout == "t-sne" else survey.pca
    part = look.roles[numbers]  # images that are no part of the test have no outcome and are left out
    numbers, points = numbers[part], points[part]
    shown = np.isin(numbers, order)
    where = (
        f"the {len(numbers):,} that t-SNE arranged, up to {SAMPLE} a class"
        if layout == "t-sne"
        else _shares(survey.shares)
    )
    st.markdown(
        f"{int(shown.sum()):,} of the {len(order):,} images{' that the filters leave' if filters.is_set() else ''} are "
        f"{'among' if layout == 't-sne' else 'placed by'} {where}."
    )
    _draw(look, numbers, points, shown, layout, colours)
    st.caption(
        f"z is the vector into which the encoder of the {look.chosen.title} squeezes an image. Point at one to see it, click to open it; "
        "drag when zoomed in, Ctrl and wheel zoom. What the filters leave out is faint."
    )
    return order


def _draw(look: Look, numbers: np.ndarray, points: np.ndarray, shown: np.ndarray, layout: str, colours: str) -> None:
    """Send the map: images `numbers` int [M] at `points` float32 [M, 2], faint where `shown` bool [M] is False."""
    kinds, kind, ramp = _coloured(look, numbers, colours)

    def opened() -> None:
        number = st.session_state[KEY].get("open")
        if isinstance(number, int) and 0 <= number < len(look.roles):
            open_image(number)

    _sheet(key="map_sheet", data={"sheet": sheet(look.test)})
    low, high = points.min(0), points.max(0)
    places = (points - low) / np.maximum(high - low, np.finfo(np.float32).tiny)
    _map(
        key=KEY,
        data={
            "id": look.chosen.checkpoint.card.weights_sha256,
            "layout": layout,
            "x": packed(places[:, 0], "<f4"),
            "y": packed(1 - places[:, 1], "<f4"),
            "numbers": packed(numbers, "<u4"),
            "scores": packed(look.scores[numbers], "<f4"),
            "kinds": packed(kind, "u1"),
            "classes": packed(look.test.labels[numbers], "u1"),
            "shown": packed(shown, "u1"),
            "kindList": kinds,
            "ramp": ramp,
            "classNames": look.data.class_names,
            "across": ACROSS,
            "label": f"Latent map of {len(numbers)} test images by {NAMES[layout]}, coloured by {colours}. Arrow keys move from point "
            "to point, Enter opens the image, plus and minus zoom, 0 shows all.",
        },
        on_open_change=opened,
    )


def _shares(shares: np.ndarray) -> str:
    return f"the two principal components of z, which hold {percent(shares[0], 0)} and {percent(shares[1], 0)} of its variance"


def _coloured(look: Look, numbers: np.ndarray, by: str) -> tuple[list[dict], np.ndarray, dict | None]:
    """Return (kinds of points, each point's index among the kinds, the ramp of scores or None)."""
    if by == "class":
        normal = look.data.label(look.chosen.checkpoint.task.normal)
        labels = range(len(look.data.classes))
        looks = dict(zip((label for label in labels if label != normal), cycle(_KINDS), strict=False))
        looks[normal] = (charts.NORMAL, "circle")
        present = np.unique(look.test.labels[numbers])
        names = [look.data.class_names[label] + (", normal" if label == normal else "") for label in labels]
        kinds = [_kind(looks[label], names[label] if label in present else "") for label in labels]
        return kinds, look.test.labels[numbers], None
    if by == "outcome":
        kinds = [_kind(_OUTCOMES[name], f"{tiles.OUTCOMES[name][0]} {name.replace('-', ' ')}") for name in OUTCOMES]
        return kinds, look.outcome[numbers], None
    scores = look.scores[numbers]
    low, high = float(scores.min()), float(scores.max())
    steps = ((scores - low) / max(high - low, 1e-9) * (STEPS - 1)).round().astype(np.uint8)
    stops = np.linspace(0, 1, len(_RAMP))
    colours = [
        "#" + "".join(f"{round(np.interp(share, stops, _RAMP[:, channel])):02x}" for channel in range(3))
        for share in np.linspace(0, 1, STEPS)
    ]
    flagged = np.isin(look.outcome[numbers], [0, 2])
    kinds = [_kind((colour, shape), "") for shape in ("circle", "triangle") for colour in colours]
    kinds += [_kind((charts.NEUTRAL, "circle"), "not flagged"), _kind((charts.NEUTRAL, "triangle"), "flagged")]
    ramp = {"colours": colours, "words": f"score {low:.2f} to {high:.2f}, threshold {look.limit:.4f}"}
    return kinds, steps + STEPS * flagged, ramp


def _kind(colour_and_shape: tuple[str, str], name: str) -> dict[str, str]:
    return {"colour": colour_and_shape[0], "shape": colour_and_shape[1], "name": name}


ACROSS = 100  # images in a row of the sheet
LARGEST_THUMB = 32  # pixels; larger images are reduced for the sheet


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={Images: lambda images: images.fingerprint})
def sheet(test: Images) -> str:
    """Pack all test images into a JPEG in a data: address (2 MB for Fashion-MNIST); the pointer's picture uses it."""
    images = test.images
    count, side, _, channels = images.shape
    times = -(-side // LARGEST_THUMB)  # a square of `times` × `times` pixels becomes one pixel
    thumb = side // times
    if times > 1:
        cut = images[:, : thumb * times, : thumb * times].reshape(count, thumb, times, thumb, times, channels)
        images = cut.mean((2, 4), dtype=np.float32).round().astype(np.uint8)
    rows = -(-count // ACROSS)
    filled = np.zeros((rows * ACROSS, thumb, thumb, channels), np.uint8)
    filled[:count] = images
    grid = filled.reshape(rows, ACROSS, thumb, thumb, channels).transpose(0, 2, 1, 3, 4)
    buffer = io.BytesIO()
    picture(grid.reshape(rows * thumb, ACROSS * thumb, channels)).save(buffer, "JPEG", quality=40)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
