"""Photos that somebody brings, in zips and folders that mean harm or change while they are read; and kept sets, damaged.

A case may be refused whole, or taken without what is wrong with it. Nothing outside of what was brought is ever in a data set.
"""

import hashlib
import io
import json
import os
import pickle
import random
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from core.data import catalog, decoding
from core.data.photos import stored
from tests import photographs
from tests.torture.mutations import Canary, as_json, damaged, twisted

Members = dict[str, bytes]
KEY = "wall"


class Photos:
    """Case -1 is sound; then zips and folders that mean harm; then damaged ones."""

    def __init__(self, root: Path) -> None:
        catalog.OWN = root / "runs" / "own"  # what is in there when a case ends was left behind
        catalog.OWN.mkdir()
        self.place = root / "in" / KEY
        self.sound = _sound(root / "in" / "sound")
        self.secret = photographs.write(root / "in" / "outside", photographs.tiles("grass")[:1])[0]
        self.digest = hashlib.sha256(self.secret.read_bytes()).hexdigest()
        self.meanwhile: Callable[[], object] = _nothing
        real = decoding.read

        def read(content: bytes, name: str) -> Image.Image:
            """Let something happen to the folder or zip once the first photo has been read."""
            act, self.meanwhile = self.meanwhile, _nothing
            act()
            return real(content, name)

        decoding.read = read
        self.hostile = [*_zips(self.sound, root), *_folders(self)]

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        shutil.rmtree(self.place.parent / "brought", ignore_errors=True)
        (self.place.parent / "brought").mkdir()
        place = self.place.parent / "brought" / KEY
        self.meanwhile = _nothing
        if number < 0:
            path = _zip(place, self.sound)
        elif number < len(self.hostile):
            path = self.hostile[number](place)
        elif rng.random() < 0.6:
            path = place.with_suffix(".zip")
            path.write_bytes(damaged(rng, _packed(self.sound), _packed(self.sound)))
        else:
            members = dict(self.sound)
            for name in rng.sample(list(members), rng.randint(1, 4)):
                members[name] = damaged(rng, members[name], self.sound[rng.choice(list(members))])
            path = _folder(place, members) if rng.random() < 0.5 else _zip(place, members)

        def attempt() -> None:
            data = catalog.add(path)
            _whole(data.description.key)
            assert self.digest not in catalog.facts(data.description.key).splits, "it read what nobody offered"
            shutil.rmtree(catalog.OWN / data.description.key)

        return attempt


class Kept:
    """The three files of a data set of photos; case -1 is sound, then bombs, then damaged ones."""

    def __init__(self, root: Path) -> None:
        catalog.OWN = root / "in" / "own"
        catalog.add(_zip(root / "in" / KEY, _sound(root / "in" / "sound")))
        self.sound = {path.name: path.read_bytes() for path in (catalog.OWN / KEY).iterdir()}
        assert set(self.sound) == {stored.FACTS, stored.IMAGES, stored.MASKS}
        self.bombs = [(name, content) for content in _files(root) for name in self.sound]

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        files = dict(self.sound)
        if 0 <= number < len(self.bombs):
            name, content = self.bombs[number]
            files[name] = content()
        elif number >= 0:
            name = rng.choice((stored.FACTS, stored.FACTS, stored.IMAGES, stored.MASKS))
            if name == stored.FACTS and rng.random() < 0.7:
                files[name] = as_json(twisted(rng, json.loads(files[name])))
            else:
                files[name] = damaged(rng, files[name], files[stored.MASKS])
        shutil.rmtree(catalog.OWN)
        (catalog.OWN / KEY).mkdir(parents=True)
        for name, content in files.items():
            (catalog.OWN / KEY / name).write_bytes(content)
        return lambda: _whole(KEY)


def _whole(key: str) -> None:
    """See that a data set is one, and its numbers fit each other."""
    data = catalog.get(key)
    facts = catalog.facts(key)
    assert facts is not None
    for split in ("train", "test"):
        images, masks = data.load(split), data.masks(split)
        assert images.images.shape == (len(images.labels), *data.description.shape)
        assert images.images.dtype == np.uint8 and sum(data.counts(split)) == len(images.labels)
        assert masks is None or masks.masks.shape == images.images.shape[:3]
    json.dumps(facts.splits)


def _nothing() -> None:
    """Happens while most are read."""


def _sound(folder: Path) -> Members:
    """Eleven good photos, one of them a JPEG, and two bad ones with masks, of 32×32."""
    images = photographs.many(11, 32)
    torn, masks = photographs.scratched(photographs.many(2, 32, seed=1))
    photographs.write(folder / "good", images[:10])
    photographs.write(folder / "good", images[10:], "jpg", 10)
    photographs.write(folder / "torn", torn)
    photographs.write(folder / "ground_truth" / "torn", masks.astype(np.uint8) * 255)
    for path in (folder / "ground_truth" / "torn").iterdir():
        path.rename(path.with_stem(f"{path.stem}_mask"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def _folder(place: Path, members: Members) -> Path:
    for name, content in members.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def _zip(place: Path, members: Members) -> Path:
    place.with_suffix(".zip").write_bytes(_packed(members))
    return place.with_suffix(".zip")


def _packed(members: Members, kind: int = 0, way: int = zipfile.ZIP_DEFLATED, last: str = "") -> bytes:
    """Return a zip; the member called `last` is of another `kind` of file, such as a link."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = way
            member.external_attr = (kind if name == last else 0) << 16
            archive.writestr(member, content)
    return buffer.getvalue()


def _zips(sound: Members, root: Path) -> list[Callable[[Path], Path]]:
    """Zips that lead out, that are not what they say, or that unpack to far more than photos do."""
    photo, canary = sound["good/000.png"], pickle.dumps(Canary(root / "canary"))

    def one(
        name: str, content: bytes = photo, kind: int = 0, way: int = zipfile.ZIP_DEFLATED
    ) -> Callable[[Path], Path]:
        return lambda place: _zip_of(place, _packed(sound | {name: content}, kind, way, name))

    def made(content: Callable[[], bytes]) -> Callable[[Path], Path]:
        return lambda place: _zip_of(place, content())

    names = ["../" * 20 + "tmp/canary.png", "good/../../canary.png", "/tmp/canary.png", "C:\\canary.png", "C:/canary.png",
             "good\\..\\..\\x.png", "good/\0.png", "good/a\nb.png", "good/\u202egnp.x", "good//../x.png", "", ".", "..", "/",
             "good/" + "a/" * 30_000 + "x.png", "good/" + "x" * 60_000 + ".png", "\ud800.png".encode("utf-8", "replace").decode()]  # fmt: skip
    kinds = (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK)
    twins = ("good/000.PNG", "GOOD/x.png", "Good /x.png", "good/a\u0308.png", "bad/../good/000.png")
    return [
        *(one(name) for name in names),
        *(one("good/x.png", b"/etc/passwd", kind | 0o777) for kind in kinds),
        *(one(name) for name in twins),
        made(lambda: _packed(sound | {"g\u00e4rten/x.png": photo, "ga\u0308rten/x.png": sound["good/001.png"]})),
        made(lambda: _twice(sound)),
        made(lambda: _flagged(_packed(sound), 1)),
        made(lambda: _flagged(_packed(sound), 1 << 6 | 1)),
        made(lambda: _packed(sound, way=zipfile.ZIP_LZMA)),
        made(lambda: _packed(sound, way=zipfile.ZIP_BZIP2)),
        made(lambda: _edited(_packed(sound), 10, 99, 2)),  # a way of packing that nobody knows
        made(lambda: _edited(_packed(sound), 24, 2**32 - 2, 4)),
        made(lambda: _edited(_packed(sound), 24, 10, 4)),  # sizes that lie
        made(lambda: _edited(_packed(sound), 20, 2**31, 4)),
        made(lambda: _edited(_packed(sound), 42, 0, 4)),  # all at one place
        made(lambda: _overlapping(400)),
        made(lambda: _many(100_000)),
        made(lambda: _many(10_000)),
        made(lambda: _packed(sound | {"good/x.bmp": bytes(2**27)})),
        made(lambda: _packed({f"good/{number}.bmp": bytes(9 * 2**20) for number in range(12)})),
        made(lambda: _packed(sound | {"good/x.png": _wide()})),
        made(lambda: _packed(sound | {"inner.zip": _packed({"a.zip": _packed({"b.zip": bytes(2**24)})})})),
        made(lambda: _packed({"a.zip": _packed({"b.zip": bytes(2**26)})})),
        made(lambda: _packed(sound | {"good/x.png": canary, "x.pkl": canary, "photos.json": canary})),
        made(lambda: _packed(sound | {"ground_truth/torn/000_mask.png": sound["good/000.png"][:40]})),
        made(lambda: _packed(sound | {"ground_truth/torn/000_mask.png": _picture((16, 16), "L")})),
        made(lambda: _packed(sound | {"ground_truth/torn/000_mask.png": _picture((32, 32), "CMYK", "JPEG")})),
        made(lambda: _packed(sound | {"ground_truth/torn/000_mask.png": _picture((32, 32), "RGBA")})),
        made(lambda: _packed(sound | {"ground_truth/torn/000_mask.png": _picture((32, 32), "I;16")})),
        made(lambda: _packed(sound | {"ground_truth/torn/777_mask.png": _picture((32, 32), "L")})),
        made(lambda: _packed(sound | {"ground_truth/000_mask.png": _picture((32, 32), "L")})),
        made(lambda: _packed({name: photo for name in sound})),  # all the same, good and bad
        made(lambda: _packed({f"{number}/x.png": photo for number in range(300)})),
        made(lambda: _packed({f"{'x' * 300}/{name}": content for name, content in sound.items()})),
        made(lambda: _packed({})),
        made(lambda: b""),
        made(lambda: b"PK\5\6" + bytes(18)),
        made(lambda: b"PK\5\6" + b"\xff" * 18),
        made(lambda: _packed(sound)[:-30]),
        made(lambda: bytes(10_000_000) + _packed(sound)),
        made(lambda: _packed(sound) + b"PK\5\6" + bytes(18)),
        made(lambda: canary),
    ]  # fmt: skip


def _zip_of(place: Path, content: bytes) -> Path:
    place.with_suffix(".zip").write_bytes(content)
    return place.with_suffix(".zip")


def _folders(kind: Photos) -> list[Callable[[Path], Path]]:
    """Folders with what is no photo, or that change once the first photo has been read."""

    def beside(act: Callable[[Path], object]) -> Callable[[Path], Path]:
        """A sound folder to which something was done before."""

        def lay(place: Path) -> Path:
            act(_folder(place, kind.sound))
            return place

        return lay

    def while_read(act: Callable[[Path], object], packed: bool = False) -> Callable[[Path], Path]:
        """A sound folder or zip to which something happens meanwhile."""

        def lay(place: Path) -> Path:
            path = _zip(place, kind.sound) if packed else _folder(place, kind.sound)
            kind.meanwhile = lambda: act(path)
            return path

        return lay

    def all_become_links(path: Path) -> None:
        for file in path.glob("good/*"):
            file.unlink()
            file.symlink_to(kind.secret)

    def folder_becomes_link(path: Path) -> None:
        shutil.rmtree(path / "good")
        (path / "good").symlink_to(kind.secret.parent)

    def deep(path: Path) -> None:
        for _ in range(60):
            path = path / "deeper and deeper still"
        path.mkdir(parents=True)
        (path / "x.png").write_bytes(kind.sound["good/000.png"])

    def device(path: Path) -> None:
        if os.getuid() == 0:
            os.mknod(path / "good" / "zero.png", stat.S_IFCHR | 0o666, os.makedev(1, 5))

    def grown(path: Path) -> None:
        for file in path.glob("good/*"):
            with open(file, "ab") as more:
                more.truncate(2**34)  # with a hole: it takes no place

    def emptied(path: Path) -> None:
        os.truncate(path, path.stat().st_size // 3)

    return [
        beside(lambda path: (path / "good" / "x.png").symlink_to(kind.secret)),
        beside(lambda path: (path / "more").symlink_to(kind.secret.parent)),
        beside(lambda path: (path / "good" / "loop").symlink_to(path)),
        beside(lambda path: (path / "good" / "loop.png").symlink_to("loop.png")),
        beside(lambda path: (path / "good" / "nowhere.png").symlink_to(path / "nothing")),
        beside(lambda path: (path / "good" / "mem.png").symlink_to("/dev/zero")),
        beside(lambda path: os.link(path / "good" / "000.png", path / "torn" / "same.png")),
        beside(lambda path: os.mkfifo(path / "good" / "pipe.png")),
        beside(lambda path: (path / "good" / "folder.png").mkdir()),
        beside(lambda path: (path / "good" / "000.png").chmod(0)),
        beside(lambda path: (path / "Good").mkdir() or shutil.copy(path / "good" / "000.png", path / "Good")),
        beside(lambda path: Path(os.fsdecode(bytes(path / "good") + b"/\xff\xfe.png")).write_bytes(b"x")),
        beside(lambda path: (path / "good" / "a\n\x1b[31m.png").write_bytes(b"x")),
        beside(lambda path: os.truncate(path / "good" / "001.png", 2**34)),
        beside(device),
        beside(deep),
        while_read(shutil.rmtree),
        while_read(lambda path: shutil.rmtree(path / "good")),
        while_read(lambda path: path.rename(path.with_name("elsewhere"))),
        while_read(lambda path: path.rename(path.with_name("elsewhere")) and path.symlink_to(kind.secret.parent)),
        while_read(all_become_links),
        while_read(folder_becomes_link),
        while_read(grown),
        while_read(emptied, packed=True),
        while_read(Path.unlink, packed=True),
        while_read(lambda path: path.write_bytes(b"x" * 999), packed=True),
        lambda place: place,
        lambda place: _folder(place, {"x.txt": b"x"}),
        lambda place: _folder(place, {"good/x.png": b""}),
    ]


def _files(root: Path) -> list[Callable[[], bytes]]:
    """What may lie where a file of a kept set should be."""
    canary = pickle.dumps(Canary(root / "canary"))
    objects = io.BytesIO()
    np.save(objects, np.array([Canary(root / "canary")], object), allow_pickle=True)

    def header(text: str) -> bytes:
        return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + bytes(4096)

    return [
        lambda: b"",
        lambda: canary,
        objects.getvalue,
        lambda: b"[" * 5_000_000,
        lambda: b'{"entries":[' + b"{}," * 1_000_000,
        lambda: bytes(50_000_000),
        lambda: header("{'descr':'|u1','fortran_order':False,'shape':(99999999999,64,64,3),}"),
        lambda: header("{'descr':'|u1','fortran_order':False,'shape':(-1,64,64,3),}"),
        lambda: header("{'descr':'|u1','fortran_order':True,'shape':(13,64,64,3),}"),
        lambda: header("{'descr':'|O','fortran_order':False,'shape':(13,64,64,3),}"),
        lambda: header("{'descr':'|u1','fortran_order':False,'shape':(" + "9" * 5000 + ",64,64,3),}"),
        lambda: header("(" * 9000),
        lambda: header("__import__('os').system('x')"),
        lambda: b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 1) + bytes(4096),
    ]


def _twice(sound: Members) -> bytes:
    """Return a zip with two members of one name."""
    content = _packed(sound | {"good/00X.png": sound["good/001.png"]})
    return content.replace(b"good/00X.png", b"good/000.png")


def _flagged(content: bytes, flags: int) -> bytes:
    """Say of every member that it has a password, or a strong one."""
    changed = bytearray(_edited(content, 8, flags, 2))
    at = changed.find(b"PK\3\4")
    while at >= 0:
        changed[at + 6 : at + 8] = struct.pack("<H", flags)
        at = changed.find(b"PK\3\4", at + 4)
    return bytes(changed)


def _edited(content: bytes, offset: int, value: int, size: int) -> bytes:
    """Set a number in the entry of every member in the zip's list."""
    changed = bytearray(content)
    at = changed.find(b"PK\1\2")
    while at >= 0:
        changed[at + offset : at + offset + size] = value.to_bytes(size, "little")
        at = changed.find(b"PK\1\2", at + 4)
    return bytes(changed)


def _many(number: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place in range(number):
            archive.writestr(f"{place}.png", b"")
    return buffer.getvalue()


def _wide() -> bytes:
    """A PNG of 16 million pixels that is 16 kB long."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4000, 4000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(4001 * 4000), 9)) + chunk(b"IEND", b"")


def _overlapping(number: int) -> bytes:
    """A zip whose members all lie within each other (Fifield 2019): each begins with a stored block that holds the next one's
    head, and all end with the same packed bytes."""
    packer = zlib.compressobj(9, wbits=-15)
    zeros = bytes(600_000)
    kernel = packer.compress(zeros) + packer.flush()
    body, crc_of, entries = kernel, zeros, []
    for place in reversed(range(number)):
        name = f"good/{place:03}.bmp".encode()
        crc, packed, size = zlib.crc32(crc_of), len(body), len(crc_of)
        head = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, crc, packed, size, len(name), 0) + name
        entries.append((name, crc, packed, size, len(body) + len(head)))
        body = head + body
        if place:
            quote = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF)
            crc_of, body = head + crc_of, quote + body
    length = len(body)
    listed = b"".join(
        struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, packed, size, len(name), 0, 0, 0, 0, 0, length - after
        )
        + name
        for name, crc, packed, size, after in reversed(entries)
    )
    return body + listed + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, number, number, len(listed), length, 0)


def _picture(size: tuple[int, int], mode: str, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    levels = Image.linear_gradient("L").resize(size)
    picture = (
        Image.fromarray(np.asarray(levels, np.uint16) * 257) if mode == "I;16" else levels.convert("RGB").convert(mode)
    )
    picture.save(buffer, kind)
    return buffer.getvalue()
