"""The heat map of an image: what is odd in it, in colours on a fixed scale over the grey image, outlined and in words."""

from typing import NamedTuple

import numpy as np

from pages.parts.pictures import data_url, times

FULL = 1.0  # heat from here on gets the brightest colour; the scale is the same for every image and model
GREY = 0.42  # of full brightness: the image below the colours, so that what is hot is also what is bright
OPAQUE = 0.4  # heat from here on hides the image below

# Violet → vermilion → amber → pale yellow, rising in lightness: read without colour as well as in every colour blindness.
_STOPS = np.array([[45, 10, 90], [150, 35, 85], [215, 80, 25], [250, 165, 30], [255, 250, 190]], np.float64)
_ROWS, _COLUMNS = ("upper", "", "lower"), ("left", "", "right")
NAMED = 3  # spots that are named one by one

HELP = (
    "The heat map is the difference between the image and its reconstruction, smoothed a little; beside the edges of the "
    "reconstruction it counts less, because an edge is never redrawn to the last pixel. The scale is the same for every image. "
)


class Spot(NamedTuple):
    """A connected region at or above the mark: its hottest pixel (row, column) and its size, pixels."""

    row: int
    column: int
    size: int


def spots(heat: np.ndarray, mark: float | None) -> list[Spot]:
    """Return the regions (8 neighbours) of heat [H, W] at or above `mark`, hottest first; none where `mark` is None."""
    from scipy.ndimage import label

    if mark is None:
        return []
    numbers, count = label(heat >= mark, np.ones((3, 3)))
    regions = []
    for number in range(1, count + 1):
        here = numbers == number
        row, column = np.unravel_index(int(np.where(here, heat, -1.0).argmax()), heat.shape)
        regions.append(Spot(int(row), int(column), int(here.sum())))
    return sorted(regions, key=lambda spot: -heat[spot.row, spot.column])


def words(heat: np.ndarray, mark: float | None) -> str:
    """Say where heat [H, W] reaches `mark`, hottest first; where `mark` is None, where it is largest."""
    if mark is None:
        if heat.max() <= 0:
            return "nothing odd: the reconstruction is exact"
        row, column = np.unravel_index(int(heat.argmax()), heat.shape)
        return f"oddest place: {_place(int(row), int(column), heat.shape)}"
    regions = spots(heat, mark)
    if not regions:
        return "nothing above the mark"
    named = [f"{_place(spot.row, spot.column, heat.shape)}, {_pixels(spot.size)}" for spot in regions[:NAMED]]
    rest = len(regions) - NAMED
    more = f"; and {rest} more" if rest > 0 else ""
    start = "odd spot" if len(regions) == 1 else f"{len(regions)} odd spots"
    return f"{start}: {'; '.join(named)} above the mark{more}"


def _pixels(count: int) -> str:
    return f"{count} pixel{'s' * (count != 1)}"


def _place(row: int, column: int, shape: tuple[int, ...]) -> str:
    """Name the ninth of the image that a pixel is in."""
    down, across = _ROWS[3 * row // shape[0]], _COLUMNS[3 * column // shape[1]]
    if down and not across:
        return {"upper": "top", "lower": "bottom"}[down]
    return f"{down} {across}".strip() or "middle"


def picture(image: np.ndarray, heat: np.ndarray, mark: float | None, by: int | None = None) -> np.ndarray:
    """Draw heat [H, W], 0…2, over an image uint8 [H, W, C], with a white outline around the pixels at or above `mark`.

    Returns uint8 [H·by, W·by, 3]; `by` is the enlargement, by default that of a page.
    """
    by = times(len(image)) if by is None else by
    large = _coloured(image.mean(-1), heat).repeat(by, 0).repeat(by, 1)
    return large if mark is None else outlined(large, heat >= mark)


def outlined(large: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """Draw a white line with a black rim around the pixels `marked`, bool [H, W], of an enlarged picture [H·by, W·by, 3]."""
    from scipy.ndimage import binary_dilation, binary_erosion

    if not marked.any():
        return large
    by = len(large) // len(marked)
    width = max(1, round(len(large) / 224))  # so wide that the line is still there when a browser halves the picture
    region = marked.repeat(by, 0).repeat(by, 1)
    square = np.ones((3, 3))
    inner = binary_erosion(region, square, iterations=2 * width)  # beyond the frame counts as unmarked
    outer = binary_dilation(region, square, iterations=width)
    result = large.copy()
    result[binary_dilation(outer, square, iterations=width) & ~inner] = 0
    result[outer & ~inner] = 255
    return result


def framed(image: np.ndarray, marked: np.ndarray, by: int | None = None) -> np.ndarray:
    """Enlarge an image uint8 [H, W, C] and draw the outline around the pixels `marked`, bool [H, W]; see `picture`."""
    by = times(len(image)) if by is None else by
    colours = np.broadcast_to(image, (*image.shape[:2], 3))
    return outlined(colours.repeat(by, 0).repeat(by, 1), marked)


def _coloured(grey: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay the colours of heat [H, W] over grey levels [H, W], 0…255: uint8 [H, W, 3]."""
    at = (heat / FULL).clip(0.0, 1.0)
    colours = np.stack([np.interp(at, np.linspace(0, 1, len(_STOPS)), channel) for channel in _STOPS.T], -1)
    share = (heat / OPAQUE).clip(0.0, 1.0)[..., None]
    return (share * colours + (1.0 - share) * GREY * grey[..., None]).round().astype(np.uint8)


def caption(mark: float | None) -> str:
    """Say what the outline means, or why there is none."""
    if mark is None:
        return "This model is older than marks: nothing is outlined. A model that is trained anew has them."
    return f"Outlined: heat of {mark:.2f} or more, the mark; one normal validation image in twenty has such a pixel."


_STYLE = """<style>
.mf-heat {position:relative; max-width:360px; padding-top:15px; margin:2px 0 0; font-size:.8rem; font-variant-numeric:tabular-nums}
.mf-heat img {width:100%; height:12px; display:block; border-radius:3px; image-rendering:auto; box-shadow:0 0 0 1px color-mix(in srgb, currentColor 30%, transparent)}
.mf-heat div {display:flex; justify-content:space-between}
.mf-heat b {position:absolute; top:0; height:29px; border-left:2px solid currentColor; font-weight:400; line-height:13px; padding-left:4px; white-space:nowrap}
</style>"""


def scale(mark: float | None) -> str:
    """Return HTML of the colour scale with its numbers and the mark; its upper half is over black, its lower over white."""
    ramp = np.linspace(0.0, FULL, 128)[None].repeat(2, 0)
    bar = data_url(_coloured(np.array([[0.0], [255.0]]), ramp))
    here = "" if mark is None else f'<b style="left:{100 * min(mark / FULL, 1.0):.1f}%">mark {mark:.2f}</b>'
    told = "" if mark is None else f", the mark at {mark:.2f}"
    return (
        f'{_STYLE}<div class="mf-heat" role="img" aria-label="Colour scale: violet, then orange, then pale yellow from 0 '
        f'to {FULL:g} and more{told}">{here}<img src="{bar}" alt=""><div aria-hidden="true"><span>0</span><span>{FULL / 2:g}</span>'
        f"<span>{FULL:g} and more</span></div></div>"
    )
