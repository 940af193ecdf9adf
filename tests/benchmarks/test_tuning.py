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


def test_the_distorted_validation_images_are_the_same_each_time() -> None:
    images = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), dtype=np.uint8)
    first, again = tuning.distorted(images), tuning.distorted(images)
    assert first.shape == (8, 28, 28, 1) and np.array_equal(first, again) and not np.array_equal(first, images)
