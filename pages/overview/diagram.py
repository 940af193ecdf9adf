"""Both GANs as flow diagrams, in SVG that takes its colours from the theme. Each part is explained on hover and focus.
On narrow screens the same flow runs from top to bottom."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from pages.parts import charts

_HERE = Path(__file__).parent
_HINT = "Point at a part or touch it to read what it does, or reach it with Tab and the arrow keys."
_GREY = charts.NEUTRAL


@dataclass(frozen=True)
class _Lane:
    """One kind of image in the diagram: its name, its colour, and the generator's losses with their explanation."""

    kind: str
    symbol: str
    first: str
    aim: str
    colour: str
    losses: tuple[str, ...]
    about: str


def _box(x: float, y: float, width: float, height: float, lines: list[str], colour: str, about: str) -> str:
    """Draw a rounded box centred on (x, y); `about` explains it to pointer, keyboard and screen reader."""
    start = y - (len(lines) - 1) * 8.5
    words = "".join(
        f'<text x="{x}" y="{start + 17 * i}" class="{"" if i == 0 else "small"}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<g role="img" tabindex="-1" aria-label="{escape(about)}">'
        f'<rect x="{x - width / 2}" y="{y - height / 2}" width="{width}" height="{height}" rx="8" '
        f'fill="{colour}" fill-opacity=".16" stroke="{colour}"/>{words}</g>'
    )


def _arrow(*points: tuple[float, float]) -> str:
    """Draw a line through `points`. Its last piece is horizontal or vertical and ends in an arrow head."""
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    (x0, y0), (x, y) = points[-2:]
    if y == y0:
        back = -6 if x > x0 else 6
        head = f"M{x + back} {y - 4} L{x} {y} L{x + back} {y + 4}"
    else:
        back = -6 if y > y0 else 6
        head = f"M{x - 4} {y + back} L{x} {y} L{x + 4} {y + back}"
    return f'<path d="{path}"/><path d="{head}"/>'


def _lanes(normal: tuple[str, ...], anomaly: tuple[str, ...], normal_about: str, anomaly_about: str) -> list[_Lane]:
    return [
        _Lane("normal", "x, or damaged", "Normal image", "should be whole", charts.NORMAL, normal, normal_about),
        _Lane("anomaly", "a", "Anomaly", "should look normal", charts.ANOMALY, anomaly, anomaly_about),
    ]


_ENCODER = "The encoder, one for normal images and anomalies: it squeezes an image into the latent vector z."
_LATENT = "The latent vector z: the few numbers that must hold the whole image."
_DECODER = (
    "The decoder, one for both: it draws the image again from z. Encoder and decoder together are the generator G."
)
_SKIPS = "Skip connections hand details from the encoder straight to the decoder, past z."


def _inputs(lane: _Lane) -> str:
    if lane.kind == "normal":
        return "Normal image x: a training image of the normal class. Three of four are damaged at random: a hole, a blot, a foreign piece."
    return "Anomaly a: a labelled training image of another class."


def _outputs(lane: _Lane) -> str:
    if lane.kind == "normal":
        aim = "The generator's reconstruction of the normal image. It should be the undamaged image."
    else:
        aim = "The generator's reconstruction of the anomaly. It should show the anomaly as it would be if it were normal."
    return f"{aim} How far image and reconstruction differ is the anomaly score, and where they differ is the heat map."


def _judge(decisions: str) -> str:
    return (
        f"The normal discriminator, {decisions}, one for both: it tells real normal images from reconstructions and anomalies. The generator "
        "tries to fool it, so that what it draws looks normal."
    )


def _wide(lanes: list[_Lane], decisions: str, skips: bool) -> str:
    """Draw the flow from left to right, 900 × 250."""
    parts = []
    for lane, y in zip(lanes, (62, 190), strict=True):
        parts += [
            _box(62, y, 108, 52, [lane.first, lane.symbol], lane.colour, _inputs(lane)),
            _arrow((116, y), (154, y)),
        ]
    parts += [
        _box(200, 126, 92, 190, ["Encoder", "E"], _GREY, _ENCODER),
        _arrow((246, 126), (266, 126)),
        _box(288, 126, 44, 60, ["z"], _GREY, _LATENT),
        _arrow((310, 126), (330, 126)),
        _box(376, 126, 92, 190, ["Decoder"], _GREY, _DECODER),
    ]
    if skips:
        parts.append('<path d="M200 29 C 230 -2, 346 -2, 376 29" stroke-dasharray="5 4"/>')
        parts.append(_box(288, 24, 116, 22, ["skip connections"], _GREY, _SKIPS))
    parts.append(_box(668, 126, 104, 190, ["Normal discr.", decisions], _GREY, _judge(decisions)))
    for lane, y in zip(lanes, (62, 190), strict=True):
        parts += [
            _arrow((422, y), (450, y)),
            _box(514, y, 128, 52, ["Reconstruction", lane.aim], lane.colour, _outputs(lane)),
            _arrow((578, y), (616, y)),
            _arrow((720, y), (748, y)),
            _box(822, y, 148, 24 + 17 * len(lane.losses), list(lane.losses), lane.colour, lane.about),
        ]
    return _svg("0 0 900 250", parts)


def _tall(lanes: list[_Lane], decisions: str, skips: bool) -> str:
    """Draw the flow from top to bottom, 320 wide: two lanes beside each other, through one generator."""
    parts, columns = [], (82, 238)
    for lane, x in zip(lanes, columns, strict=True):
        parts += [_box(x, 28, 136, 46, [lane.first, lane.symbol], lane.colour, _inputs(lane)), _arrow((x, 51), (x, 72))]
    parts += [
        _box(160, 93, 292, 42, ["Encoder E"], _GREY, _ENCODER),
        _arrow((160, 114), (160, 132)),
        _box(160, 150, 64, 36, ["z"], _GREY, _LATENT),
        _arrow((160, 168), (160, 186)),
        _box(160, 207, 292, 42, ["Decoder"], _GREY, _DECODER),
    ]
    if skips:
        parts.append('<path d="M254 114 L254 138 M254 162 L254 186" stroke-dasharray="5 4"/>')
        parts.append(_box(254, 150, 108, 24, ["skip connections"], _GREY, _SKIPS))
    parts.append(_box(160, 341, 292, 42, ["Normal discriminator", decisions], _GREY, _judge(decisions)))
    most = max(len(lane.losses) for lane in lanes)
    for lane, x in zip(lanes, columns, strict=True):
        height = 24 + 17 * len(lane.losses)
        parts += [
            _arrow((x, 228), (x, 249)),
            _box(x, 274, 136, 50, ["Reconstruction", f"{lane.aim}"], lane.colour, _outputs(lane)),
            _arrow((x, 299), (x, 320)),
            _arrow((x, 362), (x, 391)),
            _box(x, 391 + height / 2, 136, height, list(lane.losses), lane.colour, lane.about),
        ]
    return _svg(f"0 0 320 {391 + 24 + 17 * most + 4}", parts)


def _svg(frame: str, parts: list[str]) -> str:
    drawn = "".join(parts).replace('tabindex="-1"', 'tabindex="0"', 1)  # the Tab key stops once at the whole diagram
    return f'<svg viewBox="{frame}">{drawn}</svg>'


def _flow(name: str, title: str, lanes: list[_Lane], decisions: str, skips: bool):
    """Make the component of one diagram. st.html will not do: it removes SVG."""
    html = (
        f'<div class="frame" role="group" aria-label="{escape(title)}"><div class="wide">{_wide(lanes, decisions, skips)}</div>'
        f'<div class="tall">{_tall(lanes, decisions, skips)}</div><p class="about" role="status">{_HINT}</p></div>'
    )
    return st.components.v2.component(
        name,
        html=html,
        css=(_HERE / "diagram.css").read_text("utf-8"),
        js=(_HERE / "diagram.js").read_text("utf-8"),
    )


_FOOLED = "Adversarial: the normal discriminator should say 1, real."
_AS_NORMAL = (
    "As normal: the difference to the mean of the most similar normal images is made small, so that the anomaly comes out as it would be if it "
    "were normal."
)
_traditional = _flow(
    "misfit_flow_traditional",
    "Flow of the traditional GAN",
    _lanes(
        ("MSE", "repair MSE", "adversarial → 1"),
        ("as normal MSE", "negative MSE", "adversarial → 1"),
        "Losses on normal images. MSE: the squared difference is made small. Repair: that of damaged images to the undamaged ones. "
        + _FOOLED,
        f"Losses on anomalies. {_AS_NORMAL} Negative MSE: so is the squared difference to the image's own negative, so that it comes back "
        f"changed. {_FOOLED}",
    ),
    "one decision",
    skips=False,
)
_dcgan = _flow(
    "misfit_flow_dcgan",
    "Flow of the DCGAN",
    _lanes(
        ("L1", "Patch L1", "repair L1", "latent vector", "adversarial → 1"),
        ("as normal L1", "ABC", "adversarial → 1"),
        "Losses on normal images. L1: the mean difference is made small. Patch L1: that of the worst patches. Repair: that of damaged images to "
        f"the undamaged ones. Latent vector: image and reconstruction should have the same z. {_FOOLED}",
        f"Losses on anomalies. {_AS_NORMAL} ABC: small when the anomaly comes back changed. {_FOOLED}",
    ),
    "4×4 decisions",
    skips=True,
)


def traditional() -> None:
    """Draw the traditional GAN: fully connected networks and one kind of loss."""
    _traditional(key="flow_traditional")


def dcgan() -> None:
    """Draw the DCGAN: convolutions, skip connections and patch decisions."""
    _dcgan(key="flow_dcgan")
