import base64
import csv
import dataclasses
import io
import json
import math
import re
import shutil

import numpy as np
import pytest
from msgspec.structs import replace
from safetensors.numpy import load, save

from core.basics.files import sha256
from core.data import fashion_mnist
from core.data.tasks import test_roles as roles
from core.metrics import comparison, costs, evaluation
from core.metrics.costs import Stakes
from core.store import checkpoints
from core.study import results
from pages.parts import models, tiles
from pages.roc import border, points, report, rivals, takeaway
from tests.pages.conftest import words

HERE = ("dcgan", "t-shirt")


@pytest.fixture
def stored():
    return checkpoints.load(checkpoints.shipped(*HERE))


@pytest.fixture
def scores(stored):
    normal, anomaly = roles(stored.task, fashion_mnist.load("test").labels)
    return stored.scores.test[normal], stored.scores.test[anomaly]


def lab(app):
    return next(element for element in app.get("bidi_component") if element.key == "threshold_lab")


def sent(app) -> dict:
    """What the lab's JavaScript is given."""
    return json.loads(lab(app).proto.json)


def release(app, threshold, serial: int = 1):
    """What the lab's JavaScript sends when pointer or key is let go, on the way that a browser's message takes."""
    states = app._tree.get_widget_states()
    state = states.widgets.add()
    state.id = lab(app).proto.id
    state.json_value = json.dumps({"release": {"threshold": threshold, "serial": serial}})
    return app._run(states)


def decoded(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def table(app) -> str:
    return next(element.proto.body for element in app.get("html") if "mf-points" in element.proto.body)


def figure(app) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


@pytest.fixture
def box(tmp_path, monkeypatch):
    """A box of its own with the shipped DCGAN of T-shirts, whose scores a test may change."""
    folder = tmp_path / "box" / "dcgan" / "t-shirt"
    shutil.copytree(checkpoints.shipped(*HERE), folder)
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")

    def change(**arrays) -> None:
        tensors = load((folder / checkpoints.SCORES).read_bytes())
        tensors.update({name: np.asarray(change(tensors[name]), np.float32) for name, change in arrays.items()})
        content = save(tensors)
        (folder / checkpoints.SCORES).write_bytes(content)
        card = json.loads((folder / checkpoints.CARD).read_text())
        (folder / checkpoints.CARD).write_text(json.dumps(card | {"scores_sha256": sha256(content)}))

    return change


# The lab ----------------------------------------------------------------------------------------------------------------


def test_the_lab_gets_every_score_exactly_and_in_order(open_page, scores):
    given = sent(open_page("roc"))
    for name, expected in zip(("normal", "anomaly"), scores, strict=True):
        assert np.array_equal(decoded(given[name]), np.sort(expected))
    assert given["auroc"] == evaluation.auroc(*scores)


def test_the_lab_shows_the_threshold_of_the_link_unrounded(open_page):
    for limit in (0.2, 0.5, 0.1234567890123456, 1.0):
        assert sent(open_page("roc", threshold=repr(limit)))["threshold"] == limit


def test_letting_go_moves_the_threshold_for_every_page(open_page, scores):
    app = release(open_page("roc"), 0.4512345678901234)
    assert sent(app)["threshold"] == 0.4512345678901234 and sent(app)["serial"] == 1
    counts = evaluation.confusion(*scores, 0.4512345678901234)
    assert f"the nearest 12 of {counts.false_alarms:,}" in words(app)
    assert f"the nearest 12 of {counts.missed:,}" in words(app)
    assert app.query_params["threshold"] == "0.4512345678901234"
    app.switch_page("pages/browse/page.py").run()
    assert "at threshold **0.4512**" in words(app)
    assert app.query_params["threshold"] == "0.4512345678901234"


@pytest.mark.parametrize("value", [None, "0.5", math.nan, math.inf, -0.1, 2.5, [1]], ids=str)
def test_a_release_that_is_no_threshold_is_answered_with_the_one_in_force(open_page, value):
    app = release(open_page("roc", threshold="0.4"), value, 3)
    assert not app.exception
    assert sent(app)["threshold"] == 0.4 and sent(app)["serial"] == 3  # so that the browser takes it back
    assert app.query_params["threshold"] == "0.4"


def test_another_model_starts_at_its_own_threshold(open_page):
    app = open_page("roc", threshold="1.5")
    app.sidebar.selectbox(key="model").select("traditional").run()
    own = checkpoints.load(checkpoints.shipped("traditional", "t-shirt")).card.thresholds.youden
    assert sent(app)["threshold"] == own


@pytest.mark.parametrize(("model", "limit"), [("traditional", 0.35848942399024963), ("dcgan", 0.16233031451702118)])
def test_a_one_class_model_starts_at_the_false_alarm_budget(open_page, model, limit):
    app = open_page("roc", model=model, trained="shipped-one-class")
    assert sent(app)["threshold"] == limit
    assert '<tr aria-current="true"><th scope="row">● False alarms ≤ 5 %</th>' in table(app)
    assert "rest on labelled validation anomalies" in words(app)
    assert "rest on labelled validation anomalies" not in words(open_page("roc", model=model))


# Operating points -------------------------------------------------------------------------------------------------------


def test_buttons_set_the_points_that_validation_chose(open_page, stored):
    validation = stored.scores.validation_normal, stored.scores.validation_anomaly
    points = costs.operating_points(*validation, Stakes(10.0, 1.0, 0.05))
    assert stored.card.thresholds.known.items() <= points.items()
    app = open_page("roc")
    for name in ("fpr_1", "miss_1", "cheapest", "fpr_5", "youden"):
        app.button(key=f"point_{name}").click().run()
        assert sent(app)["threshold"] == points[name]
        assert app.query_params["threshold"] == repr(points[name])


def test_the_table_shows_validation_and_test_beside_each_other(open_page, stored, scores):
    stakes = Stakes(10.0, 1.0, 0.05)
    validation = stored.scores.validation_normal, stored.scores.validation_anomaly
    lines = table(open_page("roc")).split("<tr")
    for limit in costs.operating_points(*validation, stakes).values():
        before, after = evaluation.confusion(*validation, limit), evaluation.confusion(*scores, limit)
        precision = costs.precision(after.fpr, after.tpr, 0.05)
        cells = [
            f"{limit:.4f}",
            *(
                f"{100 * rate:.1f} %"
                for rate in (before.fpr, 1 - before.tpr, after.fpr, 1 - after.tpr, float(precision))
            ),
            f"{stakes.cost(after.fpr, after.tpr):.3g}",
        ]
        assert any("".join(f"<td>{cell}</td>" for cell in cells) in line for line in lines)


def test_costs_and_rarity_move_the_cheapest_point_and_stand_in_the_link(open_page, stored):
    validation = stored.scores.validation_normal, stored.scores.validation_anomaly
    app = open_page("roc", rarity="1", cost_missed="500", cost_alarm="2")
    assert sent(app)["stakes"] == {"missed": 500.0, "alarm": 2.0, "prevalence": 0.01}
    app.number_input(key="cost_missed").set_value(3.0).run()
    assert app.query_params["cost_missed"] == "3.0" and app.query_params["rarity"] == "1.0"
    app.button(key="point_cheapest").click().run()
    assert sent(app)["threshold"] == costs.cheapest_threshold(*validation, Stakes(3.0, 2.0, 0.01))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cost_missed", 0.0, "cost of a missed anomaly is 0; it must be a number above 0"),
        ("cost_alarm", -2.0, "cost of a false alarm is -2; it must be a number above 0"),
        ("rarity", 0.0, "share of anomalies is 0; it must be above 0 and below 1"),
        ("rarity", 100.0, "share of anomalies is 1; it must be above 0 and below 1"),
    ],
)
def test_impossible_stakes_get_one_kind_line_and_the_rest_goes_on(open_page, key, value, said):
    app = open_page("roc")
    app.number_input(key=key).set_value(value).run()
    assert not app.exception
    assert len(app.error) == 1 and said in app.error[0].value
    assert sent(app)["stakes"] is None
    assert app.button(key="point_cheapest").disabled and not app.button(key="point_fpr_1").disabled
    assert "Cheapest" not in table(app)
    app.number_input(key=key).set_value(4.0).run()
    assert not app.error and "Cheapest" in table(app)


@pytest.mark.parametrize(
    ("key", "text"), [("rarity", "0"), ("rarity", "100"), ("cost_missed", "-1"), ("cost_alarm", "nan")]
)
def test_impossible_stakes_in_a_link_are_named_and_left_out(open_page, key, text):
    app = open_page("roc", **{key: text})
    assert f"“{key}” in the link is {text!r}" in app.warning[0].value
    assert sent(app)["stakes"] == {"missed": 10.0, "alarm": 1.0, "prevalence": 0.05}


# The border -------------------------------------------------------------------------------------------------------------


def test_border_images_are_the_nearest_on_the_wrong_side(open_page, stored, monkeypatch):
    shown = {}
    monkeypatch.setattr(tiles, "show", lambda them, key, on_open: shown.update({key: them}))
    normal, anomaly = roles(stored.task, fashion_mnist.load("test").labels)
    test = stored.scores.test
    for limit in (0.3, 0.5):
        open_page("roc", threshold=str(limit))
        alarms = np.sort(test[normal & (test >= limit)])[: border.SHOWN]
        missed = np.sort(test[anomaly & (test < limit)])[::-1][: border.SHOWN]
        assert np.array_equal(np.array([tile.score for tile in shown["border_alarms"]], np.float32), alarms)
        assert np.array_equal(np.array([tile.score for tile in shown["border_missed"]], np.float32), missed)
        assert {tile.outcome for tile in shown["border_alarms"]} == {"false-alarm"}
        assert {tile.class_name for tile in shown["border_alarms"]} == {"T-shirt/top"}


def test_no_images_on_the_wrong_side_are_said_to_be_none(open_page):
    for limit, nothing in (("0", "No anomaly passes."), ("2", "No normal image is flagged.")):
        said = words(open_page("roc", threshold=limit))
        assert nothing in said and "nearest 0" not in said


# Compare ----------------------------------------------------------------------------------------------------------------


def test_both_curves_are_drawn_with_bands_that_hold_them(open_page, scores):
    traces = figure(open_page("roc"))["data"]
    named = {trace["name"].split(",")[0]: trace for trace in traces if "AUROC" in trace.get("name", "")}
    assert set(named) == {"DCGAN", "Traditional GAN"}
    area, low, high = evaluation.auroc_interval(*scores)
    assert f"AUROC {area:.3f} ({low:.3f}–{high:.3f})" in named["DCGAN"]["name"]
    curves = [trace for trace in traces if "AUROC" in trace.get("name", "")]
    assert sum(trace.get("fill") == "tonexty" for trace in traces) == len(curves)
    for axis in ("x", "y"):  # from "nothing is flagged" to "everything is"
        values = [np.frombuffer(base64.b64decode(curve[axis]["bdata"]), curve[axis]["dtype"]) for curve in curves]
        assert [(each[0], each[-1]) for each in values] == [(0, 1)] * 2
    lowest, highest = comparison.roc_band(*scores, rivals.GRID)
    whole = evaluation.roc(*scores).from_zero()
    exact = [whole.tpr[whole.fpr <= limit + 1e-9].max() for limit in rivals.GRID]
    assert np.all(lowest <= exact) and np.all(exact <= highest)


def test_the_difference_of_two_aurocs_is_a_plain_sentence(open_page, scores):
    other = checkpoints.load(checkpoints.shipped("traditional", "t-shirt"))
    normal, anomaly = roles(other.task, fashion_mnist.load("test").labels)
    found = comparison.auroc_difference(scores, (other.scores.test[normal], other.scores.test[anomaly]))
    expected = f"by **{found.value:.3f}** AUROC, 95 % interval {found.low:.3f}–{found.high:.3f}."
    assert f"**DCGAN, seen** is better than Traditional GAN, seen {expected}" in words(open_page("roc"))
    assert f"**DCGAN, seen** is better than Traditional GAN, seen {expected}" in words(
        open_page("roc", model="traditional")
    )


def test_models_that_cannot_be_told_apart_are_said_to_be_so():
    one = models.opened(checkpoints.load(checkpoints.shipped(*HERE)))
    assert "cannot be told apart" in rivals.verdict(one, one)


@pytest.fixture
def one_class(box, tmp_path):
    """Another training of the same GAN and class, in another regime."""
    there, here = (tmp_path / "box" / "dcgan" / name for name in ("t-shirt-one-class", "t-shirt"))
    shutil.copytree(here, there)
    card = json.loads((there / checkpoints.CARD).read_text())
    card["task"] |= {"regime": "one-class", "anomalies": 0}
    (there / checkpoints.CARD).write_text(json.dumps(card))


def test_another_regime_is_held_against_it_only_when_asked_for_and_with_a_word(open_page, one_class):
    app = open_page("roc")
    assert "DCGAN, one-class" not in words(app)
    assert not any("one-class" in trace.get("name", "") for trace in figure(app)["data"])
    picker = next(box for box in app.multiselect if box.label == "Hold against")
    picker.select("DCGAN, one-class").run()
    assert not app.exception
    assert any("DCGAN, one-class: AUROC" in trace.get("name", "") for trace in figure(app)["data"])
    assert "They answer different questions" in words(app)
    dashes = [trace["line"]["dash"] for trace in figure(app)["data"] if "AUROC" in trace.get("name", "")]
    assert len(set(dashes)) == 2


def test_the_class_that_hides_best_has_the_smallest_auroc(open_page, stored):
    app = open_page("roc", view="classes")
    per_class = stored.card.test.per_class
    assert f"**Shirt** hides best from DCGAN, seen: AUROC **{min(per_class.values()):.3f}**" in words(app)
    traces = figure(app)["data"]
    assert len(traces) == 9 and traces[0]["name"].startswith(f"Shirt {per_class['shirt']:.3f}")
    assert len({(trace["line"]["color"], trace["line"]["dash"]) for trace in traces}) == 9


@pytest.mark.parametrize(
    ("task", "share"), [({}, "90 %"), ({"regime": "unseen", "left_out": "shirt"}, "50 %")], ids=str
)
def test_the_share_of_anomalies_is_that_of_the_models_own_test(open_page, box, tmp_path, task, share):
    path = tmp_path / "box" / "dcgan" / "t-shirt" / checkpoints.CARD
    card = json.loads(path.read_text())
    card["task"] |= task
    path.write_text(json.dumps(card))
    assert f"The test of the DCGAN has {share} anomalies" in words(open_page("roc", view="precision"))


def test_precision_and_recall_are_at_the_stated_rarity(open_page, scores):
    app = open_page("roc", view="precision", rarity="2")
    expected = evaluation.average_precision(*scores, 0.02)
    assert any(f"average precision {expected:.3f}" in trace["name"] for trace in figure(app)["data"])
    app.number_input(key="rarity").set_value(20.0).run()
    expected = evaluation.average_precision(*scores, 0.2)
    assert any(f"average precision {expected:.3f}" in trace["name"] for trace in figure(app)["data"])


def test_seeds_and_baselines_are_the_main_tables_with_regimes_apart(open_page):
    """Ablations and few-label trainings are of other studies: with them DCGAN had 0.906 over 23, traditional 0.962 over 20."""
    rows = results.read()
    rows = rows[rows["variant"].eq("") & rows["anomalies"].isin((0, 6003)) & rows["normal"].eq("t-shirt")]
    app = open_page("roc", view="seeds")
    tables = [element.value.set_index("Method").round(3) for element in app.dataframe]
    assert len(app.get("plotly_chart")) == len(tables) == rows["regime"].nunique()
    for table, regime in zip(tables, ("seen", "unseen", "one-class"), strict=False):
        names = {"DCGAN": "dcgan", "Traditional GAN": "traditional"}
        assert list(table.columns)[:3] == ["Trainings", "Mean", "SD over seeds"]
        for name in names.keys() & set(table.index):
            some = rows[rows["regime"].eq(regime) & rows["method"].eq(names[name])]
            assert table.loc[name].tolist()[:2] == [len(some), pytest.approx(some["auroc"].mean(), abs=6e-4)]
    assert tables[0].index.tolist() == ["Supervised CNN", "DCGAN", "Traditional GAN"]


def test_false_alarms_on_a_log_scale_on_request(open_page):
    app = open_page("roc")
    assert figure(app)["layout"]["xaxis"].get("type") != "log"
    app.toggle(key="log_switch").set_value(True).run()
    assert figure(app)["layout"]["xaxis"]["type"] == "log"
    assert app.query_params["log_fpr"] == "on"
    assert figure(open_page("roc", log_fpr="on"))["layout"]["xaxis"]["type"] == "log"


# Take away --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def one(stored):
    return models.opened(stored)


def test_the_scores_file_is_exact_and_counts_as_the_page_does(one, scores):
    limit = 0.4321
    rows = list(csv.DictReader(io.StringIO(takeaway.scores_csv(one, limit).decode())))
    assert np.array_equal(np.array([row["score"] for row in rows], float).astype(np.float32), one.scores.test)
    assert [int(row["image"]) for row in rows] == list(range(10_000))
    counts = evaluation.confusion(*scores, limit)
    expected = {
        "caught": counts.caught,
        "missed": counts.missed,
        "false-alarm": counts.false_alarms,
        "passed": counts.passed,
    }
    assert {name: sum(row["outcome"] == name for row in rows) for name in expected} == expected
    assert rows[17]["class"] == "coat" and rows[17]["role"] == "anomaly"


def test_the_curve_file_gives_the_curve_back(one, scores):
    stakes = Stakes(10.0, 1.0, 0.05)
    rows = list(csv.DictReader(io.StringIO(takeaway.curve_csv(one, stakes).decode())))
    curve = evaluation.roc(*scores)
    assert [rows[0][name] for name in ("false_positive_rate", "true_positive_rate")] == ["0.0", "0.0"]
    assert float(rows.pop(0)["threshold"]) > max(map(np.max, scores))  # nothing is flagged
    limits = np.array([row["threshold"] for row in rows], float)
    assert np.array_equal(limits.astype(np.float32), curve.thresholds)
    assert max(len(row["threshold"]) for row in rows) <= 12  # no float noise
    assert {(row["model"], row["data"], row["normal"], row["seed"]) for row in rows} == {
        (one.checkpoint.card.model, "fashion-mnist", one.checkpoint.task.normal, str(one.checkpoint.card.seed))
    }
    for name, expected in (
        ("false_positive_rate", curve.fpr),
        ("true_positive_rate", curve.tpr),
        ("precision", costs.precision(curve.fpr, curve.tpr, 0.05)),
        ("expected_cost", stakes.cost(curve.fpr, curve.tpr)),
    ):
        assert np.abs(np.array([row[name] for row in rows], float) - np.asarray(expected, float)).max() <= 5e-9
    assert "precision" not in takeaway.curve_csv(one, None).decode()


def test_the_report_says_it_all_and_loads_nothing(one, scores, stored):
    limit, stakes = 0.3, Stakes(10.0, 1.0, 0.05)
    page = report.page(one, limit, stakes)
    counts = evaluation.confusion(*scores, limit)
    for said in (
        f"{counts.caught:,} caught",
        f"{counts.missed:,} missed",
        f"{counts.false_alarms:,} false alarms",
        f"{counts.passed:,} passed",
        f"{stakes.cost(counts.fpr, counts.tpr):.4g}",
        f"{100 * float(costs.precision(counts.fpr, counts.tpr, 0.05)):.2f} %",
        stored.card.weights_sha256,
        f"the largest heat of the heat map, weighted {stored.card.scoring.share:.2f}",
        "Shirt",
        "<svg",
    ):
        assert said in page
    assert not re.search(r"(?:src|href)=|url\(|@import|<script|https?://", page)
    assert "None were stated" in report.page(one, limit, None)


def test_the_report_escapes_what_others_wrote(one, monkeypatch):
    card = replace(one.checkpoint.card, data_source="<script>alert(1)</script>", device='"><img src=x>')
    hostile = dataclasses.replace(one, checkpoint=dataclasses.replace(one.checkpoint, card=card))
    page = report.page(hostile, 0.3, None)
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;alert(1)" in page


def test_every_point_at_the_threshold_in_force_is_marked(one):
    same = {"youden": 0.3, "fpr_5": 0.2, "cheapest": 0.3}
    assert points.table(one, same, 0.3, None).count('aria-current="true"') == 2
    assert points.table(one, same, 0.2, None).count('aria-current="true"') == 1
    assert "● In force" in points.table(one, same, 0.25, None)


def test_three_files_are_offered(open_page):
    offered = [button.label for button in open_page("roc").get("download_button")]
    assert offered == ["Report of this operating point", "Scores of all images (CSV)", "ROC curve (CSV)"]


# Bad input --------------------------------------------------------------------------------------------------------------


def test_a_threshold_out_of_the_scores_range_flags_all_or_none(open_page):
    app = open_page("roc", threshold="0")
    assert not app.exception and "<td>100.0 %</td><td>0.0 %</td><td>5.0 %</td>" in table(app)
    app = open_page("roc", threshold="2")
    assert not app.exception and "<td>0.0 %</td><td>100.0 %</td><td>–</td>" in table(app)


def test_equal_scores_are_a_page_like_any_other(open_page, box):
    flat = {name: lambda old: np.full_like(old, 0.3) for name in ("test", "validation_normal", "validation_anomaly")}
    box(**flat)
    for view in ("curves", "classes", "precision"):
        app = open_page("roc", view=view)
        assert not app.exception and not app.error
    assert sent(app)["auroc"] == 0.5
    assert set(decoded(sent(app)["normal"])) == {np.float32(0.3)}


def test_a_score_that_is_no_number_is_said_to_be_damage(open_page, box):
    box(test=lambda old: np.append(old[:-1], np.nan))
    app = open_page("roc")
    assert not app.exception
    assert "must hold finite float32 vectors" in app.error[0].value


def test_a_class_without_scores_leads_to_training(open_page, box):
    app = open_page("roc", normal="bag", model="dcgan")
    assert not app.exception
    assert "No DCGAN has been trained yet with Bag as the normal class" in app.info[0].value
