"""A model of photos on another machine: with its photos, without them, and with somebody else's."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest

from core.basics.errors import CheckpointError, DataError
from core.data import catalog
from core.runs import folders, transfer
from core.runs.status import read_status
from core.store import checkpoints
from core.store.checkpoints import CARD
from tests.pages.own import kept_wall, trained


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A folder with the data set "wall" and a model of it."""
    place = tmp_path_factory.mktemp("machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "OWN", place / "own")
        patch.setattr(checkpoints, "RUNS", place / "runs")
        kept_wall(place)
        trained("wall", normal="good", regime="one-class", anomalies=0)
    return place


@pytest.fixture
def model(machine):
    """The model, on a machine that has its photos."""
    shutil.copytree(machine / "own", catalog.OWN)
    shutil.copytree(machine / "runs", checkpoints.RUNS)
    return checkpoints.load(checkpoints.RUNS / "traditional-good-one-class-1" / "checkpoint")


def elsewhere() -> None:
    """Go to a machine that has neither the model nor its photos."""
    shutil.rmtree(catalog.OWN)
    shutil.rmtree(checkpoints.RUNS)


def taken(content: bytes):
    name = transfer.take([("model.zip", content)])
    return checkpoints.load(folders.folder(name) / "checkpoint"), read_status(name).reason


def changed(content: bytes, **files: bytes | None) -> bytes:
    """The zip with other files; None leaves one out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.infolist():
            name = member.filename.split("/", 1)[1]
            part = files.get(name.split(".")[0], old.read(member))
            if part is not None:
                new.writestr(name, part)
    return buffer.getvalue()


def test_without_its_photos_the_description_travels_and_the_figures_stand(model) -> None:
    content = transfer.pack(model)
    assert {name.rsplit("/")[-1] for name in zipfile.ZipFile(io.BytesIO(content)).namelist()} == {
        "generator.safetensors", "scores.safetensors", "card.json",
    }  # fmt: skip
    elsewhere()
    back, reason = taken(content)
    assert back.card == model.card and back.task.data.name == "wall" and back.task.data.intake == "fit"
    assert "The images of wall are not here: scores could not be compared" in reason
    assert "wall" not in catalog.available()
    with pytest.raises(DataError, match="test images of this model are not here"):
        back.test_images()


def test_with_its_photos_everything_is_there_and_compared(model) -> None:
    content = transfer.pack(model, photos=True)
    elsewhere()
    back, reason = taken(content)
    assert "All 24 test scores and 11 of 11 validation scores are what the weights give." in reason
    assert reason.endswith(" Its 64 photos came along and are kept as wall.")
    assert back.test_images().fingerprint == model.card.test_fingerprint
    assert catalog.get("wall").masks("test").masks.any()
    assert catalog.facts("wall").origin == ""  # no path of the other machine
    assert back.card.own.synthetic.area.auroc == pytest.approx(model.card.own.synthetic.area.auroc, abs=1e-6)
    again, reason = taken(content)
    assert "Its photos were here already." in reason and again.folder != back.folder


def test_other_photos_of_the_same_name_are_not_replaced(model, tmp_path) -> None:
    content = transfer.pack(model, photos=True)
    elsewhere()
    kept_wall(tmp_path, bad=False)
    before = catalog.get("wall").load("test").fingerprint
    with pytest.raises(CheckpointError, match="Another data set is called wall here"):
        taken(content)
    assert catalog.get("wall").load("test").fingerprint == before
    with pytest.raises(DataError, match="test images of this model are not here"):
        taken(changed(content, photos=None, masks=None))


def test_a_folder_of_other_files_in_their_place_stays(model) -> None:
    content = transfer.pack(model, photos=True)
    elsewhere()
    mine = catalog.OWN / "wall" / "mine.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"a photo")
    with pytest.raises(CheckpointError, match="wall is there already"):
        taken(content)
    assert mine.read_bytes() == b"a photo"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"photos": b"no array"}, "photos.npy.*cannot be|photos.json.*cannot be"),
        ({"masks": b"no array"}, "masks.npy cannot be read"),
        ({"scores": None, "card": b"{}"}, "card.json does not fit"),
    ],
)
def test_damaged_photos_are_refused_and_nothing_is_left(model, files, said) -> None:
    content = changed(transfer.pack(model, photos=True), **files)
    elsewhere()
    with pytest.raises(CheckpointError, match=said) as error:
        taken(content)
    assert "\n" not in str(error.value) and str(catalog.OWN) not in str(error.value)
    assert not catalog.OWN.exists() or not list(catalog.OWN.iterdir())
    assert not [path for path in checkpoints.RUNS.glob("*") if path.name != ".lock"]


def test_photos_that_the_model_was_not_trained_on_are_refused(model) -> None:
    content = transfer.pack(model, photos=True)
    array = np.load(catalog.OWN / "wall" / "photos.npy")
    array[0, 0, 0] += 1
    buffer = io.BytesIO()
    np.save(buffer, array)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        facts = archive.read("traditional-good-one-class-1/photos.json")
    elsewhere()
    files = {"photos": None}
    stripped = changed(content, **files)
    again = io.BytesIO(stripped)
    with zipfile.ZipFile(again, "a") as archive:
        archive.writestr("photos.npy", buffer.getvalue())
        archive.writestr("photos.json", facts)
    with pytest.raises(CheckpointError, match="other photos than the model was trained and tested on"):
        taken(again.getvalue())
    assert not list(catalog.OWN.iterdir())


def test_a_model_that_does_not_fit_takes_its_photos_with_it(model) -> None:
    content = transfer.pack(model, photos=True)
    card = json.loads((model.folder / CARD).read_text())
    card["own"]["synthetic"]["kinds"]["blur"]["images"] += 1
    elsewhere()
    with pytest.raises(CheckpointError, match="scores of synthetic defects"):
        taken(changed(content, card=json.dumps(card).encode()))
    assert not list(catalog.OWN.iterdir())


def test_photos_that_are_too_many_for_a_zip_are_refused_in_words(model, monkeypatch) -> None:
    monkeypatch.setattr(transfer, "LARGEST_ZIP", 1000)
    with pytest.raises(CheckpointError, match="Export it without"):
        transfer.pack(model, photos=True)
    assert len(transfer.pack(model)) > 1000  # a model alone is taken, whatever its size
