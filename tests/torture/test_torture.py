"""A fast share of `make torture`: the same cases, fewer of them; the bombs and canaries, which come first, all of them."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.basics.files import replace_folder
from core.store import checkpoints
from tests.e2e.conftest import Server
from tests.torture import crashes, line, links, watch
from tests.torture.__main__ import SEED
from tests.torture.crowd import crowd

BUSY = 3.0  # times as long: other work on the machine is no fault of a file's


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SECONDS", watch.SECONDS * BUSY)


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("pictures", 60),
        ("checkpoints", 50),
        ("archives", 15),
        ("idx", 15),
        ("folders", 20),
        ("records", 50),
        ("photos", 65),
        ("kept", 50),
    ],
)
def test_malformed_files_end_in_one_line_soon_and_leave_nothing(kind: str, count: int, patient) -> None:
    ended = watch.attack(kind, SEED, iter(range(count)))
    assert [(one.number, one.lost) for one in ended if one.lost] == []
    assert len(ended) == count and sum(one.how == "refused" for one in ended) > count / 2


class _Worst:
    """A kind that does what must not be done, to see that it is seen."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def case(self, number: int, rng, folder: Path):
        ways = {
            0: lambda: (b"x" * 400_000_000).count(b"y"),
            1: lambda: (folder / "tmp" / "left").write_text("x"),
            3: lambda: __import__("pickle").loads(__import__("pickle").dumps(Path.cwd)),
            4: lambda: [][0],
            5: lambda: setattr(self, "kept", open(__file__)),  # noqa: SIM115
        }
        return ways.get(number, lambda: None)


def test_what_must_not_be_is_seen(tmp_path: Path) -> None:
    """The watcher itself: memory, files, a pickle, an error that is none of ours, an open file."""

    assert sys.platform != "linux" or watch._rss_with_new_peak() > 0
    seen: list[str] = []
    sys.addaudithook(lambda event, _: seen.append(event) if event in watch.FORBIDDEN else None)
    one, root = _Worst(tmp_path), tmp_path
    for name in ("in", "runs", "tmp"):
        (tmp_path / name).mkdir()
    assert watch._tried(one, -1, 0, root, seen).lost == ""
    for number, word in (
        (0, "MB"),
        (1, "left something"),
        (3, "ran: pickle"),
        (4, "IndexError"),
        (5, "left something"),
    ):
        assert word in watch._tried(one, number, 0, root, seen).lost
    one.kept.close()


def test_links_and_names_of_every_kind_are_taken_or_refused() -> None:
    for found in (links.parameters(SEED, 600), links.names(SEED, 600)):
        assert [one.how for one in found if one.lost] == []
        assert sum(one.how == "refused" for one in found) > 300


def test_pages_open_with_hostile_links() -> None:
    assert [one.how for one in links.pages(SEED, 2) if one.lost] == []


def test_kills_and_disks_that_refuse_leave_the_old_or_the_new() -> None:
    killed, (tried, lost) = crashes.share(SEED, 8)
    for times, _, gone in killed:
        assert gone == [] and times == 8
    assert sum(whole for _, whole, _ in killed) > 0  # of the slowest there may be none yet
    assert lost == [] and tried == 15


def test_a_watch_that_is_killed_again_and_again_judges_every_photo_once() -> None:
    times, photos, lost = line.kills(SEED, 8)
    assert lost == [] and (times, photos) == (8, 8 * line.NEW)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.stop()


def test_three_at_once_get_what_one_gets_alone(server: Server) -> None:
    found = crowd(server.address, server.process.pid, sessions=3, requests=9, seed=SEED, images=2)
    assert found.lost == []
    assert len(found.together) == 9 and found.pictures == 30


def test_a_model_replaced_under_a_session_is_never_mixed_up(saved, test_split, tmp_path: Path) -> None:
    """The folder of the model that a session shows gets another model: the session says so or shows the new one."""
    from pages.parts import models

    first, second = (
        saved("traditional"),
        Path(shutil.copytree(checkpoints.shipped("traditional", "t-shirt"), tmp_path / "b")),
    )
    before = checkpoints.load(first)
    replace_folder(second, first)
    with pytest.raises(checkpoints.CheckpointError, match="just been replaced"):
        models._generator.__wrapped__(str(first), before.card.weights_sha256)
    with pytest.raises(checkpoints.CheckpointError, match="just been replaced"):
        models._opened.__wrapped__(str(first), before.card.scores_sha256, test_split)
    now = checkpoints.load(first)
    assert models._opened.__wrapped__(str(first), now.card.scores_sha256, test_split).checkpoint.card == now.card
    assert not second.exists()
