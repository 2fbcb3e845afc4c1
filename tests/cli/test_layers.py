"""`clgan layers` from end to end: shapes, files, and what their pixels must be."""
import json
import os
import struct
import zlib

import pytest
from harness import call, path, read

NAMES = ("input blur vertical-edges horizontal-edges laplacian sharpen strided max-pool average-pool transposed "
         "transposed-4x4 transposed-blur deconvolution deconvolution-strided").split()


def paeth(a, b, c):
    return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]


def png(*parts):
    """The rows of an 8 bit PNG without interlacing, each a list of values, and its channels."""
    data, at, packed = read(*parts), 8, b""
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
        packed += data[at + 8:at + 8 + n] if kind == b"IDAT" else b""
        at += n + 12
    assert depth == 8 and colour in (0, 2), f"{parts}: {depth} bits, colour type {colour}"
    raw, channels = zlib.decompress(packed), 3 if colour == 2 else 1
    length, rows = width * channels, [[0] * (width * channels)]
    for y in range(height):
        kind, line = raw[y * (length + 1)], list(raw[y * (length + 1) + 1:(y + 1) * (length + 1)])
        for i in range(length):
            a, b = line[i - channels] if i >= channels else 0, rows[-1][i]
            c = rows[-1][i - channels] if i >= channels else 0
            line[i] = (line[i] + [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]) & 255
        rows.append(line)
    return rows[1:], channels


def layers(*words):
    """The rows of --json by name."""
    facts = json.loads(call("layers", *words, "--json").stdout)
    assert [row["name"] for row in facts["layers"]] == NAMES, f"names: {facts}"
    return {row["name"]: row for row in facts["layers"]}


def face():
    if not os.path.exists(path("faces")):
        call("data", "--out", path("faces"), "--n", "1", "--size", "128", "--seed", "3")
    return path("faces", "000000.png")


def flat(name, value):
    """A grey PNG of one value, 40 x 40."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    with open(path(name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress((b"\0" + bytes([value]) * 40) * 40)) + chunk(b"IEND", b""))
    return path(name)


def test_wrong_words_are_usage_errors():
    call("layers", code=2, says=["PICTURE is missing", "--help"])
    call("layers", "a.png", "b.png", code=2, says='unexpected word "b.png"')
    call("layers", "-x", code=2, says="unknown option -x")
    for size in ("15", "513", "x"):
        call("layers", "a.png", "--size", size, code=2, says=["--size " + size, "between 16 and 512"])
    call("layers", "a.png", "--channels", "2", code=2, says="must be 1 or 3")


def test_pictures_that_cannot_be_read_are_named():
    with open(path("text.png"), "w") as file:
        file.write("no picture")
    call("layers", path("nowhere.jpg"), "--out", path("none"), code=4, says="nowhere.jpg")
    call("layers", path("text.png"), "--out", path("none"), code=4, says="text.png")
    call("layers", path("faces-not-there"), "--out", path("none"), code=4, says="faces-not-there")
    assert not os.path.exists(path("none")), "a folder was made all the same"
    call("layers", face(), "--size", "16", "--out", path("text.png", "none"), code=4, says="text.png")


def test_shapes_and_files_are_as_told():
    for size, channels, out in ((32, 3, "even"), (33, 1, "odd")):
        rows = layers(face(), "--size", str(size), "--channels", str(channels), "--out", path(out))
        half, pooled, twice = (size + 1) // 2, size // 2, (size + 1) // 2 * 2
        sides = {"strided": half, "max-pool": pooled, "average-pool": pooled, "transposed-4x4": twice}
        for number, (name, row) in enumerate(rows.items(), 1):
            side = sides.get(name, size)
            assert row["number"] == number and row["output"] == [side, side, channels], f"odd: {row}"
            assert row["file"] == f"{number:02}-{name}-{side}x{side}.png", f"file: {row}"
            assert name == "input" or row["input"] == list(rows.values())[row["of"] - 1]["output"], f"odd: {row}"
            pixels, depth = png(out, row["file"])
            assert depth == channels and len(pixels) == side and len(pixels[0]) == side * channels, f"{name}'s file"
        sheet, depth = png(out, "sheet.png")
        assert depth == channels and len(sheet) == len(sheet[0]) // channels >= 4 * 128, "the sheet's size"
        assert len(os.listdir(path(out))) == len(NAMES) + 1, f"files: {os.listdir(path(out))}"


@pytest.mark.needs("test_shapes_and_files_are_as_told")
def test_the_table_tells_the_same():
    text = call("layers", face(), "--size", "32", "--out", path("table")).stdout
    for name in os.listdir(path("even")):
        assert name in text and read("table", name) == read("even", name), f"{name} is missing or differs"
    for part in ("32x32x3 -> 16x16x3", "5x5 / 1, pad 2", "3x3 / 2, pad 1", "PSNR", "iterations"):
        assert part in text, f"{part} is missing in:\n{text}"


def test_deconvolution_recovers_and_transposed_convolution_does_not():
    rows = layers(face(), "--size", "32", "--out", path("d"))
    psnr = {name: row.get("psnr", 0) for name, row in rows.items()}
    assert psnr["deconvolution"] > max(psnr["blur"], psnr["transposed-blur"]) + 12, f"PSNR: {psnr}"
    assert psnr["blur"] > psnr["transposed-blur"] + 1, f"the transposed convolution is nearer: {psnr}"
    assert psnr["deconvolution-strided"] < psnr["deconvolution"] - 12, f"a quarter recovers all: {psnr}"
    for name in ("deconvolution", "deconvolution-strided"):
        row = rows[name]
        assert row["converged"] and row["residual"] < 1e-3 and 5 < row["iterations"] <= 500, f"odd: {row}"
    file = lambda name: sum(png("d", rows[name]["file"])[0], [])
    apart = [abs(a - b) for a, b in zip(file("input"), file("deconvolution"))]
    assert sum(apart) / len(apart) < 2, f"recovered pixels are {sum(apart) / len(apart)} apart on average"


def test_pixels_are_what_the_layers_say():
    rows = layers(face(), "--size", "33", "--channels", "1", "--out", path("p"))
    at = {name: png("p", row["file"])[0] for name, row in rows.items()}
    x, inside = at["input"], range(1, 15)
    for i in inside:
        for j in inside:
            window = [x[2 * i + a][2 * j + b] for a in (0, 1) for b in (0, 1)]
            assert at["max-pool"][i][j] == max(window), f"max-pool at {i}, {j}"
            assert abs(at["average-pool"][i][j] - sum(window) / 4) <= 0.51, f"average-pool at {i}, {j}"
            mean = sum(x[2 * i + a][2 * j + b] for a in (-1, 0, 1) for b in (-1, 0, 1)) / 9
            assert abs(at["strided"][i][j] - mean) <= 0.51, f"strided at {i}, {j}"
    for name, (down, right) in (("vertical-edges", (0, 1)), ("horizontal-edges", (1, 0))):
        amount = max(abs(rows[name]["least"]), abs(rows[name]["most"]))
        for i in range(1, 31):
            for j in range(1, 31):
                edge = sum(w * (x[i + down + s * right][j + right + s * down] -
                                x[i - down + s * right][j - right + s * down])
                           for s, w in ((-1, 1), (0, 2), (1, 1))) / 4 / 255
                assert abs(at[name][i][j] - 127.5 * (1 + edge / amount)) <= 0.6, f"{name} at {i}, {j}"


def test_flat_pictures_do_no_harm():
    for value in (0, 200):
        rows = layers(flat("flat.png", value), "--size", "33", "--channels", "1", "--out", path("flat"))
        for name in ("vertical-edges", "horizontal-edges", "laplacian"):
            row = png("flat", rows[name]["file"])[0][10]
            assert row[5:15] == [128] * 10, f"{name} of a flat {value}: {row}"
        row = png("flat", rows["deconvolution"]["file"])[0][10]
        assert all(abs(v - value) <= 2 for v in row[5:15]), f"flat {value} recovered as {row}"
