"""Photos in hand: they outlive a reload, and their scratch folder is gone in the end."""

import gc
import io
import os
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from core.basics.errors import DataError
from core.data import catalog, drafts
from core.data.photos import files
from core.data.photos.reading import Shape
from tests import photographs


@pytest.fixture(autouse=True)
def none_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "_listed", {})


def uploaded(images, name: str = "{:03}.png") -> list[tuple[str, io.BytesIO]]:
    files = []
    for number, image in enumerate(images):
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG")
        content.seek(0)
        files.append((name.format(number), content))
    return files


def zipped(images, top: str = "") -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, file in uploaded(images):
            archive.writestr(top + name, file.getvalue())
    content.seek(0)
    return content


def scratch() -> list[Path]:
    return list(catalog.OWN.glob(".scratch-*"))


def quiet(done: int, whole: int) -> None:
    pass


def test_a_zip_is_stored_checked_and_gone_when_it_is_dropped() -> None:
    draft = drafts.of_zip("My parts.zip", zipped(photographs.tiles()[:30]))
    assert sum(draft.check(quiet).counts["good"].values()) == 30
    assert draft.gathered and draft.gathered.description.name == "My parts"
    assert drafts.find(draft.token) is draft and len(scratch()) == 1
    drafts.drop(draft)
    assert drafts.find(draft.token) is None and scratch() == []
    drafts.drop(draft)  # a second visitor of the same link


def test_a_draft_that_nobody_looks_at_leaves_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    first = drafts.of_example("coins").token
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + drafts.AGE - 1)
    second = drafts.of_example("coins").token
    drafts.find(second).touch()
    monkeypatch.setattr(time, "time", lambda: now + drafts.AGE + 1)
    third = drafts.of_example("coins")
    third.touch()
    assert drafts.find(first) is None and drafts.find(second) and len(scratch()) == 2
    monkeypatch.setattr(drafts, "MOST", 2)
    drafts.of_example("coins")
    assert drafts.find(second) is None and drafts.find(third.token) and len(scratch()) == 2


def test_only_a_draft_that_is_looked_at_is_safe_from_another_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    idle, used = drafts.of_example("coins"), drafts.of_example("coins")
    for draft in (idle, used):
        os.utime(draft.folder, (1, 1))
    used.touch()
    drafts.of_example("coins")
    used.check(quiet)
    with pytest.raises(DataError, match="The photos of Coins were kept or put away meanwhile"):
        idle.touch()
    with pytest.raises(DataError, match="bring them again"):
        idle.check(quiet)


def test_a_check_that_is_cut_short_leaves_nothing_and_the_next_replaces_the_last() -> None:
    draft = drafts.of_photos(uploaded(photographs.tiles()[:30]))

    class Gone(BaseException):
        pass

    def leave(done: int, whole: int) -> None:
        raise Gone

    with pytest.raises(Gone):
        draft.check(leave)
    assert list(draft.folder.glob("check-*")) == [] and draft.gathered is None
    draft.check(quiet)
    draft.shape = Shape(32, 1)
    assert draft.check(quiet).decoded.images.shape == (30, 32, 32, 1)
    assert len(list(draft.folder.glob("check-*"))) == 1


def test_good_and_bad_photos_get_their_classes() -> None:
    good, bad = uploaded(photographs.tiles()[:30], "IMG.png"), uploaded(photographs.many(9), "IMG.png")
    found = drafts.of_photos(good, bad, " Dent ").check(quiet)
    assert {kind: sum(splits.values()) for kind, splits in found.counts.items()} == {"good": 30, "Dent": 9}
    found = drafts.of_photos(uploaded(photographs.tiles()[:30]), uploaded(photographs.many(9))).check(quiet)
    assert list(found.counts) == ["good", "bad"]
    for word in ("good", "OK", "a/b", "..\\c"):
        with pytest.raises(DataError, match="cannot be the name of a defect; write a word such as dent"):
            drafts.of_photos(good, bad, word)


def test_a_folder_comes_with_the_folders_in_it() -> None:
    files = uploaded(photographs.tiles()[:20], "parts/good/{}.png") + uploaded(photographs.many(6), "parts/torn/{}.png")
    draft = drafts.of_folder(files)
    assert draft.name == "parts" and list(draft.check(quiet).counts) == ["good", "torn"]
    with pytest.raises(DataError, match="leads out"):
        drafts.of_folder(uploaded(photographs.tiles()[:1], "../../evil{}.png"))
    gc.collect()
    assert len(scratch()) == 1


def test_classes_of_equal_rank_ask_for_the_normal_one() -> None:
    pets = uploaded(photographs.tiles()[:20], "cat/{}.png") + uploaded(photographs.many(20), "dog/{}.png")
    draft = drafts.of_folder(pets)
    assert draft.choices() == ["cat", "dog"]
    draft.normal = "dog"
    assert list(draft.check(quiet).counts) == ["dog", "cat"]
    assert drafts.of_photos(uploaded(photographs.tiles()[:3])).choices() == []
    assert drafts.of_zip("x.zip", zipped([])).choices() == []  # the check says that there is no picture


def test_only_what_is_offered_is_taken_from_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs.write(tmp_path / "in" / "wall", photographs.tiles()[:20])
    photographs.write(tmp_path / "secret", photographs.tiles()[:20])
    (tmp_path / "in" / "way").symlink_to(tmp_path / "secret")
    assert files.offers() == []
    monkeypatch.setenv(files.OFFERED, str(tmp_path / "in"))
    assert files.offers() == [tmp_path / "in", tmp_path / "in" / "wall"]
    for place in (tmp_path / "secret", tmp_path / "in" / "way"):
        with pytest.raises(DataError, match="not among the folders"):
            drafts.of_place(str(place))
    draft = drafts.of_place(str(tmp_path / "in" / "wall"))
    assert (draft.key, draft.origin) == (None, tmp_path / "in" / "wall")
    catalog.keep(draft.check(quiet), "bricks", draft.origin)
    photographs.write(tmp_path / "in" / "wall", photographs.tiles()[30:40], first=50)
    draft = drafts.of_place(str(tmp_path / "in" / "wall"))
    assert draft.key == "bricks" and sum(draft.check(quiet).counts["good"].values()) == 30


def test_no_zip_is_named_and_nothing_stays(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"parts\.zip is not a zip that can be read; zip the folder anew"):
        drafts.of_zip("parts.zip", io.BytesIO(b"PK no"))
    gc.collect()
    assert scratch() == []
    draft = drafts.of_zip("../../..zip", zipped(photographs.tiles()[:12]))
    assert draft.folder.parent == catalog.OWN and not (tmp_path / "..zip").exists()
    assert draft.check(quiet)


def test_a_new_data_set_never_takes_the_name_of_another() -> None:
    assert drafts.free_key("Fashion-MNIST") == "fashion-mnist-2" and drafts.free_key("お") == "photos"
    draft = drafts.of_example("coins")
    catalog.keep(draft.check(quiet), drafts.free_key("Coins"))
    assert drafts.free_key("coins") == "coins-2"
    (catalog.OWN / "apples").mkdir()
    assert drafts.free_key("Apples") == "apples-2"
