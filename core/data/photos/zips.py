"""A zip from a stranger: listed and read member by member, never unpacked to disk, refused whole where it is not safe.

Python's zipfile reads no more of a member than the zip states, so limits on the stated sizes are limits on what is read.
"""

import contextlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from core.basics.errors import DataError
from core.basics.text import as_line

LARGEST_TOTAL = 16 * 2**30  # bytes of all members, unpacked
LARGEST_DIRECTORY = 16 * 2**20  # bytes of the list of members
LARGEST_RATIO = 100  # bytes unpacked for each packed one, beyond SMALL bytes; photos have about one
SMALL = 64 * 2**20  # bytes
_ENTRY, _HEAD_LENGTH = b"PK\x01\x02", 30  # how an entry of the list begins; bytes of a member's own head


class Member(NamedTuple):
    """A file in the zip: its path, its bytes when asked for, and its checksum and size."""

    path: str
    read: Callable[[], bytes]
    stamp: tuple[int, ...]


@contextlib.contextmanager
def opened(path: Path, most: int, largest: int) -> Iterator[list[Member]]:
    """List the files in the zip at `path`; within the block they can be read, at most `largest` bytes of each.

    Raises DataError that names what is wrong: more than `most` files, a password, links, paths that lead out, two members
    of one name, or sizes of a bomb.
    """
    name = as_line(path.name)
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(path, "rb"))
            _check_directory(file, name, most)
            archive = stack.enter_context(zipfile.ZipFile(file))
        except OSError as error:
            raise DataError(f"{name} cannot be read ({error.strerror}).") from error
        except DataError:
            raise
        except Exception as error:  # a damaged zip can fail anywhere: BadZipFile, struct.error, UnicodeDecodeError…
            raise DataError(f"{name} is not a zip that can be read ({as_line(error, 120)}).") from error
        if any(not member.filename for member in archive.infolist()):
            raise DataError(f"{name} holds a file without a name; zip the folder anew.")
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_sizes(members, path.stat().st_size, name)
        _check_places(archive.infolist(), archive.start_dir, name)
        taken: set[str] = set()
        for member in archive.infolist():
            _check_member(member, name)
            if member.filename in taken:
                raise DataError(f"{name} holds two files called {as_line(member.filename)}; zip the folder anew.")
            taken.add(member.filename)
        yield [
            Member(member.filename, _reading(archive, member, name, largest), (member.CRC, member.file_size))
            for member in members
        ]


def check_path(path: str, name: str) -> None:
    """Raise DataError for a path that leads out of the zip or upload called `name`, or with letters that cannot be shown."""
    parts = PurePosixPath(path).parts
    if path.startswith("/") or path[1:2] == ":" or ".." in parts:
        raise DataError(f"{name} holds {as_line(path)!r}, a path that leads out of it; zip the folder itself.")
    if not path.isprintable() or "\\" in path:
        raise DataError(f"{name} holds {as_line(path)!r}, a name with letters that no file should have; rename it.")


def _check_member(member: zipfile.ZipInfo, name: str) -> None:
    """Raise DataError for a member that is no plain file or folder, or that is packed in an unusual way."""
    shown = as_line(member.filename)
    check_path(member.filename, name)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise DataError(f"{name} holds the link {shown!r}; put the file itself into the zip.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"{name} holds {shown!r}, which is neither a file nor a folder; leave it out.")
    if member.flag_bits & 1:
        raise DataError(f"{name} has a password ({shown}); zip the folder without one.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{name} is packed in a way that is not read ({shown}); make an ordinary zip.")


def _check_sizes(members: list[zipfile.ZipInfo], packed: int, name: str) -> None:
    """Raise DataError for a zip that would unpack to far more than photos do."""
    total = sum(member.file_size for member in members)
    if total > LARGEST_TOTAL:
        raise DataError(f"{name} unpacks to {total:,} bytes; the most that is taken is {LARGEST_TOTAL:,}.")
    if total > SMALL and total > LARGEST_RATIO * packed:
        raise DataError(
            f"{name} unpacks to {total / max(1, packed):,.0f} times its size ({total:,} bytes): photos do not, so it is not read."
        )


def _check_places(members: list[zipfile.ZipInfo], end: int, name: str) -> None:
    """Raise DataError for members that share bytes: so a short zip can unpack to no end (Fifield 2019)."""
    placed = sorted(members, key=lambda member: member.header_offset)
    for member, following in zip(placed, [*(member.header_offset for member in placed[1:]), end], strict=False):
        if member.header_offset + _HEAD_LENGTH + member.compress_size > following:
            raise DataError(
                f"{name} is damaged: {as_line(member.filename)} reaches into the next file; zip the folder anew."
            )


def _reading(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, largest: int) -> Callable[[], bytes]:
    """Return a function that reads a member. It raises OSError for a damaged member."""

    def read() -> bytes:
        try:
            with archive.open(member) as file:
                return file.read(largest)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise OSError(0, f"it is damaged in {name}") from error

    return read


def directory(file: BinaryIO) -> tuple[int, int]:
    """Return where the record at a zip's end is, and the bytes of the list of members before it; (0, 0) without a record.

    zipfile makes an object of each entry at once, so a stranger's list is measured first. Raises BadZipFile.
    """
    record = zipfile._EndRecData(file)  # type: ignore[attr-defined] # private, but what zipfile itself goes by
    return (record[zipfile._ECD_LOCATION], record[zipfile._ECD_SIZE]) if record else (0, 0)  # type: ignore[attr-defined]


def _check_directory(file: BinaryIO, name: str, most: int) -> None:
    """Raise DataError when the zip's list of members is too long."""
    end, size = directory(file)
    too_long = DataError(f"{name} has more than {most:,} files; bring at most so many.")
    if size > LARGEST_DIRECTORY:
        raise too_long
    file.seek(max(0, end - size - 76))  # the records at the end of a large zip have 76 bytes
    if file.read(size + 76).count(_ENTRY) > most:
        raise too_long
