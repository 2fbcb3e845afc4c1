"""`clgan interpolate` and `arithmetic` from end to end."""
import json
import math
import os
import struct

import pytest
from files import png_rows, png_size, rows, tile, write_classifier, write_rows
from harness import FACES, TINY, call, path, read

MODEL = ["--model", path("run", "model.safetensors")]
SIZE, Z, ONE = 16, 8, 16 * 16 * 3


def noise(seed, first, n, pictures=False):
    """z, and with `pictures` also what the model draws, of numbers first.. of a seed."""
    call("generate", *MODEL, "--seed", str(seed), "--first", str(first), "--n", str(n), "--z-out",
         path("noise.npy"), "--npy", path("drawn.npy"))
    return (rows("noise.npy"), rows("drawn.npy")) if pictures else rows("noise.npy")


def near(what, values, expected, limit):
    assert len(values) == len(expected), f"{what}: {len(values)} values, not {len(expected)}"
    worst = max(abs(a - b) for a, b in zip(values, expected))
    assert worst <= limit, f"{what}: off by {worst}, more than {limit}"


def mean(vectors):
    return [sum(values) / len(vectors) for values in zip(*vectors)]


def norm(vector):
    return math.sqrt(sum(v * v for v in vector))


# --- interpolate ----------------------------------------------------------------------------------
@pytest.fixture(scope="module", autouse=True)
def a_model_to_walk_in():
    call("train", *FACES, *TINY, "--steps", "3", "--out", path("run"))


def test_walks_meet_their_points():
    done = call("interpolate", *MODEL, "--seed", "7", "--seeds", "3,8,20-21", "--frames", "5", "--npy",
                path("walk.npy"), "--z-out", path("walk-z.npy"), "--grid", path("walk.png"), "--out",
                path("walk"), "--json")
    facts = json.loads(done.stdout)
    assert facts["points"] == 4 and facts["stretches"] == 3 and facts["frames"] == 13, f"odd: {facts}"
    assert 0 < facts["mean_change"] <= facts["most_change"] < 2, f"odd changes: {facts}"
    pictures, z = rows("walk.npy"), rows("walk-z.npy")
    assert len(pictures) == len(z) == 13, f"{len(pictures)} pictures of {len(z)} vectors"
    assert sorted(os.listdir(path("walk"))) == [f"frame-{i:05}.png" for i in range(13)], "other files"
    assert png_size("walk.png") == (5 * (SIZE + 2) + 2, 3 * (SIZE + 2) + 2), "the grid has another size"
    for at, number in zip((0, 4, 8, 12), (3, 8, 20, 21)):
        point, picture = noise(7, number, 1, pictures=True)
        assert z[at] == point[0], f"frame {at} is not vector {number}"
        assert pictures[at] == picture[0], f"frame {at} is not the picture of vector {number}"
    assert all(a != b for a, b in zip(z, z[1:])), "two frames are equal"


def test_great_circles_keep_the_length_and_lines_do_not():
    a, b = noise(0, 1, 2)
    walk = ["interpolate", *MODEL, "--seeds", "1-2", "--frames", "3", "--z-out", path("middle.npy")]
    call(*walk)
    middle = rows("middle.npy")[1]
    near("length", [norm(middle)], [(norm(a) + norm(b)) / 2], 1e-5)
    call(*walk, "--linear", says="straight")
    near("middle of the line", rows("middle.npy")[1], mean([a, b]), 1e-6)


def test_loops_close():
    call("interpolate", *MODEL, "--seeds", "3,8,21", "--frames", "5", "--loop", "--z-out", path("loop.npy"),
         "--grid", path("loop.png"), "--animation", path("walk.apng"), "--fps", "5", says=["12 pictures", "a loop"])
    z = rows("loop.npy")
    assert len(z) == 12, f"{len(z)} frames"
    data = read("walk.apng")
    assert struct.unpack(">I", data.split(b"acTL")[1][:4]) == (12,), "the animation has other frames"
    wait = struct.unpack(">HH", data.split(b"fcTL")[1][20:24])
    assert wait[0] * 5 == wait[1], f"{wait[0]}/{wait[1]} s from frame to frame"
    call("interpolate", *MODEL, "--seeds", "21,3", "--frames", "5", "--z-out", path("last.npy"))
    assert z[8:] + z[:1] == rows("last.npy"), "the way back is not the way from the last point to the first"
    assert png_size("loop.png") == (5 * (SIZE + 2) + 2, 3 * (SIZE + 2) + 2), "the grid has another size"


def test_walks_between_rows_of_a_file():
    write_rows("ends.npy", [[1.0] * Z, [-0.5, 0.5] * (Z // 2)])
    call("interpolate", *MODEL, "--z", path("ends.npy"), "--frames", "2", "--z-out", path("same.npy"))
    assert read("same.npy") == read("ends.npy"), "two frames are not the two points"
    write_rows("long.npy", [[1.0] * (Z + 1)] * 2)
    write_rows("nan.npy", [[1.0] * Z, [math.nan] * Z])
    write_rows("one.npy", [[1.0] * Z])
    bad = ["interpolate", *MODEL, "--json", "--z"]
    call(*bad, path("long.npy"), code=4, says=["9 values", "has 8"])
    call(*bad, path("nan.npy"), code=4, says="row 1 has a value that is not finite")
    call(*bad, path("one.npy"), code=2, says="at least two points")
    call(*bad, path("nowhere.npy"), code=4, says="nowhere.npy")


def test_walks_that_are_not_well_formed():
    call("interpolate", "--seeds", "1,2", "--grid", "x.png", code=2, says="--model")
    call("interpolate", *MODEL, "--grid", "x.png", code=2, says=["--seeds", "--z"])
    call("interpolate", *MODEL, "--seeds", "1,2", "--z", "z.npy", "--json", code=2, says="--z")
    call("interpolate", *MODEL, "--z", "z.npy", "--seed", "1", "--json", code=2, says="--seed")
    call("interpolate", *MODEL, "--seeds", "1,2", code=2, says="--animation")
    call("interpolate", *MODEL, "--seeds", "1,2", "--fps", "3", "--json", code=2, says="--fps")
    call("interpolate", *MODEL, "--seeds", "1,2", "--frames", "1", "--json", code=2, says="--frames 1")
    for numbers, what in (("1,x", "at \"x\""), ("2-1", "backwards"), ("1;2", "at \";2\""),
                          ("7", "at least two points")):
        call("interpolate", *MODEL, "--seeds", numbers, "--json", code=2, says=what)


# --- arithmetic -----------------------------------------------------------------------------------
def test_sums_are_those_of_the_means():
    z, other = noise(5, 0, 12), noise(6, 0, 4)
    write_rows("other.npy", other)
    text = f"3-5 - 7,9,11 + 0.5*{path('other.npy')}[0,2,3] - {path('other.npy')}"
    done = call("arithmetic", text, *MODEL, "--seed", "5", "--z-out", path("sum.npy"), "--json")
    parts = [(1, z[3:6]), (-1, [z[7], z[9], z[11]]), (0.5, [other[0], other[2], other[3]]), (-1, other)]
    expected = [sum(values) for values in zip(*([scale * v for v in mean(group)] for scale, group in parts))]
    near("the result", rows("sum.npy")[0], expected, 1e-6)
    facts = json.loads(done.stdout)
    assert facts["expression"] == text, f"another expression: {facts}"
    near("its length", [facts["norm"]], [norm(expected)], 1e-5)
    near("the scales", [t["scale"] for t in facts["terms"]], [1, -1, 0.5, -1], 0)
    near("the lengths", [t["norm"] for t in facts["terms"]], [norm(mean(group)) for _, group in parts], 1e-5)
    assert [t["kind"] for t in facts["terms"]] == ["numbers", "numbers", "file", "file"], f"odd: {facts}"
    assert [t["members"] for t in facts["terms"]] == [3, 3, 3, 4], f"odd: {facts}"
    assert facts["terms"][1]["numbers"] == [7, 9, 11], f"odd: {facts}"


def test_the_result_stands_amid_its_neighbours():
    call("arithmetic", "0-2 - 3-5 + 6-8", *MODEL, "--npy", path("near.npy"), "--z-out", path("sum.npy"),
         "--grid", path("sheet.png"), "--out", path("parts"), says=["0-2", "mean of 3", "sheet.png"])
    call("generate", *MODEL, "--z", path("sum.npy"), "--npy", path("again.npy"))
    pictures = rows("near.npy")
    assert pictures[0] == rows("again.npy")[0], "the first picture is not that of the result"
    assert len(pictures) == 9 and len({tuple(p) for p in pictures}) == 9, "not nine different pictures"
    assert png_size("sheet.png") == (9 * (SIZE + 2) + 2, 4 * (SIZE + 2) + 2), "the sheet has another size"
    names = [f"{name}-{i:05}.png" for name, n in (("mean", 3), ("pixels", 1), ("result", 9)) for i in range(n)]
    assert sorted(os.listdir(path("parts"))) == names, f"files: {sorted(os.listdir(path('parts')))}"
    call("arithmetic", "0-2 - 3-5 + 6-8", *MODEL, "--npy", path("far.npy"), "--scale", "0")
    assert all(p == pictures[0] for p in rows("far.npy")), "neighbours at scale 0 differ"


def test_sheets_show_what_they_say():
    strong = path("strong.npy")  # pictures of a hardly trained model that differ well
    write_rows("strong.npy", [[5000 * v for v in row] for row in noise(0, 0, 7)])
    call("arithmetic", f"{strong}[0-2] - 1.2*{strong}[3-6]", *MODEL, "--scale", "100", "--grid",
         path("sheet.png"), "--out", path("tiles"))
    sheet = png_rows("sheet.png")
    assert len(sheet) == 4 * (SIZE + 2) + 2 and len(sheet[0]) == 3 * (8 * (SIZE + 2) + 2), "another size"
    for i, (row, column) in enumerate([(1, 4), (0, 3), (0, 4), (0, 5), (1, 3), (1, 5), (2, 3), (2, 4), (2, 5)]):
        assert tile(sheet, row, column) == png_rows("tiles", f"result-{i:05}.png"), f"neighbour {i} is elsewhere"
    for i in range(2):
        assert tile(sheet, 3, i) == png_rows("tiles", f"mean-{i:05}.png"), f"mean {i} is elsewhere"
    assert tile(sheet, 1, 7) == png_rows("tiles", "pixels-00000.png"), "the sum of pixels is elsewhere"
    call("generate", *MODEL, "--z", strong, "--npy", path("strong-drawn.npy"), "--out", path("members"))
    pictures, members = rows("strong-drawn.npy"), os.listdir(path("members"))
    assert len({tuple(png_rows("members", name)) for name in members}) == 7, "members look the same"
    for i, (row, column) in enumerate([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]):
        assert tile(sheet, row, column) == png_rows("members", f"face-{i:05}.png"), f"member {i} is elsewhere"
    expected = [a - 1.2 * b for a, b in zip(mean(pictures[:3]), mean(pictures[3:]))]
    pixels = b"".join(png_rows("tiles", "pixels-00000.png"))
    near("the sum of pixels", pixels, [min(255, max(0, (v + 1) * 127.5)) for v in expected], 0.51)
    assert len(set(pixels)) > 20, f"the sum of pixels is flat: {sorted(set(pixels))}"


def test_few_members_are_warned_of():
    done = call("arithmetic", "0,1 - 5 + 6-8", *MODEL, "--z-out", path("x.npy"))
    assert "\"0,1\" is only two" in done.stderr and "\"5\" is a single" in done.stderr, f"said: {done.stderr}"
    assert "\"6-8\"" not in done.stderr, f"said: {done.stderr}"
    done = call("arithmetic", f"{path('x.npy')} + 6-8", *MODEL, "--z-out", path("y.npy"))
    assert "warning" not in done.stderr, f"a file's only row may be a mean already, but: {done.stderr}"


def test_expressions_that_are_not_well_formed():
    out = [*MODEL, "--z-out", path("not.npy")]
    call("arithmetic", *out, code=2, says="EXPRESSION is missing")
    for text, what in (("1-3 - + 4", "at letter 7, \"+ 4\": a term is missing"), ("1-3 -", "at its end"),
                       ("1-3+4-6", "at letter 4, \"+4-6\""), ("3-1", "backwards"),
                       ("smile - 1-3", ["smile", "--classifier"]), ("1-3 - 'smile", "quote")):
        call("arithmetic", text, *out, code=2, says=what)
    call("arithmetic", "1-3", "4-6", *out, code=2, says="4-6")
    call("arithmetic", "1-3", *MODEL, code=2, says="--grid")
    call("arithmetic", "1-3", "--z-out", "x", code=2, says="--model")
    call("arithmetic", "1-3", *MODEL, "--apply", "3", code=2, says="--measure-by")
    call("arithmetic", "1-3", *out, "--apply-to", "x", code=2, says="--apply-to needs --apply")
    write_rows("three.npy", [[1.0] * Z] * 3)
    call("arithmetic", path("three.npy") + "[1-3]", *out, code=2, says=["3 rows", "no row 3"])
    write_rows("long.npy", [[1.0] * (Z + 1)] * 3)
    call("arithmetic", path("long.npy"), *out, code=4, says=["9 values", "has 8"])
    call("arithmetic", path("nowhere.npy"), *out, code=4, says="nowhere.npy")
    assert not os.path.exists(path("not.npy")), "a file was written all the same"


# --- classes: a picture is bright when its values' sum is above the middle of a pool's --------------
POOL = 40


def make_classifier(name, mask, pictures):
    """One that sums the values where the repeated mask is 1, so that the pool's scores lie in about -1..1."""
    weights = mask * (ONE // len(mask))
    sums = sorted(sum(v for v, w in zip(p, weights) if w) for p in pictures)
    gain, middle = 2 / (sums[-1] - sums[0]), (sums[POOL // 2] + sums[POOL // 2 - 1]) / 2
    row = [gain * w for w in weights]
    write_classifier(name, [row, [-w for w in row]], [-gain * middle, gain * middle], ["bright", "very dark"])
    return lambda picture: sum(v * w for v, w in zip(picture, row)) - gain * middle


def make_classifiers():
    """Files bright, by all values, and red, by the red ones. Bright's score; pictures of the pool."""
    _, pictures = noise(9, 0, POOL, pictures=True)
    make_classifier("red", [1, 0, 0], pictures)
    return make_classifier("bright", [1], pictures), pictures


def test_classes_are_the_clearest_samples():
    light, pictures = make_classifiers()
    by = [*MODEL, "--seed", "9", "--classifier", path("bright"), "--pool", str(POOL)]
    done = call("arithmetic", "bright - very dark", *by, "--take", "4", "--json", "--z-out", path("sum.npy"))
    facts = json.loads(done.stdout)
    order = sorted(range(POOL), key=lambda i: -light(pictures[i]))
    z = noise(9, 0, POOL)
    for term, chosen, sign in zip(facts["terms"], (order[:4], order[:-5:-1]), (1, -1)):
        assert term["numbers"] == chosen, f"{term['name']}: {term['numbers']}, not {chosen}"
        near("scores", term["scores"], [sign * light(pictures[i]) for i in chosen], 1e-3)
    expected = [a - b for a, b in zip(mean([z[i] for i in order[:4]]), mean([z[i] for i in order[:-5:-1]]))]
    near("the result", rows("sum.npy")[0], expected, 1e-6)
    assert facts["scores"]["bright"] > 0.5, f"the result is not bright: {facts['scores']}"
    near("its scores", [facts["scores"]["bright"]], [-facts["scores"]["very dark"]], 1e-6)
    count = POOL // 2
    call("arithmetic", "bright", *by, "--z-out", path("x.npy"), says=[f"only {count} of {POOL}", "--take 100"])
    call("arithmetic", "'bright'", *by, "--take", "0", "--z-out", path("x.npy"), says=f"mean of {count},")


@pytest.mark.needs("test_classes_are_the_clearest_samples")
def test_classes_that_are_not_there():
    by = [*MODEL, "--classifier", path("bright"), "--json"]
    call("arithmetic", "light", *by, code=2, says=["\"light\"", "\"bright\", \"very dark\""])
    write_classifier("never", [[0] * ONE, [0] * ONE], [1, -1], ["all", "none"])
    call("arithmetic", "none", *MODEL, "--json", "--classifier", path("never"), "--pool", "20", code=4,
         says=["none of 20 samples", "--pool"])
    write_classifier("small", [[0] * 5] * 2, [0, 0], ["a", "b"])
    call("arithmetic", "a", *MODEL, "--json", "--classifier", path("small"), code=4, says=["5 values", str(ONE)])
    write_classifier("small", [[0] * 5] * 2, [0, 0], ["a", "b"], "discriminator")
    call("arithmetic", "a", *MODEL, "--json", "--classifier", path("small"), code=4, says="5 features")
    write_classifier("odd", [[0] * ONE] * 2, [0, 0], ["a", "b"], "smells")
    call("arithmetic", "a", *MODEL, "--json", "--classifier", path("odd"), code=4, says="smells")
    call("arithmetic", "a", *MODEL, "--json", "--classifier", path("nowhere"), code=4, says="nowhere")
    call("arithmetic", "a", *MODEL, "--json", "--classifier", MODEL[1], code=4, says="model.safetensors")


def test_classes_by_the_discriminators_features():
    call("data", "--out", path("faces"), "--n", "80", "--size", "16")
    call("classify", *MODEL, "--data", path("faces"), "--labels", path("faces", "labels.csv"), "--column", "skin",
         "--threshold", "0.5", "--c", "1", "--save", path("skin.svm"))
    words = ["arithmetic", "0-3 - 4-6", "--classifier", path("skin.svm"), "--apply", "5", "--target", "skin > 0.5", "--json"]
    facts = json.loads(call(*words, *MODEL).stdout)["apply"]
    assert facts["samples"] == 5 and facts["score_before"] != facts["score_after"], f"odd: {facts}"
    facts = json.loads(call(*words[:4], "--json", *MODEL).stdout)["scores"]
    assert facts["skin > 0.5"] == -facts["skin <= 0.5"] != 0, f"odd scores: {facts}"
    call("train", *FACES, *TINY, "--seed", "2", "--steps", "1", "--out", path("run2"))
    call(*words, "--model", path("run2", "model.safetensors"), code=4, says="another discriminator")


def test_directions_are_added_and_judged():
    light, _ = make_classifiers()
    words = ["arithmetic", "3*bright - 3*very dark", *MODEL, "--seed", "9", "--classifier", path("bright"), "--pool",
             str(POOL), "--apply", "20"]
    facts = json.loads(call(*words, "--json", "--npy", path("after.npy"), "--z-out", path("after-z.npy"),
                            "--grid", path("pairs.png"), "--out", path("pairs")).stdout)
    apply = facts["apply"]
    assert apply["samples"] == 20 and apply["first"] == POOL and apply["target"] == "bright", f"odd: {apply}"
    z, before = noise(9, POOL, 20, pictures=True)
    call("arithmetic", "3*bright - 3*very dark", *MODEL, "--seed", "9", "--classifier", path("bright"), "--pool",
         str(POOL), "--take", "0", "--z-out", path("sum.npy"))
    added = rows("sum.npy")[0]
    for i, row in enumerate(rows("after-z.npy")):
        near(f"sample {i}", row, [a + b for a, b in zip(z[i], added)], 1e-6)
    was, now = (list(map(light, group)) for group in (before, rows("after.npy")))
    near("raised", [apply["raised"]], [sum(b > a for a, b in zip(was, now)) / 20], 1e-9)
    near("before", [apply["in_class_before"]], [sum(v > 0 for v in was) / 20], 1e-9)
    near("after", [apply["in_class_after"]], [sum(v > 0 for v in now) / 20], 1e-9)
    near("scores", [apply["score_before"], apply["score_after"]], [sum(was) / 20, sum(now) / 20], 1e-3)
    assert apply["raised"] > 0.9, f"the direction does not brighten: {apply}"
    assert png_size("pairs.png") == (16 * (SIZE + 2) + 2, 4 * (SIZE + 2) + 2), "the sheet has another size"
    assert len(os.listdir(path("pairs"))) == 40, "not 40 separate pictures"


@pytest.mark.needs("test_classes_that_are_not_there")
def test_samples_of_a_class_and_other_judges():
    words = ["arithmetic", "3*bright - 3*very dark", *MODEL, "--seed", "9", "--classifier", path("bright"), "--pool",
             str(POOL), "--apply", "10", "--apply-to", "very dark"]
    facts = json.loads(call(*words, "--json").stdout)["apply"]
    assert facts["in_class_before"] == 0 and facts["seen"] > 0 and facts["to"] == "very dark", f"odd: {facts}"
    call(*words, "--measure-by", path("red"), says=["judged by " + path("red"), "rises in"])
    facts = json.loads(call(*words, "--target", "very dark", "--json").stdout)["apply"]
    assert facts["in_class_before"] == 1 and facts["target"] == "very dark", f"odd: {facts}"
    call("arithmetic", "1-3 - 4-6", *MODEL, "--measure-by", path("red"), "--apply", "3", code=2, says="--target")
    call("arithmetic", "1-3 - 4-6", *MODEL, "--measure-by", path("red"), "--apply", "3", "--target", "bright",
         says="judged by " + path("red"))
    call("arithmetic", "1-3", *MODEL, "--measure-by", path("never"), "--apply", "3", "--target", "none",
         "--apply-to", "none", code=4, says="only 0 of")
