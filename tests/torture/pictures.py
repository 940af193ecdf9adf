"""Pictures of every accepted format, made malformed; bombs; and what is no picture at all."""

import io
import pickle
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from core.data import decoding, fashion_mnist
from core.data.dataset import Description
from core.judging import finder, intake
from tests.torture.mutations import Canary, damaged, with_crcs

DATA = (
    fashion_mnist.DESCRIPTION,
    Description("grey", "Grey", ("a", "b"), ("A", "B"), 28),
    Description("colour", "Colour", ("a", "b"), ("A", "B"), 128, 3, outside="edge"),
)


class Pictures:
    """Case -1 is sound, the first ones are bombs, the rest damaged garments."""

    def __init__(self, root: Path) -> None:
        self.garments = fashion_mnist.load("test").images[:40, :, :, 0]
        self.sound = [content for number in range(8) for content in self._encoded(number)]
        self.bombs = list(_bombs(root))
        finder.trained()  # its libraries are loaded once, not in an attempt

    def case(self, number: int, rng: random.Random, folder: Path) -> Callable[[], object]:
        if number < 0:
            content = self.sound[0]
        elif number < len(self.bombs):
            content = self.bombs[number]()
        else:
            content = damaged(rng, rng.choice(self.sound), rng.choice(self.sound))
            if content[:4] == b"\x89PNG" and rng.random() < 0.6:
                content = with_crcs(content)
        data = rng.choice(DATA)
        steps = intake.Steps(rng.choice((None, True, False)), rng.random() < 0.8, rng.randrange(4))
        if rng.random() < 0.5:
            box = rng.choice((None, (0.0, 0.0, 0.0, 0.0), tuple(rng.random() for _ in range(4))))
            steps = replace(steps, tilt=rng.choice((None, 0.0, -33.0)), item=rng.randrange(4), box=box)

        def attempt() -> None:
            picture = decoding.read(content, "the picture")
            assert not picture.info and not picture.getexif(), "metadata were kept"
            taken = intake.take(picture, data, "the picture", steps)
            assert taken.image.shape == data.shape and taken.image.dtype == np.uint8

        return attempt

    def _encoded(self, number: int) -> list[bytes]:
        """One garment in every format and mode that is read."""
        grey = Image.fromarray(self.garments[number]).resize((96 + 8 * number, 90))
        colour, clear = grey.convert("RGB"), grey.convert("RGBA")
        clear.putalpha(grey)
        exif, notes = Image.Exif(), PngImagePlugin.PngInfo()
        exif[0x0112], exif[0x010E] = 6, "a garment"
        notes.add_text("Comment", "a garment", zip=True)
        profile = bytes(range(128)) * 4
        wide = Image.fromarray(np.asarray(grey, np.uint16) * 257)
        frames = [grey, grey.rotate(90), grey.rotate(180)]
        ways: list[tuple[Image.Image, str, dict]] = [
            (grey, "PNG", {"exif": exif, "pnginfo": notes}),
            (clear, "PNG", {"icc_profile": profile}),
            (wide, "PNG", {}),
            (colour.quantize(17), "PNG", {"transparency": 0}),
            (grey.convert("1"), "PNG", {}),
            (frames[0], "PNG", {"save_all": True, "append_images": frames[1:]}),
            (colour, "JPEG", {"exif": exif, "icc_profile": profile, "comment": b"a garment"}),
            (grey, "JPEG", {"progressive": True}),
            (colour.convert("CMYK"), "JPEG", {}),
            (colour, "WEBP", {"lossless": True, "exif": exif}),
            (clear, "WEBP", {}),
            (frames[0], "WEBP", {"save_all": True, "append_images": frames[1:]}),
            (colour, "BMP", {}),
            (grey, "BMP", {}),
            (grey, "GIF", {"comment": b"a garment"}),
            (frames[0], "GIF", {"save_all": True, "append_images": frames[1:]}),
        ]
        return [_saved(image, kind, **more) for image, kind, more in ways]


def _saved(image: Image.Image, kind: str, **more: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _png(width: int, height: int, mode: int, packed: bytes, before: bytes = b"", interlaced: int = 0) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, mode, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + head + before + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _flat(width: int, height: int, each: int, share: float = 1.0) -> bytes:
    """Packed pixels for a picture of that size, or the first of them."""
    packer, row = zlib.compressobj(1), bytes(1 + width * each)
    return b"".join([packer.compress(row) for _ in range(int(height * share))]) + packer.flush()


def _passes(side: int, extra: int) -> bytes:
    """A progressive JPEG whose last pass comes again and again: libjpeg goes over the whole picture each time."""
    content = _saved(Image.new("RGB", (side, side), "grey"), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * extra + content[-2:]


def _bombs(root: Path) -> list[Callable[[], bytes]]:
    """Small files that unpack to much, take long, or are something else; made when they are wanted."""
    garment = Image.fromarray(fashion_mnist.load("test").images[0, :, :, 0]).convert("RGB").resize((64, 64))
    png, gif, bmp = (_saved(garment, kind) for kind in ("PNG", "GIF", "BMP"))
    webp, jpeg = _saved(garment, "WEBP", lossless=True), _saved(garment, "JPEG")
    most = int(decoding.LARGEST_PIXELS**0.5) - 1
    noise = np.random.default_rng(0).integers(0, 256, (most // 8 + 1, most // 8 + 1, 3), np.uint8)
    photo = Image.fromarray(noise).resize((int(decoding.LARGEST_JPEG**0.5) - 1,) * 2)
    canary = pickle.dumps(Canary(root / "canary"))
    npy = io.BytesIO()
    np.save(npy, np.array([Canary(root / "canary")], object), allow_pickle=True)
    return [
        lambda: b"",
        lambda: bytes(decoding.LARGEST_BYTES + 1),
        lambda: canary,
        npy.getvalue,
        lambda: png[:8] + canary,
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(/tmp/x) (w) file\n",
        lambda: b"%PDF-1.4\n" + bytes(100),
        lambda: _saved(garment, "TIFF"),
        lambda: _saved(garment, "ICO"),
        lambda: _saved(garment, "PPM"),
        lambda: _png(30_000, 30_000, 6, _flat(100, 100, 4)),
        lambda: _png(2**31 - 1, 2**31 - 1, 2, b""),
        lambda: _png(9_000, 9_000, 2, _flat(9_000, 9_000, 3)),
        lambda: _png(most, most, 6, _flat(most, most, 4)),
        lambda: _png(most, most, 6, _flat(most, most, 4, 0.99)),
        lambda: _png(most, most, 2, _flat(most, most, 3, 0.5)),
        lambda: _png(most, most, 6, _flat(most, most, 4), interlaced=1),
        lambda: _png(3_000_000, 8, 2, _flat(3_000_000, 8, 3)),
        lambda: _png(64, 64, 2, _flat(64, 64, 3), _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9))),
        lambda: _png(64, 64, 2, _flat(64, 64, 3), _chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000), 9))),
        lambda: _png(64, 64, 2, _flat(64, 64, 3), _chunk(b"prVt", b"") * 800_000),
        lambda: png[:-12] + _chunk(b"tEXt", b"a\0b") * 600_000,
        lambda: jpeg[:2] + b"\xff\xfe\0\2" * 2_500_000 + jpeg[2:],
        lambda: jpeg[:2] + b"\xff\xe1\0\2" * 2_500_000 + jpeg[2:],
        lambda: jpeg[:2] + b"\0" * 9_000_000 + jpeg[2:],
        lambda: _passes(most, 3000),
        lambda: _passes(512, 90),
        lambda: gif[:13] + b"\x21\xfe" + b"\1x" * 4_000_000 + b"\0" + gif[13:],
        lambda: gif[:13] + b"\x21\xfe\1x\0" * 1_900_000 + gif[13:],
        lambda: gif[:6] + b"\xff\xff\xff\xff" + gif[10:],
        lambda: bmp[:18] + struct.pack("<ii", 2**31 - 1, -(2**31)) + bmp[26:],
        lambda: bmp[:18] + struct.pack("<ii", most, most) + bmp[26:],
        lambda: webp[:12] + b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\xff\xff\xff" * 2 + webp[12:],
        lambda: _saved(photo, "JPEG", quality=50),
        lambda: _saved(photo, "JPEG", quality=50)[:-1000],
        lambda: _saved(photo.convert("CMYK"), "JPEG", quality=40),
        lambda: _saved(photo.resize((2400, 2400)).resize((most, most)), "WEBP", quality=20, method=0),
        lambda: _saved(Image.fromarray(np.zeros((most, most), np.uint16)), "PNG", compress_level=1),
        lambda: _saved(Image.new("P", (most, most)), "GIF"),
        lambda: _saved(Image.new("1", (most, most)), "BMP"),
    ]
