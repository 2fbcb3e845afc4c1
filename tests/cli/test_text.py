#!/usr/bin/env python3
"""Names of any bytes on their way through clgan: what leaves it is UTF-8, and reads back. usage: cli_text.py CLGAN"""
import csv
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys

from harness import CLGAN, ENV, TINY, Failed, call, check, main, path, read, want

try:
    import safetensors
except ImportError:
    safetensors = None

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


@check
def pictures_in_folders_of_every_kind():
    try:
        os.makedirs(ODD)
    except OSError as error:  # file systems that want UTF-8: ZFS with utf8only, APFS
        print(f"skipped: this file system does not take such names: {error}")
        shutil.rmtree(path(), ignore_errors=True)
        sys.exit(77)
    call("data", "--out", path("plain"), "--n", str(EACH * len(CLASSES)), "--size", "16")
    for i, name in enumerate(CLASSES):
        os.makedirs(os.path.join(ODD, name))
        for k in range(EACH):
            shutil.copy(path("plain", f"{i * EACH + k:06}.png"), os.path.join(ODD, name, f"{k}\xe9 .png"))


@check
def a_run_is_utf8_and_goes_on_where_it_was():
    words = ["--steps", "1", "--threads", "1", "--sample-every", "1"]
    call("train", "--data", ODD, "--out", path(CLASSES[0]), *TINY, *words, says=["caf\\xE9", "\\x0A\\x1B[1m"])
    told = metadata(MODEL)["train.data"]
    want("caf\\xE9" in told and unescape(told) == ODD, f"the checkpoint says {told!r} of {ODD!r}")
    page = utf8(os.path.join(path(CLASSES[0]), "report.html"))
    want("caf\\xE9" in page and "\\x1B[1m" in page, "the report does not tell where its data is")
    utf8(os.path.join(path(CLASSES[0]), "metrics.csv"))
    call("train", "--resume", path(CLASSES[0]), "--steps", "2", "--threads", "1")
    want(unescape(metadata(MODEL)["train.data"]) == ODD, "the path changes from run to run")
    deep = path(*[f"{i}" * 100 for i in range(9)])
    shutil.copytree(path("plain"), deep)
    call("train", "--data", deep, "--out", path("deep"), *TINY, *words)
    call("train", "--resume", path("deep"), "--steps", "2", "--threads", "1")


@check
def classes_of_folders_have_their_names():
    done = call(*CLASSIFY, "--features", "pixels", "--c", "1", "--save", path("s.svm"), "--json")
    want(done.stdout.isascii() or done.stdout.encode(), "not UTF-8")
    names = [c["name"] for c in json.loads(done.stdout)["classes"]]
    want(names == sorted(CLASSES, key=os.fsencode), f"{names}")
    want(json.loads(unescape(metadata("s.svm")["classes"])) == names, f"{metadata('s.svm')['classes']}")
    chosen = ",".join([CLASSES[0], CLASSES[3]])
    facts = json.loads(call(*CLASSIFY, "--features", "pixels", "--c", "1", "--classes", chosen, "--json").stdout)
    want([c["name"] for c in facts["classes"]] == [CLASSES[0], CLASSES[3]], f"{facts['classes']}")
    text = call(*CLASSIFY, "--features", "pixels", "--c", "1").stdout
    want("caf\\xE9" in text and "two\\x0Alines" in text and "\\x1B[1mbold" in text, text)


@check
def the_safetensors_package_reads_the_files():
    if not safetensors:
        print("skipped: no package safetensors here", end=" ")
        return
    shutil.copy(MODEL, path("plain.safetensors"))  # the package opens names that are UTF-8 only
    with safetensors.safe_open(path("plain.safetensors"), framework="numpy") as file:
        want(unescape(file.metadata()["train.data"]) == ODD, f"{file.metadata()}")
    with safetensors.safe_open(path("s.svm"), framework="numpy") as file:
        names = json.loads(unescape(file.metadata()["classes"]))
        want(sorted(names) == sorted(CLASSES), f"{names}")


@check
def sorted_pictures_have_names_that_open():
    text = call("classify", "--svm", path("s.svm"), "--data", ODD).stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    want(len(rows) == EACH * len(CLASSES), f"{len(rows)} rows")
    for row in rows:
        want(os.path.exists(os.path.join(ODD, unescape(row["file"]))), f"no file {row['file']!r}")
        want(unescape(row["class"]) in CLASSES, f"no class {row['class']!r}")
    facts = json.loads(call("classify", "--svm", path("s.svm"), "--data", ODD, "--json").stdout)["pictures"]
    want([(one["file"], one["class"]) for one in facts]
         == [(unescape(row["file"]), unescape(row["class"])) for row in rows], "JSON and CSV differ")
    with open(path("classes.csv"), "w", encoding="utf-8", newline="") as file:
        file.write(text)
    again = json.loads(call(*CLASSIFY, "--features", "pixels", "--c", "1", "--labels", path("classes.csv"), "--column",
                            "class", "--classes", facts[0]["class"] + "," + facts[-1]["class"], "--json").stdout)
    want([c["name"] for c in again["classes"]] == [facts[0]["class"], facts[-1]["class"]], f"{again['classes']}")


@check
def neighbours_and_features_name_files_that_open():
    facts = json.loads(call("nearest", "--model", MODEL, "--data", ODD, "--pictures", ODD, "--json").stdout)
    for one in facts["samples"]:
        want(one["pixels"][0]["file"] == one["file"], f"{one}")
        with open(os.path.join(ODD, one["file"]), "rb") as file:
            want(file.read(4) == b"\x89PNG", f"{one['file']!r} is no picture")
    words = call("nearest", "--model", MODEL, "--data", ODD, "--pictures", ODD, "--out", path("sheet.png")).stdout
    want("\x1b" not in words and "two\\x0Alines/0" in words, words)
    lists = path("names\xe9".encode("latin-1").decode("utf-8", "surrogateescape"))
    done = call("features", "--model", MODEL, "--data", ODD, "--npy", path("f.npy"), "--names", lists, "--json")
    want(json.loads(done.stdout)["names"] == lists, done.stdout)
    lines = utf8(lists).splitlines()
    want(len(lines) == EACH * len(CLASSES), f"{len(lines)} lines")
    want(all(os.path.exists(os.path.join(ODD, unescape(line))) for line in lines), f"{lines}")


@check
def other_results_name_files_too():
    facts = json.loads(call("project", "--picture", ODD, "--model", MODEL, "--n", "2", "--steps", "2", "--starts",
                            "1", "--json").stdout)
    want(all(os.path.exists(os.path.join(ODD, one["name"])) for one in facts["pictures"]), f"{facts['pictures']}")
    layers = path(CLASSES[0], "layers")
    facts = json.loads(call("layers", path("plain", "000000.png"), "--out", layers, "--json").stdout)
    want(facts["out"] == layers, f"{facts['out']!r}")
    facts = json.loads(call("arithmetic", "0,1", "--by", path("s.svm"), "--model", MODEL, "--json").stdout)
    want(set(facts["scores"]) == set(CLASSES), f"{facts['scores']}")


@check
def messages_are_one_line_of_utf8():
    name = path(os.fsdecode(b"no\xe9\n\x1b[1m\xc2\x9b"))
    for words in (["features", "--model", name, "--data", ODD, "--npy", path("x")],
                  ["classify", "--svm", name, "--data", ODD],
                  ["train", "--data", name, "--out", path("x"), *TINY],
                  ["generate", "--model", MODEL, "--grid", name + ".gif"],
                  [name], ["train", "--" + name], ["train", name]):
        done = subprocess.run([CLGAN, *words], env=ENV, capture_output=True, timeout=300)
        lines = [line for line in done.stderr.decode("utf-8").splitlines() if not line.startswith("compiling")]
        if done.returncode == 0 or len(lines) != 1 or "no\\xE9\\x0A\\x1B[1m\\xC2\\x9B" not in lines[0]:
            raise Failed(f"{words}: {done.returncode}, {lines}")
    bad = os.path.join(ODD, CLASSES[2], "bad.png")
    with open(bad, "wb") as file:
        file.write(b"nothing")
    done = call("nearest", "--model", MODEL, "--data", ODD, "--n", "1", "--json", says="two\\x0Alines/bad.png")
    want(sum(line.startswith("clgan:") for line in done.stderr.splitlines()) == 1, done.stderr)
    os.unlink(bad)


sys.exit(main())
