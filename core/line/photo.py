"""A photo in the watched folder: which names count, what identifies one, and how its bytes are read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.basics.text import cell
from core.data.decoding import LARGEST_BYTES, SUFFIXES
from core.data.photos.files import OTHER_PICTURES


class Key(NamedTuple):
    """What identifies a photo: its name as the verdicts show it, its bytes in number, and when it was last changed (ns).

    A camera that uses a name again writes another photo, and a photo that was looked at is never looked at again.
    """

    name: str
    size: int
    modified: int


def counts(name: str) -> bool:
    """Tell whether a file of this name is a photo to judge: the ending of a picture, and not hidden."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower()[1:] in SUFFIXES + OTHER_PICTURES


def shown(name: str) -> str:
    """Return a file's name as one printable line that is no formula for a spreadsheet; different names stay different."""
    if not name.isprintable() or "\\" in name:
        name = "".join(
            letter if letter.isprintable() and letter != "\\" else letter.encode("unicode_escape").decode()
            for letter in name
        )
    return cell(name)


def key(name: str, facts: os.stat_result) -> Key:
    """Return the key of a file by its name and what the system knows of it."""
    return Key(shown(name), facts.st_size, facts.st_mtime_ns)


def listed(folder: Path) -> Iterator[tuple[str, Key]]:
    """Yield the name and key of each photo in a folder. One that goes meanwhile is passed over. Raises OSError."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if counts(entry.name) and entry.is_file(follow_symlinks=False):
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield entry.name, key(entry.name, facts)


def read(folder: Path, name: str) -> tuple[bytes, Key] | None:
    """Return a photo's bytes and key; None when it was changed while it was read.

    No more than LARGEST_BYTES + 1 bytes are read, enough to see that it is too long. Raises OSError when it is gone, or
    when it is no file: a link is not followed.
    """
    handle = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):  # reading a pipe might never end
            raise PermissionError(1, "it is not a file")
        content = file.read(LARGEST_BYTES + 1)
        after = os.fstat(handle)
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return (content, key(name, after)) if same else None
