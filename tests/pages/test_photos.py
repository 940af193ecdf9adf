"""ROC, Results, Browse, Try it and Overview on photos: bricks, scratched ones with masks in the test, and good ones alone."""

import base64
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.data import catalog, photo_damage
from core.metrics import evaluation
from core.store import checkpoints, own_text
from pages.browse import opened
from pages.parts import tiles, verdict
from pages.parts.pictures import png
from pages.roc import report, takeaway
from tests.pages import own
from tests.pages.conftest import tables, words

SIDE = 32


@pytest.fixture(scope="module")
def boxes(tmp_path_factory) -> dict[bool, Path]:
    """With and without bad photos: a folder with the data set "wall" and two trainings of it, seeds 0 and 1."""
    made = {}
    for bad in (True, False):
        made[bad] = tmp_path_factory.mktemp("walls")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(catalog, "OWN", made[bad] / "own")
            patch.setattr(checkpoints, "RUNS", made[bad] / "runs")
            own.kept_wall(made[bad], bad, SIDE)
            for seed in (0, 1):
                own.trained("wall", seed=seed, normal="good", regime="one-class", anomalies=0)
    return made


@pytest.fixture
def wall(boxes):
    """wall(bad=True) puts the data set and its models where this test finds them; returns the first model."""

    def put(bad: bool):
        shutil.copytree(boxes[bad] / "own", catalog.OWN, dirs_exist_ok=True)
        shutil.copytree(boxes[bad] / "runs", checkpoints.RUNS, dirs_exist_ok=True)
        return checkpoints.load(checkpoints.RUNS / "traditional-good-one-class-1" / "checkpoint")

    return put


@pytest.fixture
def look_at(open_page):
    """look_at("roc") → that page at the first model of the wall."""

    def at(page: str, **link: str):
        app = open_page(page, data="wall", model="traditional", **link)
        assert not app.exception and not app.error
        return app

    return at


def sent(app, key: str) -> dict:
    return json.loads(next(part for part in app.get("bidi_component") if part.key == key).proto.json)


def html(app) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def test_without_bad_photos_the_roc_page_is_on_synthetic_defects_and_says_so(look_at, wall) -> None:
    model = wall(bad=False)
    known, scores = model.card.own.synthetic, model.scores
    app = look_at("roc")
    assert "On synthetic defects put on held-out good photos" in [heading.value for heading in app.subheader]
    assert "12 good test photos and to 72 damaged copies of 12 of them" in words(app)
    given = sent(app, "threshold_lab")
    assert given["auroc"] == known.area.auroc == evaluation.auroc(scores.test, scores.synthetic)
    assert given["threshold"] == model.card.thresholds.fpr_5  # the synthetic defects choose nothing
    decoded = np.frombuffer(base64.b64decode(given["anomaly"]), "<f4")
    assert np.array_equal(decoded, np.sort(scores.synthetic))
    rows = {row["Kind of defect"]: row for row in tables(app)["Synthetic defects by kind"]}
    assert rows["Scratch"]["AUROC"] == f"{known.kinds['scratch'].auroc:.3f}"
    assert rows["Blur"]["Pixel AUROC"] == f"{known.kinds['blur'].marks.pixel_auroc:.3f}"
    assert "Synthetic defects show" in html(app) and "Test shows" not in html(app)
    assert f"AUROC **{known.area.auroc:.3f}** on synthetic defects" in "".join(
        each.value for each in app.sidebar.caption
    )
    assert "On the same synthetic defects" in words(app)  # the other seed beside it


def test_with_bad_photos_the_roc_page_is_on_them(look_at, wall) -> None:
    model = wall(bad=True)
    app = look_at("roc")
    assert "On synthetic defects put on held-out good photos" not in [heading.value for heading in app.subheader]
    assert sent(app, "threshold_lab")["auroc"] == pytest.approx(model.card.test.auroc)


@pytest.fixture
def given_away(look_at, monkeypatch):
    """given_away() → the model and the threshold of the ROC page's downloads, which are made when no page is being drawn."""
    kept = {}
    monkeypatch.setattr(takeaway, "show", lambda chosen, limit, stakes: kept.update(chosen=chosen, limit=limit))

    def take():
        look_at("roc")
        return kept

    return take


def test_what_the_roc_page_gives_away_is_of_the_photos_and_their_kinds(given_away, wall) -> None:
    model = wall(bad=True)
    kept, test = given_away(), catalog.get("wall").load("test")
    lines = takeaway.scores_csv(kept["chosen"], kept["limit"]).decode().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [model.task.data.classes[label] for label in test.labels]
    assert "Scratch" in report.page(kept["chosen"], kept["limit"], None)


def test_what_the_roc_page_gives_away_names_the_synthetic_defects(given_away, wall) -> None:
    model = wall(bad=False)
    kept = given_away()
    lines = takeaway.scores_csv(kept["chosen"], kept["limit"]).decode().splitlines()
    assert len(lines) == 1 + 12 + 72
    assert sum(",scratch,synthetic defect," in line for line in lines) == 12
    text = report.page(kept["chosen"], kept["limit"], None)
    assert "On synthetic defects put on held-out good photos: no real anomaly is in the test" in text
    assert "Kind by kind" in text and f"{model.card.own.synthetic.area.auroc:.3f}" in text
    assert "over the 12 photos that the defects were put on" in text


def test_the_sidebar_counts_photos_as_the_data_page_does(look_at, wall) -> None:
    wall(bad=True)
    said = "".join(each.value for each in look_at("browse", section="lessons").sidebar.caption)
    data = catalog.get("wall")
    assert (
        f"{sum(data.counts('train'))} photos for training and validation, {sum(data.counts('test'))} for the test"
        in said
    )


def test_a_card_of_before_shows_the_normals_alone(look_at, wall) -> None:
    folder = wall(bad=False).folder
    card = json.loads((folder / checkpoints.CARD).read_text())
    card["own"]["synthetic"]["kinds"] = {"dent": {"auroc": 0.5, "images": 72}}  # another version's defects
    (folder / checkpoints.CARD).write_text(json.dumps(card))
    app = look_at("roc")
    assert "is an anomaly of this model" in words(app) and "Synthetic defects by kind" not in tables(app)


def test_results_have_marks_synthetic_defects_simple_methods_and_seeds(look_at, wall) -> None:
    card = wall(bad=True).card
    app = look_at("results")
    shown = tables(app)
    rows = {row["Model"]: row for row in shown["Trained models, one-class regime"]}
    first = rows["traditional-good-one-class-1"]
    assert (first["Seed"], rows["traditional-good-one-class-2"]["Seed"]) == ("0", "1")
    assert first["Pixel AUROC"] == f"{card.own.marks.pixel_auroc:.3f}" and first["Good + bad"] == "12 + 12"
    assert first["Synthetic AUROC"].startswith(f"{card.own.synthetic.area.auroc:.3f} (")
    assert "rests on 12 good and 12 bad photos. These are few: a single bad photo moves it by up to 0.083" in words(app)
    seeds = [row for row in shown["Seeds, one-class regime"] if f", {card.epochs_trained} epochs" in row["Training"]]
    assert [row["AUROC of"] for row in seeds] == ["test", "synthetic"]
    assert seeds[0]["Each seed"].startswith(f"0: {card.test.auroc:.3f}, 1: ")
    assert {row["Kind"] for row in shown["Synthetic defects, one-class regime"]} == {
        "Spot", "Smudge", "Scratch", "Foreign piece", "Blur", "Colour stain",
    }  # fmt: skip
    methods = {row["Method"]: row for row in shown["Simple methods, one-class regime, good"]}
    assert methods["kNN on pixels"]["Test AUROC"].startswith(f"{card.own.baselines['kNN'].test.auroc:.3f} (")
    assert "traditional-good-one-class-1: " + own_text.better(card)[:20] in words(app).replace("\\", "")


def test_results_without_bad_photos_say_what_no_figure_can(look_at, wall) -> None:
    wall(bad=False)
    app = look_at("results")
    assert "no bad one: no figure can say how many real defects are caught" in words(app)
    assert tables(app)["Trained models, one-class regime"][0]["Test AUROC"] == "–"


def test_a_marked_defect_is_outlined_beside_the_heat_map(look_at, wall, monkeypatch) -> None:
    model = wall(bad=True)
    rows = []
    monkeypatch.setattr(verdict, "row", lambda pictures, *_: rows.append([caption for caption, _ in pictures]))
    test = model.test_images()
    bad, good = int(np.flatnonzero(test.labels == 1)[0]), int(np.flatnonzero(test.labels == 0)[0])
    app = look_at("browse", image=str(bad))
    assert rows[-1][-2:] == ["Heat map", "True defect, outlined"]
    assert "brightest spot is" in words(app)
    look_at("browse", image=str(good))
    assert rows[-1][-1] == "Heat map" and opened.hit


def test_the_defects_section_damages_photos(look_at, wall, monkeypatch) -> None:
    wall(bad=False)
    shelf: list[tiles.Tile] = []
    monkeypatch.setattr(tiles, "show", lambda them, key, on_open, **more: shelf.extend(them))
    app = look_at("browse", section="defects")
    assert app.selectbox(key="kind").value == "spot"
    assert len(app.selectbox(key="kind").options) == len(photo_damage.KINDS)
    assert shelf and all(tile.image.shape == (SIDE, SIDE, 3) for tile in shelf)
    assert "garment" not in words(app)


def test_try_it_starts_from_a_good_photo_to_draw_on_in_colour(look_at, wall) -> None:
    model = wall(bad=True)
    test = model.test_images()
    good = int(np.flatnonzero(test.labels == 0)[0])
    app = look_at("try_it")
    given = sent(app, "pad")
    assert (given["side"], given["channels"], given["photo"]) == (SIDE, 3, True)
    assert base64.b64decode(given["pixels"]) == test.images[good].tobytes()
    assert f"score **{model.scores.test[good]:.4f}**" in words(app)
    app.button(key="try_damage_scratch").click().run()
    expected = photo_damage.damage(test.images[good][None], "scratch", "medium", 1, test.images).images[0]
    assert not app.exception and np.array_equal(app.session_state["_pad_drawing"], expected)
    assert "try_damage_hole" not in [button.key for button in app.button] and "garment" not in words(app)


def test_a_photo_that_is_brought_keeps_its_colours_and_gets_its_stored_score(look_at, wall) -> None:
    model = wall(bad=True)
    test = model.test_images()
    app = look_at("try_it")
    app.segmented_control(key="try_way").set_value("Upload or paste").run()
    app.file_uploader[0].set_value([("brick.png", png(test.images[3]), "image/png")]).run()
    assert not app.exception and not app.error
    assert f"score **{model.scores.test[3]:.4f}**" in words(app)
    assert "try_invert" not in [toggle.key for toggle in app.toggle]


def test_the_overview_begins_with_a_photo_of_the_data_set(look_at, wall) -> None:
    model = wall(bad=False)
    app = look_at("overview")
    assert "In wall **Good** is **normal**" in words(app)
    shown = {metric.label: metric.value for metric in app.metric}
    label = "Synthetic AUROC, Traditional GAN (traditional-good-one-class-1)"
    assert shown[label] == f"{model.card.own.synthetic.area.auroc:.3f}"
    next(button for button in app.button if button.label == "Show the reconstructions").click().run()
    app.session_state["example"] = None
    app.run()
    assert not app.exception and "with a spot put on it" in html(app) and not re.search(r"\bhole\b", html(app))


@pytest.mark.parametrize("page", ["roc", "browse", "try_it", "overview", "results"])
def test_without_its_photos_a_model_shows_its_stored_figures(open_page, wall, page) -> None:
    model = wall(bad=False)
    shutil.rmtree(catalog.OWN)
    app = open_page(page, data="wall", model="traditional")
    assert not app.exception
    area = model.card.own.synthetic.area
    assert f"{area.auroc:.3f}" in words(app) + html(app) + "".join(metric.value for metric in app.metric)
    if page != "results":
        assert "There is no data set called 'wall' here" in words(app)
