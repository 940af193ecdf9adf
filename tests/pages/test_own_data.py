"""Overview, Browse and Try it on data sets that a person brought: 64×64 in colour and 28×28 in grey, four classes each."""

import base64
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.data import catalog
from core.store import checkpoints
from pages.browse import latent, surveys
from pages.parts import tiles
from pages.parts.pictures import png
from tests import drawn
from tests.pages import own
from tests.pages.conftest import tables, words

KINDS = {"colour": (64, 3), "grey": (28, 1)}


@pytest.fixture(scope="module")
def boxes(tmp_path_factory) -> dict[str, Path]:
    """Of each kind a folder with the data set and runs of both GANs, Disc normal."""
    made = {}
    for kind, (side, channels) in KINDS.items():
        made[kind] = tmp_path_factory.mktemp(kind)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(catalog, "OWN", made[kind] / "own")
            patch.setattr(checkpoints, "RUNS", made[kind] / "runs")
            drawn.write(catalog.OWN / kind, side, channels)
            for model in ("traditional", "dcgan"):
                own.trained(kind, model, normal="disc", anomalies=90)
    return made


@pytest.fixture
def kept(boxes):
    """kept("grey") puts that data set and its models where this test finds them; returns the test's images."""
    surveys._shelf.clear()

    def put(kind: str):
        shutil.copytree(boxes[kind] / "own", catalog.OWN, dirs_exist_ok=True)
        shutil.copytree(boxes[kind] / "runs", checkpoints.RUNS, dirs_exist_ok=True)
        return catalog.get(kind).load("test")

    return put


def card(model: str = "dcgan"):
    return checkpoints.load(checkpoints.RUNS / f"{model}-disc-seen-1" / "checkpoint")


def html(app) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def sent(app, key: str) -> dict:
    """What the component called `key` is given."""
    return json.loads(next(part for part in app.get("bidi_component") if part.key == key).proto.json)


def size(picture: str) -> tuple[int, int]:
    """Width and height of a PNG in a data: address."""
    header = base64.b64decode(picture.split(",")[1])[16:24]
    return int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")


def press(app, label: str):
    next(button for button in app.button if button.label == label).click()
    return app.run()


def test_the_choice_is_there_only_where_there_are_several(open_page, kept):
    assert next(box.key for box in open_page().sidebar.selectbox) == "model"
    kept("grey")
    app = open_page("browse", normal="bag", classes="bag", image="9999")
    assert [box.key for box in app.sidebar.selectbox][:3] == ["data", "model", "normal"]
    assert app.sidebar.selectbox(key="data").options == ["Fashion-MNIST", "grey"]
    assert app.session_state["data"] == "fashion-mnist" and not app.warning  # an old link says nothing of data
    app.sidebar.selectbox(key="data").select("grey").run()
    assert not app.exception and not app.error and not app.warning
    assert app.query_params["data"] == "grey" and "normal" not in app.query_params
    assert [app.session_state[key] for key in ("normal", "classes", "image")] == ["disc", [], None]
    assert app.sidebar.selectbox(key="normal").options == [
        "Disc", "Square – not trained yet", "Cross – not trained yet", "Ring – not trained yet",
    ]  # fmt: skip
    assert "All 160 training images" in words(app)
    app.sidebar.selectbox(key="data").select("fashion-mnist").run()
    assert not app.exception and app.session_state["normal"] == "t-shirt" and "data" not in app.query_params


def test_a_link_is_read_by_the_data_set_that_it_names(open_page, kept):
    kept("grey")
    app = open_page("browse", data="grey", normal="bag", classes="ring,spoon", image="80")
    said = " ".join(warning.value for warning in app.warning)
    assert not app.exception
    assert "'bag'; it should be one of disc, square, cross, ring" in said
    assert "'ring,spoon'" in said and "'80'; it should be a whole number from 0 to 79" in said
    assert app.session_state["data"] == "grey"
    app = open_page("browse", data="photos")
    assert "'photos'; it should be one of fashion-mnist, grey" in app.warning[0].value
    assert app.session_state["data"] == "fashion-mnist"


@pytest.mark.parametrize("kind", KINDS)
def test_the_overview_makes_reconstructions_on_request(open_page, kept, kind):
    kept(kind)
    app = open_page(data=kind)
    assert not app.exception and not app.error
    assert f"One class of {kind} is **normal**, here **Disc**" in words(app)
    assert "as it would be if it were normal" in words(app)
    assert html(app).count("not stored") == 4
    app = press(app, "Show the reconstructions")
    assert not app.exception and html(app).count("if it were normal, by the") == 2
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["DCGAN (dcgan-disc-seen-1), test AUROC"] == f"{card().card.test.auroc:.3f}"
    assert "the same 3 other classes" in words(app) and "supervised CNN</" not in html(app)
    first = html(app)
    assert "with a hole" not in first and html(press(app, "Another one")) != first
    app.session_state["example"] = None
    app.run()
    assert not app.exception and "with a hole put into it" in html(app) and "not stored" not in html(app)


@pytest.mark.parametrize("kind", KINDS)
def test_browse_shows_its_images_classes_and_map(open_page, kept, kind, monkeypatch):
    test = kept(kind)
    shelf: list[tiles.Tile] = []
    monkeypatch.setattr(tiles, "show", lambda them, key, on_open, **more: shelf.extend(them))
    app = open_page("browse", data=kind, classes="ring", image="3")
    assert not app.exception and not app.error
    assert {tile.class_name for tile in shelf} == {"Ring"} and len(shelf) == 20
    assert all(np.array_equal(tile.image, test.images[tile.number]) for tile in shelf)
    assert f"score **{card().scores.test[3]:.4f}**" in words(app)
    assert not app.button(key="edit_image").disabled

    shelf.clear()
    app = press(open_page("browse", data=kind, section="by-class"), "Add the mean residuals")
    assert not app.exception and "hides best among Disc" in words(app)
    side = KINDS[kind][0]
    assert [tile.second.shape for tile in shelf[-4:]] == [(side, side, 3)] * 4

    shelf.clear()
    app = open_page("browse", data=kind, section="lessons")
    assert not app.exception and "to catch it" in shelf[0].note and len(shelf) == 20


@pytest.mark.parametrize("layout", ["pca", "t-sne"])
def test_the_map_places_every_image_and_has_small_pictures_of_them(open_page, kept, layout):
    kept("colour")
    app = open_page("browse", data="colour", section="map", layout=layout)
    assert not app.exception and not app.error
    given = sent(app, latent.KEY)
    assert len(base64.b64decode(given["x"])) == 4 * 80 and given["classNames"] == ["Disc", "Square", "Cross", "Ring"]
    assert [kind["name"] for kind in given["kindList"]] == ["Disc, normal", "Square", "Cross", "Ring"]
    assert sent(app, "map_sheet")["sheet"].startswith("data:image/jpeg;base64,")


def test_a_colour_picture_is_drawn_on_in_colour_and_an_upload_gets_its_stored_score(open_page, kept):
    test = kept("colour")
    app = open_page("try_it", data="colour", edit="3")
    assert not app.exception and not app.error
    given = sent(app, "pad")
    assert (given["side"], given["channels"], given["photo"]) == (64, 3, False)
    assert base64.b64decode(given["pixels"]) == test.images[3].tobytes()
    assert f"score **{card().scores.test[3]:.4f}**" in words(app)
    app.segmented_control(key="try_way").set_value("Upload or paste").run()
    app.file_uploader[0].set_value([("ring.png", png(test.images[3]), "image/png")]).run()
    assert not app.exception and f"score **{card().scores.test[3]:.4f}**" in words(app)
    score = [text.value for text in app.markdown if "score **" in text.value]
    app.toggle(key="try_invert").set_value(True).run()
    assert [text.value for text in app.markdown if "score **" in text.value] != score
    assert "Nearest normal training images" in words(app)
    seen = [text.value for text in app.markdown if "score **" in text.value]
    assert "try_damage_sleeves" not in [button.key for button in app.button]  # not every thing has sleeves
    for kind in ("hole", "patch"):
        app.button(key=f"try_damage_{kind}").click().run()
        now = [text.value for text in app.markdown if "score **" in text.value]
        assert not app.exception and now != seen
        seen = now


def test_a_grey_data_set_has_a_pad_without_sketches(open_page, kept):
    kept("grey")
    app = open_page("try_it", data="grey", edit="3")
    assert not app.exception and not app.error
    assert f"score **{card().scores.test[3]:.4f}**" in words(app)
    given = sent(app, "pad")
    assert given["side"] == 28 and given["sketches"] == [] and len(base64.b64decode(given["pixels"])) == 784
    assert "try_fit" not in [toggle.key for toggle in app.toggle]
    app.number_input(key="edit").set_value(80).run()
    assert "numbered from 0 to 79" in app.error[0].value


def test_the_pad_begins_anew_for_another_data_set(open_page, kept):
    kept("grey")
    app = open_page("try_it", edit="3")
    before = app.session_state["_pad_drawing"]
    app.query_params.clear()
    app.switch_page("pages/overview/page.py").run()
    app.sidebar.selectbox(key="data").select("grey").run()
    app.switch_page("pages/try_it/page.py")
    app.query_params["edit"] = "3"
    app.run()
    assert not app.exception
    assert not np.array_equal(app.session_state["_pad_drawing"], before)
    assert f"score **{card().scores.test[3]:.4f}**" in words(app)


def test_noise_is_said_to_be_far_by_the_data_sets_own_noun(open_page, kept):
    kept("colour")
    app = open_page("try_it", data="colour")
    app.segmented_control(key="try_way").set_value("Upload or paste").run()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    app.file_uploader[0].set_value([("noise.png", png(noise), "image/png")]).run()
    assert "**can't tell**] far from any image, whatever the score" in words(app)
    assert "In no class is a training image" in words(app) and "garment" not in words(app)


@pytest.mark.parametrize("page", ["overview", "browse", "try_it"])
def test_without_its_test_images_a_model_shows_its_stored_figures(open_page, kept, page):
    kept("grey")
    shutil.rmtree(catalog.OWN / "grey")
    app = open_page(page, data="grey")
    assert not app.exception
    assert app.sidebar.selectbox(key="data").options == ["Fashion-MNIST", "grey – images not here"]
    assert "There is no data set called 'grey' here" in words(app)
    area = card().card.test.auroc
    if page == "overview":
        assert f"{area:.3f}" in [metric.value for metric in app.metric]
    else:
        rows = {row["Figure"]: row["Value"] for row in tables(app)["Stored figures"]}
        assert rows["Test AUROC (95 % interval)"].startswith(f"{area:.3f} (") and rows["Anomalies"] == "60"
    app.sidebar.selectbox(key="data").select("fashion-mnist").run()
    assert not app.exception and "no data set called" not in words(app)


@pytest.mark.parametrize("page", ["overview", "browse", "try_it"])
def test_a_model_that_was_tested_on_other_images_shows_its_stored_figures(open_page, kept, page):
    kept("grey")
    shutil.rmtree(catalog.OWN / "grey")
    drawn.write(catalog.OWN / "grey", 28, 1, seed=1)
    app = open_page(page, data="grey")
    assert not app.exception
    assert "Its stored figures stand" in words(app)


def test_a_data_set_that_goes_while_one_looks_gives_way_to_the_first(open_page, kept):
    kept("grey")
    shutil.rmtree(checkpoints.RUNS)
    app = open_page("browse", data="grey")
    assert "has been trained yet" in words(app)
    shutil.rmtree(catalog.OWN / "grey")
    app.run()
    assert not app.exception
    assert "no data set called 'grey' here" in words(app) and "Fashion-MNIST is shown instead" in words(app)
    assert app.session_state["data"] == "fashion-mnist" and app.session_state["normal"] == "t-shirt"


def test_a_damaged_data_set_is_named_and_the_others_go_on(open_page, kept):
    kept("grey")
    shutil.rmtree(checkpoints.RUNS)
    (catalog.OWN / "grey" / "train-labels-idx1-ubyte").write_bytes(b"not labels")
    app = open_page("browse")
    assert not app.exception and not app.error
    assert any("train-labels-idx1-ubyte cannot be read" in warning.value for warning in app.sidebar.warning)
    assert app.session_state["data"] == "fashion-mnist"


@pytest.mark.parametrize(
    ("page", "section", "said"),
    [
        ("overview", "", "the test has no image of an anomaly"),
        ("browse", "gallery", "at threshold"),
        ("browse", "lessons", "images of one kind only"),
        ("browse", "by-class", "an AUROC needs images of both kinds"),
        ("browse", "map", "placed by the two principal components"),
        ("try_it", "", "how far it is from a normal **Disc**"),
    ],
)
def test_a_test_without_anomalies_says_what_it_cannot_show(open_page, page, section, said):
    drawn.write(catalog.OWN / "shapes", 64, 3, train=(80,), test=(20,))
    own.trained("shapes", normal="disc", regime="one-class", anomalies=0)
    app = open_page(page, data="shapes", model="traditional", **({"section": section} if section else {}))
    assert not app.exception and not app.error
    assert said in words(app)
    assert "No test AUROC, one-class regime" in words(app)
