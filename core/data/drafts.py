"""Photos that a page was given but that are not kept yet. They outlive a reload of the page, and are gone in the end.

Each draft has a scratch folder with what was uploaded and what is decoded of it. The folder goes when the draft is dropped, AGE
seconds after somebody last looked at it, and when the server ends.
"""

import os
import secrets
import shutil
import tempfile
import threading
import time
import weakref
import zipfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.basics.errors import DataError
from core.basics.files import LITTER_AGE
from core.basics.text import as_line
from core.data import catalog, idx_folder
from core.data.photos import examples, files, layout
from core.data.photos.bringing import Gathered
from core.data.photos.files import Brought
from core.data.photos.reading import Progress, Shape

AGE = LITTER_AGE  # seconds; older scratch folders are cleared away anyhow
MOST = 16  # drafts at a time; the one that was looked at longest ago goes
_listed: dict[str, "Draft"] = {}
_lock = threading.Lock()
_timer: threading.Timer | None = None

Uploaded = tuple[str, BinaryIO]  # name of a file, with folders where it has any, and its content


@dataclass(eq=False)
class Draft:
    """Photos on their way to a data set.

    name      of the folder, zip or example
    open      lists the photos, which can be read within its block
    shape     what they are brought to
    origin    the folder or zip on this machine that they come from, if any
    key       the data set that they change, if it is here already
    adds      whether its photos of before stay in it beside these; else these replace them
    normal    the class chosen as the normal one, where the folders' names do not say which it is
    gathered  the photos decoded, divided and checked, once `check` has done so
    """

    name: str
    open: Callable[[], AbstractContextManager[Brought]]
    folder: Path
    shape: Shape = field(default_factory=Shape)
    origin: Path | None = None
    key: str | None = None
    adds: bool = False
    normal: str | None = None
    gathered: Gathered | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    seen: float = field(default_factory=lambda: time.time())
    _choices: list[str] | None = None
    _remove: Callable[[], object] = lambda: None

    def choices(self) -> list[str]:
        """List the folders of which the user must choose the normal one. Raises DataError."""
        if self.key:
            return []
        if self._choices is None:
            with self.open() as brought:
                self._choices = layout.choices(brought)
        return self._choices

    def check(self, progress: Progress) -> Gathered:
        """Decode, divide and check the photos, in place of an earlier check. Raises DataError, OSError."""
        self._still_here()
        new = Path(tempfile.mkdtemp(dir=self.folder, prefix="check-"))
        try:
            with self.open() as brought:
                key = self.key or free_key(brought.name)
                gathered = catalog.gather(brought, new, key, self.shape, self.normal, progress, self.adds)
        except BaseException:  # also Streamlit's, when the visitor goes away meanwhile
            shutil.rmtree(new, ignore_errors=True)
            raise
        self.gathered = gathered
        for old in self.folder.glob("check-*"):
            if old != new:
                shutil.rmtree(old, ignore_errors=True)  # an array that is still mapped stays readable
        return gathered

    def touch(self) -> None:
        """Note that somebody looks at it. Raises DataError when it has been cleared away."""
        self._still_here()
        self.seen = time.time()
        os.utime(self.folder, (self.seen, self.seen))

    def _still_here(self) -> None:
        if not self.folder.is_dir():
            raise DataError(
                f"The photos of {self.name} were kept or put away meanwhile. If they are not below, bring them again."
            )


def of_zip(name: str, content: BinaryIO) -> Draft:
    """Store an uploaded zip in a scratch folder. Raises DataError, OSError."""
    draft = _new(PurePosixPath(name).stem)
    place = draft.folder / f"{draft.name.replace('/', ' ').lstrip('.') or 'photos'}.zip"
    _store(content, place)
    if not zipfile.is_zipfile(place):
        raise DataError(f"{as_line(name, 80)} is not a zip that can be read; zip the folder anew.")
    draft.open = partial(files.opened, place)
    return _list(draft)


def of_photos(
    good: Sequence[Uploaded], bad: Sequence[Uploaded] = (), defect: str = "", key: str | None = None
) -> Draft:
    """Store uploaded photos in a scratch folder: good ones, and bad ones with the name of what is wrong with them.

    With `key`, they are to be added to this data set. Raises DataError for a name that cannot be one of a defect, OSError.
    """
    kind = as_line(defect).strip() or "bad"
    if "/" in kind or "\\" in kind or idx_folder.slug(kind) in layout.GOOD:
        raise DataError(f"{kind!r} cannot be the name of a defect; write a word such as dent.")
    beside = "bad" if kind == "bad" else f"bad/{kind}"
    groups = (("good", good), (beside, bad))
    named = [(f"{folder}/{PurePosixPath(name).name}", content) for folder, group in groups for name, content in group]
    draft = _of_files("Photos", named)
    draft.key, draft.adds = key, key is not None
    return draft


def of_folder(uploaded: Sequence[Uploaded]) -> Draft:
    """Store an uploaded folder in a scratch folder; each name has its folders in it. Raises DataError, OSError."""
    tops = {PurePosixPath(name).parts[0] for name, _ in uploaded if "/" in name}
    return _of_files(tops.pop() if len(tops) == 1 else "Photos", uploaded)


def of_place(text: str) -> Draft:
    """Take a folder or zip on this machine, if pages may read it. Raises DataError."""
    path = files.offered(text)
    draft = _new(path.stem if path.is_file() else path.name)
    draft.open, draft.origin = partial(files.opened, path), path
    key = catalog.key_of(draft.name, path)
    before = catalog.facts(key)
    if before and before.origin == str(path):
        draft.key, draft.shape = key, before.shape
    return _list(draft)


def of_example(key: str) -> Draft:
    """Take photos from the box. Raises DataError."""
    brought = examples.brought(key)
    draft = _new(brought.name)
    draft.open, draft.shape = lambda: nullcontext(brought), examples.EXAMPLES[key].shape
    return _list(draft)


def find(token: str) -> Draft | None:
    """Return the draft with this token, or None when it is no longer listed."""
    with _lock:
        return _listed.get(token)


def drop(draft: Draft) -> None:
    """Take a draft from the list, and remove its folder."""
    with _lock:
        _listed.pop(draft.token, None)
    draft._remove()


def free_key(name: str) -> str:
    """Return a key for a new data set of that name which nothing else has."""
    wanted, taken = idx_folder.slug(name) or "photos", catalog.available()
    numbered = (f"{wanted[:50].rstrip('-')}-{number}" for number in range(2, 10**6))
    return next(key for key in (wanted, *numbered) if key not in taken and not (catalog.OWN / key).exists())


def _new(name: str) -> Draft:
    """Make a draft with an empty scratch folder, which goes with the draft."""
    stack = ExitStack()
    folder = stack.enter_context(catalog.scratch())
    draft = Draft(as_line(name, 60).strip() or "Photos", partial(files.opened, folder), folder)
    draft._remove = weakref.finalize(draft, stack.close)  # also when it is never listed, and when the server ends
    return draft


def _of_files(name: str, uploaded: Sequence[Uploaded]) -> Draft:
    draft = _new(name)
    places = []
    for number, (path, content) in enumerate(uploaded):
        place = draft.folder / f"uploaded-{number}"
        _store(content, place)
        places.append((path, place))
    brought = files.given(draft.name, places)
    draft.open = lambda: nullcontext(brought)
    return _list(draft)


def _store(content: BinaryIO, place: Path) -> None:
    with open(place, "wb") as file:
        shutil.copyfileobj(content, file, 2**20)


def _list(draft: Draft) -> Draft:
    with _lock:
        _listed[draft.token] = draft
    _clear()
    return draft


def _clear() -> None:
    """Drop old drafts, and look again later as long as there are any."""
    global _timer
    latest_first = sorted(list(_listed.values()), key=lambda draft: -draft.seen)
    for place, draft in enumerate(latest_first):
        if place >= MOST or time.time() - draft.seen > AGE:
            drop(draft)
    with _lock:
        if _timer:
            _timer.cancel()
        _timer = threading.Timer(AGE / 4, _clear) if _listed else None
        if _timer:
            _timer.daemon = True
            _timer.start()
