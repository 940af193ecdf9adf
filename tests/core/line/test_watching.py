"""A watched folder: every photo exactly once, whatever happens to it."""

import csv
import errno
import json
import os
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.basics.errors import DataError
from core.basics.files import replace_folder
from core.line import photo, verdicts
from core.line.model import Wishes
from core.line.verdicts import FIELDS, Verdicts
from core.store import checkpoints


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files(path: Path) -> list[str]:
    return [row["file"] for row in rows(path)]


def test_each_photo_gets_its_stored_score_in_order(put, line) -> None:
    for number in (4, 0, 2):
        os.utime(put(number), ns=(0, 10**18 + 4 - number))  # the order is that of their last change
    watch = line()
    watch.run()
    found = rows(watch.out)
    assert list(found[0]) == list(FIELDS)
    assert [row["file"] for row in found] == ["004.png", "002.png", "000.png"]
    checkpoint = watch.watch.model.checkpoint
    for row, number in zip(found, (4, 2, 0), strict=True):
        assert float(row["score"]) == checkpoint.scores.test[number]
        assert row["verdict"] == ("anomaly" if float(row["score"]) >= checkpoint.threshold else "normal")
        assert row["model"] == checkpoint.card.weights_sha256[:12]


def test_only_new_photos_are_judged_after_a_stop(put, line) -> None:
    put(0), put(1)
    line().run()
    put(2)
    second = line()
    second.run()
    assert sorted(files(second.out)) == ["000.png", "001.png", "002.png"]
    assert sum(second.watch.counts.values()) == 1


def test_a_name_that_is_used_again_is_another_photo(put, line) -> None:
    put(0, "photo.png")
    watch = line()
    watch.run()
    put(1, "photo.png")
    watch.run()
    assert files(watch.out) == ["photo.png"] * 2
    assert len({row["score"] for row in rows(watch.out)}) == 2


def test_a_photo_that_still_grows_is_judged_when_it_has_grown(put, line) -> None:
    whole = put(0).read_bytes()
    path = put(0, part=200)
    watch = line()
    for end in (300, 350):  # closed each time, as a slow writer does that opens the file again and again
        watch.arrivals.closed(str(path))
        watch.watch._judge(watch.arrivals.take(9, 0), lambda: False)
        assert rows(watch.out) == []
        path.write_bytes(whole[:end])
    path.write_bytes(whole)
    watch.run()
    (row,) = rows(watch.out)
    assert float(row["score"]) == watch.watch.model.checkpoint.scores.test[0]


def test_a_damaged_photo_is_a_line_with_its_reason(put, line, folder: Path) -> None:
    put(0, part=200)
    (folder / "scan.tiff").write_bytes(b"II*\0")
    (folder / "empty.png").touch()
    put(1), (folder / "notes.txt").write_text("no photo"), (folder / ".hidden.png").write_bytes(b"x")
    watch = line()
    watch.run()
    found = {row["file"]: row for row in rows(watch.out)}
    assert set(found) == {"000.png", "001.png", "scan.tiff", "empty.png"}
    assert found["001.png"]["verdict"] != "unreadable"
    for name, word in (("000.png", "damaged"), ("scan.tiff", "not a picture"), ("empty.png", "empty")):
        assert (found[name]["verdict"], found[name]["score"]) == ("unreadable", "")
        assert word in found[name]["reason"]


def test_removed_or_renamed_before_it_is_read(put, line, folder: Path) -> None:
    gone, renamed = put(0), put(1)
    watch = line()
    for path in (gone, renamed):
        watch.arrivals.closed(str(path))
    gone.unlink()
    renamed.rename(folder / "new.png")
    watch.run()
    assert files(watch.out) == ["new.png"]
    assert sum("renamed or removed" in said for said in watch.said) == 2


def test_a_disk_that_does_not_answer_at_once_is_asked_again(put, line, monkeypatch) -> None:
    put(0), put(1)
    watch, real, refused = line(), os.lstat, []

    def lstat(path: str, **more: object) -> os.stat_result:
        if str(path).endswith("000.png") and not refused:
            refused.append(path)
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return real(path, **more)

    monkeypatch.setattr(os, "lstat", lstat)
    watch.run()
    assert refused and sorted(files(watch.out)) == ["000.png", "001.png"]


def test_links_folders_and_pipes_are_no_photos(put, line, folder: Path) -> None:
    (folder / "link.png").symlink_to(put(0, "../outside.png"))
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    watch = line()
    for name in ("link.png", "folder.png", "pipe.png"):
        watch.arrivals.closed(str(folder / name))
    watch.run()
    assert rows(watch.out) == []


def test_names_stay_one_line_and_no_formula(put, line, folder: Path) -> None:
    for number, name in enumerate(("two\nlines.png", "=cmd.png", "Größe, 1.png", os.fsdecode(b"\xff.png"))):
        put(number, name)
    line().run()
    watch = line()
    watch.run()
    assert sorted(files(watch.out)) == sorted(["two\\nlines.png", "'=cmd.png", "Größe, 1.png", "\\udcff.png"])
    assert len(watch.out.read_text("utf-8").splitlines()) == 5


def test_json_lines_on_request(put, line) -> None:
    put(0), put(1, part=100)
    line(as_json=True).run()
    watch = line(as_json=True)
    watch.run()
    found = [json.loads(text) for text in watch.out.read_text("utf-8").splitlines()]
    assert [list(row) for row in found] == [list(FIELDS)] * 2
    assert {row["verdict"] for row in found} > {"unreadable"}
    assert {type(row["score"]) for row in found} == {float, type(None)}


def test_maps_and_sorting(put, line, folder: Path) -> None:
    put(0), put(1, part=100), put(2)
    sorted_to, maps = folder.parent / "sorted", folder.parent / "maps"
    watch = line(move=True, maps=True)
    watch.run()
    assert [path for path in folder.iterdir()] == []
    for row in rows(watch.out):
        assert (sorted_to / row["verdict"].replace("'", "").replace(" ", "-") / row["file"]).is_file()
        assert (maps / f"{row['file']}.repaired.png").exists() == (row["verdict"] != "unreadable")
    with Image.open(maps / "000.png.residual.png") as residual:
        assert (residual.mode, residual.size) == ("L", (28, 28)) and np.asarray(residual).any()
    put(0)  # the same name comes again, and nothing is overwritten
    watch.run()
    assert len(list(sorted_to.rglob("000*.png"))) == 2


def test_a_move_that_a_kill_prevented_is_made_at_the_next_start(put, line, folder: Path) -> None:
    put(0)
    line().run()
    watch = line(move=True)
    watch.run()
    assert len(rows(watch.out)) == 1
    assert list(folder.iterdir()) == [] and len(list((folder.parent / "sorted").rglob("000.png"))) == 1


def test_a_line_that_a_kill_cut_short_is_written_anew(put, line) -> None:
    put(0), put(1)
    first = line()
    first.run()
    whole = first.out.read_bytes()
    for cut in (1, 30, len(whole) - whole.index(b"\n") - 1, len(whole) - 5):
        first.out.write_bytes(whole[:-cut])
        watch = line()
        watch.run()
        assert sorted(files(watch.out)) == ["000.png", "001.png"]


def test_another_file_is_never_added_to(folder: Path, tmp_path: Path) -> None:
    for content in (b"a,b\n1,2\n", b"no line", b'{"time": 1}\n', b"\x89PNG"):
        (tmp_path / "out").write_bytes(content)
        with pytest.raises(DataError, match="other lines"):
            Verdicts(tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == content
    (tmp_path / "out").write_text(",".join(FIELDS) + "\n")
    with pytest.raises(DataError, match="other lines"):
        Verdicts(tmp_path / "out", as_json=True)


def test_a_line_that_somebody_changed_is_named(put, line) -> None:
    put(0)
    watch = line()
    watch.run()
    watch.out.write_text(watch.out.read_text().replace(",000.png,", ",000.png,1.234,"))
    with pytest.raises(DataError, match="Line 2 of"):
        line()


@pytest.mark.parametrize("damage", [b"caf\xe9.png", b'"' + b"x" * 200_000 + b'"'], ids=["no text", "far too long"])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_line_of_bytes_that_nobody_wrote_is_named(damage: bytes, as_json: bool, put, line) -> None:
    put(0), put(1)
    watch = line(as_json=as_json)
    watch.run()
    first, second = watch.out.read_bytes().rsplit(b"\n", 2)[:2]
    watch.out.write_bytes(first + b"\n" + second.replace(b"001.png", damage) + b"\n")
    with pytest.raises(DataError, match="Line 2 of" if as_json else "Line 3 of"):
        line(as_json=as_json)


def test_a_number_beyond_all_numbers_is_named(put, line) -> None:
    put(0)
    watch = line(as_json=True)
    watch.run()
    watch.out.write_text(watch.out.read_text().replace('"size": ', '"size": 1e999, "was": '))
    with pytest.raises(DataError, match="Line 1 of"):
        line(as_json=True)


def test_a_photo_that_goes_while_the_folder_is_listed_is_passed_over(put, line, folder: Path, monkeypatch) -> None:
    put(0), put(1)
    line().run()
    counts = photo.counts

    def going(name: str) -> bool:
        if name == "000.png":
            (folder / name).unlink(missing_ok=True)
        return counts(name)

    monkeypatch.setattr(photo, "counts", going)
    watch = line(move=True)
    watch.run()
    assert sorted(files(watch.out)) == ["000.png", "001.png"]
    assert [path.name for path in (folder.parent / "sorted").rglob("*.png")] == ["001.png"]


def test_a_folder_for_sorted_photos_that_was_removed_is_made_anew(put, line, folder: Path) -> None:
    put(0)
    watch = line(move=True)
    (folder.parent / "sorted").rmdir()
    watch.run()
    assert list(folder.iterdir()) == [] and len(list((folder.parent / "sorted").rglob("000.png"))) == 1


def test_two_watches_never_share_a_file(line, put) -> None:
    watch = line()
    with pytest.raises(DataError, match="Another watch"):
        Verdicts(watch.out)


def test_a_full_disk_ends_the_watch_and_loses_nothing(put, line) -> None:
    """RLIMIT_FSIZE makes the kernel refuse the write as a full disk does, after a part of the line."""
    put(0)
    line().run()
    before = (out := line().out).read_bytes()
    put(1), put(2)
    watch = line()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, old[1]))
        with pytest.raises(OSError, match=r"verdicts\.csv"):
            watch.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert out.read_bytes() == before
    line().run()
    assert sorted(files(out)) == ["000.png", "001.png", "002.png"]


def test_a_checkpoint_replaced_meanwhile_judges_what_comes_after(put, line, tmp_path: Path) -> None:
    put(0)
    watch = line()
    watch.run()
    old = watch.watch.model
    folder = old.checkpoint.folder
    replace_folder(Path(shutil.copytree(checkpoints.shipped("traditional", "t-shirt"), tmp_path / "other")), folder)
    put(1)
    watch.run()
    (folder / checkpoints.WEIGHTS).write_bytes(b"half of it")  # a copy that is not finished
    put(2)
    watch.run()
    new = checkpoints.load(folder)
    assert [row["model"] for row in rows(watch.out)] == [old.name, *[new.card.weights_sha256[:12]] * 2]
    found = [float(row["score"]) for row in rows(watch.out)]
    assert found == [old.checkpoint.scores.test[0], *new.scores.test[1:3]]
    assert {row["threshold"] for row in rows(watch.out)[1:]} == {repr(new.threshold)}
    assert "was replaced: " in watch.said[0] and "cannot be used" in watch.said[1] and len(watch.said) == 2


def test_a_stop_leaves_what_is_not_in_hand_for_the_next_start(put, line) -> None:
    for number in range(4):
        put(number)
    watch = line()
    asked = iter([False, False, False, True, True])  # before the first take, before each of two photos
    watch.arrivals.settle = 0.0
    watch.watch.run(lambda: next(asked))
    assert len(rows(watch.out)) == 2
    line().run()
    assert sorted(files(watch.out)) == [f"{number:03}.png" for number in range(4)]


def test_thousands_that_wait_take_little_memory_and_all_get_a_line(put, line, monkeypatch, folder: Path) -> None:
    from core.line import arrivals, watching

    monkeypatch.setattr(arrivals, "MOST_WAITING", 10)
    monkeypatch.setattr(watching, "AT_ONCE", 4)
    monkeypatch.setattr(watching, "TELL_EVERY", 0.0)
    for number in range(45):
        put(number)
    watch = line()
    for path in folder.iterdir():
        watch.arrivals.closed(str(path))
    assert watch.arrivals.waiting <= 10
    watch.run()
    assert sorted(files(watch.out)) == [f"{number:03}.png" for number in range(45)]
    assert any("photos wait" in said for said in watch.said)


def test_what_is_gone_is_forgotten(put, line, folder: Path, monkeypatch) -> None:
    from core.line import watching

    monkeypatch.setattr(watching, "MOST_GONE", 3)
    for number in range(6):
        put(number)
    watch = line(move=True)
    watch.run()
    assert len(rows(watch.out)) == 6 and watch.verdicts.judged == {}


def test_lines_reach_the_disk_in_one_piece(tmp_path: Path, monkeypatch) -> None:
    """A disk that takes a byte at a time and then no more: nothing of the line stays."""
    out = Verdicts(tmp_path / "out")
    before = out.path.read_bytes()
    real, taken = os.write, iter(range(10))

    def slow(handle: int, content: bytes) -> int:
        if next(taken, None) is None:
            raise OSError(28, "No space left on device")
        return real(handle, content[:1])

    monkeypatch.setattr(verdicts.os, "write", slow)
    with pytest.raises(OSError, match="No space left"):
        out.append([{"file": "a.png", "size": 1, "modified": 2, "verdict": "normal"}])
    assert out.path.read_bytes() == before and out.judged == {}
    out.close()


@pytest.mark.parametrize("name", ["youden", "fpr_5", "fpr_1", "miss_1", "cheapest"])
def test_thresholds_by_name(name: str, opened) -> None:
    model = opened(Wishes(name))
    scores, validation = model.checkpoint.scores, model.checkpoint.card.thresholds.known
    if name in validation:
        assert model.threshold == validation[name]
    if name == "miss_1":
        assert np.mean(scores.validation_anomaly < model.threshold) <= 0.01
    if name == "cheapest":
        cost = [
            model.wishes.stakes.cost(np.mean(scores.validation_normal >= at), np.mean(scores.validation_anomaly >= at))
            for at in (model.threshold, *validation.values())
        ]
        assert cost[0] == min(cost)
