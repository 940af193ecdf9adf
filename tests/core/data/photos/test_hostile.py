"""Zips and folders that mean harm or are broken: one clear line each, nothing left behind, nothing read that was not offered."""

import io
import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.basics.errors import DataError
from core.data import catalog
from core.data.photos import files, zips
from core.data.photos.reading import Shape
from tests import photographs

SECRET = "something that nobody offered"


def png(number: int = 0) -> bytes:
    content = io.BytesIO()
    Image.fromarray(photographs.tiles()[number]).save(content, "PNG")
    return content.getvalue()


def archive(path: Path, members: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> Path:
    """Write a zip of these members and twenty good photos."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(20):
            packed.writestr(f"good/{number}.png", png(number))
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            change(member)
            packed.writestr(member, content)
    return path


def is_link(member: zipfile.ZipInfo) -> None:
    member.external_attr = (stat.S_IFLNK | 0o777) << 16


def is_pipe(member: zipfile.ZipInfo) -> None:
    member.external_attr = (stat.S_IFIFO | 0o777) << 16


def flagged(path: Path) -> Path:
    """Say of every member that it has a password."""
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(mark, place + 4)
    path.write_bytes(content)
    return path


def claimed(path: Path, size: int) -> Path:
    """State another unpacked size in the list of every member."""
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        content[place + 24 : place + 28] = struct.pack("<I", size)
        place = content.find(b"PK\x01\x02", place + 4)
    path.write_bytes(content)
    return path


def many(path: Path, number: int) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for place in range(number):
            packed.writestr(f"{place}.png", b"")
    return path


def twice(path: Path) -> Path:
    with pytest.warns(UserWarning), zipfile.ZipFile(archive(path, {}), "a") as packed:
        packed.writestr("good/3.png", png(40))
    return path


def lzma(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("good/1.png", png())
    return path


ZIPS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a way out": (
        lambda path: archive(path, {"good/../../../evil.png": png()}),
        "leads out of it; zip the folder itself",
    ),
    "absolute": (lambda path: archive(path, {"/etc/evil.png": png()}), "'/etc/evil.png', a path that leads out of it"),
    "a drive": (lambda path: archive(path, {"C:/evil.png": png()}), "'C:/evil.png', a path that leads out"),
    "backslashes": (
        lambda path: archive(path, {"..\\evil.png": png()}),
        "a name with letters that no file should have",
    ),
    "line break": (lambda path: archive(path, {"a\nb.png": png()}), "'a b.png', a name with letters"),
    "a link": (lambda path: archive(path, {"good/x.png": b"/etc/passwd"}, is_link), "holds the link 'good/x.png'"),
    "a pipe": (lambda path: archive(path, {"good/x.png": b""}, is_pipe), "'good/x.png', which is neither a file nor a"),
    "a password": (
        lambda path: flagged(archive(path, {})),
        r"has a password \(good/0.png\); zip the folder without one",
    ),
    "100,000 entries": (lambda path: many(path, 100_000), "has more than 50,000 files; bring at most so many"),
    "60,000 entries": (lambda path: many(path, 60_000), "has more than 50,000 files"),
    "a bomb": (lambda path: archive(path, {"good/b.bmp": bytes(2**27)}), "times its size .* photos do not"),
    "huge sizes": (lambda path: claimed(archive(path, {}), 2**32 - 2), "unpacks to 85,899,345,880 bytes; the most"),
    "one name twice": (twice, "holds two files called good/3.png"),
    "capitals": (
        lambda path: archive(path, {"GOOD/1.png": png(30)}),
        "GOOD and good have the same name but for capitals",
    ),
    "unusual packing": (lzma, "is packed in a way that is not read"),
    "no zip": (lambda path: path.write_bytes(b"x" * 999) and path, "is neither a folder nor a zip"),
    "half a zip": (
        lambda path: path.write_bytes(archive(path, {}).read_bytes()[:-999]) and path,
        "is neither a folder nor a zip",
    ),
    "a damaged list": (
        lambda path: path.write_bytes(archive(path, {}).read_bytes().replace(b"PK\x01\x02", b"PK\x01\x00")) and path,
        "is not a zip that can be read",
    ),
    "only a zip": (
        lambda path: only_inner(path),
        "no picture in it but the zip inner.zip, which is not opened; bring that",
    ),
    "nothing": (lambda path: many(path, 0), "has no picture in it; PNG, JPEG"),
}


def only_inner(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("inner.zip", archive(path.with_name("inner.zip"), {}).read_bytes())
    return path


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_is_not_safe_is_refused_whole(name: str, tmp_path: Path) -> None:
    make, reason = ZIPS[name]
    path = make(tmp_path / "evil.zip")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=reason) as error:
        catalog.add(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
    left = [place for place in sorted(tmp_path.rglob("*")) if place not in before]
    assert [place for place in left if place != catalog.OWN and place not in catalog.OWN.parents] == []


def test_a_zip_within_the_zip_is_not_opened(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", {}).read_bytes()
    data = catalog.add(archive(tmp_path / "outer.zip", {"more.zip": inner}))
    assert sum(data.counts("train") + data.counts("test")) == 20
    assert any("an archive within is not read: more.zip" in finding.text for finding in catalog.facts("outer").findings)


def test_a_member_whose_bytes_are_wrong_is_left_out_alone(tmp_path: Path) -> None:
    path = archive(tmp_path / "wall.zip", {})
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\x03\x04", 5000)
    content[place + 60 : place + 90] = bytes(30)
    path.write_bytes(content)
    data = catalog.add(path)
    assert sum(data.counts("train") + data.counts("test")) == 19


def test_odd_names_are_taken(tmp_path: Path) -> None:
    names = ["good/Äpfel ☃.png", "good/=cmd()|'.png", "good/‮gpj.x.png", "good/..png.png", "good/a" + "b" * 180 + ".png"]
    path = archive(tmp_path / "wall.zip", {name: png(30 + number) for number, name in enumerate(names[:2] + names[4:])})
    assert sum(catalog.add(path).counts("train")) > 0
    assert {"Äpfel ☃", "=cmd()|'"} <= {Path(entry.photo.path).stem for entry in catalog.facts("wall").entries}


def test_a_size_that_lies_reads_no_more_than_is_stated(tmp_path: Path) -> None:
    path = claimed(archive(tmp_path / "wall.zip", {}), 100)
    with pytest.raises(DataError, match=r"No photo could be read: .* Also left out: good/1.png, good/10.png"):
        catalog.add(path)


def test_a_folder_with_links_reads_nothing_outside(tmp_path: Path) -> None:
    outside = photographs.write(tmp_path / "outside", photographs.tiles("grass")[:5])
    folder = tmp_path / "wall"
    photographs.write(folder, photographs.tiles()[:20])
    (folder / "stolen.png").symlink_to(outside[0])
    (folder / "folder").symlink_to(outside[0].parent)
    (folder / "inside.png").symlink_to(folder / "000.png")
    (folder / "nowhere.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe.png")
    data = catalog.add(folder)
    assert sum(data.counts("train") + data.counts("test")) == 21
    findings = {finding.text.split(",")[0]: finding.files for finding in catalog.facts("wall").findings}
    assert findings["Not followed"] == ("folder", "nowhere.png", "stolen.png")
    assert findings["Left out: pipe.png cannot be read (it is not a file)."] == ("pipe.png",)


def test_a_link_that_is_put_there_after_the_listing_is_not_followed(tmp_path: Path) -> None:
    outside = photographs.write(tmp_path / "outside", photographs.tiles("grass")[:1])[0]
    photographs.write(tmp_path / "wall", photographs.tiles()[:3])
    with files.opened(tmp_path / "wall") as brought:
        first = brought.pictures[0]
        (tmp_path / "wall" / first.path).unlink()
        (tmp_path / "wall" / first.path).symlink_to(outside)
        with pytest.raises(OSError, match="leads out"):
            first.read()


def test_a_folder_that_goes_away_while_it_is_read_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "wall"
    photographs.write(folder, photographs.many(600, 32))

    def progress(number: int, whole: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    with (
        pytest.raises(DataError, match="wall went away while it was being read; nothing was kept"),
        catalog.scratch() as at,
        files.opened(folder) as brought,
    ):
        catalog.gather(brought, at, "wall", Shape(32), progress=progress)
    assert catalog.available() == ["fashion-mnist"] and not list(catalog.OWN.iterdir())


def test_one_file_that_goes_away_is_left_out_alone(tmp_path: Path) -> None:
    paths = photographs.write(tmp_path / "wall", photographs.tiles()[:20])
    with files.opened(tmp_path / "wall") as brought, catalog.scratch() as at:
        paths[3].unlink()
        found = catalog.gather(brought, at, "wall", Shape(32))
    assert len(found.decoded.photos) == 19
    assert any("003.png cannot be read (No such file" in finding.text for finding in found.findings)


def test_a_page_reads_only_what_the_operator_offers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered, other = tmp_path / "offered", tmp_path / "offered-not"
    for folder in (offered / "wall", other):
        photographs.write(folder, photographs.tiles()[:3])
    monkeypatch.delenv(files.OFFERED, raising=False)
    with pytest.raises(DataError, match=r"No folder of this server is offered to pages.*MISFIT_PHOTOS"):
        files.offered(str(offered))
    monkeypatch.setenv(files.OFFERED, os.pathsep.join([str(tmp_path / "nothing"), str(offered)]))
    assert files.offered(str(offered / "wall")) == offered / "wall"
    (offered / "link").symlink_to(other)
    for text in (str(other), str(offered / ".." / "offered-not"), "/etc", "", "~", "\0", str(offered / "link")):
        with pytest.raises(DataError) as error:
            files.offered(text)
        assert "\n" not in str(error.value)


def test_uploads_of_one_name_are_all_taken(tmp_path: Path) -> None:
    places = [tmp_path / str(number) for number in range(4)]
    for place, content in zip(places, (png(0), png(1), png(2), b"x"), strict=True):
        place.write_bytes(content)
    names = ("IMG_1.png", "IMG_1.png", "a\\b.png", "IMG_1.png")
    brought = files.given("upload", list(zip(names, places, strict=True)))
    assert [file.path for file in brought.pictures] == ["IMG_1 (2).png", "IMG_1 (3).png", "IMG_1.png", "a/b.png"]
    assert brought.pictures[0].read() == png(1)
    with pytest.raises(DataError, match="leads out"):
        files.given("upload", [("../a.png", places[0])])
    with pytest.raises(DataError, match="more than 50,000 files"):
        files.given("upload", [("a.png", places[0])] * 50_001)


def test_a_folder_of_far_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 30)
    photographs.write(tmp_path / "wall", photographs.tiles()[:31])
    with pytest.raises(DataError, match="wall has more than 30 files"):
        catalog.add(tmp_path / "wall")


def test_a_list_of_members_is_counted_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = many(tmp_path / "many.zip", 70_000)  # beyond 65,535 the numbers are in a record of their own
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the list was read"))
    with pytest.raises(DataError, match="more than 50,000 files"), zips.opened(path, 50_000, 10):
        pass


def test_a_comment_does_not_stand_in_for_the_list_of_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = many(tmp_path / "many.zip", 60_000)
    with zipfile.ZipFile(path, "a") as archive:  # where a larger zip says how long its list is
        member = zipfile.ZipInfo("last")
        member.comment = bytes(56) + b"PK\x06\x07" + bytes(16)
        archive.writestr(member, b"")
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the list was read"))
    with pytest.raises(DataError, match="more than 50,000 files"), zips.opened(path, 50_000, 10):
        pass
