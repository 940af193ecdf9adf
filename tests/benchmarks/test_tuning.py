"""The choice of epochs that needs no labelled anomaly."""

import numpy as np
import pandas as pd

from benchmarks import tuning


def test_epochs_are_chosen_without_a_label() -> None:
    rows = pd.DataFrame(
        {
            "epochs": ["5", "10", "15", "30"],  # as the file is read
            "distorted_auroc": ["0.9000", "0.9490", "0.9500", "0.9495"],
            "normal_error": ["0.30", "0.21", "0.20", "0.18"],
            "validation_auroc": ["0.99", "0.98", "0.97", "0.96"],  # of labelled anomalies: counts for nothing
        }
    )
    assert tuning.without_labels(rows) == 30
    rows["distorted_auroc"] = ["0.9000", "0.9490", "0.9500", "0.9400"]
    assert tuning.without_labels(rows) == 15


def test_rows_are_written_as_they_are_and_stay_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tuning, "CSV", tmp_path / "tuning.csv")
    key = dict(zip(tuning.KEY, ("dcgan", "one-class", "t-shirt", "", "0", "{}"), strict=True))
    for epochs, area in ((8, 0.9), (15, np.float64(1 / 3))):
        tuning.add_row(key | {"epochs": epochs, "distorted_auroc": area, "normal_error": 0.2})
    assert tuning.CSV.read_text() == (
        "model,regime,normal,left_out,anomalies,changes,epochs,distorted_auroc,normal_error\n"
        "dcgan,one-class,t-shirt,,0,{},8,0.90000,0.20000\n"
        "dcgan,one-class,t-shirt,,0,{},15,0.33333,0.20000\n"
    )
    assert tuning.without_labels(tuning.read()) == 8


def test_the_distorted_validation_images_are_the_same_each_time() -> None:
    images = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), dtype=np.uint8)
    first, again = tuning.distorted(images), tuning.distorted(images)
    assert first.shape == (8, 28, 28, 1) and np.array_equal(first, again) and not np.array_equal(first, images)
