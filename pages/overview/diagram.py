"""Both GANs as flow diagrams: SVG of our own that takes its text colour from the theme."""

from html import escape

import streamlit as st

from pages.parts import charts

_STYLE = """
div {overflow-x:auto} svg {min-width:700px; width:100%; height:auto; display:block}
text {fill:var(--st-text-color); font:13px var(--st-font); text-anchor:middle; dominant-baseline:middle}
.small {font-size:11.5px; opacity:.85}
rect {stroke-width:1.5}
path {stroke:var(--st-text-color); stroke-width:1.4; fill:none; opacity:.75}
"""
_GREY = charts.NEUTRAL
_TOP, _BOTTOM = 62, 190  # the middle of the two lanes, normal above and anomaly below


def _box(x: float, y: float, width: float, height: float, lines: list[str], colour: str, about: str) -> str:
    """A rounded box centred on (x, y); `about` is what a pointer resting on it or a screen reader is told."""
    first = y - (len(lines) - 1) * 8.5
    words = "".join(
        f'<text x="{x}" y="{first + 17 * i}" class="{"" if i == 0 else "small"}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<g role="img" aria-label="{escape(about)}"><title>{escape(about)}</title>'
        f'<rect x="{x - width / 2}" y="{y - height / 2}" width="{width}" height="{height}" rx="8" '
        f'fill="{colour}" fill-opacity=".16" stroke="{colour}"/>{words}</g>'
    )


def _arrow(*points: tuple[float, float]) -> str:
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    (x0, y0), (x, y) = points[-2:]
    back = -6 if x > x0 else 6
    head = (
        f"M{x + back} {y - 4} L{x} {y} L{x + back} {y + 4}"
        if y == y0
        else f"M{x - 4} {y - 6} L{x} {y} L{x + 4} {y - 6}"
    )
    return f'<path d="{path}"/><path d="{head}"/>'


def _svg(label: str, parts: list[str]) -> str:
    # The frame scrolls sideways on a narrow screen, so the keyboard must reach it.
    return (
        f'<div tabindex="0" role="group" aria-label="{escape(label)}"><svg viewBox="0 0 900 250">'
        + "".join(parts)
        + "</svg></div>"
    )


def _lanes(discriminators: str, normal_losses: list[str], anomaly_losses: list[str], skips: bool) -> list[str]:
    parts = [
        _box(62, _TOP, 108, 52, ["Normal image", "x"], charts.NORMAL, "A training image of the normal class."),
        _box(62, _BOTTOM, 108, 52, ["Anomaly", "a"], charts.ANOMALY, "A labelled training image of another class."),
        _box(
            200,
            126,
            92,
            190,
            ["Encoder", "E"],
            _GREY,
            "The encoder, one for normal images and anomalies: image to latent vector z.",
        ),
        _box(288, 126, 44, 60, ["z"], _GREY, "The latent vector: the image in a few numbers."),
        _box(
            376,
            126,
            92,
            190,
            ["Decoder"],
            _GREY,
            "The decoder, one for both: latent vector back to an image. Encoder and decoder are the generator G.",
        ),
    ]
    if skips:
        parts.append('<path d="M200 29 C 230 -2, 346 -2, 376 29" stroke-dasharray="5 4"/>')
        parts.append('<text x="288" y="22" class="small">skip connections</text>')
    for y, kind, symbol, colour, losses in (
        (_TOP, "normal", "x", charts.NORMAL, normal_losses),
        (_BOTTOM, "anomaly", "a", charts.ANOMALY, anomaly_losses),
    ):
        aim = "should look like it" if kind == "normal" else "should not"
        fooling = (
            "The generator tries to fool it." if kind == "normal" else "The generator helps it instead of fooling it."
        )
        parts += [
            _arrow((116, y), (154, y)),
            _arrow((422, y), (460, y)),
            _box(
                518,
                y,
                116,
                52,
                ["Reconstruction", f"G({symbol}) {aim}"],
                colour,
                f"The generator's reconstruction of the {kind} image.",
            ),
            _arrow((576, y), (604, y)),
            _box(
                662,
                y,
                116,
                52,
                [f"{kind.capitalize()} discr.", discriminators],
                colour,
                f"The {kind} discriminator tells {kind} images from their reconstructions. {fooling}",
            ),
            _arrow((720, y), (748, y)),
            _box(
                822,
                y,
                148,
                24 + 17 * len(losses),
                losses,
                colour,
                f"Losses of the generator on {kind} images: {', '.join(losses)}.",
            ),
        ]
    return [*parts, _arrow((246, 126), (266, 126)), _arrow((310, 126), (330, 126))]


_TRADITIONAL = _lanes("one decision", ["MSE", "adversarial → 1"], ["− MSE", "adversarial → 0"], skips=False)
_DCGAN = _lanes(
    "4×4 decisions", ["L1", "Patch L1", "Latent vector", "adversarial → 1"], ["ABC", "adversarial → 0"], skips=True
)
# Components and not st.html, which leaves SVG out.
_traditional = st.components.v2.component(
    "misfit_flow_traditional", html=_svg("Flow of the traditional GAN", _TRADITIONAL), css=_STYLE
)
_dcgan = st.components.v2.component("misfit_flow_dcgan", html=_svg("Flow of the DCGAN", _DCGAN), css=_STYLE)


def traditional() -> None:
    """Fully connected networks and one kind of loss."""
    _traditional(key="flow_traditional")


def dcgan() -> None:
    """Convolutions, skips, patch decisions and six losses."""
    _dcgan(key="flow_dcgan")
