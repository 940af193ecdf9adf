import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.basics import files
from core.basics.files import ROOT, locked, sha256, write_whole


def test_a_file_is_written_whole_into_a_new_folder_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.json"
    write_whole(path, b"first, the longer one")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_else(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    write_whole(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, refuse)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_sha256_is_the_published_one() -> None:
    # FIPS 180-2, appendix B.1
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_folder_is_swapped_in_one_step_and_the_old_one_goes(tmp_path: Path, monkeypatch) -> None:
    for swap in (True, False):  # as on Linux, as elsewhere
        new, folder = tmp_path / f"new{swap}", tmp_path / f"folder{swap}"
        for path, word in ((folder, "old"), (new, "new")):
            path.mkdir()
            (path / "file").write_text(word)
        if not swap:
            monkeypatch.setattr(files, "_swapped", lambda *_: False)
        files.replace_folder(new, folder)
        assert (folder / "file").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folderFalse", "folderTrue"]


def test_a_folder_appears_whole_and_takes_the_place_of_another(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "model"
    for word in ("first", "second"):
        with files.whole_folder(folder) as new:
            (new / word).write_text(word)
            assert not (folder / word).exists()
        assert [path.name for path in folder.iterdir()] == [word]
    assert list(folder.parent.iterdir()) == [folder]
    assert folder.stat().st_mode & 0o777 == 0o755


def test_an_error_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    for content in ([], ["kept"]):
        folder = tmp_path / f"model{len(content)}"
        for name in content:
            folder.mkdir()
            (folder / name).write_text("x")
        with pytest.raises(OSError, match="No space left"), files.whole_folder(folder) as new:
            (new / "half").write_text("x")
            raise OSError(28, "No space left on device")
        assert folder.exists() == bool(content)
    assert [path.name for path in tmp_path.rglob("*")] == ["model1", "kept"]


def test_a_header_of_tensors_may_not_be_too_long() -> None:
    files.check_header((2**20).to_bytes(8, "little") + b"{}")
    files.check_header(b"")  # which the library refuses
    with pytest.raises(ValueError, match="longer than 1048576 bytes"):
        files.check_header((2**20 + 1).to_bytes(8, "little") + b"{}")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_kill_has_left_goes_after_an_hour_and_nothing_else(kind: str, tmp_path: Path, monkeypatch) -> None:
    target, left = tmp_path / "card.json", []

    def write() -> None:
        if kind == "file":
            files.write_whole(target, b"y")
        else:
            with files.whole_folder(target):
                pass

    def killed(temporary: str | Path, _: Path) -> None:
        left.append(Path(temporary))
        raise OSError

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(os, "replace", killed)
        write()
    fresh = left[0].with_name(f"{left[0].name}2")
    others = [tmp_path / name for name in (".card.json.swp", ".card.json.backup", ".card.json-old")]
    for path in (left[0], fresh, *others):
        path.write_text("x")
    for path in (left[0], *others):
        os.utime(path, (time.time() - 2 * files.LITTER_AGE,) * 2)
    write()
    assert sorted(tmp_path.iterdir()) == sorted([fresh, target, *others])


@pytest.mark.parametrize("name", ["x" * 255, "\N{RED APPLE}" * 63], ids=["letters", "signs"])
def test_a_name_may_be_as_long_as_the_system_takes(name: str, tmp_path: Path) -> None:
    files.write_whole(tmp_path / name, b"y")
    with files.whole_folder(tmp_path / "folder" / name):
        pass
    assert [path.name for path in tmp_path.rglob("*") if path.name != "folder"] == [name, name]


def test_a_locked_folder_is_one_processes_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    code = f"""
from pathlib import Path
from core.basics.files import locked
print("here", flush=True)
with locked(Path({str(folder)!r})):
    print("mine")
"""
    with locked(folder):
        other = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert other.stdout and other.stdout.readline() == "here\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1)
    assert other.communicate(timeout=20)[0] == "mine\n"
    assert not list(folder.iterdir())
