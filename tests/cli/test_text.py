"""Names of any bytes on their way through clgan: what leaves it is UTF-8, and reads back."""
import csv
import io
import json
import os
import re
import shutil
import struct
import subprocess

import pytest
from harness import CLGAN, ENV, TINY, call, path, read

CLASSES = [os.fsdecode(name) for name in (
    b"caf\xe9", b"a, \"b\"", b"two\nlines", "\N{GRINNING FACE}".encode(), b"\xff\xfe \\xE9", b" blank", b"\x1b[1mbold")]
EACH = 4
ODD = path(CLASSES[0] + "\n\x1b[1m")  # the folder of all: its path leaves clgan, too
MODEL = path(CLASSES[0], "model.safetensors")
CLASSIFY = ["classify", "--model", MODEL, "--data", ODD]


def unescape(text):
    """What <clgan/text.h> says of names in CSV, lists and metadata, the other way round."""
    return os.fsdecode(re.sub(rb"\\x([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), os.fsencode(text)))


def metadata(name):
    data = read(name)
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]].decode("utf-8"))["__metadata__"]


def utf8(name):
    return read(name).decode("utf-8", errors="strict")


@pytest.fixture(scope="module", autouse=True)
def pictures_in_folders_of_every_kind():
    try:
        os.makedirs(ODD)
    except OSError as error:  # file systems that want UTF-8: ZFS with utf8only, APFS
        pytest.skip(f"this file system does not take such names: {error}")
    call("data", "--out", path("plain"), "--n", str(EACH * len(CLASSES)), "--size", "16")
    for i, name in enumerate(CLASSES):
        os.makedirs(os.path.join(ODD, name))
        for k in range(EACH):
            shutil.copy(path("plain", f"{i * EACH + k:06}.png"), os.path.join(ODD, name, f"{k}\xe9 .png"))


def test_a_run_is_utf8_and_goes_on_where_it_was():
    words = ["--steps", "1", "--threads", "1", "--sample-every", "1"]
    call("train", "--data", ODD, "--out", path(CLASSES[0]), *TINY, *words, says=["caf\\xE9", "\\x0A\\x1B[1m"])
    told = metadata(MODEL)["train.data"]
    assert "caf\\xE9" in told and unescape(told) == ODD, f"the checkpoint says {told!r} of {ODD!r}"
    page = utf8(os.path.join(path(CLASSES[0]), "report.html"))
    assert "caf\\xE9" in page and "\\x1B[1m" in page, "the report does not tell where its data is"
    utf8(os.path.join(path(CLASSES[0]), "metrics.csv"))
    call("train", "--resume", path(CLASSES[0]), "--steps", "2", "--threads", "1")
    assert unescape(metadata(MODEL)["train.data"]) == ODD, "the path changes from run to run"
    deep = path(*[f"{i}" * 100 for i in range(9)])
    shutil.copytree(path("plain"), deep)
    call("train", "--data", deep, "--out", path("deep"), *TINY, *words)
    call("train", "--resume", path("deep"), "--steps", "2", "--threads", "1")


@pytest.mark.needs("test_a_run_is_utf8_and_goes_on_where_it_was")
def test_classes_of_folders_have_their_names():
    done = call(*CLASSIFY, "--features", "pixels", "--c", "1", "--save", path("s.svm"), "--json")
    assert done.stdout.isascii() or done.stdout.encode(), "not UTF-8"
    names = [c["name"] for c in json.loads(done.stdout)["classes"]]
    assert names == sorted(CLASSES, key=os.fsencode), f"{names}"
    assert json.loads(unescape(metadata("s.svm")["classes"])) == names, f"{metadata('s.svm')['classes']}"
    chosen = ",".join([CLASSES[0], CLASSES[3]])
    facts = json.loads(call(*CLASSIFY, "--features", "pixels", "--c", "1", "--classes", chosen, "--json").stdout)
    assert [c["name"] for c in facts["classes"]] == [CLASSES[0], CLASSES[3]], f"{facts['classes']}"
    text = call(*CLASSIFY, "--features", "pixels", "--c", "1").stdout
    assert "caf\\xE9" in text and "two\\x0Alines" in text and "\\x1B[1mbold" in text, text


@pytest.mark.needs("test_classes_of_folders_have_their_names")
def test_the_safetensors_package_reads_the_files():
    safetensors = pytest.importorskip("safetensors")
    shutil.copy(MODEL, path("plain.safetensors"))  # the package opens names that are UTF-8 only
    with safetensors.safe_open(path("plain.safetensors"), framework="numpy") as file:
        assert unescape(file.metadata()["train.data"]) == ODD, f"{file.metadata()}"
    with safetensors.safe_open(path("s.svm"), framework="numpy") as file:
        names = json.loads(unescape(file.metadata()["classes"]))
        assert sorted(names) == sorted(CLASSES), f"{names}"


@pytest.mark.needs("test_classes_of_folders_have_their_names")
def test_sorted_pictures_have_names_that_open():
    text = call("classify", "--classifier", path("s.svm"), "--data", ODD).stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == EACH * len(CLASSES), f"{len(rows)} rows"
    for row in rows:
        assert os.path.exists(os.path.join(ODD, unescape(row["file"]))), f"no file {row['file']!r}"
        assert unescape(row["class"]) in CLASSES, f"no class {row['class']!r}"
    facts = json.loads(call("classify", "--classifier", path("s.svm"), "--data", ODD, "--json").stdout)["pictures"]
    assert ([(one["file"], one["class"]) for one in facts]
            == [(unescape(row["file"]), unescape(row["class"])) for row in rows]), "JSON and CSV differ"
    with open(path("classes.csv"), "w", encoding="utf-8", newline="") as file:
        file.write(text)
    again = json.loads(call(*CLASSIFY, "--features", "pixels", "--c", "1", "--labels", path("classes.csv"), "--column",
                            "class", "--classes", facts[0]["class"] + "," + facts[-1]["class"], "--json").stdout)
    assert [c["name"] for c in again["classes"]] == [facts[0]["class"], facts[-1]["class"]], f"{again['classes']}"


@pytest.mark.needs("test_a_run_is_utf8_and_goes_on_where_it_was")
def test_neighbours_and_features_name_files_that_open():
    facts = json.loads(call("nearest", "--model", MODEL, "--data", ODD, "--pictures", ODD, "--json").stdout)
    for one in facts["samples"]:
        assert one["pixels"][0]["file"] == one["file"], f"{one}"
        with open(os.path.join(ODD, one["file"]), "rb") as file:
            assert file.read(4) == b"\x89PNG", f"{one['file']!r} is no picture"
    words = call("nearest", "--model", MODEL, "--data", ODD, "--pictures", ODD, "--out", path("sheet.png")).stdout
    assert "\x1b" not in words and "two\\x0Alines/0" in words, words
    lists = path("names\xe9".encode("latin-1").decode("utf-8", "surrogateescape"))
    done = call("features", "--model", MODEL, "--data", ODD, "--npy", path("f.npy"), "--names", lists, "--json")
    assert json.loads(done.stdout)["names"] == lists, done.stdout
    lines = utf8(lists).splitlines()
    assert len(lines) == EACH * len(CLASSES), f"{len(lines)} lines"
    assert all(os.path.exists(os.path.join(ODD, unescape(line))) for line in lines), f"{lines}"


@pytest.mark.needs("test_classes_of_folders_have_their_names")
def test_other_results_name_files_too():
    facts = json.loads(call("project", "--data", ODD, "--model", MODEL, "--n", "2", "--steps", "2", "--starts",
                            "1", "--json").stdout)
    assert all(os.path.exists(os.path.join(ODD, one["name"])) for one in facts["pictures"]), f"{facts['pictures']}"
    layers = path(CLASSES[0], "layers")
    facts = json.loads(call("layers", path("plain", "000000.png"), "--out", layers, "--json").stdout)
    assert facts["out"] == layers, f"{facts['out']!r}"
    facts = json.loads(call("arithmetic", "0,1", "--classifier", path("s.svm"), "--model", MODEL, "--json").stdout)
    assert set(facts["scores"]) == set(CLASSES), f"{facts['scores']}"


@pytest.mark.needs("test_a_run_is_utf8_and_goes_on_where_it_was")
def test_messages_are_one_line_of_utf8():
    name = path(os.fsdecode(b"no\xe9\n\x1b[1m\xc2\x9b"))
    for words in (["features", "--model", name, "--data", ODD, "--npy", path("x")],
                  ["classify", "--classifier", name, "--data", ODD],
                  ["train", "--data", name, "--out", path("x"), *TINY],
                  ["generate", "--model", MODEL, "--grid", name + ".gif"],
                  [name], ["train", "--" + name], ["train", name]):
        done = subprocess.run([CLGAN, *words], env=ENV, capture_output=True, timeout=300)
        lines = [line for line in done.stderr.decode("utf-8").splitlines() if not line.startswith("compiling")]
        if done.returncode == 0 or len(lines) != 1 or "no\\xE9\\x0A\\x1B[1m\\xC2\\x9B" not in lines[0]:
            raise AssertionError(f"{words}: {done.returncode}, {lines}")
    bad = os.path.join(ODD, CLASSES[2], "bad.png")
    with open(bad, "wb") as file:
        file.write(b"nothing")
    done = call("nearest", "--model", MODEL, "--data", ODD, "--n", "1", "--json", says="two\\x0Alines/bad.png")
    assert sum(line.startswith("clgan:") for line in done.stderr.splitlines()) == 1, done.stderr
    os.unlink(bad)
