"""Every dependency has an exact version, is what is installed, and is accounted for in CONTRIBUTING.md."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from core.basics.files import ROOT
from pages.data import uploads
from tests import audit

SECTION = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## Dependencies")[1].split("\n## ")[0]


@pytest.mark.parametrize("file", audit.FILES)
def test_every_version_is_exact(file: str) -> None:
    assert audit.pins(ROOT / file)


@pytest.mark.parametrize("line", ["numpy", "numpy>=2", "numpy~=2.0", "numpy==2.*", "git+https://127.0.0.1/x", "-e ."])
def test_anything_else_is_said(line: str, tmp_path) -> None:
    (tmp_path / "r.txt").write_text(line)
    with pytest.raises(ValueError, match="no exact version"):
        audit.pins(tmp_path / "r.txt")


def test_what_is_installed_is_what_was_chosen() -> None:
    assert audit.strangers(audit.pins(ROOT / "requirements.txt")) == []
    assert audit.strangers({"numpy": "1.0", "no-such-package": "1"}) != []


def test_contributing_says_why_each_is_there_and_of_nothing_else() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", SECTION, re.MULTILINE)[1:]
    named = {
        re.sub(r"\(.*?\)", "", name).strip() for names, _ in rows for name in re.sub(r"\(.*?\)", "", names).split(",")
    }
    assert all(why for _, why in rows)
    assert named == {name for file in audit.FILES for name in audit.pins(ROOT / file)}


def test_nothing_else_is_imported() -> None:
    """What is imported is what is listed, but for anomalib, which a benchmark runs in an
    environment of its own, and grimp, which import-linter reads imports with."""
    known = {name.replace("-", "_") for file in audit.FILES for name in audit.pins(ROOT / file)}
    known = known - {"pillow", "scikit_learn", "scikit_image"} | {"PIL", "sklearn", "skimage", "anomalib", "grimp"}
    ours = {"core", "pages", "tests", "benchmarks", "streamlit_app"}
    files = [path for folder in ours for path in (ROOT / folder).rglob("*.py") if ".anomalib" not in path.parts]
    imported = {name for path in files for name in _imported(path)}
    assert imported <= known | ours | set(sys.stdlib_module_names)


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_the_server_starts_closed() -> None:
    """This machine alone, no statistics, no details of errors, no upload larger than a zip of photos, protected against foreign pages."""
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    server = settings["server"]
    assert server["address"] == "127.0.0.1"
    assert server["enableXsrfProtection"] is True and server["enableCORS"] is True
    assert server["maxUploadSize"] == uploads.LARGEST_ZIP and not server.get("enableStaticServing", False)
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none" and settings["client"]["toolbarMode"] == "minimal"
