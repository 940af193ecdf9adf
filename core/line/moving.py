"""Moving judged photos into a folder for each verdict. A photo is never overwritten, and never in no place."""

import errno
import os
from pathlib import Path

from core.basics.errors import MisfitError
from core.basics.text import as_line
from core.line import photo
from core.line.photo import Key


def prepared(target: Path, folder: Path) -> Path:
    """Make the folder for sorted photos. Raises MisfitError where a photo could not be moved in one step."""
    if target.resolve() == folder.resolve():
        raise MisfitError(f"--move names {as_line(target)}, the watched folder itself; name another, or one within it.")
    if target.exists() and not target.is_dir():
        raise MisfitError(f"{as_line(target)} is a file; --move needs a folder.")
    target.mkdir(parents=True, exist_ok=True)
    if target.stat().st_dev != folder.stat().st_dev:
        raise MisfitError(
            f"{as_line(target)} is on another disk than the photos, and a move between disks can be cut in the middle. "
            "Name a folder on the same disk."
        )
    return target


def move(source: Path, key: Key, target: Path, verdict: str) -> None:
    """Move a photo to TARGET/VERDICT, as NAME-2 where its name is taken. Raises OSError when the disk refuses.

    A photo that went away meanwhile, or is another one by now, is left alone.
    """
    try:
        if photo.key(source.name, source.lstat()) != key:
            return
        place = target / verdict.replace("'", "").replace(" ", "-")
        place.mkdir(parents=True, exist_ok=True)
        number = 1
        while not _renamed(source, place / (source.name if number == 1 else f"{source.stem}-{number}{source.suffix}")):
            number += 1
    except FileNotFoundError:
        return


def _renamed(source: Path, target: Path) -> bool:
    """Move unless something is at `target`; return False then. A kill between two steps leaves two names of one file."""
    try:
        os.link(source, target)
    except FileExistsError:
        if not os.path.samefile(source, target):
            return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if target.exists():  # a disk without links, such as FAT; nobody else writes here
            return False
        os.rename(source, target)
        return True
    os.unlink(source)
    return True
