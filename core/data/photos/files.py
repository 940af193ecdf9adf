"""The files that were brought: in a folder, in a zip, or one by one through a page. Nothing is written, nothing unpacked.

A file is read when its photo is decoded, one at a time. What lies outside of the folder is never read: links that lead out
of it are passed over and named.
"""

import contextlib
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.basics.errors import DataError
from core.basics.text import as_line
from core.data import decoding
from core.data.photos import zips

MOST_FILES = 50_000
OFFERED = "MISFIT_PHOTOS"  # environment variable: folders on the server that pages may read, separated as in PATH
OTHER_PICTURES = ("tif", "tiff", "heic", "heif", "avif", "jp2", "svg", "psd", "raw", "dng", "cr2", "nef", "arw")
_LITTER = ("thumbs.db", "desktop.ini", "__macosx")


@dataclass(frozen=True)
class File:
    """A file by its path within what was brought, "/" between the parts. `read` returns its bytes.

    No more than decoding.LARGEST_BYTES + 1 bytes are returned, enough to see that a file is too long. `read` raises OSError,
    or DataError where the folder or zip itself is gone or damaged.
    """

    path: str
    read: Callable[[], bytes] = field(repr=False, compare=False)
    stamp: tuple[int, ...] = ()  # size and time of the last change, or a checksum: equal for an unchanged file

    @property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.path).parts

    @property
    def suffix(self) -> str:
        """The ending of the name in lower-case letters, without the dot."""
        return PurePosixPath(self.path).suffix.lower()[1:]


@dataclass(frozen=True)
class Brought:
    """What was brought. `name` is that of the folder or zip.

    pictures  files whose name ends like that of a picture, also of a format that is not taken
    others    paths of files that are no pictures; archives among them are not opened
    links     paths of links that lead elsewhere, which are not followed
    """

    name: str
    pictures: list[File]
    others: list[str]
    links: list[str]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Brought]:
    """List the files in a folder or zip, which stays open for reading within the block.

    Raises DataError for a path that is neither, or for a zip that is not safe to read.
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.exists():
        raise DataError(f"{as_line(path)} is not there; name a folder with photos, or a zip of one.")
    elif not zipfile.is_zipfile(path):
        raise DataError(f"{as_line(path)} is neither a folder nor a zip; name a folder with photos, or a zip of one.")
    else:
        with zips.opened(path, MOST_FILES, decoding.LARGEST_BYTES + 1) as members:
            yield sorted_out(as_line(path.stem), [File(*member) for member in members], [])


def given(name: str, files: Sequence[tuple[str, Path]]) -> Brought:
    """Return what a page was given: (file name, where it is stored) each, the name with folders if it has any.

    Raises DataError for too many, or for a path that leads out.
    """
    _refuse_many(len(files), name)
    listed: dict[str, File] = {}
    for path, place in files:
        path = path.replace("\\", "/")
        zips.check_path(path, name)
        whole, copy = PurePosixPath(path), 1
        while path in listed:  # cameras number their photos anew in every folder
            copy += 1
            path = str(whole.with_stem(f"{whole.stem} ({copy})"))
        listed[path] = File(path, _reading(place.resolve(), place.parent.resolve()), (place.stat().st_size,))
    return sorted_out(name, list(listed.values()), [])


def offered(text: str) -> Path:
    """Return the folder or zip that a page may read. Raises DataError unless it lies in a folder of MISFIT_PHOTOS."""
    allowed = _allowed()
    if not allowed:
        raise DataError(
            f"No folder of this server is offered to pages. Whoever runs Misfit can name some in {OFFERED}; "
            "or bring the photos as a zip."
        )
    try:
        path = Path(text).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL, a circle of links
        raise DataError(f"{as_line(text, 80)} is no path of a folder.") from None
    if not any(path.is_relative_to(place) for place in allowed):
        places = ", ".join(map(str, allowed))
        raise DataError(f"{as_line(text, 80)} is not among the folders that pages may read, which are: {places}.")
    return path


def offers() -> list[Path]:
    """List what pages may read and offer at once: the folders of MISFIT_PHOTOS, and the folders and zips right in them."""
    listed = []
    for place in _allowed():
        listed.append(place)
        with contextlib.suppress(OSError):
            inner = (path for path in place.iterdir() if not _is_litter(path.name) and not path.is_symlink())
            listed += sorted(path for path in inner if path.is_dir() or path.suffix.lower() == ".zip")
    return listed


def _allowed() -> list[Path]:
    return [Path(place).resolve() for place in os.environ.get(OFFERED, "").split(os.pathsep) if place]


def _folder(root: Path) -> Brought:
    """List the files below `root`. Raises DataError for too many, or when the folder cannot be read."""
    root = root.resolve()

    def stop(error: OSError) -> None:
        raise DataError(f"{as_line(error.filename)} cannot be read ({error.strerror}).") from error

    files, links, seen = [], [], 0
    for folder, folders, names in os.walk(root, onerror=stop):
        below = Path(folder)
        folders[:] = sorted(name for name in folders if not _is_litter(name))
        seen += len(names) + len(folders)
        _refuse_many(seen, root.name)
        for name, is_folder in [*((name, True) for name in folders), *((name, False) for name in sorted(names))]:
            path = below / name
            if path.is_symlink() and _leads_elsewhere(path, root):
                links.append(_shown(path.relative_to(root)))
            elif not is_folder and not _is_litter(name):
                with contextlib.suppress(OSError):  # it went away just now, or leads nowhere
                    facts = path.stat()
                    files.append(
                        File(_shown(path.relative_to(root)), _reading(path, root), (facts.st_size, facts.st_mtime_ns))
                    )
    return sorted_out(as_line(root.name) or "photos", files, links)


def _leads_elsewhere(link: Path, root: Path) -> bool:
    """Tell whether a link leads to a folder, out of `root`, or in a circle."""
    try:
        return link.is_dir() or not link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return True


def _reading(path: Path, root: Path) -> Callable[[], bytes]:
    """Return a function that reads the file at `path`, and nothing but a file of `root`."""

    def read() -> bytes:
        try:
            real = path.resolve(strict=True)
            if not real.is_relative_to(root):  # it was no such link when the folder was listed
                raise PermissionError(1, "it is a link that leads out of the folder")
            handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):  # reading a pipe might never end
                    raise PermissionError(1, "it is not a file")
                return file.read(decoding.LARGEST_BYTES + 1)
        except OSError:
            if not root.is_dir():
                raise DataError(
                    f"The folder {as_line(root)} went away while it was being read; nothing was kept. Bring it back and "
                    "start again."
                ) from None
            raise

    return read


def sorted_out(name: str, files: Sequence[File], links: list[str]) -> Brought:
    """Sort files into pictures and others, without what an operating system leaves in folders."""
    files = [file for file in files if not any(map(_is_litter, file.parts))]
    pictures = [file for file in files if file.suffix in decoding.SUFFIXES + OTHER_PICTURES]
    others = sorted(file.path for file in files if file.suffix not in decoding.SUFFIXES + OTHER_PICTURES)
    return Brought(name, sorted(pictures, key=lambda file: file.path), others, sorted(links))


def _is_litter(name: str) -> bool:
    """Tell whether a file or folder is hidden, or left there by an operating system."""
    return name.startswith(".") or name.lower() in _LITTER


def _shown(path: Path) -> str:
    """Return a path as printable text; bytes that are no text, and letters that cannot be shown, by their numbers."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _refuse_many(files: int, name: str) -> None:
    if files > MOST_FILES:
        raise DataError(f"{as_line(name)} has more than {MOST_FILES:,} files; bring at most so many.")
