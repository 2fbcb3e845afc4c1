"""Pictures as clgan reads them, against Pillow."""
import io
import os
import struct
import unittest
import zlib

import pytest
from package import clgan, path

import numpy as np

pytest.importorskip("PIL")
from PIL import Image, ImageOps  # noqa: E402

W, H = 96, 64


def scene():
    x, y = np.meshgrid(np.arange(W), np.arange(H))
    waves = [128 + 60 * np.sin(x / (5 + c)) * np.cos(y / (7 - c)) + (x - y) / 2 for c in range(3)]
    return Image.fromarray(np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8))


def exif(orientation, order):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def encoded(picture, kind="JPEG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def without(content, marker):
    """A JPEG without its first segment of this marker."""
    at = content.index(bytes([0xff, marker]))
    return content[:at] + content[at + 2 + struct.unpack(">H", content[at + 2:at + 4])[0]:]


class Reads(unittest.TestCase):
    def alike(self, content):
        """The middle square, pixel by pixel."""
        with open(path("a"), "wb") as file:
            file.write(content)
        shown = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        (w, h), side = shown.size, min(shown.size)
        x, y = (w - side) // 2, (h - side) // 2
        expected = np.asarray(shown.crop((x, y, x + side, y + side)), int)
        off = np.abs(clgan.load_picture(path("a"), side) - expected).max()
        self.assertLessEqual(off, 1)

    def test_kinds(self):
        for options in ({}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 2}, {"quality": 30}):
            self.alike(encoded(scene(), **options))
        self.alike(encoded(scene().convert("L")))

    def test_inks(self):
        inks = encoded(scene().convert("CMYK"), quality=95)
        self.alike(inks)
        self.alike(without(inks, 0xee))
        at = inks.index(b"Adobe") + 11
        for transform in (0, 1, 2):
            self.alike(inks[:at] + bytes([transform]) + inks[at + 1:])

    def test_adobe_and_component_names(self):
        content = encoded(scene())
        for transform in (0, 1, 9):
            marker = b"\xff\xee\0\x0eAdobe\0d\0\0\0\0" + bytes([transform])
            self.alike(content[:2] + marker + content[20:])
            self.alike(content[:20] + marker + content[20:])
        plain = bytearray(without(content, 0xe0))
        frame, scan = plain.index(b"\xff\xc0"), plain.index(b"\xff\xda")
        for i, name in enumerate(b"RGB"):
            plain[frame + 10 + 3 * i] = plain[scan + 5 + 2 * i] = name
        self.alike(bytes(plain))

    def test_orientation(self):
        png = encoded(scene(), "PNG")
        for orientation in range(10):
            for order in "<>":
                data = exif(orientation, order)
                self.alike(encoded(scene(), exif=b"Exif\0\0" + data))
                chunk = struct.pack(">I", len(data)) + b"eXIf" + data
                chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
                self.alike(png[:33] + chunk + png[33:])
                self.alike(png[:-12] + chunk + png[-12:])

    def test_webp(self):
        colours = np.dstack([np.asarray(scene()), np.arange(W * H).reshape(H, W) * 7 % 256]).astype(np.uint8)
        clear = Image.fromarray(colours)  # with alpha
        for options in ({}, {"quality": 20}, {"lossless": True}, {"method": 0}, {"icc_profile": bytes(9000)}):
            self.alike(encoded(scene(), "WEBP", **options))
        self.alike(encoded(scene(), "WEBP", save_all=True, append_images=[scene().rotate(90)]))
        for orientation in range(1, 9):
            self.alike(encoded(scene(), "WEBP", exif=b"Exif\0\0" + exif(orientation, "<")))
        content = encoded(clear, "WEBP", lossless=True, exact=True)
        white = Image.new("RGBA", clear.size, "white")
        white.alpha_composite(clear)
        with open(path("clear.jpg"), "wb") as file:
            file.write(content)
        is_, expected = clgan.load_picture(path("clear.jpg"), H), np.asarray(white.convert("RGB"), int)
        self.assertLessEqual(np.abs(is_ - expected[:, (W - H) // 2:(W + H) // 2]).max(), 1)

    def test_first_frame_of_an_animated_png(self):
        self.alike(encoded(scene(), "PNG", save_all=True, append_images=[scene().rotate(90)]))

    def test_other_kinds_are_counted(self):
        os.mkdir(path("kinds"))
        kinds = {"BMP": "bmp", "GIF": "gif", "TIFF": "tiff", "ICO": "ico", "PPM": "pnm", "PDF": "pdf", "TGA": "tga",
                 "PCX": "pcx", "DDS": "dds", "EPS": "postscript", "SGI": "sgi"}
        for kind in list(kinds):
            with open(path("kinds", f"{kind}.tga" if kind == "TGA" else f"{kind}.jpg"), "wb") as file:
                file.write(encoded(scene().resize((64, 64)), kind))
        with self.assertRaises(clgan.Error) as caught:
            clgan.Pictures(path("kinds"))
        for name in kinds.values():
            self.assertIn(f"1 {name}", str(caught.exception))

    def test_damaged_codes(self):
        content, random = encoded(scene(), subsampling=0), np.random.default_rng(1)
        start = content.index(b"\xff\xda") + 14
        read = 0
        for _ in range(50):
            at = int(random.integers(start, len(content) - 2))
            value = content[at] ^ 1 << int(random.integers(8))
            if 255 in (value, content[at]):
                continue  # a marker comes or goes
            try:
                self.alike(content[:at] + bytes([value]) + content[at + 1:])
                read += 1
            except clgan.Error as e:  # the file's end cannot be told from a cut
                self.assertIn("ends early", str(e))
        self.assertGreater(read, 40)
