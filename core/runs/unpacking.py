"""The files of an imported model, from a zip or one by one: a stranger's, so only known names and lengths are read."""

import io
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from core.basics.errors import CheckpointError, MisfitError
from core.basics.files import check_header, sha256
from core.basics.text import are_missing, as_line
from core.data.photos import stored, zips
from core.runs import frames, pictures
from core.store import card, checkpoints
from core.store.checkpoints import CARD, SCORES, WEIGHTS

FILES = (WEIGHTS, SCORES, CARD)
# Bytes; of a data set of photos, which comes along where that was asked for.
PHOTOS = {stored.IMAGES: 2**28, stored.MASKS: 2**27, stored.FACTS: 2**25}
LARGEST = checkpoints.LARGEST | PHOTOS
_LITTER = ("__MACOSX", ".DS_Store")  # what macOS adds to a zip
LARGEST_ZIP = checkpoints.LARGEST_FILE
LARGEST_DIRECTORY = 2**16  # bytes of a zip's list of files; enough for hundreds, and a model has three


def unpacked(files: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return the content of each known file by name. Raises CheckpointError that names any other file."""
    members: Iterable[tuple[str, bytes]] = files
    if len(files) == 1 and files[0][0].lower().endswith(".zip"):
        members = _members(*files[0])
    contents: dict[str, bytes] = {}
    for path, content in members:
        contents[_sized(path, content, contents)] = content
    missing = [name for name in (WEIGHTS, CARD) if name not in contents]
    if missing:
        raise CheckpointError(f"{are_missing(missing)}; a trained model has both weights and card.")
    return contents


def problem(name: str, content: bytes) -> str:
    """Return what is wrong with one file that is offered for import, in a sentence; "" when nothing is. Scores nothing.

    `transfer.take` still checks everything, above all whether weights, scores and card belong together.
    """
    from safetensors import SafetensorError, deserialize

    try:
        zipped = name.lower().endswith(".zip")
        parts = unpacked([(name, content)]) if zipped else {_sized(name, content): content}
        for part, bare in parts.items():
            if part == CARD:
                card.decode(bare, Path(CARD))
            elif part.endswith(".safetensors"):
                check_header(bare)
                deserialize(bare)
        if zipped and sha256(parts[WEIGHTS]) != card.decode(parts[CARD], Path(CARD)).weights_sha256:
            raise CheckpointError(f"{WEIGHTS} is not the file that {CARD} describes; give both as they were exported.")
    except (ValueError, SafetensorError) as error:
        return f"{name[:80]} is damaged ({as_line(error)})."
    except MisfitError as error:
        return str(error)
    return ""


def _sized(path: str, content: bytes, earlier: Collection[str] = ()) -> str:
    """Return the name of the known file at `path`, as `known` does. Raises CheckpointError for one that is too large, too."""
    name = known(path, earlier)
    if len(content) > largest(name):
        raise CheckpointError(f"{name} is larger than {largest(name)} bytes.")
    return name


def largest(name: str) -> int:
    """Return the length in bytes that the known file called `name` may have."""
    return LARGEST.get(name, frames.LARGEST)


def known(path: str, earlier: Collection[str] = ()) -> str:
    """Return the name of the known file at `path`. Raises CheckpointError for an unknown or `earlier` name."""
    picture = pictures.named(path)
    name = picture or path.rsplit("/", 1)[-1]
    if picture and sum(bool(pictures.named(other)) for other in earlier) >= pictures.MOST:
        raise CheckpointError(f"There are more than {pictures.MOST} pictures of the training.")
    if not picture and name not in LARGEST:
        raise CheckpointError(
            f"{path[:80]} is no part of a trained model. Remove it and give one .zip, or {', '.join(FILES)}."
        )
    if name in earlier:
        raise CheckpointError(f"There are two files called {name}; give one model at a time.")
    return name


def _members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of every file in a zip. Raises CheckpointError at an unknown file, before unpacking it.

    A file is unpacked to one byte more than its allowed length at most.
    """
    if len(content) > LARGEST_ZIP:
        raise CheckpointError(f"{name[:80]} has {len(content)} bytes; a model's zip has at most {LARGEST_ZIP}.")
    seen: list[str] = []
    try:
        if zips.directory(io.BytesIO(content))[1] > LARGEST_DIRECTORY:
            raise CheckpointError(f"{name[:80]} holds far more than the three files of a trained model.")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                if member.is_dir() or any(part in _LITTER for part in member.filename.split("/")):
                    continue
                seen.append(known(member.filename, seen))
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise CheckpointError(
                        f"{name[:80]} is packed in a way that is not read; pack it as an ordinary zip."
                    )
                with archive.open(member) as file:
                    yield member.filename, file.read(largest(seen[-1]) + 1)
    except CheckpointError:
        raise
    except Exception as error:  # a damaged zip can fail anywhere: zlib.error, struct.error, UnicodeDecodeError…
        raise CheckpointError(f"{name[:80]} is not a zip that can be read ({error!s:.120}).") from error
