"""The page Data: from photos to a kept data set, as a visitor's session does it."""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data import catalog, drafts
from core.data.photos import files
from tests import photographs
from tests.pages import own
from tests.pages.conftest import tables, words

Named = list[tuple[str, bytes, str]]


@pytest.fixture(autouse=True)
def none_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_listed", {})


def pictures(images: np.ndarray, name: str = "IMG_{:03}.png") -> Named:
    named = []
    for number, image in enumerate(images):
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG")
        named.append((name.format(number), content.getvalue(), "image/png"))
    return named


def zipped(name: str = "parts.zip", **folders: np.ndarray) -> tuple[str, bytes, str]:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for folder, images in folders.items():
            for path, picture, _ in pictures(images):
                archive.writestr(f"{folder}/{path}", picture)
    return (name, content.getvalue(), "application/zip")


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def dropped(app: AppTest, good: Named, bad: Named = (), defect: str = "", box: str = "upload") -> AppTest:
    """Put files into the two boxes, and press the button below."""
    boxes = {box.key: box for box in app.file_uploader}
    boxes[f"{box}_good_0"].set_value(good).run()
    if bad:
        next(each for each in app.file_uploader if each.key == f"{box}_bad_0").set_value(bad).run()
        app.text_input(key=f"{box}_defect_0").set_value(defect).run()
    return press(app, "data_check_added" if box == "added" else "data_check_files")


def shares(app: AppTest) -> dict[str, int]:
    """The number of photos of each class in the table of the check."""
    return {row["Class"]: int(row["All"]) for row in tables(app)["Photos by class and split"]}


def test_a_zip_is_checked_kept_and_led_on_to_training(open_page):
    app = open_page("data")
    assert app.button(key="data_check_files").disabled
    tiles = photographs.tiles()
    app = dropped(app, [zipped(good=tiles[:60], torn=photographs.scratched(tiles[:12])[0])])
    assert shares(app) == {"good": 60, "torn": 12}
    assert "These photos can be trained on" in words(app) and catalog.kept() == []
    assert "draft" in app.query_params
    app.text_input(key=f"data_name_{app.session_state['draft']}").set_value("My wall").run()
    app = press(app, "data_keep")
    assert "My wall is kept" in words(app) and "draft" not in app.query_params
    data = catalog.get("my-wall")
    assert data.description.name == "My wall" and sum(data.counts("train")) + sum(data.counts("test")) == 72
    assert not [button for button in app.button if button.label == "Look at its model"]  # none is trained yet
    app = press(app, "data_train_now")
    assert app.title[0].value == "Train" and app.session_state["data"] == "my-wall"
    assert "my-wall" in app.query_params["data"]


def test_photos_dropped_together_are_good_and_the_second_box_has_bad_ones(open_page):
    tiles = photographs.tiles()
    bad = pictures(photographs.scratched(tiles[:8])[0])
    app = dropped(open_page("data"), pictures(tiles[:30]), bad, "scratch")
    assert shares(app) == {"good": 30, "scratch": 8}
    assert "only 30 good photos" in app.warning[0].value
    again = dropped(open_page("data"), pictures(tiles[:30]), bad, "ok")
    assert "cannot be the name of a defect" in again.error[0].value


def test_an_error_keeps_them_from_being_kept(open_page):
    tiles = photographs.tiles()
    app = dropped(open_page("data"), [zipped(good=tiles[:30], bad=tiles[29:34])])
    assert "Must be put right" in app.error[0].value and "same photo in two classes" in app.error[0].value
    assert app.button(key="data_keep").disabled
    assert "cannot be kept as long as an error stands" in words(app)
    app = press(app, "data_put_away")
    assert app.button(key="data_check_files").disabled and "draft" not in app.query_params


def test_a_finding_shows_its_files_when_it_is_opened(open_page):
    tiles = photographs.tiles()
    parts = zipped(good=np.concatenate([tiles[:60], tiles[:2] * 0]))
    app = dropped(open_page("data"), [parts])
    assert "2 photos are blank" in app.warning[0].value
    assert not any("<figure>" in part.proto.body for part in app.get("html"))
    app.session_state["draft_finding_0"] = True
    app.run()
    shown = [part.proto.body for part in app.get("html") if "<figure>" in part.proto.body]
    assert len(shown) == 1 and shown[0].count("<figure>") == 2 and "good/IMG_060.png" in shown[0]


def test_the_split_can_be_downloaded(open_page):
    app = dropped(open_page("data"), [zipped(good=photographs.tiles()[:20])])
    found = app.session_state["_draft"].gathered
    from core.data.photos import stored

    rows = list(csv.DictReader(io.StringIO(stored.as_csv(found.entries, found.layout.kinds).decode())))
    assert [row["split"] for row in rows] == found.splits and rows[0]["file"] == "good/IMG_000.png"
    assert [button.label for button in app.get("download_button")] == ["Which photo went where (CSV)"]


def test_classes_of_equal_rank_ask_which_is_normal(open_page):
    app = dropped(open_page("data"), [zipped(cat=photographs.tiles()[:20], dog=photographs.many(20))])
    assert "None of the folders is called good" in words(app) and "Photos by class and split" not in tables(app)
    token = app.session_state["draft"]
    app.selectbox(key=f"data_normal_{token}").set_value("dog")
    app.selectbox(key=f"data_side_{token}").set_value(32)
    app.selectbox(key=f"data_colours_{token}").set_value(1)
    app.button(key="FormSubmitter:data_options-Check the photos").click().run()
    assert not app.exception and list(shares(app)) == ["dog", "cat"]
    assert app.session_state["_draft"].gathered.shape.side == 32
    press(app, "data_keep")
    assert catalog.get("parts").description.shape == (32, 32, 1)


def test_a_reload_finds_the_photos_in_hand_and_a_lost_link_says_so(open_page):
    app = dropped(open_page("data"), [zipped(good=photographs.tiles()[:20])])
    token = app.session_state["draft"]
    again = open_page("data", draft=token)
    assert not again.exception and shares(again) == {"good": 20}
    press(again, "data_put_away")
    lost = open_page("data", draft=token)
    assert "have been put away. Bring them again" in lost.info[0].value and "draft" not in lost.query_params
    wrong = open_page("data", draft="../etc")
    assert "'../etc'; it should be the name of photos" in wrong.warning[0].value


def test_photos_whose_scratch_folder_is_gone_are_said_to_be(open_page):
    import shutil

    app = dropped(open_page("data"), [zipped(good=photographs.tiles()[:20])])
    shutil.rmtree(app.session_state["_draft"].folder)
    app.run()
    assert not app.exception and "kept or put away meanwhile" in app.info[0].value
    assert app.button(key="data_check_files").disabled


def test_a_server_folder_only_where_the_operator_offers_one(open_page, tmp_path: Path, monkeypatch):
    monkeypatch.delenv(files.OFFERED, raising=False)
    app = open_page("data")
    app.segmented_control(key="data_way").set_value("server").run()
    assert "MISFIT_PHOTOS" in app.info[0].value and "as a zip" in app.info[0].value
    photographs.write(tmp_path / "in" / "wall", photographs.tiles()[:20])
    photographs.write(tmp_path / "secret", photographs.tiles()[:20])
    monkeypatch.setenv(files.OFFERED, str(tmp_path / "in"))
    app.run()
    press(app, "data_check_place")  # the folder itself is the first choice
    assert shares(app) == {"good": 20}
    press(app, "data_put_away")
    offers = [tmp_path / "secret", *files.offers()]
    with pytest.MonkeyPatch.context() as patch:  # as if a browser sent what the box does not offer
        patch.setattr(files, "offers", lambda: offers)
        app.run()
        app.selectbox(key="data_place").set_value(str(tmp_path / "secret")).run()
        press(app, "data_check_place")
        assert "not among the folders that pages may read" in app.error[0].value
    app.selectbox(key="data_place").set_value(str(tmp_path / "in" / "wall")).run()
    press(app, "data_check_place")
    assert shares(app) == {"good": 20}
    press(app, "data_keep")
    photographs.write(tmp_path / "in" / "wall", photographs.tiles()[30:40], first=50)
    app.segmented_control(key="data_part").set_value("add").run()
    press(app, "data_read_again")
    assert shares(app) == {"good": 30} and "Photos that were in it keep their place" in words(app)
    before = catalog.facts("wall")
    press(app, "data_keep")
    assert before.splits.items() <= catalog.facts("wall").splits.items()


def test_an_example_takes_one_click_and_is_opened_the_second_time(open_page):
    app = open_page("data")
    app.segmented_control(key="data_way").set_value("example").run()
    app = press(app, "example_brick-wall")
    assert tables(app)["Photos by class and split"][0] | {"Class": ""} == {
        "Class": "", "Training": "120", "Validation": "40", "Test": "40", "All": "200",
    }  # fmt: skip
    app = press(app, "data_keep")
    assert app.selectbox(key="data_open").value == "brick-wall"
    app.selectbox(key="data_open").set_value(None).run()
    app = press(app, "example_brick-wall")
    assert app.selectbox(key="data_open").value == "brick-wall" and app.session_state["_draft"] is None


def test_photos_are_added_to_what_is_kept(open_page):
    app = dropped(open_page("data"), pictures(photographs.tiles()[:40]))
    press(app, "data_keep")
    before = catalog.facts("photos")
    app.segmented_control(key="data_part").set_value("add").run()
    assert "A good item was flagged?" in words(app) and "A bad item got through?" in words(app)
    bad = pictures(photographs.scratched(photographs.tiles()[:10])[0])
    box = next(each for each in app.file_uploader if each.key.startswith("added_bad"))
    box.set_value(bad).run()
    app.text_input(key="added_defect_1").set_value("dent").run()
    press(app, "data_check_added")
    assert shares(app) == {"Good": 40, "dent": 10} and "They are added to **Photos**" in words(app)
    press(app, "data_keep")
    after = catalog.facts("photos")
    assert before.splits.items() <= after.splits.items() and after.description.classes == ("good", "dent")


def test_photos_are_shown_by_split(open_page):
    app = dropped(open_page("data"), pictures(photographs.tiles()[:40]))
    press(app, "data_keep")
    app.segmented_control(key="data_part").set_value("photos").run()
    app.segmented_control(key="kept_shown_split").set_value("test").run()
    facts = catalog.facts("photos")
    test = [entry.photo.path for entry in facts.entries if entry.split == "test"]
    (shown,) = [part.proto.body for part in app.get("html") if "<figure>" in part.proto.body]
    assert shown.count("<figure>") == len(test) and all(path in shown for path in test)


def test_a_data_set_is_deleted_after_a_second_word(open_page):
    app = dropped(open_page("data"), pictures(photographs.many(120, 28)))
    press(app, "data_keep")
    own.trained("photos", normal="good", regime="one-class", anomalies=0)
    press(app, "data_delete")
    assert catalog.kept() and "The model trained on it stays" in words(app)
    press(app, "data_delete_now")
    assert not app.exception and catalog.kept() == []
    assert "Data sets here" not in words(app)


def test_a_name_that_is_taken_is_refused_in_words(open_page):
    app = dropped(open_page("data"), pictures(photographs.tiles()[:20]))
    name = app.text_input(key=f"data_name_{app.session_state['draft']}")
    for text, reason in (("Fashion MNIST", "called fashion-mnist already"), ("!", "needs a letter or a digit")):
        name.set_value(text).run()
        assert reason in words(app) and app.button(key="data_keep").disabled


def test_what_harms_is_one_line(open_page):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../../evil.png", b"no")
    for file in (("parts.zip", b"PK no zip", "application/zip"), ("evil.zip", content.getvalue(), "application/zip")):
        app = dropped(open_page("data"), [file])
        assert len(app.error) == 1 and "\n" not in app.error[0].value
    assert list(Path("/").glob("evil*")) == []


def test_the_train_page_shows_what_the_gan_will_see(open_page):
    import torch

    from core.data import tasks
    from core.gans.batches import Batches
    from core.gans.recipes import default_config

    with catalog.scratch() as folder:
        example = drafts.of_example("brick-wall")
        with example.open() as brought:
            catalog.keep(catalog.gather(brought, folder, "brick-wall", example.shape), "brick-wall")
    app = open_page("train", data="brick-wall")
    assert not any("<figure>" in part.proto.body for part in app.get("html"))
    app.session_state["train_strip"] = True
    app.run()
    assert not app.exception
    rows = [part.proto.body for part in app.get("html") if "<figure>" in part.proto.body]
    assert "Each should be **repaired**" in words(app)
    data = catalog.get("brick-wall")
    task = tasks.Task("good", "one-class", 0, data=data.description)
    split = tasks.split(task, data.load("train"))
    batch = next(
        Batches(
            split, default_config("dcgan", "one-class", data=data.description, normals=120), 64, 0, torch.device("cpu")
        ).epoch()
    )
    drawn = [batch.normal.images, batch.damaged.images, batch.damaged.targets]
    drawn += [batch.anomaly.images, batch.anomaly.targets] if len(batch.anomaly.images) else []
    assert [row.count("<figure>") for row in rows] == [min(8, len(images)) for images in drawn]
    from pages.parts.pictures import data_url

    first = ((batch.normal.images[0].permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(np.uint8)
    assert data_url(np.ascontiguousarray(first)) in rows[0]
