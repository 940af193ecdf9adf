"""What a stranger gives is taken only when it is a trained model through and through."""

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.numpy

from core.basics.errors import CheckpointError, DataError
from core.basics.files import sha256
from core.data import catalog
from core.data.dataset import Images
from core.data.fashion_mnist import FASHION_MNIST
from core.data.tasks import Task
from core.gans.config import config_class
from core.runs import folders, frames, pictures, queue, transfer, unpacking
from core.runs.request import Request
from core.runs.status import read_status
from core.runs.worker import Worker
from core.store import checkpoints
from core.store.checkpoints import CARD, SCORES, WEIGHTS


@pytest.fixture
def files(saved) -> dict[str, bytes]:
    folder = saved("traditional")
    return {name: (folder / name).read_bytes() for name in unpacking.FILES}


def zipped(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return [("model.zip", buffer.getvalue())]


@pytest.fixture
def small_run() -> Callable[[], str]:
    """Carries out a run of one epoch in this process and returns its name."""

    def carry_out() -> str:
        config = config_class("traditional")(hidden=(16,), z=4, discriminator_hidden=(8,), batch_size=128, epochs=1)
        with queue.here(Request("traditional", Task(anomalies=90), config)) as name:
            Worker(name, "cpu").run()
        return name

    return carry_out


def nothing_is_left() -> bool:
    return not [path for path in checkpoints.RUNS.glob("*") if path.name != ".lock"]


def trains_on(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Fashion-MNIST have these training images."""
    load = FASHION_MNIST.load
    changed = dataclasses.replace(FASHION_MNIST, load=lambda split: images if split == "train" else load(split))
    monkeypatch.setattr(catalog, "FASHION_MNIST", changed)


def test_what_is_packed_comes_back_bit_for_bit(saved) -> None:
    folder = saved("dcgan")
    name = transfer.take([("x.zip", transfer.pack(checkpoints.load(folder)))])
    assert name == "dcgan-t-shirt-seen-imported-1"
    found = checkpoints.load(folders.folder(name) / "checkpoint")
    assert (found.folder / WEIGHTS).read_bytes() == (folder / WEIGHTS).read_bytes()
    assert (found.folder / SCORES).read_bytes() == (folder / SCORES).read_bytes()
    assert found.card == checkpoints.load(folder).card
    status = read_status(name)
    assert (status.state, status.reason, status.epoch) == (
        "finished",
        "Imported. All 10,000 test scores and 0 of 200 validation scores are what the weights give; the other validation "
        "images are not here.",
        2,
    )
    assert len(folders.history(name)) == 2


def test_an_imported_model_can_be_read_by_whom_a_trained_one_can(saved) -> None:
    folder = folders.folder(transfer.take([("x.zip", transfer.pack(checkpoints.load(saved("traditional"))))]))
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in (folder / "checkpoint", *(folder / "checkpoint").iterdir())
    }
    assert modes == {"checkpoint": 0o755, WEIGHTS: 0o644, SCORES: 0o644, CARD: 0o644}


def test_three_loose_files_and_a_macs_zip_are_taken_too(files) -> None:
    assert transfer.take(list(files.items())).endswith("-1")
    litter = {f"x/{name}": content for name, content in files.items()} | {
        "__MACOSX/x/._card.json": b"",
        "x/.DS_Store": b"",
    }
    assert transfer.take(zipped(litter)).endswith("-2")


def test_without_scores_they_are_made_from_the_weights_where_the_data_is_the_same(files, small, monkeypatch) -> None:
    original = safetensors.numpy.load(files.pop(SCORES))
    with pytest.raises(CheckpointError, match="was trained on other images"):
        transfer.take(list(files.items()))
    assert nothing_is_left()
    trains_on(small, monkeypatch)
    found = checkpoints.load(folders.folder(transfer.take(list(files.items()))) / "checkpoint")
    for name, array in original.items():
        assert vars(found.scores)[name].tobytes() == array.tobytes()


def test_figures_that_flatter_are_computed_again(files) -> None:
    card = json.loads(files[CARD])
    flattering = card | {
        "test": card["test"] | {"auroc": 1.0},
        "validation": card["validation"] | {"auroc": 1.0, "normal_error": 0.0},
        "thresholds": {"youden": 0.0, "fpr_5": 0.0, "fpr_1": 0.0},
    }
    name = transfer.take(list((files | {CARD: json.dumps(flattering).encode()}).items()))
    assert json.loads((folders.folder(name) / "checkpoint" / CARD).read_text()) == card


def edited(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    return files | {CARD: json.dumps(json.loads(files[CARD]) | changes).encode()}


def foreign_scores(files: dict[str, bytes]) -> dict[str, bytes]:
    scores = safetensors.numpy.load(files[SCORES])
    content = safetensors.numpy.save(scores | {"test": scores["test"][::-1].copy()})
    return edited(files | {SCORES: content}, scores_sha256=sha256(content))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files | {"weights.pt": b"pickle"}, "weights.pt is no part of a trained model"),
        (lambda files: {CARD: files[CARD]}, "generator.safetensors is missing"),
        (lambda files: {WEIGHTS: files[WEIGHTS]}, "card.json is missing"),
        (lambda files: {}, "generator.safetensors and card.json are missing"),
        (lambda files: files | {f"other/{CARD}": files[CARD]}, "two files called card.json"),
        (lambda files: files | {WEIGHTS: files[WEIGHTS][:-1]}, "SHA-256 differs"),
        (lambda files: files | {CARD: b"{"}, "not JSON"),
        (lambda files: edited(files, config={"z": 5}), "does not fit|the config says"),
        (lambda files: edited(files, history=[{"epoch": 1}]), "history"),
        (lambda files: edited(files, history=["x"]), "history"),
        (foreign_scores, "does not belong to"),
    ],
)
def test_anything_else_is_refused_with_one_line_and_leaves_nothing(change, said: str, files) -> None:
    for given in (list(change(files).items()), zipped(change(files))):
        with pytest.raises(CheckpointError, match=said) as error:
            transfer.take(given)
        assert "\n" not in str(error.value)
        assert ".import-" not in str(error.value)
        assert nothing_is_left()


def forged(files: dict[str, bytes], **changes: tuple[int, float]) -> list[tuple[str, bytes]]:
    """The files with one stored score changed, and a card whose hash fits."""
    scores = {name: array.copy() for name, array in safetensors.numpy.load(files[SCORES]).items()}
    for name, (place, value) in changes.items():
        scores[name][place] = value
    content = safetensors.numpy.save(scores)
    return list(edited(files | {SCORES: content}, scores_sha256=sha256(content)).items())


@pytest.mark.parametrize("place", [0, 64, 5_000, 9_999])
def test_one_forged_score_of_ten_thousand_is_seen(place: int, files) -> None:
    with pytest.raises(
        CheckpointError, match=r"does not belong to generator\.safetensors: the weights give other scores"
    ):
        transfer.take(forged(files, test=(place, 0.0)))
    assert nothing_is_left()


@pytest.mark.parametrize("name", ["validation_normal", "validation_anomaly"])
def test_validation_scores_are_held_against_the_weights_where_the_images_are_here(
    name: str, files, small, monkeypatch
) -> None:
    trains_on(small, monkeypatch)
    with pytest.raises(CheckpointError, match="the weights give other scores"):
        transfer.take(forged(files, **{name: (-1, 0.0)}))
    heard: list[float] = []
    run = transfer.take(list(files.items()), heard.append)
    assert (
        read_status(run).reason
        == "Imported. All 10,000 test scores and 200 of 200 validation scores are what the weights give."
    )
    assert len(heard) == 10 and heard == sorted(heard) and heard[-1] == 1.0


def test_a_shipped_model_is_held_against_as_many_validation_images_as_the_starter_set_has() -> None:
    folder = checkpoints.shipped("traditional", "t-shirt")
    files = {name: (folder / name).read_bytes() for name in unpacking.FILES}
    run = transfer.take(list(files.items()))
    assert "All 10,000 test scores and 980 of 6,000 validation scores" in read_status(run).reason
    scores = safetensors.numpy.load(files[SCORES])
    short = safetensors.numpy.save(scores | {"validation_normal": scores["validation_normal"][:599].copy()})
    cut = edited(files | {SCORES: short}, scores_sha256=sha256(short))
    with pytest.raises(CheckpointError, match="has 5999 validation scores; its card's task has 6000"):
        transfer.take(list(cut.items()))


def test_a_model_without_any_anomaly_goes_and_comes_back(unlabelled: Path) -> None:
    name = transfer.take([("x.zip", transfer.pack(checkpoints.load(unlabelled)))])
    assert name == "traditional-fresh-one-class-imported-1"
    assert checkpoints.load(folders.folder(name) / "checkpoint").card == checkpoints.load(unlabelled).card
    assert "All 50 test scores and 20 of 20 validation scores are what" in read_status(name).reason


def test_a_model_of_images_that_are_not_here_is_refused(unlabelled: Path, monkeypatch) -> None:
    packed = [("x.zip", transfer.pack(checkpoints.load(unlabelled)))]
    labels = catalog.OWN / "apples" / "t10k-labels-idx1-ubyte"
    content = labels.read_bytes()
    labels.write_bytes(content[:-1] + b"\x01")
    with pytest.raises(DataError, match="not those of apples that this model was tested on"):
        transfer.take(packed)
    monkeypatch.setattr(catalog, "OWN", catalog.OWN / "none")
    with pytest.raises(DataError, match="no data set called 'apples'"):
        transfer.take(packed)
    assert nothing_is_left()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip" * 100])
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    with pytest.raises(CheckpointError, match="not a zip that can be read"):
        transfer.take([("model.zip", content)])


def test_a_zip_that_grows_without_end_is_not_unpacked(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(unpacking.LARGEST, WEIGHTS, 100_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(WEIGHTS, bytes(10_000_000))
    assert len(buffer.getvalue()) < 20_000
    with pytest.raises(CheckpointError, match="larger than 100000 bytes"):
        transfer.take([("model.zip", buffer.getvalue())])


def test_the_pictures_of_a_training_travel_with_its_model_and_odd_ones_are_refused(small_run) -> None:
    name = small_run()
    panel = folders.folder(name) / "panel"
    packed = transfer.pack(checkpoints.load(folders.folder(name) / "checkpoint"))
    imported = folders.folder(transfer.take([("x.zip", packed)])) / "panel"
    pictures = {path.name: path.read_bytes() for path in panel.glob("*.png")}
    assert len(pictures) == 3  # the images themselves, before training, after the one epoch
    assert {path.name: path.read_bytes() for path in imported.glob("*.png")} == pictures

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    first = f"{name}/panel/00000.png"
    before = {path.name for path in checkpoints.RUNS.glob("[!.]*")}
    for content, said in ((b"GIF89a", "is no frame"), (pictures["originals.png"][:500], "is no frame")):
        with pytest.raises(CheckpointError, match=f"panel/00000.png is no picture of this model's training.*{said}"):
            transfer.take(zipped(members | {first: content}))
    with pytest.raises(CheckpointError, match="before training are missing"):
        transfer.take(zipped({member: each for member, each in members.items() if "originals" not in member}))
    assert {path.name for path in checkpoints.RUNS.glob("[!.]*")} == before


@pytest.mark.parametrize("limit", ["one", "all"])
def test_pictures_stay_behind_together_where_they_are_too_large(limit: str, small_run, monkeypatch) -> None:
    name = small_run()
    sizes = [path.stat().st_size for path in (folders.folder(name) / "panel").glob("*.png")]
    checkpoint = checkpoints.load(folders.folder(name) / "checkpoint")
    assert len(zipfile.ZipFile(io.BytesIO(transfer.pack(checkpoint))).namelist()) == 3 + len(sizes)
    if limit == "one":
        monkeypatch.setattr(frames, "LARGEST", max(sizes) - 1)
    else:
        monkeypatch.setattr(pictures, "LARGEST_ALL", sum(sizes) - 1)
    packed = transfer.pack(checkpoint)
    assert len(zipfile.ZipFile(io.BytesIO(packed)).namelist()) == 3
    transfer.take([("x.zip", packed)])


def test_each_file_is_looked_at_as_soon_as_it_is_offered(files) -> None:
    assert [unpacking.problem(name, content) for name, content in files.items()] == ["", "", ""]
    (packed,) = zipped(files)
    assert unpacking.problem(*packed) == ""
    assert "notes.txt is no part of a trained model" in unpacking.problem("notes.txt", b"")
    assert "it is not JSON" in unpacking.problem(CARD, b"{")
    assert f"{WEIGHTS} is damaged" in unpacking.problem(WEIGHTS, files[WEIGHTS][:-8])
    assert "card.json is missing" in unpacking.problem(*zipped({WEIGHTS: files[WEIGHTS]})[0])
    (odd,) = zipped(files | {WEIGHTS: files[SCORES]})
    assert "is not the file that card.json describes" in unpacking.problem(*odd)
