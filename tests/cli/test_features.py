"""`clgan features`, `classify` and `nearest` from end to end."""
import ast
import csv
import io
import json
import os
import random
import shutil
import struct
import zlib

import pytest
from harness import FACES, TINY, call, path, read

MODEL, OTHER, LARGE = (path(name, "model.safetensors") for name in ("run", "other", "large"))
COUNT = (4 + 8) * 16  # maps of D's two activated layers at ndf 4, pooled to 4x4
N = 160


def png(name, pixels, side=16):
    """Writes a colour PNG of [side][side][3] bytes."""
    lines = b"".join(b"\0" + bytes(pixels[y * side * 3:(y + 1) * side * 3]) for y in range(side))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(lines)),
              (b"IEND", b"")]
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, content in chunks:
            file.write(struct.pack(">I", len(content)) + kind + content
                       + struct.pack(">I", zlib.crc32(kind + content)))


def npy(name):
    """Shape and values of an .npy file."""
    data = read(name)
    start = 10 + struct.unpack("<H", data[8:10])[0]
    head = ast.literal_eval(data[10:start].decode())
    return head["shape"], struct.unpack(f"<{(len(data) - start) // 4}f", data[start:])


def labels(column):
    with open(path("faces", "labels.csv"), encoding="utf-8") as file:
        return {row["file"]: float(row[column]) for row in csv.DictReader(file)}


def classify(*words, **more):
    return call("classify", "--model", MODEL, "--data", path("faces"), *words, **more)


def result(*words):
    return json.loads(classify("--labels", path("faces", "labels.csv"), *words, "--json").stdout)


BRIGHT = ["--column", "background_g", "--threshold", "0.5"]


@pytest.fixture(scope="module", autouse=True)
def models_and_pictures_to_work_with():
    for name, size, seed in (("run", "16", "1"), ("other", "16", "2"), ("large", "32", "1")):
        call("train", *FACES, *TINY, "--size", size, "--seed", seed, "--steps", "2", "--flip" if seed == "2"
             else "--no-flip", "--out", path(name))
    call("data", "--out", path("faces"), "--n", str(N), "--size", "16", "--seed", "3")


# --- features -------------------------------------------------------------------------------------
def test_features_are_rows_in_the_order_of_names():
    words = ["features", "--model", MODEL, "--data", path("faces")]
    call(*words, "--npy", path("f.npy"), "--names", path("f.txt"), says=f"{N} x {COUNT}")
    shape, values = npy("f.npy")
    assert shape == (N, COUNT), f"shape {shape}"
    assert read("f.txt").decode().split() == [f"{i:06}.png" for i in range(N)], "names are not in order"
    assert len(set(values)) > N * COUNT / 4, "the features are all alike"
    assert all(abs(v) < 1e3 for v in values), "odd values"
    facts = json.loads(call(*words, "--first", "7", "--n", "3", "--npy", path("p.npy"), "--names", path("p.txt"),
                            "--json").stdout)
    assert facts == {"pictures": 3, "features": COUNT, "npy": path("p.npy"), "names": path("p.txt")}, f"{facts}"
    assert npy("p.npy") == ((3, COUNT), values[7 * COUNT:10 * COUNT]), "a part differs from the whole's rows"
    assert read("p.txt").decode().split() == [f"{i:06}.png" for i in range(7, 10)], "a part has other names"
    call("features", "--model", MODEL, "--data", path("faces", "000007.png"), "--npy", path("one.npy"))
    assert npy("one.npy") == ((1, COUNT), values[7 * COUNT:8 * COUNT]), "one file gives other features"
    call(*words, "--crop", "8x8+0+0", "--npy", path("c.npy"))
    assert npy("c.npy")[1] != values, "--crop changes nothing"


def test_features_refuse_what_cannot_be():
    call("features", "--data", path("faces"), "--npy", path("x"), code=2, says="--model")
    call("features", "--model", MODEL, "--npy", path("x"), code=2, says="--data")
    call("features", "--model", MODEL, "--data", path("faces"), code=2, says="--npy")
    words = ["features", "--npy", path("x"), "--model"]
    call(*words, path("nowhere"), "--data", path("faces"), code=4, says="nowhere")
    call(*words, path("faces", "labels.csv"), "--data", path("faces"), code=4, says="labels.csv")
    call(*words, MODEL, "--data", path("nothing"), code=4, says="nothing")
    call(*words, MODEL, "--data", "builtin:faces", code=2, says="clgan data")
    call(*words, MODEL, "--data", path("faces"), "--crop", "10x", code=2, says="WxH+X+Y")
    for cut in (["--first", str(N)], ["--n", str(N + 1)], ["--first", "10", "--n", str(N - 9)]):
        call(*words, MODEL, "--data", path("faces"), *cut, code=2, says=f"{N} pictures")
    assert not os.path.exists(path("x")), "a file was written all the same"


# --- classify: training ---------------------------------------------------------------------------
def test_an_easy_attribute_is_learnt():
    facts = result(*BRIGHT, "--features", "pixels", "--save", path("bright.svm"))
    one, actual = facts["results"][0], labels("background_g")
    names = ["background_g <= 0.5", "background_g > 0.5"]
    assert [c["name"] for c in facts["classes"]] == names, f"classes: {facts['classes']}"
    for i, c in enumerate(facts["classes"]):
        there = sum((value > 0.5) == i for value in actual.values())
        assert c["train"] + c["test"] == there and c["test"] == round(there / 5), f"{c}, but {there} pictures"
        assert sum(one["confusion"][i]) == c["test"], f"{c}: {one['confusion']}"
    assert facts["train"] + facts["test"] == N, f"{facts['train']} + {facts['test']}"
    assert one["right"] == one["confusion"][0][0] + one["confusion"][1][1], f"right: {one}"
    assert abs(one["accuracy"] - one["right"] / facts["test"]) < 1e-9, f"accuracy: {one}"
    assert one["interval"][0] < one["accuracy"] <= one["interval"][1] <= 1, f"interval: {one}"
    assert one["accuracy"] > 0.85 > 0.75 > facts["most_frequent"], f"not learnt: {facts}"
    assert one["count"] == 16 * 16 * 3 and one["c"] in (1e-3, 1e-2, 1e-1, 1, 10), f"odd: {one}"
    before = read("bright.svm")
    assert result(*BRIGHT, "--features", "pixels", "--save", path("bright.svm")) == facts, "a rerun differs"
    assert read("bright.svm") == before, "a rerun keeps another classifier"
    result(*BRIGHT, "--features", "pixels", "--seed", "2", "--save", path("two.svm"))
    assert read("two.svm") != before, "another seed changes nothing"


def test_three_kinds_of_features_side_by_side():
    facts = result(*BRIGHT, "--n", "40", "--test", "0.25", "--compare", "--c", "0.5", "--save", path("d.svm"))
    kinds = [one["features"] for one in facts["results"]]
    assert kinds == ["discriminator", "pixels", "untrained"], f"kinds: {kinds}"
    assert [one["count"] for one in facts["results"]] == [COUNT, 768, COUNT], f"{facts}"
    assert facts["train"] == 60 and facts["test"] == 20 and facts["most_frequent"] == 0.5, f"{facts}"
    assert all(one["c"] == 0.5 and one["accuracy"] > 0.5 for one in facts["results"]), f"{facts}"
    assert (facts["results"][0]["confusion"] != facts["results"][1]["confusion"]
            or facts["results"][0]["train_accuracy"] != facts["results"][2]["train_accuracy"]), "all kinds are one"
    words = ["--labels", path("faces", "labels.csv"), *BRIGHT, "--n", "40", "--test", "0.25", "--compare"]
    text = classify(*words, "--c", "0.5", says=["60 pictures to train on, 20 others", "95 %", "most frequent",
                                                "alone is right"]).stdout
    for one in facts["results"]:
        row = next(line for line in text.splitlines() if line.startswith(one["features"]))
        assert f"{one['right']} of 20" in row and f"{100 * one['accuracy']:.1f} %" in row, f"{row}\n{one}"


def test_folders_are_classes_and_get_them_back():
    for name, value in labels("background_g").items():
        folder = path("sorted", "light" if value > 0.5 else "dark, \"very\"")
        os.makedirs(folder, exist_ok=True)
        shutil.copy(path("faces", name), os.path.join(folder, name))
    call("classify", "--model", MODEL, "--data", path("sorted"), "--features", "pixels", "--save", path("s.svm"),
         says=["light", "dark, \"very\""])
    text = call("classify", "--classifier", path("s.svm"), "--data", path("sorted")).stdout
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["file", "class", "score"] and len(rows) == N + 1, f"{rows[:2]}, {len(rows)} rows"
    right = sum(os.path.dirname(file) == answer for file, answer, _ in rows[1:])
    assert right > 0.9 * N, f"{right} of {N} are right"
    assert all(float(score) >= 0 for _, _, score in rows[1:]), "the better one of two has a negative score"
    facts = json.loads(call("classify", "--classifier", path("s.svm"), "--data", path("sorted"), "--json").stdout)
    assert [[one["file"], one["class"], f"{one['score']:.4g}"] for one in facts["pictures"]] == rows[1:], (
        "JSON and CSV differ")


def test_three_classes_are_told_apart():
    with open(path("three.csv"), "w", encoding="utf-8") as file:
        file.write("file,what\n")
        for name, value in labels("background_r").items():
            file.write(f"{name},{('low', 'mid', 'high')[min(2, int(value * 3))]}\n")
    words = ["--labels", path("three.csv"), "--features", "pixels"]
    facts = json.loads(classify(*words, "--json").stdout)
    assert [c["name"] for c in facts["classes"]] == ["high", "low", "mid"], f"{facts['classes']}"
    assert facts["results"][0]["accuracy"] > facts["most_frequent"] + 0.1, f"{facts}"
    facts = json.loads(classify(*words, "--classes", "mid,high", "--json").stdout)
    assert [c["name"] for c in facts["classes"]] == ["mid", "high"], f"{facts['classes']}"


# --- classify: use --------------------------------------------------------------------------------
@pytest.mark.needs("test_three_kinds_of_features_side_by_side")
def test_a_classifier_works_with_its_model_alone():
    words = ["classify", "--classifier", path("d.svm"), "--data", path("faces")]
    text = call(*words, "--model", MODEL).stdout
    actual = labels("background_g")
    rows = list(csv.DictReader(io.StringIO(text)))
    right = sum((actual[row["file"]] > 0.5) == (row["class"] == "background_g > 0.5") for row in rows)
    assert len(rows) == N and right > 0.6 * N, f"{right} of {len(rows)} are right"
    call(*words, code=2, says=["--model", MODEL])
    call(*words, "--model", OTHER, code=4, says=["another discriminator", "other"])
    call(*words, "--model", LARGE, code=4, says=["16x16x3", "32x32x3"])
    call(*words, "--model", path("nowhere"), code=4, says="nowhere")
    term = ["arithmetic", "'background_g > 0.5'", "--classifier", path("d.svm"), "--json", "--model"]
    assert "scores" in call(*term, MODEL).stdout, "arithmetic does not take the classifier"
    call(*term, OTHER, code=4, says="another discriminator")
    result(*BRIGHT, "--features", "untrained", "--seed", "5", "--save", path("u.svm"))
    words[2] = path("u.svm")
    assert call(*words, "--model", OTHER).stdout == call(*words, "--model", MODEL).stdout, (
        "untrained features depend on training")
    call(*words, "--model", LARGE, code=4, says="16x16x3")


@pytest.mark.needs("test_three_kinds_of_features_side_by_side", "test_features_are_rows_in_the_order_of_names")
def test_files_of_other_kinds_are_no_classifiers():
    data = read("d.svm")
    with open(path("cut.svm"), "wb") as file:
        file.write(data[:len(data) // 2])
    with open(path("bit.svm"), "wb") as file:
        file.write(data[:-9] + bytes([data[-9] ^ 4]) + data[-8:])
    for name, says in ((path("nowhere.svm"), "nowhere.svm"), (MODEL, "not a classifier"), (path("f.npy"), "f.npy"),
                       (path("cut.svm"), "cut.svm"), (path("bit.svm"), "bit.svm")):
        call("classify", "--classifier", name, "--model", MODEL, "--data", path("faces"), code=4, says=says)


def test_classify_refuses_what_cannot_be():
    table = ["--labels", path("faces", "labels.csv")]
    call("classify", "--model", MODEL, code=2, says="--data")
    call("classify", "--data", path("faces"), *table, code=2, says="--model")
    call("classify", "--classifier", path("d.svm"), "--data", path("faces"), *table, code=2, says="leave out --labels")
    classify("--threshold", "0.5", code=2, says="--labels")
    classify(*table, "--column", "background_g", "--threshold", "half", code=2, says="half")
    classify(*table, "--column", "nose", code=4, says=["nose", "background_g"])
    classify(*table, "--column", "background_g", "--threshold", "7", code=4, says=["background_g > 7", "0 pictures"])
    classify(*table, *BRIGHT, "--n", "2", code=2, says="3 of each")
    classify(*table, *BRIGHT, "--n", "200", code=4, says="200 that --n asks for")
    classify(*table, "--column", "glasses", "--classes", "0", code=4, says="one class")
    classify(*table, "--column", "glasses", "--classes", "0,2", code=4, says="\"2\"")
    classify("--labels", path("nowhere.csv"), code=4, says="nowhere.csv")
    classify(code=4, says="000000.png")  # lies in no folder
    classify(*table, *BRIGHT, "--c", "-1", code=2, says="--c -1")
    classify(*table, *BRIGHT, "--save", path("no", "x.svm"), code=4, says="x.svm")


# --- nearest --------------------------------------------------------------------------------------
def nearest(*words, model=MODEL, data="faces"):
    return json.loads(call("nearest", "--model", model, "--data", path(data), "--json", *words).stdout)


def test_a_picture_is_nearest_to_itself():
    facts = nearest("--pictures", path("faces"), "--k", "4")
    assert facts["training_pictures"] == N and len(facts["samples"]) == N, f"{len(facts['samples'])} samples"
    for space in ("pixels", "features"):
        assert facts[space]["smallest"] == 0 and facts[space]["nearer"] == N, f"{facts[space]}"
        assert 0 < facts[space]["training_near"] <= facts[space]["training_median"] < 128, f"{facts[space]}"
        for one in facts["samples"]:
            near, distances = one[space][0], [found["distance"] for found in one[space]]
            assert near["file"] == one["file"] and near["distance"] == 0 and not near["mirrored"], f"{one}"
            assert len(distances) == 4 and distances == sorted(distances) and distances[1] > 0, f"{one}"
    seconds = sorted(one["pixels"][1]["distance"] for one in facts["samples"])  # what the scale must be
    assert abs(facts["pixels"]["training_median"] / seconds[N // 2] - 1) < 1e-5, f"{seconds[N // 2]}: {facts['pixels']}"


def test_mirror_images_are_found_where_training_had_them():
    os.makedirs(path("noise"))
    os.makedirs(path("mirror"))
    chance = random.Random(5)
    for i in range(6):
        pixels = [chance.randrange(256) for _ in range(16 * 16 * 3)]
        png(path("noise", f"{i}.png"), pixels)
        places = [(y * 16 + 15 - x) * 3 + c for y in range(16) for x in range(16) for c in range(3)]
        png(path("mirror", f"{i}.png"), [pixels[at] for at in places])
    words = ["--pictures", path("mirror"), "--by", "pixels"]
    for more, found in (({}, False), ({"model": OTHER}, True)):  # OTHER was trained with --flip
        facts = nearest(*words, data="noise", **more)
        assert "features" not in facts and (facts["pixels"]["smallest"] == 0) == found, f"{facts['pixels']}"
        for i, one in enumerate(facts["samples"]):
            near = one["pixels"][0]
            assert (near["distance"] == 0 and near["mirrored"] and near["file"] == f"{i}.png") == found, f"{one}"
        assert facts["pixels"]["training_median"] > 50, f"a mirror image counts as another picture: {facts['pixels']}"
    assert nearest(*words, "--flip", data="noise")["pixels"]["smallest"] == 0, "--flip finds no mirror image"
    assert nearest(*words, "--no-flip", data="noise", model=OTHER)["pixels"]["smallest"] > 0, "--no-flip finds one"


def test_samples_are_those_of_generate():
    call("generate", "--model", MODEL, "--seed", "4", "--n", "3", "--out", path("drawn"))
    drawn, files = nearest("--n", "3", "--seed", "4"), nearest("--pictures", path("drawn"))
    for one, other in zip(drawn["samples"], files["samples"]):
        for space in ("pixels", "features"):
            a, b = one[space][0]["distance"], other[space][0]["distance"]
            assert abs(a / b - 1) < 0.05, f"{space}: {a}, rounded to pixels {b}"
    assert [one["number"] for one in drawn["samples"]] == [0, 1, 2], f"{drawn['samples']}"


@pytest.mark.needs("test_mirror_images_are_found_where_training_had_them")
def test_the_sheet_has_a_row_for_each_sample():
    call("nearest", "--model", MODEL, "--data", path("faces"), "--n", "3", "--k", "2", "--out", path("sheet.png"),
         says=["3 samples among", "by pixels", "by features", "for scale", "sheet.png"])
    assert read("sheet.png")[:4] == b"\x89PNG", "no PNG"
    assert struct.unpack(">II", read("sheet.png")[16:24]) == (7 * 18 + 2, 3 * 18 + 2), (
        f"the sheet is {struct.unpack('>II', read('sheet.png')[16:24])}")
    call("nearest", "--model", MODEL, "--data", path("noise"), "--n", "2", "--k", "9", "--out", path("few.png"),
         "--by", "features", says="among 6 pictures")  # more places than pictures
    assert struct.unpack(">II", read("few.png")[16:24]) == (11 * 18 + 2, 2 * 18 + 2), "another size"


def test_nearest_refuses_what_cannot_be():
    call("nearest", "--data", path("faces"), "--json", code=2, says="--model")
    call("nearest", "--model", MODEL, "--json", code=2, says="--data")
    words = ["nearest", "--model", MODEL, "--data"]
    call(*words, path("faces"), code=2, says=["--grid", "--json"])
    call(*words, path("faces"), "--json", "--pictures", path("faces"), "--n", "3", code=2, says="leave out --n")
    call(*words, "builtin:faces", "--json", code=2, says="clgan data")
    call(*words, path("nowhere"), "--json", code=4, says="nowhere")
    call(*words, path("faces", "000001.png"), "--json", code=4, says="one picture")
    call(*words, path("faces"), "--out", path("x.gif"), code=2, says="x.gif")
