"""Commands as a user runs them."""

import re
from pathlib import Path

import pytest
from PIL import Image

from core.__main__ import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Runs a command that works and returns what it printed on stdout."""

    def command(*arguments: object) -> str:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert status == 0, err
        return out

    return command


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]):
    """Runs a command that a user can put right: exit code 2, nothing on stdout, one line on stderr, which it returns."""

    def command(*arguments: object) -> str:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert (status, out) == (2, "")
        assert re.fullmatch(r"misfit: [^\r\n]+\n", err), err
        return err

    return command


@pytest.fixture
def pictures(tmp_path: Path, test_split) -> list[Path]:
    """Five test images as files."""
    paths = [tmp_path / f"item {number}.png" for number in range(5)]
    for path, image in zip(paths, test_split.images, strict=False):
        Image.fromarray(image[:, :, 0]).save(path)
    return paths
