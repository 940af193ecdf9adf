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
from tests.core.study.test_reporting import defect, row

FIGURES = ("auroc", "auroc_low", "auroc_high", "normal_error", "fpr_at_95tpr")


@pytest.fixture(autouse=True)
def own_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's documents, its table and two models, where a test may change them."""
    shutil.copy(ROOT / "README.md", tmp_path / "README.md")
    shutil.copytree(model_cards.DOCS, tmp_path / "docs")
    for model in ("traditional", "dcgan"):
        shutil.copytree(checkpoints.SHIPPED / model / "t-shirt", tmp_path / "box" / model / "t-shirt")
    monkeypatch.setattr(results, "CSV", tmp_path / "results.csv")
    monkeypatch.setattr(results, "DEFECTS", tmp_path / "defects.csv")
    monkeypatch.setattr(model_cards, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    for checkpoint in model_cards.boxed():
        card = checkpoint.card
        stated = {name: getattr(card.test, name) for name in FIGURES} | {"validation_auroc": card.validation.auroc}
        results.add(row(card.model, normal=checkpoint.task.normal, **stated))
    results.add(None, [defect("dcgan", "hole", 0.7531)])
    documents.write()


def figure(model: str, name: str = "auroc") -> str:
    """A figure of the T-shirt model in the box, as documents print it."""
    return f"{getattr(checkpoints.load(checkpoints.shipped(model, 't-shirt')).card.test, name):.3f}"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_nothing_differs_and_nothing_is_written_twice():
    assert documents.check() == [] and documents.write() == []


@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("README.md", "| DCGAN | {auroc} |"),
        ("README.md", "{normal_error} by the DCGAN"),
        ("RESULTS.md", "| DCGAN | {auroc} |"),
        ("RESULTS.md", "| DCGAN | seen | 0.500 | 0.500 | 0.500 | 0.753 |"),
        ("docs/model-card-dcgan.md", "{auroc} ({auroc_low}–{auroc_high})"),
    ],
)
def test_a_changed_figure_is_named_and_written_anew(tmp_path, capsys, name, old):
    old = old.format(**{figure_name: figure("dcgan", figure_name) for figure_name in FIGURES})
    change(tmp_path / name, old, old.replace("0.", "0.0", 1))
    assert main(["documents", "--check"]) == 2
    assert f"{Path(name).name} differs" in capsys.readouterr().err
    assert main(["documents"]) == 0
    assert main(["documents", "--check"]) == 0
    assert old in (tmp_path / name).read_text("utf-8")


def test_a_line_too_many_is_named_by_its_number(tmp_path):
    text = (tmp_path / "RESULTS.md").read_text("utf-8")
    (tmp_path / "RESULTS.md").write_text(text + "One more.\n", "utf-8")
    (told,) = documents.check()
    assert told.endswith(f"first in line {len(text.splitlines()) + 1}.")


def test_a_changed_table_makes_readme_and_results_differ():
    card = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt")).card
    results.add(row("dcgan", 0.9, normal_error=card.test.normal_error))
    told = "\n".join(documents.check())
    assert "README.md differs" in told and "RESULTS.md differs" in told
    assert f"dcgan/t-shirt: auroc is {card.test.auroc:.6f} on its card and 0.900000 in results.csv" in told


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
