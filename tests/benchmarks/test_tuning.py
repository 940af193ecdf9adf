"""The trials of the recipe: each is another one, and their files are written as they are read."""

import numpy as np
import pytest

from benchmarks import rows, tuning


def row(trial: tuning.Trial, area: float) -> dict:
    figures = dict.fromkeys(tuning.FIGURES, 0.2) | {"validation_auroc": area}
    return dict(zip(tuning.KEY, trial.key, strict=True)) | {"what": trial.what, "epochs": 10} | figures


def test_no_two_trials_are_the_same() -> None:
    trials = tuning.trials()
    assert len({trial.key for trial in trials}) == len(trials)


@pytest.fixture
def own_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "CSV", tmp_path / "tuning.csv")
    monkeypatch.setattr(tuning, "TABLE", tmp_path / "tuning.md")


def test_rows_are_written_as_they_are_and_stay_so(own_files) -> None:
    first, second, *_ = tuning.trials()
    tuning.add_row(row(first, 0.9))
    before = tuning.CSV.read_text()
    tuning.add_row(row(second, np.float64(1 / 3)))
    assert tuning.CSV.read_text().startswith(before)
    assert [row["validation_auroc"] for row in rows.read(tuning.CSV)] == ["0.90000", "0.33333"]
    lines = tuning.TABLE.read_text().splitlines()
    assert "| as it ships | T-shirt/top | 0.900 | 0.200 | 0.200 | 0.200 |" in lines
    assert "| no loss against anomalies' own pixels | T-shirt/top | 0.333 | 0.200 | 0.200 | 0.200 |" in lines


def test_the_made_validation_images_are_the_same_each_time(starter) -> None:
    images = starter.images[:8].copy()
    for first, again in zip(tuning.made(images), tuning.made(images), strict=True):
        assert first.shape == images.shape and np.array_equal(first, again) and not np.array_equal(first, images)
