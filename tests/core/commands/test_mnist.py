"""Another data set for real: MNIST (a part of it, tests/mnist) from its IDX files to scores, by the commands alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.basics.files import ROOT
from core.data import catalog

MNIST = ROOT / "tests" / "mnist"


@pytest.mark.parametrize("regime", ["one-class", "seen"])
def test_digits_are_trained_on_evaluated_and_scored(regime: str, run, tmp_path: Path) -> None:
    model = tmp_path / "model"
    wanted = ["--data", MNIST, "--model", "traditional", "--normal", "1", "--regime", regime, "--epochs", "4"]
    answer = json.loads(run("train", *wanted, "--out", model, "--json"))
    assert (answer["data"], answer["normal"]) == ("mnist", "1")
    data = catalog.get("mnist")
    assert data.description.classes == tuple("0123456789") and data.description.shape == (28, 28, 1)
    figures = json.loads(run("evaluate", "--data", "mnist", "--checkpoint", model, "--json"))
    assert (figures["n_normal"], figures["n_anomaly"]) == (30, 270)
    assert figures["auroc"] == pytest.approx(answer["auroc"], abs=1e-9) and figures["auroc"] > 0.9

    test = data.load("test")
    for digit in (1, 8):
        image = test.images[int(np.flatnonzero(test.labels == digit)[0])]
        Image.fromarray(image.squeeze()).save(tmp_path / f"{digit}.png")
    one, eight = json.loads(run("score", tmp_path / "1.png", tmp_path / "8.png", "--checkpoint", model, "--json"))
    assert one["score"] < eight["score"] and eight["verdict"] == "anomaly"
