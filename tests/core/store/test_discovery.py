from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store import checkpoints, discovery
from core.store.checkpoints import CARD


def test_discovery_lists_the_box_before_runs_and_damage_as_problems(
    saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, other = saved("dcgan"), saved("traditional")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    run = tmp_path / "runs" / "dcgan-bag-seen-1" / "checkpoint"
    run.parent.mkdir(parents=True)
    run.symlink_to(shipped)
    (other / CARD).write_text("{")
    whole, damaged = discovery.discover()
    assert [(one.folder, one.name) for one in whole] == [(shipped, "shipped"), (run, "dcgan-bag-seen-1")]
    assert len(damaged) == 1
    assert damaged[0] == discovery.Damaged(
        other,
        "traditional",
        "t-shirt",
        f"{other / CARD} is damaged: it is not JSON (Input data was truncated).",
    )


def test_discovery_finds_nothing_where_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "none")
    assert discovery.discover() == ([], [])


def test_a_run_that_cannot_be_listed_is_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "none")
    run, listed = checkpoints.RUNS / "dcgan-bag-seen-1", Path.iterdir
    run.mkdir(parents=True)

    def refused(path: Path) -> Iterator[Path]:  # root may list everything
        if path == run:
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    whole, damaged = discovery.discover()
    assert (whole, [each.folder for each in damaged]) == ([], [run])
    assert "Permission denied" in damaged[0].problem


def test_what_a_killed_save_left_behind_is_no_checkpoint(
    saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "box")
    folder = saved()
    folder.rename(folder.with_name(".t-shirt.x7k2"))  # as `save` calls its temporary folder
    assert discovery.discover() == ([], [])
