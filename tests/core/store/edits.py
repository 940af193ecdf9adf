"""How tests change a checkpoint's folder, and say that it must be refused."""

import json
from pathlib import Path

import pytest

from core.basics.errors import CheckpointError
from core.basics.files import sha256
from core.store import checkpoints
from core.store.checkpoints import CARD, WEIGHTS


def everything(folder: Path) -> object:
    """Read and check all that a checkpoint holds."""
    checkpoint = checkpoints.load(folder)
    return checkpoint.card, checkpoint.scores, checkpoint.generator()


def edit(folder: Path, **changes: object) -> None:
    """Replace entries of the card."""
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | changes))


def replace(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and make the card vouch for it, as somebody who means harm would."""
    (folder / name).write_bytes(content)
    edit(folder, **{"weights_sha256" if name == WEIGHTS else "scores_sha256": sha256(content)})


def refused(folder: Path, message: str = ".") -> None:
    """Assert that the checkpoint is refused with one line that names its folder."""
    with pytest.raises(CheckpointError, match=message) as error:
        everything(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)
