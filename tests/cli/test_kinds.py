"""Which files of a folder the commands take for pictures, and what they say of the others; what --data may be."""
import io
import os
import shutil
import struct
import tarfile
import zipfile
import zlib

import pytest
from harness import TINY, call, path, read

MODEL = path("run", "model.safetensors")
N = 8
SUFFIXES = (".jfif", "", ".jpe", ".png", ".tmp", ".txt", ".webp", ".JPEG")
TRAIN = ["--threads", "2", "--steps", "3", "--overwrite"]
BMP = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 58, 0, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + bytes(4)
HEIC = struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(64)
SKIPPED = "skipped 9 files of other kinds: 8 bmp, 1 heic: convert them to PNG or JPEG"


def write(content, *parts):
    os.makedirs(os.path.dirname(path(*parts)), exist_ok=True)
    with open(path(*parts), "wb") as file:
        file.write(content)


def png(w, h, colour):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress((b"\0" + bytes(colour) * w) * h)) + chunk(b"IEND", b""))


def webp(w, h, colour):
    """A lossless WebP of one colour: five prefix codes of one symbol each, so that pixels take no bits."""
    red, green, blue = colour
    fields = [(0x2f, 8), (w - 1, 14), (h - 1, 14), (0, 4), (0, 3)]  # no transform, cache, or meta code
    for value in (green, red, blue, 255):
        fields += [(0b101, 3), (value, 8)]  # a simple code, one symbol, of 8 bits
    fields += [(0b001, 3), (0, 1)]
    bits, length = 0, 0
    for value, width in fields:
        bits |= value << length
        length += width
    content = bits.to_bytes((length + 7) // 8 + 1, "little")
    content += bytes(len(content) % 2)
    return b"RIFF" + struct.pack("<I", 12 + len(content)) + b"WEBPVP8L" + struct.pack("<I", len(content)) + content


def weights(run):
    """All bytes of a checkpoint behind its header, which names the folder."""
    content = read(run, "model.safetensors")
    return content[8 + struct.unpack("<Q", content[:8])[0]:]


# Commands that read pictures: words before the folder, and after it with the file that they write.
COMMANDS = {"features": (["--data"], ["--npy", path("f.npy")], path("f.npy")),
            "nearest": (["--n", "2", "--k", "2", "--data"], ["--out", path("n.png")], path("n.png")),
            "project": (["--steps", "2", "--data"], ["--z-out", path("z.npy")], path("z.npy")),
            "inspect": (["--guided", "--data"], ["--out", path("i.png")], path("i.png"))}


def run(command, folder, **more):
    before, after, out = COMMANDS[command]
    done = call(command, "--model", MODEL, *before, folder, *after, **more)
    if done.returncode:
        return done, b""
    with open(out, "rb") as file:
        return done, file.read()


def every_command(folder, code, says):
    """What all commands that read a folder say of this one."""
    call("train", "--data", folder, *TINY, *TRAIN, "--out", path("never"), code=code, says=says)
    call("bench", "--what", "data", "--data", folder, *TINY, "--threads", "1", code=code, says=says)
    for command in COMMANDS:
        run(command, folder, code=code, says=says)
    call("classify", "--model", MODEL, "--data", folder, code=code, says=says)
    assert not os.path.exists(path("never", "model.safetensors")), "something was trained"


@pytest.fixture(scope="module", autouse=True)
def pictures_to_work_with():
    call("data", "--out", path("plain"), "--n", str(N), "--size", "24", "--format", "jpg")
    os.remove(path("plain", "labels.csv"))
    for i, suffix in enumerate(SUFFIXES):
        write(read("plain", f"{i:06}.jpg"), "mixed", f"{i:06}{suffix}")
    for i in range(8):
        write(BMP, "mixed", "more", f"{i}" + (".bmp" if i % 2 else ".jpg"))
    write(HEIC, "mixed", "photo.heic")
    for name in ("labels.csv", "notes.txt", "README", "a.xml", "Thumbs.db", "model.safetensors", ".hidden.jpg"):
        write(b"file,label\n", "mixed", name)
    write(read("plain", "000000.jpg"), "mixed", "._000000.jpg")
    write(read("plain", "000000.jpg"), "mixed", "@eaDir", "000000.jpg")


def test_train_takes_pictures_by_content():
    for folder, out in (("plain", "run"), ("mixed", "other")):
        done = call("train", "--data", path(folder), *TINY, *TRAIN, "--out", path(out))
        told = [line for line in done.stderr.splitlines() if "warning" in line]
        assert len(told) == (folder == "mixed"), f"{folder}: {told}"
        assert folder == "plain" or SKIPPED in told[0], f"{told}"
    assert weights("run") == weights("other"), "the same pictures under other names train something else"


@pytest.mark.needs("test_train_takes_pictures_by_content")
def test_other_commands_take_the_same():
    for command in COMMANDS:
        plain, mixed = run(command, path("plain")), run(command, path("mixed"))
        assert plain[1] == mixed[1], f"{command} takes other pictures"
        assert "skipped" not in plain[0].stderr, plain[0].stderr
        assert mixed[0].stderr.count(SKIPPED) == 1 and mixed[0].stderr.count("skipped") == 1, mixed[0].stderr
    call("bench", "--what", "data", "--data", path("mixed"), *TINY, "--threads", "1", says=SKIPPED)


@pytest.mark.needs("test_train_takes_pictures_by_content")
def test_webp_is_read_everywhere():
    for i in range(N):
        colour = (20 * i, 255 - 20 * i, 7 * i)
        write(png(20, 16, colour), "png", f"{i}")
        write(webp(20, 16, colour), "webp", f"{i}" + (".jpg" if i % 2 else ".webp"))
    for command in COMMANDS:
        done, is_webp = run(command, path("webp"))
        assert is_webp == run(command, path("png"))[1], f"{command} reads WebP as something else"
        assert "warning" not in done.stderr, done.stderr
    for i, suffix in ((3, ".jpg"), (4, ".webp")):
        call("layers", path("webp", f"{i}{suffix}"), "--size", "16", "--out", path("l-webp"))
        call("layers", path("png", f"{i}"), "--size", "16", "--out", path("l-png"))
        names = sorted(name for name in os.listdir(path("l-png")) if name.endswith(".png"))
        assert names and all(read("l-webp", n) == read("l-png", n) for n in names), "layers reads WebP otherwise"
    for name, make in (("mask-a", webp), ("mask.jpg", png)):
        write(make(16, 16, (128, 128, 128)), name)
        call("project", "--model", MODEL, "--data", path("plain"), "--steps", "2", "--n", "1", "--mask", path(name),
             "--z-out", path(name + ".npy"))
    assert read("mask-a.npy") == read("mask.jpg.npy"), "another mask from WebP"


@pytest.mark.needs("test_train_takes_pictures_by_content")
def test_one_picture_of_another_kind():
    for words in (["layers", path("mixed", "photo.heic"), "--out", path("never")],
                  ["project", "--model", MODEL, "--data", path("mixed", "photo.heic"), "--json"],
                  ["project", "--model", MODEL, "--data", path("plain"), "--json", "--mask",
                   path("mixed", "photo.heic")]):
        call(*words, code=4, says=["photo.heic", "HEIC", "convert it to PNG or JPEG"])
    call("layers", path("plain", "000000.JPG"), "--out", path("never"), code=4, says="did you mean")


@pytest.mark.needs("test_train_takes_pictures_by_content")
def test_folders_without_pictures():
    write(BMP, "bmp", "below", "a.jpg")
    every_command(path("bmp"), 4, ["1 bmp: convert it to PNG or JPEG"])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(path("plain", "000000.jpg"), "a.jpg")
    for name in ("a", "b"):
        write(file.getvalue(), "zips", name, name + ".zip")
    every_command(path("zips"), 4, ["2 zip: unpack them first"])
    write(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "lfs", "a.jpg")
    every_command(path("lfs"), 4, ["git lfs pull"])
    os.mkdir(path("empty"))
    every_command(path("empty"), 4, ["is empty", "JPEG, PNG or WebP"])


@pytest.mark.needs("test_folders_without_pictures")
def test_data_that_is_no_folder():
    with tarfile.open(path("pics.tar.gz"), "w:gz") as archive:
        archive.add(path("plain"), "pics")
    shutil.copy(path("zips", "a", "a.zip"), path("pics.zip"))
    every_command(path("pics.zip"), 4, ["pics.zip is a zip archive", "unzip"])
    every_command(path("pics.tar.gz"), 4, ["unpack it first", "tar xf"])
    every_command(path("plain", "*.jpg"), 4, ["pattern", "give the folder: " + path("plain")])
    every_command("file://" + path("plain"), 4, ["URL", "give the path alone: " + path("plain")])
    every_command(path("Plain"), 4, ["did you mean " + path("plain")])
    every_command("builtin:cats", 2, ["builtin:faces"])
    for command in ("train", "bench"):
        words = {"train": [*TRAIN, "--out", path("never")], "bench": ["--what", "data"]}[command]
        call(command, "--data", path("mixed", "000001"), *TINY, *words, code=4, says=["one picture", path("mixed")])
        write(b"\x93NUMPY\1\0" + bytes(100), "a.npy")
        call(command, "--data", path("a.npy"), *TINY, *words, code=4, says=["NumPy", "Python"])
    call("train", "--data", path("plain", "000000.jpg"), path("plain", "000001.jpg"), *TINY, "--out", path("never"),
         code=2, says=["000001.jpg", "give the folder that holds them"])
