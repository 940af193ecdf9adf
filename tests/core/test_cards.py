import dataclasses

import pytest

from core import cards, checkpoints
from core.errors import CheckpointError

HEADINGS = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Caveats and recommendations",
]


def test_the_box_has_a_card_of_each_gan_with_the_figures_of_its_models():
    texts = {path.name: text for path, text in cards.documents().items()}
    assert list(texts) == ["model-card-traditional.md", "model-card-dcgan.md"]
    for text in texts.values():
        assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert "| T-shirt/top | seen | 0.987 (0.984–0.989) | 0.988 | 4.6 % | 0.087 |" in texts["model-card-dcgan.md"]
    assert "| T-shirt/top | seen | 0.981 (0.977–0.985) | 0.982 |" in texts["model-card-traditional.md"]


def test_figures_come_from_the_card_and_one_model_can_be_shown_alone():
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    changed = dataclasses.replace(one.card, test=one.card.test | {"auroc": 0.1234})
    text = cards.markdown([checkpoints.Checkpoint(one.folder, changed)], level=3)
    assert text.startswith("### Model card: DCGAN\n\n#### Model details")
    assert "0.123 (" in text and "| Trouser | seen |" not in text and "one-class" not in text


def test_a_damaged_card_is_not_passed_over(saved, monkeypatch, tmp_path):
    folder = saved("traditional")
    (folder / checkpoints.CARD).write_text("{")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    with pytest.raises(CheckpointError, match="not JSON"):
        cards.boxed()
