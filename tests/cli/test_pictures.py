"""What the commands make of pictures as cameras write them."""
import os
import shutil
import struct
import zlib

import pytest
from harness import TINY, call, path, read

MODEL = path("run", "model.safetensors")
N, ODD = 8, ("000002.jpg", "000005.jpg", "000007.jpg")
TRAIN = ["--threads", "2", "--steps", "7", "--overwrite"]
EXIF_6 = b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"  # turned by 90 degrees for showing


def write(content, *parts):
    with open(path(*parts), "wb") as file:
        file.write(content)


def weights(run):
    """All bytes of a checkpoint behind its header, which names the folder."""
    content = read(run, "model.safetensors")
    return content[8 + struct.unpack("<Q", content[:8])[0]:]


@pytest.fixture(scope="module", autouse=True)
def pictures_to_work_with():
    call("data", "--out", path("whole"), "--n", str(N), "--size", "48", "--format", "jpg")
    shutil.copytree(path("whole"), path("odd"))
    for name in ODD:  # as webcams do
        content = read("odd", name)
        write(content[:-2] + bytes(30) + content[-2:], "odd", name)


def names_of(text):
    return [line for line in text.splitlines() if "its decoder warns" in line]


def test_train_counts_warnings_once():
    words = ["train", "--data", path("odd"), *TINY, *TRAIN, "--out", path("run")]
    done = call(*words, says="pictures read with warnings: 3 (--verbose names them)")
    assert not names_of(done.stderr), "pictures are named without --verbose"
    assert "skipped" not in done.stdout, "pictures are skipped"
    named = names_of(call(*words, "--verbose").stderr)
    assert len(named) == 3 and all(name in "".join(named) for name in ODD), f"{named}"
    call("train", "--data", path("whole"), *TINY, *TRAIN, "--out", path("other"))
    assert weights("run") == weights("other"), "other pixels than without extra bytes"


# Commands that read pictures: words before the folder, and after it with the file that they write.
COMMANDS = {"features": (["--data"], ["--npy", path("f.npy")], path("f.npy")),
            "nearest": (["--n", "2", "--k", "2", "--data"], ["--out", path("n.png")], path("n.png")),
            "project": (["--steps", "2", "--data"], ["--z-out", path("z.npy")], path("z.npy")),
            "inspect": (["--guided", "--data"], ["--out", path("i.png")], path("i.png"))}


def run(command, folder, *more):
    before, after, out = COMMANDS[command]
    done = call(command, "--model", MODEL, *before, folder, *after, *more)
    with open(out, "rb") as file:
        return done, file.read()


@pytest.mark.needs("test_train_counts_warnings_once")
def test_other_commands_count_them():
    said = f"3 of {N} pictures of {path('odd')} were read with warnings (--verbose names them)"
    for command in COMMANDS:
        done, odd = run(command, path("odd"))
        assert done.stderr.count(said) == 1 and not names_of(done.stderr), f"{command}: {done.stderr}"
        assert len(names_of(run(command, path("odd"), "--verbose")[0].stderr)) == 3, f"{command} names others"
        done, whole = run(command, path("whole"))
        assert "warn" not in done.stderr, f"{command}: {done.stderr}"
        assert odd == whole, f"{command}: other results than without extra bytes"
    done = call("layers", path("odd", ODD[0]), "--out", path("layers"))
    assert len(names_of(done.stderr)) == 1, done.stderr


def png(w, h, pixel, exif):
    """A PNG file of colours pixel(x, y); EXIF, if any, comes after the pixels."""
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    lines = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(w)) for y in range(h))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(lines)) + (chunk(b"eXIf", exif) if exif else b"") + chunk(b"IEND", b""))


@pytest.mark.needs("test_train_counts_warnings_once")
def test_orientation_counts_everywhere():
    w, h = 20, 28  # as shown
    for folder in ("upright", "turned", "unmarked"):
        os.mkdir(path(folder))
    for i in range(N):
        def pixel(x, y, i=i):
            return 7 * x + i, 9 * y, (x * y + 20 * i) % 256

        def stored(x, y, pixel=pixel):  # by EXIF's 6: the last column is the first row
            return pixel(w - 1 - y, x)
        write(png(w, h, pixel, None), "upright", f"{i}.png")
        write(png(h, w, stored, EXIF_6), "turned", f"{i}.png")
        write(png(h, w, stored, None), "unmarked", f"{i}.png")
    assert run("features", path("upright"))[1] != run("features", path("unmarked"))[1], "turning changes nothing"
    for command in COMMANDS:
        assert run(command, path("upright"))[1] == run(command, path("turned"))[1], f"{command} ignores the orientation"
    for crop in ("center", "none", "19x27+1+0"):  # the box lies inside of the picture as shown only
        for folder in ("upright", "turned"):
            call("train", "--data", path(folder), *TINY, *TRAIN, "--crop", crop, "--out", path("o-" + folder))
        assert weights("o-upright") == weights("o-turned"), f"train ignores the orientation with --crop {crop}"
    for folder in ("upright", "turned"):
        call("layers", path(folder, "1.png"), "--size", "16", "--out", path("l-" + folder))
    names = sorted(name for name in os.listdir(path("l-upright")) if name.endswith(".png"))
    assert names and all(read("l-upright", name) == read("l-turned", name) for name in names), "layers ignores it"
    call("train", "--data", path("turned"), *TINY, "--steps", "1", "--crop", "21x21+0+0", "--out", path("never"), code=4,
         says="20 x 28: the crop 21x21+0+0")
