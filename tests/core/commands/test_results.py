import shutil
from pathlib import Path

import pytest

from core.__main__ import main
from core.store import model_cards
from core.study import documents, results


def test_results_measures_what_is_missing_and_nothing_twice(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "CSV", tmp_path / "results.csv")
    monkeypatch.setattr(results, "DEFECTS", tmp_path / "defects.csv")
    monkeypatch.setattr(model_cards, "DOCS", tmp_path / "docs")
    wanted = ["--normal", "bag", "--regime", "one-class", "--method", "PCA residual", "--seeds", "1"]
    run("results", *wanted)
    (row,) = results.read().to_dict("records")
    assert (row["method"], row["regime"], row["normal"], row["seed"]) == ("PCA residual", "one-class", "bag", 0)
    assert 0.5 < row["auroc_low"] < row["auroc"] < row["auroc_high"] < 1.0
    written = results.CSV.stat().st_mtime_ns
    run("results", *wanted)
    assert results.CSV.stat().st_mtime_ns == written
    assert "1 of " in documents.RESULTS.read_text("utf-8")


def test_results_prints_the_figures_of_the_readme(capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that the README names beside the supervised CNN, when nothing is left to measure."""
    monkeypatch.setattr(model_cards, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(
        results, "CSV", Path(shutil.copy(results.CSV, tmp_path / "results.csv"))
    )  # gone rows are dropped
    assert main(["results", "--normal", "t-shirt", "--method", "supervised CNN"]) == 0
    printed = capsys.readouterr().out
    assert "supervised CNN, t-shirt, seen, seed 0: AUROC 0.990 (95 % interval over test images 0.987–0.991)" in printed
    assert "supervised CNN, seen regime: T-shirt/top 0.990, Mean 0.990, Classes 1, Seeds 5" in printed


def test_a_method_that_nobody_plans_and_no_workers_are_refused(refused) -> None:
    assert "no method called 'pca'; there are: " in refused("results", "--method", "pca")
    assert "--workers is 0" in refused("results", "--workers", "0")


@pytest.mark.parametrize("content", ["", "method,regime\nkNN,seen\n", "not,a\ntable\n1,2,3,4\n"])
def test_a_damaged_table_of_results_is_refused(
    content: str, refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "CSV", tmp_path / "results.csv")
    monkeypatch.setattr(results, "DEFECTS", tmp_path / "defects.csv")
    results.CSV.write_text(content)
    assert str(results.CSV) in refused("results", "--check")
