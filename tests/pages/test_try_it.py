import csv
import hashlib
import io
import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load, save

from core.__main__ import main
from core.data import fashion_mnist
from core.store import checkpoints
from pages.parts.pictures import png
from pages.try_it import pad, sketches
from tests.pages.conftest import words


def stored(number: int, model: str = "dcgan") -> float:
    return checkpoints.load(checkpoints.shipped(model, "t-shirt")).scores.test[number]


@pytest.fixture
def upload(open_page):
    """upload(("boot.png", bytes), …) → the page with these files."""

    def do(*files: tuple[str, bytes], **state: object):
        app = open_page("try_it")
        for key, value in state.items():
            app.session_state[key] = value
        app.segmented_control(key="try_way").set_value("Upload or paste").run()
        return app.file_uploader[0].set_value([(name, content, "image/png") for name, content in files]).run()

    return do


def test_an_uploaded_test_image_gets_its_stored_scores_from_both_gans(upload):
    app = upload(("coat.png", png(fashion_mnist.load("test").images[17])))
    assert not app.exception
    assert f"score **{stored(17):.4f}**" in words(app)
    app.toggle(key="try_both").set_value(True).run()
    for model in ("dcgan", "traditional"):
        assert f"score **{stored(17, model):.4f}**" in words(app)


def test_the_page_and_the_command_line_agree_to_the_last_digit(upload, tmp_path, capsys):
    test = fashion_mnist.load("test").images
    files = [
        ("trouser.png", png(255 - test[3].repeat(9, 0).repeat(9, 1))),  # light background, enlarged
        ("coat.png", png(test[17])),
        ("boot.png", png(np.pad(test[0, ..., 0].repeat(5, 0).repeat(5, 1), 30))),
    ]
    for name, content in files:
        (tmp_path / name).write_bytes(content)
    app = upload(*files)
    assert main(["score", *(str(tmp_path / name) for name, _ in files), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    from pages.try_it import many

    images, judged, problems = app.session_state["_many"][1:]
    assert not problems and len(images) == 3
    origin = {"data": "fashion-mnist", "seed": 0}
    content = many.table([judged[place].row(files[place][0]) for place in judged], origin).decode()
    for row, told in zip(csv.DictReader(io.StringIO(content)), answer, strict=True):
        assert (row["data"], row["seed"]) == ("fashion-mnist", "0")
        assert row["file"] == told["file"].rsplit("/", 1)[-1]
        for name in ("score", "percentile", "threshold", "verdict", "reason", "farness"):
            assert row[name] == str(told[name])
    assert "**3 of 3** flagged" in words(app)
    assert len(app.dataframe[0].value) == 3


def test_of_many_files_the_bad_ones_are_named_and_the_others_scored(upload):
    app = upload(
        ("coat.png", png(fashion_mnist.load("test").images[17])),
        ("a_b*c.png", b"hello"),
        ("none.png", b""),
        ("tee.png", png(sketches.sketch("T-shirt"))),
    )
    assert not app.exception
    said = words(app)
    assert "none.png is empty" in said.replace("\\", "") and "a_b*c.png is not a picture" in said.replace("\\", "")
    assert "**1 of 2** flagged" in said
    assert [row["File"] for _, row in app.dataframe[0].value.iterrows()] == ["coat.png", "tee.png"]


def test_a_files_name_is_no_formula_in_the_table_and_its_csv(upload):
    from pages.try_it import many

    boot = png(fashion_mnist.load("test").images[0])
    app = upload(("=HYPERLINK(1).png", boot), ("boot.png", boot))
    assert not app.exception
    assert list(app.dataframe[0].value["File"]) == ["'=HYPERLINK(1).png", "boot.png"]
    assert list(app.dataframe[0].value["Verdict"]) == ["⚑ anomaly", "⚑ anomaly"]
    assert list(app.dataframe[0].value["Reason"]) == ["Score at or above the threshold"] * 2
    judged = app.session_state["_many"][2]
    lines = many.table([judged[0].row("=HYPERLINK(1).png")], {}).decode().splitlines()
    assert lines[0] == "file,score,percentile,threshold,verdict,reason,farness"
    assert lines[1].startswith(f"'=HYPERLINK(1).png,{stored(0):.4f}"[:-1]) and ",100.0," in lines[1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("text.png", b"hello", "is not a picture"),
        ("dot.png", png(np.full((1, 1), 255, np.uint8)), "at least 8"),
        ("black.png", png(np.zeros((50, 50), np.uint8)), "blank"),
        ("cut.png", png(np.eye(40, dtype=np.uint8) * 255)[:-40], "damaged"),
        ("none.png", b"", "empty"),
    ],
)
def test_bad_pictures_get_one_kind_line(upload, name, content, said):
    app = upload((name, content))
    assert not app.exception
    assert len(app.error) == 1 and said in app.error[0].value


def test_files_are_kept_while_one_draws_and_put_away_on_request(upload):
    app = upload(("coat.png", png(fashion_mnist.load("test").images[17])))
    app.segmented_control(key="try_way").set_value("Draw").run()
    assert not app.file_uploader  # it forgets its files
    app.segmented_control(key="try_way").set_value("Upload or paste").run()
    app.file_uploader[0].set_value([]).run()
    assert "Still here from before: `coat.png`" in words(app) and f"score **{stored(17):.4f}**" in words(app)
    app.session_state["_pasted"] = [("Pasted picture 1", png(fashion_mnist.load("test").images[0]))]
    assert not app.run().exception
    app.button(key="try_put_away").click().run()
    assert "coat.png" not in words(app) and f"score **{stored(0):.4f}**" in words(app)
    app.button(key="try_put_away_pasted").click().run()
    assert "Choose a photo" in words(app)


def test_every_step_can_be_overruled(upload):
    picture = png(np.pad(fashion_mnist.load("test").images[0, ..., 0].repeat(6, 0).repeat(6, 1), 40))
    app = upload(("boot.png", picture))

    def score() -> str:
        return next(element.value for element in app.markdown if "score **" in element.value)

    seen = [score()]
    app.toggle(key="try_trim").set_value(False).run()
    seen.append(score())
    app.toggle(key="try_trim").set_value(True).run()
    app.button(key="try_turn_button").click().run()
    seen.append(score())
    app.button(key="try_turn_button").click().run()
    app.segmented_control(key="try_background").set_value("light").run()
    seen.append(score())
    assert len(set(seen)) == 4
    assert not app.exception


def test_noise_is_said_to_be_no_garment_and_a_garment_is_not(upload):
    random = np.random.default_rng(0)
    for size in ((28, 28), (600, 400), (1500, 2000)):
        app = upload(("noise.png", png(random.integers(0, 256, size, np.uint8))))
        assert not app.error, app.error[0].value
        assert "**can't tell**] far from any garment, whatever the score" in words(app)
    assert "far from any garment" not in words(upload(("coat.png", png(fashion_mnist.load("test").images[17]))))


def test_a_digit_that_a_model_reconstructs_well_is_not_called_normal(open_page):
    app = open_page("try_it", model="traditional")
    app.session_state["threshold"] = 2.0  # nothing is reconstructed so badly that it is flagged
    app.session_state["_pad_drawing"] = sketches.sketch("A digit")
    said = words(app.run())
    assert "**can't tell**] far from any garment, whatever the score" in said and "**normal**" not in said
    app.session_state["threshold"] = 0.0  # everything is
    said = words(app.run())
    assert "**can't tell**] far from any garment, whatever the score" in said and "**anomaly**" not in said


def test_a_blank_pad_is_not_scored(open_page):
    app = open_page("try_it")
    assert not app.exception
    assert "score **" not in words(app)


def test_a_link_puts_a_test_image_on_the_pad_with_its_stored_score(open_page):
    app = open_page("try_it", edit="17")
    assert f"score **{stored(17):.4f}**" in words(app)
    assert app.number_input(key="edit").value == 17
    app.number_input(key="edit").set_value(23).run()
    assert f"score **{stored(23):.4f}**" in words(app)
    assert app.query_params["edit"] in ("23", ["23"])


def test_a_link_to_no_test_image_is_named(open_page):
    app = open_page("try_it", edit="10000")
    assert "“edit” in the link is '10000'" in app.warning[0].value
    assert not app.exception


def test_browse_leads_to_the_pad_and_the_same_image_starts_anew(open_page):
    app = open_page("browse", image="17")
    app.button(key="edit_image").click().run()
    assert not app.exception
    assert app.title[0].value == "Try it"
    assert f"score **{stored(17):.4f}**" in words(app)
    app.switch_page("pages/try_it/page.py")  # the test's own runs would go on with the page it opened
    app.session_state["_pad_drawing"] = sketches.sketch("Bag")  # drawn over
    assert f"score **{stored(17):.4f}**" not in words(app.run())
    app.switch_page("pages/browse/page.py")
    app.session_state["image"] = 17
    app.run()
    app.button(key="edit_image").click().run()
    assert f"score **{stored(17):.4f}**" in words(app)


def test_a_small_drawing_can_be_fitted_to_the_frame(open_page):
    small = np.zeros((28, 28, 1), np.uint8)
    small[2:16, 12:26, 0] = np.asarray(Image.fromarray(sketches.sketch("T-shirt")[..., 0]).resize((14, 14)))
    app = open_page("try_it")
    app.session_state["_pad_drawing"] = small
    assert "**can't tell**] far from any garment" in words(app.run())
    app.button(key="fit_try_fit").click().run()  # beside the verdict; the switch below the pad follows
    assert app.toggle(key="try_fit").value
    assert "far from any garment" not in words(app) and "**normal**" in words(app)


@pytest.mark.parametrize(
    "said",
    [
        None,
        "text",
        {},
        {"serial": "1"},
        {"serial": 1, "pixels": 5, "start": 0},
        {"serial": 1, "pixels": "?", "start": 0},
        {"serial": 1, "pixels": "AAAA", "start": 0},
    ],
)
def test_nonsense_from_the_browser_leaves_the_drawing_alone(said, monkeypatch):
    before = sketches.sketch("Bag")
    state = {"pad": {"drawing": said}, "_pad_drawing": before, "edit": None}
    monkeypatch.setattr(pad, "st", SimpleNamespace(session_state=state))
    pad._drawn()
    assert state["_pad_drawing"] is before


def test_a_message_about_a_drawing_that_was_replaced_is_heard_but_not_taken(monkeypatch):
    before = sketches.sketch("Bag")
    old = {"serial": 4, "pixels": pad._packed(sketches.sketch("T-shirt")), "start": 0, "base": ""}
    state = {"pad": {"drawing": old}, "_pad_drawing": before, "_pad_start": 1, "edit": None}
    monkeypatch.setattr(pad, "st", SimpleNamespace(session_state=state))
    pad._drawn()
    assert state["_pad_drawing"] is before and state["_pad_heard"] == 4
    state["_pad_start"] = 0
    pad._drawn()
    assert np.array_equal(state["_pad_drawing"], sketches.sketch("T-shirt"))


def test_a_number_that_no_test_image_has_is_said_to_be_wrong(open_page):
    app = open_page("try_it")
    for wrong in (99999, -1):
        app.number_input(key="edit").set_value(wrong).run()
        assert f"no test image {wrong:,}" in app.error[0].value
        assert app.number_input(key="edit").value is None
    app.number_input(key="edit").set_value(17).run()
    assert not app.error and f"score **{stored(17):.4f}**" in words(app)


def test_advice_for_a_drawing_names_what_a_drawing_has(open_page, upload):
    app = open_page("try_it")
    app.session_state["_pad_drawing"] = sketches.sketch("A digit")
    app.run()
    (said,) = [warning.value for warning in app.warning if "In no class" in warning.value]
    assert "fit it to the frame" in said and "box" not in said
    assert app.button(key="fit_try_fit").label == "Centre and enlarge"


@pytest.mark.parametrize("number", [10_000, -1, 99_999_999])
def test_a_number_that_the_browser_would_not_send_is_not_taken(open_page, number: int):
    app = open_page("try_it")
    app.number_input(key="edit").set_value(number).run()
    assert not app.exception and app.session_state["edit"] is None


def test_the_nearest_training_images_are_images_that_the_model_was_trained_on(open_page):
    """Image 7 of the starter set's T-shirts was a validation image of the shipped models: itself is not its neighbour."""
    train = fashion_mnist.load("train")
    shirts = train.images[train.labels == 0]
    app = open_page("try_it")

    def nearest(number: int) -> float:
        app.session_state["_pad_drawing"] = shirts[number]
        pictures = next(e.proto.body for e in app.run().get("html") if "from training, difference" in e.proto.body)
        return float(re.findall(r"from training, difference ([0-9.]+)", pictures)[0])

    assert nearest(6) == 0.0
    assert nearest(7) > 0.01


def test_of_a_model_that_was_trained_on_other_images_none_is_called_near(open_page, saved, monkeypatch):
    monkeypatch.setattr(checkpoints, "SHIPPED", saved("dcgan").parent.parent)
    app = open_page("try_it", edit="17")
    assert not app.exception
    assert "was trained on other images" in words(app) and "Nearest normal training images" not in words(app)


def test_an_image_that_has_set_the_threshold_is_flagged_on_the_pad_too(open_page, tmp_path, monkeypatch):
    """Also where the stored scores are those of another processor, here further off than any would round."""
    folder = tmp_path / "box" / "dcgan" / "t-shirt"
    shutil.copytree(checkpoints.shipped("dcgan", "t-shirt"), folder)
    scores = load((folder / checkpoints.SCORES).read_bytes())
    scores["test"][17] = 0.5005
    (folder / checkpoints.SCORES).write_bytes(save(scores))
    card = json.loads((folder / checkpoints.CARD).read_text("utf-8"))
    card["scores_sha256"] = hashlib.sha256((folder / checkpoints.SCORES).read_bytes()).hexdigest()
    (folder / checkpoints.CARD).write_text(json.dumps(card), "utf-8")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    app = open_page("browse", image="17")
    app.button(key="threshold_here").click().run()
    assert app.title[0].value == "ROC and threshold"
    limit = app.session_state["threshold"]
    assert 0.50049 < limit <= 0.5005
    said = words(open_page("try_it", edit="17", threshold=str(limit)))
    assert ":orange-badge[:material/flag: **anomaly**] score **0.5005** ≥ threshold 0.5005" in said
