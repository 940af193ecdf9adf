"""`make bench`: everything measured side by side, into benchmarks/RESULTS.md and growth.png.

usage: python -m benchmarks [NAME ...]      only these sections; the others stay as they are
"""

import contextlib
import math
import os
import platform
import re
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from core.basics.files import write_whole
from core.basics.names import MODEL_NAMES
from core.basics.text import markdown_table

HERE = Path(__file__).parent
RESULTS, PLOT = HERE / "RESULTS.md", HERE / "growth.png"
# What each figure should reach; (section, model) → times as fast, seconds, or times as long.
GOALS = {
    ("loop", "traditional"): 2,
    ("loop", "dcgan"): 3,
    ("ganomaly", "dcgan"): 15,
    ("quality", "dcgan"): 15,
    ("whole training", "dcgan"): 60,
    ("scoring", "traditional"): 1.25,
    ("scoring", "dcgan"): 1.2,
}
IMAGES, SIDES, COUNTS = (1000, 3000, 9000, 27_000, 54_000), (32, 64, 96, 128), (100, 300, 1000, 3000, 10_000)


def _goal(measured: float, goal: float, least: bool = True) -> str:
    """Write a goal and whether it is reached: at least, or at most."""
    reached = measured >= goal if least else measured <= goal
    return f"{'≥' if least else '≤'} {goal}: {'reached' if reached else 'open'}"


def training() -> str:
    from benchmarks import training

    rows = []
    for model in MODEL_NAMES:
        found, speed = training.against_straightforward(model)
        goal = GOALS["loop", model]
        rows.append(
            [
                MODEL_NAMES[model],
                "a straightforward loop",
                f"{speed:,.0f}",
                found.spread,
                _goal(found.ratio, goal),
                str(found.repeats),
            ]
        )
    if training.installed():
        found, speed = training.against_ganomaly()
        repeats = str(found.repeats)
        rows.append(
            [
                MODEL_NAMES["dcgan"],
                "anomalib's GANomaly",
                f"{speed:,.0f}",
                found.spread,
                _goal(found.ratio, GOALS["ganomaly", "dcgan"]),
                repeats,
            ]
        )
    shipped = [f"{MODEL_NAMES[model]} {training.speed(model):,.0f}" for model in MODEL_NAMES]
    share = training.convolution_share()
    return (
        "## Training, images a second\n\n"
        + markdown_table(["ours", "against", "our images/s", "times faster, median (range)", "goal", "repeats"], rows)
        + "\n\nAll of the table with the original objective, the losses of the paper or the slide deck: the other loops have no "
        f"repair. With the repair objective, which ships, our images a second are: {', '.join(shipped)}."
        f"\n\nOf such a DCGAN step {share:.0%} are the convolutions of 8 to 64 channels, forward and backward, which any loop over "
        f"the same networks has to do: what is left besides them could save {1 / share:.2f}× at most."
    )


def quality() -> str:
    from benchmarks import quality

    rows, times = [], {}
    for model in MODEL_NAMES:
        found, whole = quality.time_to(model)
        times[model] = found.get(quality.LEVELS[-1], math.inf), whole
        rows.append(
            [
                MODEL_NAMES[model],
                *(f"{found[level]:.0f} s" if level in found else "not reached" for level in quality.LEVELS),
                f"{whole:.0f} s",
            ]
        )
    head = ["T-shirt/top, seen, seed 0", *(f"validation AUROC {level}" for level in quality.LEVELS), "whole training"]
    quick, short = (
        _goal(seconds, GOALS[name, "dcgan"], least=False)
        for seconds, name in zip(times["dcgan"], ("quality", "whole training"), strict=True)
    )
    goal = (
        f"Goals of the DCGAN on two quiet cores, in seconds: to {quality.LEVELS[-1]} {quick}; whole training {short}."
    )
    return "## Time to quality\n\n" + markdown_table(head, rows) + f"\n\n{goal}"


def scoring() -> str:
    from benchmarks import scoring
    from core.gans.scoring import BATCH

    rows = []
    for model in MODEL_NAMES:
        found, batch, at_ours = scoring.against_bare_forward(model)
        before, peak = scoring.peak_memory(model)
        rows.append(
            [
                MODEL_NAMES[model],
                f"{10_000 / found.ours:,.0f}",
                found.inverse,
                _goal(1 / found.ratio, GOALS["scoring", model], least=False),
                str(batch),
                f"{at_ours:.2f}",
                f"{1000 * scoring.one_image(model):.1f} ms",
                f"{peak:,.0f} MB (+{peak - before:,.0f})",
            ]
        )
    head = ["scoring 10,000 images", "images/s", "times a bare forward pass (range)", "goal", "its best batch"]
    head += [f"a bare pass in batches of {BATCH}, times the best", "one image", "peak memory of the process"]
    return (
        "## Scoring\n\n"
        + markdown_table(head, rows)
        + f"\n\nThe bare pass has its best batch size and its input ready. Scoring always passes {BATCH} images, so that a score's bits "
        "never depend on its company and one image does not wait for thousands; it also turns bytes into numbers, measures the residual "
        "and smooths it to the heat map, which weighs most where the network is fastest."
    )


def evaluation() -> str:
    from benchmarks import figures

    found = figures.against_bootstrap()
    delong, resampled = figures.ours(), figures.bootstrap()
    rows = [
        [
            "Misfit: ROC, AUROC, DeLong",
            f"{1000 * found.ours:.1f} ms",
            f"{delong[0]:.4f} ({delong[1]:.4f}–{delong[2]:.4f})",
        ],
        [
            f"scikit-learn, bootstrap of {figures.DRAWS:,}",
            f"{found.theirs:.1f} s",
            f"{resampled[0]:.4f} ({resampled[1]:.4f}–{resampled[2]:.4f})",
        ],
    ]
    return (
        "## Evaluation of 10,000 scores\n\n"
        + markdown_table(["", "time", "AUROC (95 % interval)"], rows)
        + f"\n\n{found.ratio:,.0f} times faster ({found.low:,.0f}–{found.high:,.0f})."
    )


def start() -> str:
    from benchmarks import start

    rows = [
        [name, f"{found.ours:.1f} s", f"{found.theirs:.1f} s", found.inverse]
        for name, found in start.against_bare().items()
    ]
    light, heavy = start.app_memory()
    return (
        "## Start\n\n"
        + markdown_table(["from `streamlit run` to", "Misfit", "a bare app's heading", "times as long (range)"], rows)
        + f"\n\nPeak memory of the server: {light:,.0f} MB after every page that needs no model, "
        f"{heavy:,.0f} MB once both models have worked."
    )


def growth() -> str:
    from benchmarks import quality, scoring

    curves: list[tuple[str, str, tuple[int, ...], list[float]]] = []
    for model in MODEL_NAMES:
        seconds = quality.of_images(model, IMAGES, 1)
        curves.append((f"{MODEL_NAMES[model]}: training, an epoch", "images", IMAGES, seconds))
    curves.append(("DCGAN: training, a step", "image width, pixels", SIDES, quality.of_width(SIDES)))
    for model in MODEL_NAMES:
        curves.append((f"{MODEL_NAMES[model]}: scoring", "images", COUNTS, scoring.growth(model)))
    draw(curves)
    rows = [
        [
            name,
            f"{sizes[0]:,}–{sizes[-1]:,} {unit}",
            f"{seconds[0]:.2f}–{seconds[-1]:.2f} s",
            f"{quality.exponent(sizes, seconds):.2f}",
        ]
        for name, unit, sizes, seconds in curves
    ]
    return (
        "## Growth\n\n"
        + markdown_table(["", "from–to", "time", "fitted exponent"], rows)
        + "\n\n![Time against size, both on a logarithmic scale](growth.png)\n\n"
        "1 is linear growth; a step on images twice as wide has four times the pixels, hence 2."
    )


def line() -> str:
    from benchmarks import line

    return line.section()


def draw(curves: list[tuple[str, str, tuple[int, ...], list[float]]]) -> None:
    """The curves as a picture, drawn by plotly in Chromium."""
    import plotly.graph_objects as go
    from playwright.sync_api import sync_playwright
    from plotly.subplots import make_subplots

    from benchmarks.start import FLAGS, chromium

    units = {"images": (*COUNTS, *IMAGES[3:]), "image width, pixels": SIDES}  # and where the axis has its numbers
    figure = make_subplots(1, 2, shared_yaxes=True, column_widths=[0.65, 0.35], horizontal_spacing=0.04)
    for (name, unit, sizes, seconds), symbol in zip(curves, SYMBOLS, strict=True):
        drawn = go.Scatter(x=sizes, y=seconds, name=name, mode="lines+markers", marker={"symbol": symbol, "size": 9})
        figure.add_trace(drawn, 1, list(units).index(unit) + 1)
    for place, (unit, ticks) in enumerate(units.items(), 1):
        figure.update_xaxes(
            title=unit, tickvals=ticks, ticktext=[f"{tick:,}" for tick in ticks], tickangle=0, row=1, col=place
        )
    figure.update_xaxes(type="log").update_yaxes(type="log", dtick=1).update_yaxes(title="seconds", row=1, col=1)
    figure.update_layout(template="simple_white", width=1100, height=430, margin={"t": 20, "r": 10}, colorway=COLOURS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1110, "height": 440})
        page.set_content(figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}))
        page.locator(".main-svg").first.wait_for()
        write_whole(PLOT, page.screenshot())
        browser.close()


def intake() -> str:
    from benchmarks import grounds

    return grounds.section()


def photos() -> str:
    from benchmarks import photos_scale

    rows = []
    for number in photos_scale.COUNTS:
        found = photos_scale.steps(number)
        seconds = [f"{found[step]:.1f} s" for step in photos_scale.STEPS]
        rows.append([f"{number:,}", *seconds, f"{found['cpu']:.0f} s", f"{found['memory']:,.0f} MB"])
    head = ["photos", *photos_scale.STEPS, "processor time, all steps", "peak memory of the process"]
    width, height = photos_scale.TAKEN
    scored = [
        [
            f"{w}×{h}",
            f"{photos_scale.SCORED / seconds:,.0f}",
            f"{2 * photos_scale.SCORED / processor:,.0f}",
        ]
        for (w, h), seconds, processor in photos_scale.scoring()
    ]
    side = photos_scale.SIDE
    return (
        "## Photos of one's own\n\n"
        + markdown_table(head, rows)
        + f"\n\nJPEG files of {width}×{height} pixels become {side}×{side} in colour. The array of 20,000 has 246 MB; mapped "
        "files count as memory of the process while there is room."
        + f"\n\nScoring a folder of {photos_scale.SCORED:,} photos with a DCGAN, decoding included:\n\n"
        + markdown_table(["photos (JPEG)", "photos/s", "photos/s of two cores that do nothing else"], scored)
        + "\n\nThe last column is two processor seconds divided by those that a photo took."
        + photos_scale.against_ganomaly()
    )


COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"]  # Okabe and Ito
SYMBOLS = ("circle", "square", "diamond", "cross", "x")

SECTIONS: dict[str, Callable[[], str]] = {
    "training": training,
    "quality": quality,
    "scoring": scoring,
    "start": start,
    "evaluation": evaluation,
    "growth": growth,
    "line": line,
    "photos": photos,
    "intake": intake,
}


def machine() -> str:
    import torch

    packages = ("torch", "torchvision", "numpy", "scikit-learn", "streamlit")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    cores = f"{os.cpu_count()} cores, {torch.get_num_threads()} threads"
    return f"Python {platform.python_version()}, {versions}; {processor()}, {cores}."


def processor() -> str:
    """The processor's name where Linux tells it, else its kind."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def replaced(text: str, section: str) -> str:
    """Put `section` in the place of the one with the same heading, or at the end of `text`."""
    parts = [part.strip() for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)]
    heading = section.partition("\n")[0]
    place = next((number for number, part in enumerate(parts) if part.partition("\n")[0] == heading), len(parts))
    return "\n\n".join([*parts[:place], section, *parts[place + 1 :]]) + "\n"


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        print(f"benchmarks: no section is called {unknown[0]!r}; there are: {', '.join(SECTIONS)}.", file=sys.stderr)
        return 2
    started, parts = time.perf_counter(), []
    for name in names or SECTIONS:
        parts.append(SECTIONS[name]())
        print(parts[-1], end="\n\n", flush=True)
        if names:
            alone = (
                f"{parts[-1]}\n\nThis section was measured by itself, {time.strftime('%Y-%m-%d')}, on {processor()}."
            )
            write_whole(RESULTS, replaced(RESULTS.read_text("utf-8"), alone).encode())
    if not names:
        minutes = (time.perf_counter() - started) / 60
        head = (
            "# Speed\n\nWritten by `make bench`. A comparison measures both sides in one run, interleaved. Seconds are of one noisy machine, the "
            "ratios say more. A section that was measured by itself names its machine; all others were measured in "
            f"{minutes:.0f} minutes, with:\n\n" + machine()
        )
        write_whole(RESULTS, "\n\n".join([head, *parts]).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
