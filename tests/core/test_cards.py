import dataclasses

import pytest

from core import cards, checkpoints
from core.__main__ import main
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


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_the_repositorys_model_cards_say_what_the_cards_on_disk_say(model):
    own = [one for one in cards.boxed() if one.card.model == model]
    text = cards.path(model).read_text("utf-8")
    assert text == cards.markdown(own), "Run `python -m core cards`."
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    for one in own:
        assert f"{one.card.test['auroc']:.3f} ({one.card.test['auroc_low']:.3f}" in text
        assert f"{one.card.thresholds['fpr_5']:.4f}" in text


def test_the_command_writes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cards, "DOCS", tmp_path)
    assert main(["cards"]) == 0
    printed = capsys.readouterr().out
    for model in ("traditional", "dcgan"):
        assert f"Written: {cards.path(model)}." in printed
        assert cards.path(model).read_text("utf-8").startswith("# Model card: ")


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
