"""Files and folders that appear whole or not at all."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # of the repository
LITTER_AGE = 3600.0  # seconds after which a temporary file counts as abandoned
LARGEST_HEADER = 2**20  # bytes of a safetensors file's header; Misfit's have four thousand
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD


def read_at_most(path: Path, largest: int) -> bytes:
    """Return the content of an untrusted file. Raises OSError, or ValueError when it has more than `largest` bytes."""
    with open(path, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"{path} has more than {largest} bytes")
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step: even after a crash a reader sees the old file or the whole new one.

    A temporary file in the same folder is written, flushed to disk and renamed over the target (POSIX rename(2)).
    Raises OSError as `open` does; the temporary file is then removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_litter(path.parent, _beside(path))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_beside(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes the file private; a checkpoint is not
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _beside(path: Path) -> str:
    """Return how the names of temporary files for `path` begin: no editor's, such as .NAME.swp, does; and never too long."""
    return f".{path.name[:40]}.misfit-"


def sha256(content: bytes) -> str:
    """Return the SHA-256 of `content` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def check_header(content: bytes, largest: int = LARGEST_HEADER) -> None:
    """Raise ValueError when the header of a safetensors file has more than `largest` bytes.

    The safetensors library checks the rest, but first makes an object of every entry: a million for a header of 60 MB.
    """
    if int.from_bytes(content[:8], "little") > largest:
        raise ValueError(f"its header is longer than {largest} bytes")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock `folder`, making it if needed: others who lock it wait until the block ends. Raises OSError.

    The system releases the lock however the process ends. It is on the folder itself, so that no lock file is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def whole_folder(folder: Path, age: float = LITTER_AGE) -> Iterator[Path]:
    """Yield a new, empty folder to fill; it replaces `folder` when the block ends without an error.

    A reader sees the old folder or the whole new one, never a part, even when the process is killed. After an error
    nothing has changed. The new folder lies beside `folder`, whose parent is made if needed. A later call removes what
    a killed process left more than `age` seconds ago. Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    clear_litter(folder.parent, _beside(folder), age)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_beside(folder)))
    try:
        yield new
        os.chmod(new, 0o755)  # mkdtemp makes the folder private; a checkpoint is not
        replace_folder(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def replace_folder(new: Path, folder: Path) -> None:
    """Move `new` to the place of `folder` and delete the old content. Raises OSError.

    Where the system can swap two names in one step (Linux), a kill at any moment leaves the old folder or the new one.
    Elsewhere there is a moment between two renames at which neither is in place.
    """
    if not folder.exists():
        os.replace(new, folder)
    elif _swapped(new, folder):
        shutil.rmtree(new, ignore_errors=True)  # `new` now names the old folder
    else:
        old = new.with_name(f"{new.name}-old")
        os.rename(folder, old)  # a rename cannot replace a folder that is not empty
        os.replace(new, folder)
        shutil.rmtree(old, ignore_errors=True)


def _swapped(first: Path, second: Path) -> bool:
    """Swap two paths of the same file system in one step; return False where the system cannot."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # not Linux, or an old C library
        return False
    return swap(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0


def clear_litter(folder: Path, prefix: str, age: float = LITTER_AGE) -> None:
    """Remove what killed processes left in `folder`: names that begin with `prefix`, older than `age` seconds."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and time.time() - entry.stat().st_mtime > age:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)
