"""What is written is held to results.csv and to the cards: each kind of difference is named, and writing mends it."""

import json
import shutil
from pathlib import Path

import pytest

from core.__main__ import main
from core.basics.errors import MisfitError
from core.basics.files import ROOT
from core.store import checkpoints, model_cards
from core.study import documents, results


@pytest.fixture(autouse=True)
def own_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's documents, its table and two models, where a test may change them."""
    for name in ("README.md", "RESULTS.md", "results.csv"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(model_cards.DOCS, tmp_path / "docs")
    for model in ("traditional", "dcgan"):
        shutil.copytree(checkpoints.SHIPPED / model / "t-shirt", tmp_path / "box" / model / "t-shirt")
    monkeypatch.setattr(results, "CSV", tmp_path / "results.csv")
    monkeypatch.setattr(model_cards, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    documents.write()


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_nothing_differs_and_nothing_is_written_twice():
    assert documents.check() == [] and documents.write() == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("README.md", "| DCGAN | 0.987 |", "| DCGAN | 0.997 |"),
        ("README.md", "0.087 by the DCGAN", "0.078 by the DCGAN"),
        ("RESULTS.md", "| DCGAN | 0.986 |", "| DCGAN | 0.996 |"),
        ("docs/model-card-dcgan.md", "0.987 (0.984–0.989)", "0.987 (0.986–0.988)"),
    ],
)
def test_a_changed_figure_is_named_and_written_anew(tmp_path, capsys, name, old, new):
    change(tmp_path / name, old, new)
    assert main(["documents", "--check"]) == 2
    assert f"{Path(name).name} differs" in capsys.readouterr().err
    assert main(["documents"]) == 0
    assert main(["documents", "--check"]) == 0
    assert old in (tmp_path / name).read_text("utf-8")


def test_a_changed_table_makes_readme_and_results_differ(tmp_path):
    rows = (tmp_path / "results.csv").read_text()
    (line,) = (one for one in rows.splitlines() if one.startswith("dcgan,seen,t-shirt,,6003,0,,"))
    fields = line.split(",")
    fields[7] = "0.900000"
    change(tmp_path / "results.csv", line, ",".join(fields))
    told = "\n".join(documents.check())
    assert "README.md differs" in told and "RESULTS.md differs" in told
    assert "dcgan/t-shirt: auroc is 0.987040 on its card and 0.900000 in results.csv" in told


def test_a_card_that_says_another_figure_than_the_table_is_named(tmp_path):
    card = tmp_path / "box" / "traditional" / "t-shirt" / checkpoints.CARD
    content = json.loads(card.read_text())
    content["test"]["normal_error"] += 0.01
    card.write_text(json.dumps(content))
    told = "\n".join(documents.check())
    assert "traditional/t-shirt: normal_error is" in told and "model-card-traditional.md differs" in told


def test_a_readme_without_its_marks_is_refused(tmp_path):
    change(tmp_path / "README.md", documents.END, "")
    with pytest.raises(MisfitError, match="around its figures"):
        documents.check()
    (tmp_path / "README.md").unlink()  # as in a container
    assert documents.check() == []
