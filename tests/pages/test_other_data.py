"""Train, ROC and Results on a data set of 64×64 colour pictures, also where no anomaly is labelled."""

import json
import time

import pytest

from core.data import catalog
from core.data.tasks import Task
from core.runs import listing
from core.runs.status import read_status
from core.store import checkpoints
from pages.parts import models
from pages.roc import report, takeaway
from tests import drawn
from tests.pages import own
from tests.pages.conftest import tables, words


@pytest.fixture
def folder():
    """A folder where the catalog finds the data set called shapes, once files are written into it."""
    return catalog.OWN / "shapes"


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def lab(app) -> dict:
    """What the threshold lab's JavaScript is given."""
    return json.loads(
        next(e for e in app.get("bidi_component") if e.key in ("threshold_lab", "normals_lab")).proto.json
    )


def panel(app, name: str) -> dict:
    """What the panel's JavaScript is given."""
    return json.loads(next(e for e in app.get("bidi_component") if e.key == f"panel_{name}").proto.json)


def test_the_whole_way_from_the_form_to_the_list_the_curve_and_the_results(open_page, folder):
    drawn.write(folder, 64, 3, train=80)
    app = open_page("train", data="shapes", model="traditional", normal="disc")
    assert not app.exception and not app.error
    assert app.selectbox(key="train_normal").options == ["Disc", "Square", "Cross", "Ring"]
    assert app.number_input(key="train_anomalies").value == 216  # 3 classes of 72 that are not held out
    assert app.toggle(key="train_traditional_flip").disabled
    assert not any("Fetch" in button.label for button in app.button)
    for key in ("hidden", "discriminator_hidden"):
        app.text_input(key=f"train_traditional_{key}").set_value("8")
    app.number_input(key="train_traditional_z").set_value(4)
    app.number_input(key="train_traditional_batch_size").set_value(16)
    app.number_input(key="train_epochs_traditional_seen").set_value(2).run()
    assert not app.error
    next(button for button in app.button if button.label == "Start training").click().run()
    (run,) = listing.statuses()
    assert run.request.task == Task("disc", "seen", 216, data=catalog.get("shapes").description)
    until(lambda: not read_status(run.name).busy and not read_status(run.name).waiting)
    assert read_status(run.name).state == "finished", read_status(run.name).reason

    app.run()
    row = app.dataframe[0].value.iloc[0]
    assert (row["Run"], row["Trains"], row["Epochs"]) == (run.name, "Traditional GAN, Disc, seen", "2 of 2")
    assert panel(app, run.name)["names"] == ["Disc"] * 8 + ["Square", "Cross", "Ring"]
    for button in [button for button in app.button if button.label.startswith("Use the")][:1]:  # none if best is last
        button.click().run()

    app.switch_page("pages/roc/page.py").run()
    assert not app.exception and not app.error
    assert lab(app)["normal_name"] == "Disc" and 0 <= lab(app)["auroc"] <= 1
    assert "it does to the 80 test images" in words(app)
    app = open_page("roc", data="shapes", model="traditional", normal="disc", view="classes")
    assert "hides best from Traditional GAN" in words(app)
    app = open_page("roc", data="shapes", model="traditional", normal="disc", view="seeds")
    assert "shapes has not been measured that way" in words(app)

    app = open_page("results", data="shapes")
    assert "is of Fashion-MNIST" in words(app)
    card = checkpoints.load(checkpoints.RUNS / run.name / "checkpoint").card
    line = next(line for line in tables(app)["Trained models, seen regime"] if line["Model"] == run.name)
    assert line["Test AUROC"] == f"{card.test.auroc:.3f} ({card.test.auroc_low:.3f}–{card.test.auroc_high:.3f})"
    assert (line["Trained as"], line["Epochs"]) == ("Traditional GAN, Disc", "2")


def test_the_form_follows_the_data_set_of_the_sidebar(open_page, folder):
    drawn.write(folder, 64, 3, train=80)
    app = open_page("train", model="traditional")
    assert app.number_input(key="train_anomalies").value == 6003
    app.sidebar.selectbox(key="data").select("shapes").run()
    assert not app.exception and not app.error
    assert app.selectbox(key="train_normal").value == "disc"
    assert app.number_input(key="train_anomalies").value == 216
    app.number_input(key="train_anomalies").set_value(30).run()
    app.segmented_control(key="train_regime").set_value("unseen").run()
    assert app.number_input(key="train_anomalies").value == 30  # what somebody wrote stays
    assert app.selectbox(key="train_left_out").options == ["Square", "Cross", "Ring"]
    assert not app.button(key="train_start").disabled


def test_with_one_anomaly_class_there_is_no_unseen_regime(open_page, folder):
    drawn.write(folder, 64, 3, train=(80, 80), test=(20, 20))
    app = open_page("train", data="shapes")
    assert app.segmented_control(key="train_regime").options == ["seen", "one-class"]
    assert "the unseen regime needs a second one" in words(app)


def test_without_training_images_of_anomalies_only_one_class_is_offered(open_page, folder):
    drawn.write(folder, 64, 3, train=(80,), test=(20, 20))
    app = open_page("train", data="shapes")
    assert app.segmented_control(key="train_regime").options == ["one-class"]
    assert "only the one-class regime can be trained" in words(app)
    assert not app.error and not app.button(key="train_start").disabled


def test_a_test_with_anomalies_and_a_validation_without(open_page, folder):
    drawn.write(folder, 64, 3, train=(80,), test=(20, 20))
    name = own.trained("shapes", normal="disc", regime="one-class", anomalies=0)
    app = open_page("train", data="shapes")
    assert not app.exception and not app.error
    assert app.dataframe[0].value.iloc[0]["Last, validation"] is None
    curves = next(e for e in app.get("bidi_component") if e.key.startswith("curves_"))
    assert [chart["title"] for chart in json.loads(curves.proto.json)["charts"]][:2] == [
        "Normals' error",
        "Normal accuracy",
    ]
    assert panel(app, name)["normals"] == len(panel(app, name)["names"]) == 8

    app = open_page("roc", data="shapes", model="traditional")
    assert not app.exception and not app.error
    assert 0 <= lab(app)["auroc"] <= 1
    assert [app.button(key=f"point_{point}").disabled for point in ("youden", "miss_1", "cheapest", "fpr_5")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert "No validation image is a labelled anomaly" in words(app)
    assert "<td>–</td>" in next(e.proto.body for e in app.get("html") if "mf-points" in e.proto.body)


def test_a_test_without_anomalies_has_no_curve_and_says_why(open_page, folder):
    drawn.write(folder, 64, 3, train=(80,), test=(20,))
    own.trained("shapes", normal="disc", regime="one-class", anomalies=0)
    app = open_page("roc", data="shapes", model="traditional", view="classes")
    assert not app.exception and not app.error
    assert "None of the test images of shapes is an anomaly of this model" in words(app)
    assert lab(app)["auroc"] is None and lab(app)["anomaly"] == ""
    assert lab(app)["threshold"] == checkpoints.load(next(checkpoints.RUNS.glob("*/checkpoint"))).card.thresholds.fpr_5
    assert not app.get("plotly_chart") and "Anomalies, just passed" not in words(app)
    offered = [button.label for button in app.get("download_button")]
    assert offered == ["Report of this operating point", "Scores of all images (CSV)"]

    lines = tables(open_page("results", data="shapes"))["Trained models, one-class regime"]
    assert {(line["Test AUROC"], line["Validation AUROC"]) for line in lines} == {("–", "–")}


def test_the_report_of_a_test_without_anomalies(folder, monkeypatch):
    drawn.write(folder, 64, 3, train=(80,), test=(20,))
    name = own.trained("shapes", normal="disc", regime="one-class", anomalies=0)
    test = catalog.get("shapes").load("test")
    monkeypatch.setattr(models, "test_images", lambda: test)
    chosen = models.opened(checkpoints.load(checkpoints.RUNS / name / "checkpoint"))
    page = report.page(chosen, 0.0, None)
    assert "Of 20 normal images it flags 100.00 %" in page and "there is no ROC curve" in page
    assert "Zalando" not in page and "nan" not in page
    lines = takeaway.scores_csv(chosen, 0.0).decode().splitlines()
    assert len(lines) == 21 and lines[1].split(",")[1:3] == ["disc", "normal"]
