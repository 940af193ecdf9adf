"""Draws docs/architecture.svg from the imports of the code: python -m tests.architecture [--write].

Without --write it only says whether the picture is still true. A box is a group, its text the group's own docstring; an
arrow is an import. An arrow that others already imply (a → b → c makes a → c unnecessary) is left out.
"""

import argparse
import ast
import sys
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"
# Rows from the top: who may import whom is the contract in pyproject.toml, which `make check` holds.
ROWS = (
    ("pages", "commands"),
    ("study", "line"),
    ("runs", "judging"),
    ("store",),
    ("gans",),
    ("data", "metrics"),
    ("basics",),
)
SENTENCES = {"pages": "What a person sees: a folder a page. Streamlit is known here alone."}
WIDTH, HEIGHT, GAP, LEFT, LANE = 560, 58, 26, 16, 22  # pixels; a lane is for arrows that pass a box
STYLE = """
.box { fill: #f4f6fb; stroke: #5b6b8c; }
.name { font: 600 15px system-ui, sans-serif; fill: #14213d; }
.text { font: 12px system-ui, sans-serif; fill: #33415c; }
.arrow { stroke: #5b6b8c; fill: none; stroke-width: 1.5; }
.tip { fill: #5b6b8c; }
@media (prefers-color-scheme: dark) {
  .box { fill: #1d2433; stroke: #93a3c4; } .name { fill: #eef2fb; } .text { fill: #c9d3ea; }
  .arrow { stroke: #93a3c4; } .tip { fill: #93a3c4; }
}
"""


def arrows() -> set[tuple[str, str]]:
    """(importing group, imported group) for every import between groups, without those that others imply."""
    graph = grimp.build_graph("core", "pages")
    edges = set()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            edge = group(module), group(other)
            if None not in edge and edge[0] != edge[1]:
                edges.add(edge)
    return {
        (a, b) for a, b in edges if not any((a, c) in edges and reaches(c, b, edges) for c in targets(a, edges) - {b})
    }


def group(module: str) -> str | None:
    """The box that a module belongs to; None for `core` itself."""
    parts = module.split(".")
    if parts[0] == "pages":
        return "pages"
    if len(parts) == 1:
        return None
    return "commands" if parts[1] == "__main__" else parts[1]


def targets(start: str, edges: set[tuple[str, str]]) -> set[str]:
    return {b for a, b in edges if a == start}


def reaches(start: str, end: str, edges: set[tuple[str, str]]) -> bool:
    return start == end or any(reaches(step, end, edges) for step in targets(start, edges))


def sentence(name: str) -> str:
    """What a group owns, in its own words."""
    if name in SENTENCES:
        return SENTENCES[name]
    return ast.get_docstring(ast.parse((ROOT / "core" / name / "__init__.py").read_text("utf-8"))) or ""


def wrapped(text: str, letters: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def svg() -> str:
    """The picture."""
    place = {}  # group → (left, top, width)
    for number, row in enumerate(ROWS):
        width = (WIDTH - GAP * (len(row) - 1)) / len(row)
        for column, name in enumerate(row):
            place[name] = LEFT + column * (width + GAP), 10 + number * (HEIGHT + GAP), width
    row_of = {name: number for number, row in enumerate(ROWS) for name in row}
    edges = sorted(arrows(), key=lambda edge: (row_of[edge[0]], row_of[edge[1]], edge))
    upward = [edge for edge in edges if row_of[edge[0]] >= row_of[edge[1]]]
    if upward:
        raise SystemExit(f"These imports do not point down: {upward}")
    parts, boxes, lanes = [], [], 0
    for name, (left, top, width) in place.items():
        boxes.append(f'<rect class="box" x="{left:g}" y="{top:g}" width="{width:g}" height="{HEIGHT}" rx="8"/>')
        boxes.append(f'<text class="name" x="{left + 12:g}" y="{top + 20:g}">{name}</text>')
        for line, text in enumerate(wrapped(sentence(name), int(width / 6.4))[:2]):
            boxes.append(f'<text class="text" x="{left + 12:g}" y="{top + 36 + 15 * line:g}">{escape(text)}</text>')
    for a, b in edges:
        (left, top, width), (to_left, to_top, to_width) = place[a], place[b]
        if row_of[b] == row_of[a] + 1:
            x = (max(left, to_left) + min(left + width, to_left + to_width)) / 2
            path, tip = f"M{x:g} {top + HEIGHT:g}V{to_top - 7:g}", (x, to_top)
        else:  # around the boxes between, at the right
            lanes += 1
            lane, start, end = (
                LEFT + WIDTH + LANE * lanes,
                top + HEIGHT - 14 - 6 * (lanes % 4),
                to_top + 12 + 8 * (lanes % 5),
            )
            right = to_left + to_width
            path = f"M{left + width:g} {start:g}H{lane:g}V{end:g}H{right + 7:g}"
            parts.append(f'<path class="tip" d="M{right:g} {end:g}l7 -4v8z"/>')
            tip = None
        parts.append(f'<path class="arrow" d="{path}"><title>{a} imports {b}</title></path>')
        if tip:
            parts.append(f'<path class="tip" d="M{tip[0]:g} {tip[1]:g}l-4 -7h8z"/>')
    width, height = LEFT + WIDTH + LANE * (lanes + 1), 10 + len(ROWS) * (HEIGHT + GAP)
    told = "; ".join(f"{a} imports {b}" for a, b in edges)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
        f"<title>The groups of Misfit: {escape(told)}</title><style>{STYLE}</style>{''.join(parts + boxes)}</svg>\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.architecture", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the picture")
    if parser.parse_args().write:
        PICTURE.write_text(svg(), "utf-8")
    if not PICTURE.exists() or PICTURE.read_text("utf-8") != svg():
        print(f"{PICTURE.name} does not show the imports as they are; `python -m tests.architecture --write` does.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
