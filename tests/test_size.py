"""Rooms and functions stay small enough to hold in the head: docs/architecture.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

from core.basics.files import ROOT

LINES, FUNCTION_LINES = 250, 60


def rooms() -> list[Path]:
    return [path for house in ("core", "pages") for path in sorted((ROOT / house).rglob("*.py"))]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function and method of a file, its decorators not counted."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.end_lineno - node.lineno + 1


def test_no_room_is_longer_than_250_lines() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in rooms()}
    assert len(lengths) > 100
    assert {name: length for name, length in lengths.items() if length > LINES} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = {f"{path.relative_to(ROOT)}: {name}": length for path in rooms() for name, length in functions(path)}
    assert len(lengths) > 500
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}
