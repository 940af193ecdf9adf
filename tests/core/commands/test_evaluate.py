import json
import re
from pathlib import Path

import pytest

from core.data.fashion_mnist import FASHION_MNIST
from core.store import checkpoints
from tests import photographs

EVALUATED = [
    "model",
    "normal",
    "regime",
    "auroc",
    "auroc_low",
    "auroc_high",
    "normal_error",
    "n_normal",
    "n_anomaly",
    "average_precision_5pct",
    "fpr_at_95tpr",
    "per_class",
]


def test_evaluate_recomputes_the_cards_figures(run, saved) -> None:
    folder = saved()
    found = json.loads(run("evaluate", "--checkpoint", folder, "--json"))
    assert list(found) == EVALUATED
    assert (found["model"], found["normal"], found["regime"]) == ("traditional", "t-shirt", "seen")
    assert (found["n_normal"], found["n_anomaly"]) == (1000, 9000)
    assert list(found["per_class"]) == list(FASHION_MNIST.description.classes[1:])
    stated = checkpoints.load(folder).card.test
    for name in ("auroc", "auroc_low", "auroc_high", "normal_error", "average_precision_5pct", "fpr_at_95tpr"):
        assert found[name] == pytest.approx(getattr(stated, name), abs=1e-9)
    assert found["per_class"] == pytest.approx(stated.per_class, abs=1e-9)


def test_evaluate_believes_the_weights_and_not_the_card(run, saved) -> None:
    folder = saved()
    card = json.loads((folder / "card.json").read_text())
    true = card["test"]["auroc"]
    card["test"]["auroc"] = 0.999
    (folder / "card.json").write_text(json.dumps(card))
    assert json.loads(run("evaluate", "--checkpoint", folder, "--json"))["auroc"] == pytest.approx(true, abs=1e-9)


def test_evaluate_prints_the_same_for_people(run, saved) -> None:
    folder = saved()
    text = run("evaluate", "--checkpoint", folder)
    test = checkpoints.load(folder).card.test
    assert str(folder) in text
    for name, value in [("auroc", test.auroc), *test.per_class.items()]:
        assert re.search(rf"^ +{name} +{value:.4f}$", text, re.MULTILINE)


def test_the_box_is_found_by_model_class_and_regime(
    run, refused, saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", saved().parent.parent)
    assert json.loads(run("evaluate", "--model", "traditional", "--normal", "t-shirt", "--json"))["n_normal"] == 1000
    for arguments in (["--normal", "bag"], ["--model", "dcgan"], ["--regime", "one-class"]):
        said = refused("evaluate", "--model", "traditional", *arguments)
        assert "python -m core train --model" in said
        assert arguments[1] in said
    said = refused("evaluate", "--regime", "unseen")
    assert "train --model dcgan --normal t-shirt --regime unseen --left-out CLASS`" in said
    photographs.write(tmp_path / "wall", photographs.tiles())
    said = refused("evaluate", "--data", tmp_path / "wall")
    assert "`python -m core train --data wall --model dcgan --normal good`" in said  # which has no regime but one-class
