import json
import shutil

import pytest
from msgspec.structs import replace

from core.basics.errors import CheckpointError
from core.data.tasks import Task
from core.gans.recipes import default_config
from core.gans.record import Scoring
from core.store import checkpoints, model_cards

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
    texts = {path.name: text for path, text in model_cards.documents().items()}
    assert list(texts) == ["model-card-traditional.md", "model-card-dcgan.md"]
    for model, text in zip(("traditional", "dcgan"), texts.values(), strict=True):
        assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
        card = checkpoints.load(checkpoints.shipped(model, "t-shirt")).card
        interval = f"{card.test.auroc:.3f} ({card.test.auroc_low:.3f}–{card.test.auroc_high:.3f})"
        assert f"| T-shirt/top | seen | {interval} | {card.validation.auroc:.3f} |" in text


def test_figures_come_from_the_card_and_one_model_can_be_shown_alone():
    one = checkpoints.load(checkpoints.shipped("dcgan", "t-shirt"))
    changed = replace(one.card, test=replace(one.card.test, auroc=0.1234))
    text = model_cards.markdown([checkpoints.Checkpoint(one.folder, changed)], level=3)
    assert text.startswith("### Model card: DCGAN\n\n#### Model details")
    assert "0.123 (" in text and "| Trouser | seen |" not in text and "one-class" not in text


def test_a_damaged_card_is_not_passed_over(saved, monkeypatch, tmp_path):
    folder = saved("traditional")
    (folder / checkpoints.CARD).write_text("{")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    with pytest.raises(CheckpointError, match="not JSON"):
        model_cards.boxed()


def boxed(model: str, name: str, **changes: object) -> checkpoints.Checkpoint:
    """A model of the box whose card says something else."""
    one = checkpoints.load(checkpoints.SHIPPED / model / name)
    return checkpoints.Checkpoint(one.folder, replace(one.card, **changes))


def test_how_many_anomalies_the_test_has_is_counted_for_each_regime():
    seen = boxed("dcgan", "t-shirt")
    assert "The seen test has 9 times as many anomalies as normal images." in model_cards.markdown([seen])
    counts = replace(seen.card.test, n_normal=1000, n_anomaly=1000, per_class={"shirt": 0.9})
    task = Task("t-shirt", "unseen", 6003, "shirt")
    text = model_cards.markdown([boxed("dcgan", "t-shirt", task=task, test=counts)])
    assert "The unseen test has as many anomalies as normal images." in text and "times as many" not in text


def test_what_chose_the_epoch_is_said(saved, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "RUNS", tmp_path / "runs")
    run = tmp_path / "runs" / "mine"
    shutil.copytree(saved("traditional"), run / checkpoints.LAST)
    shutil.copytree(run / checkpoints.LAST, run / checkpoints.BEST)
    card = json.loads((run / checkpoints.BEST / checkpoints.CARD).read_text())
    card |= {"epochs_trained": 1, "stopped_early": True}
    (run / checkpoints.BEST / checkpoints.CARD).write_text(json.dumps(card))
    last, best = (model_cards.markdown([checkpoints.load(run / name)]) for name in (checkpoints.LAST, checkpoints.BEST))
    assert "The number of epochs was fixed before the training." in last
    assert "epoch 1 did best on validation images (by AUROC, with labelled anomalies)" in best
    assert "fixed before" not in best and "epochs are fixed" not in last + best
    shutil.copytree(run / checkpoints.BEST, tmp_path / "elsewhere")  # imported: what it was is no longer known
    text = model_cards.markdown([checkpoints.load(tmp_path / "elsewhere")])
    assert "It is the model of epoch 1 of 2: stopped there, or best there on validation images." in text


def test_only_what_is_in_the_box_is_licensed_here(saved):
    assert "- Licence: MIT\n" in model_cards.markdown([boxed("dcgan", "t-shirt")])
    text = model_cards.markdown([checkpoints.load(saved("traditional"))])
    assert "MIT" not in text and "- Licence: not stated; a model that is not in the box is its maker's\n" in text


def test_distorted_normals_among_few_labels_are_named():
    def told(enough: int, anomalies: int) -> str:
        one = checkpoints.load(checkpoints.shipped("traditional", "t-shirt"))
        task, config = replace(one.task, anomalies=anomalies), replace(one.config, enough_labels=enough)
        return model_cards.markdown([boxed("traditional", "t-shirt", task=task, config=config)])

    assert "Because 99 are few, 39 of the 64 anomalies of each batch are normal images" in told(250, 100)
    assert "are few" not in told(250, 6003) + told(1, 100) + model_cards.markdown([boxed("traditional", "t-shirt")])


def test_a_one_class_card_says_which_labels_chose_what():
    text = model_cards.markdown([boxed("traditional", "t-shirt-one-class")])
    assert "In force until another is chosen: at most 5 % false alarms on normal validation images" in text
    assert "chosen beforehand with labelled validation anomalies of T-shirt/top, Pullover and Shirt" in text
    assert "chosen beforehand with labelled" not in model_cards.markdown([boxed("traditional", "t-shirt")])


def test_what_a_stranger_wrote_on_a_card_is_no_markdown():
    one = boxed("traditional", "t-shirt")
    names = ("<b>hat</b>", *one.task.data.class_names[1:])
    data = replace(one.task.data, name="[x](javascript:alert(1))", noun="**x**", class_names=names)
    text = model_cards.markdown([boxed("traditional", "t-shirt", task=replace(one.task, data=data))])
    assert "\\<b\\>hat" in text and "\\[x\\](javascript" in text
    assert "<b>" not in text.replace("\\<b\\>", "") and "**x**" not in text


def test_how_a_score_is_made_and_what_is_marked_is_on_the_card():
    old = model_cards.markdown([boxed("dcgan", "t-shirt", scoring=Scoring())])
    assert (
        "at 0 the score is the mean alone" in old
        and "| 0.000 | – |" in old
        and "one normal validation image in twenty" not in old
    )
    new = model_cards.markdown([boxed("dcgan", "t-shirt", scoring=Scoring(share=0.1234, mark=0.5678))])
    assert "| 0.123 | 0.568 |" in new and "one normal validation image in twenty" in new
    assert "It hardly sees defects of few pixels" in old and "It hardly sees defects of few pixels" in new


def test_whether_a_model_was_taught_to_repair_is_said():
    def told(name: str, objective: str) -> str:
        one = checkpoints.load(checkpoints.SHIPPED / "dcgan" / name)
        return model_cards.markdown([boxed("dcgan", name, config=default_config("dcgan", one.task.regime, objective))])

    assert "Not taught to repair (seen)." in told("t-shirt", "original")
    seen, one_class = told("t-shirt", "repair"), told("t-shirt-one-class", "repair")
    assert "48 of the 64 normal images of a step have a synthetic defect" in seen
    assert "labelled anomaly is the mean of the five typical normal training images" in seen
    assert "distorted normal image is the undistorted one" in one_class and "labelled anomaly is" not in one_class
