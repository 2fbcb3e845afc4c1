"""`clgan project` and `inspect` from end to end."""
import json
import math
import os

import pytest
from files import png_rows, png_size, rows, tensor, tile, write_classifier, write_png
from harness import FACES, TINY, call, path, read

MODEL = ["--model", path("run", "model.safetensors")]
SIZE, Z, MAPS, ONE = 16, 8, 4, 16 * 16 * 3
TILE = 64  # side of inspect's tiles
SHEET = ["--grid", path("sheet.png")]


def facts(*words, says=()):
    return json.loads(call(*words, "--json", says=says).stdout)


def sheet_is(columns, lines, side=TILE, name="sheet.png"):
    size, wanted = png_size(name), (columns * (side + 2) + 2, lines * (side + 2) + 2)
    assert size == wanted, f"{name} is {size}, not {wanted}"


def near(what, value, expected, limit=1e-4):
    assert abs(value - expected) <= limit, f"{what} is {value}, not {expected}"


# --- project --------------------------------------------------------------------------------------
@pytest.fixture(scope="module", autouse=True)
def a_model_and_pictures():
    call("train", *FACES, *TINY, "--steps", "60", "--lr", "0.002", "--out", path("run"))
    call("generate", *MODEL, "--n", "5", "--seed", "3", "--out", path("drawn"), "--npy", path("drawn.npy"))
    call("data", "--out", path("faces"), "--n", "9", "--size", "24", "--seed", "5")


def test_drawn_pictures_are_found_again():
    words = ["project", *MODEL, "--data", path("drawn"), "--columns", "2"]
    done = call(*words, "--grid", path("found.png"), "--out", path("found"), "--z-out", path("z.npy"),
                says=["5 pictures, 300 steps from 2 starts", "face-00004.png", "PSNR: mean", "found.png", "z.npy"])
    psnr = [float(line.split()[0]) for line in done.stdout.splitlines()[:5]]
    assert min(psnr) > 30, f"PSNR {psnr}"
    assert len(rows("z.npy")) == 5 and len(rows("z.npy")[0]) == Z, "z has another shape"
    call("generate", *MODEL, "--z", path("z.npy"), "--out", path("again"))
    sheet = png_rows("found.png")
    sheet_is(2, 6, SIZE, "found.png")
    for i in range(5):
        picture, found = png_rows("drawn", f"face-{i:05}.png"), png_rows("found", f"found-{i:05}.png")
        assert found == png_rows("again", f"face-{i:05}.png"), f"z {i} draws another picture than what was found"
        assert tile(sheet, i // 2 * 2, i % 2) == picture, f"picture {i} is elsewhere in the sheet"
        assert tile(sheet, i // 2 * 2 + 1, i % 2) == found, f"what was found for {i} is elsewhere"
        error = sum((a - b) ** 2 for x, y in zip(picture, found) for a, b in zip(x, y)) / ONE
        near(f"PSNR {i}", 10 * math.log10(255 ** 2 / max(error, 0.09)), min(psnr[i], 58), 3)


def test_projections_repeat_themselves():
    words = ["project", *MODEL, "--data", path("faces"), "--steps", "30", "--n", "3", "--z-out"]
    for name, more in (("a", []), ("b", []), ("c", ["--seed", "2"]), ("d", ["--first", "1", "--n", "1"])):
        call(*words, path(name + ".npy"), *more)
    assert read("a.npy") == read("b.npy"), "a rerun differs"
    assert read("a.npy") != read("c.npy"), "another seed gives the same"
    assert rows("d.npy")[0] == rows("a.npy")[1], "a picture alone gives another z"


def test_projections_are_told_in_json():
    told = facts("project", *MODEL, "--data", path("faces"), "--steps", "2", "--starts", "1", "--n", "4")
    psnr = sorted(p["psnr"] for p in told["pictures"])
    assert [p["name"] for p in told["pictures"]] == [f"{i:06}.png" for i in range(4)], f"names: {told}"
    assert told["steps"] == 2 and told["starts"] == 1 and told["seconds"] > 0, f"odd facts: {told}"
    near("mean", told["psnr"]["mean"], sum(psnr) / 4, 2e-4)
    near("median", told["psnr"]["median"], (psnr[1] + psnr[2]) / 2, 2e-4)
    assert [told["psnr"]["min"], told["psnr"]["max"]] == [psnr[0], psnr[3]], f"range: {told['psnr']}"
    more = facts("project", *MODEL, "--data", path("faces"), "--steps", "100", "--n", "4")
    assert more["psnr"]["mean"] > told["psnr"]["mean"] + 0.2, f"{more['psnr']}, {told['psnr']}"


def test_masks_keep_what_is_known():
    words = ["project", *MODEL, "--data", path("drawn"), "--steps", "60", "--n", "3"]
    done = call(*words, "--mask", "left", "--grid", path("m.png"), "--out", path("m"), says=["hidden", "completed"])
    assert "of hidden pixels" in done.stdout, f"{done.stdout}"
    sheet = png_rows("m.png")
    sheet_is(3, 4, SIZE, "m.png")
    for i in range(3):
        picture, completed = png_rows("drawn", f"face-{i:05}.png"), tile(sheet, 2, i)
        assert tile(sheet, 0, i) == picture and png_rows("m", f"found-{i:05}.png") == completed, "tiles are elsewhere"
        for y in range(SIZE):
            half = 3 * SIZE // 2
            assert completed[y][half:] == picture[y][half:], f"known pixels of {i} were changed"
            assert completed[y][:half] == tile(sheet, 3, i)[y][:half], f"hidden pixels of {i} are not G's"
            assert tile(sheet, 1, i)[y] == b"\xff" * half + picture[y][half:], f"what is known of {i} is wrong"
    write_png("left.png", [[0] * 8 + [255] * 8] * SIZE)
    built_in, file = (facts(*words, "--mask", mask) for mask in ("left", path("left.png")))
    assert file["pictures"] == built_in["pictures"], "the same mask from a file gives something else"
    others = [facts(*words, "--mask", mask)["psnr_hidden"]["mean"] for mask in
              ("left", "right", "top", "bottom", "center", "random")]
    assert len(set(others)) == 6, f"masks that do the same: {others}"


def test_projections_that_cannot_be():
    words = ["project", *MODEL, "--data", path("drawn"), "--json"]
    call("project", "--data", path("drawn"), "--json", code=2, says="--model")
    call("project", *MODEL, "--json", code=2, says="--data")
    call("project", *MODEL, "--data", path("drawn"), code=2, says=["--grid", "--out", "--z-out", "--json"])
    call(*words, "--steps", "0", code=2, says="--steps 0")
    call(*words, "--starts", "65", code=2, says="between 1 and 64")
    call(*words, "--first", "5", code=2, says="0 to 4")
    write_png("small.png", [[255] * 15] * 16)
    call(*words, "--mask", path("small.png"), code=4, says=["small.png is 15x16", "16x16"])
    write_png("black.png", [[0] * SIZE] * SIZE)
    call(*words, "--mask", path("black.png"), code=2, says="hides every pixel")
    call(*words, "--mask", "middle", code=4, says=["middle", "center, left"])
    call(*words, "--mask", path("run", "metrics.csv"), code=4, says=["metrics.csv is not a usable picture", "center, left"])
    with open(path("broken.png"), "wb") as file:
        file.write(read("drawn", "face-00000.png")[:60])
    call("project", *MODEL, "--data", path("broken.png"), "--json", code=4, says="broken.png")
    call("project", *MODEL, "--data", path("nowhere"), "--json", code=4, says="nowhere")
    call("project", "--model", path("nowhere"), "--data", path("drawn"), "--json", code=4, says="nowhere")


# --- inspect --------------------------------------------------------------------------------------
def test_layers_are_listed():
    told = facts("inspect", *MODEL)
    g, d = told["generator"], told["discriminator"]
    assert ([(x["h"], x["w"], x["c"]) for x in d] ==
            [(8, 8, MAPS)] * 2 + [(4, 4, 2 * MAPS)] * 2 + [(1, 1, 1)]), f"D: {d}"
    assert (g[-1]["h"], g[-1]["c"], g[-1]["text"]) == (SIZE, 3, "tanh"), f"G: {g}"
    assert [x["activated"] for x in d] == [False, True, False, True, False], f"D: {d}"
    for net in (g, d):
        assert [x["index"] for x in net] == list(range(len(net))), f"numbers: {net}"
    text = call("inspect", *MODEL).stdout
    assert all(f"{x['name']} " in text and x["text"] in text for x in g + d), f"not all is in:\n{text}"


def test_maps_of_the_generators_last_layer_are_its_picture():
    last = facts("inspect", *MODEL)["generator"][-1]["index"]
    told = facts("inspect", *MODEL, "--net", "generator", "--layer", str(last), "--seed", "3", "--first", "2", *SHEET)
    sheet_is(2, 2)
    picture = rows("drawn.npy")[2]
    assert sorted(m["map"] for m in told["maps"]) == [0, 1, 2], f"maps: {told}"
    assert [m["rms"] for m in told["maps"]] == sorted((m["rms"] for m in told["maps"]), reverse=True), f"{told}"
    for m in told["maps"]:
        values = picture[m["map"]::3]
        near("rms", m["rms"], math.sqrt(sum(v * v for v in values) / len(values)))
        near("min", m["min"], min(values))
        near("max", m["max"], max(values))
    drawn, sheet = png_rows("drawn", "face-00002.png"), png_rows("sheet.png")
    first = tile(sheet, 0, 0, TILE)
    for y in range(TILE):
        assert first[y][::12] == drawn[y // 4][::3], f"row {y} of the first tile is not the picture"
    brightest = tile(sheet, 0, 1, TILE)
    assert min(map(min, brightest)) == 0 and max(map(max, brightest)) == 255, "a map does not go from black to white"


def test_maps_of_a_picture():
    words = ["inspect", *MODEL, "--data", path("faces", "000003.png"), *SHEET]
    told = facts(*words, "--layer", "1")
    assert told["name"] == "main.1" and len(told["maps"]) == MAPS, f"{told}"
    sheet_is(3, 2)
    own = read("sheet.png")
    call(*words, "--layer", "1", "--top", "2", says=["layer 1, main.1", "4 maps of 8x8", "sheet.png"])
    sheet_is(2, 2)
    call(*words, "--layer", "1", "--common")
    assert read("sheet.png") != own, "--common changes nothing"
    assert facts(*words)["layer"] == 3, "the last hidden activated layer is not the default"
    other = facts("inspect", *MODEL, "--data", path("faces"), "--first", "3", "--layer", "1", *SHEET)
    assert other["maps"] == told["maps"], "the fourth picture of the folder is another"


def test_filters_are_drawn():
    told = facts("inspect", *MODEL, "--filters", *SHEET)
    assert told["netD.main.0.weight"] == {"filters": MAPS, "channels": 3, "side": 4}, f"{told}"
    assert told["netG.main.6.weight"] == {"filters": MAPS, "channels": 3, "side": 4}, f"{told}"
    sheet_is(2, 2 + 1 + 2, 32)
    sheet = png_rows("sheet.png")
    for key, first in (("netD.main.0.weight", 0), ("netG.main.6.weight", 3)):
        values, shape = tensor("run/model.safetensors", key)
        assert shape == [MAPS, 3, 4, 4], f"{key} is {shape}"
        for i in range(MAPS):
            own = values[i * 48:(i + 1) * 48]
            most, drawn = max(map(abs, own)), tile(sheet, first + i // 2, i % 2, 32)
            for at in range(48):
                c, y, x = at // 16, at // 4 % 4, at % 4
                near(f"{key}, filter {i}", drawn[8 * y][3 * 8 * x + c], (own[at] / most + 1) * 127.5, 1)


def test_features_and_what_they_answer_to():
    for way in ("--guided", "--saliency"):
        told = facts("inspect", *MODEL, way, "--data", path("faces"), "--per", "3", "--top", "5", *SHEET)
        sheet_is(6, 5 + 1 + 5)
        assert told["layer"] == 3 and told["pictures"] == 9, f"{told}"
        for kind in ("trained", "random"):
            assert len(told[kind]) == 5 and len({f["map"] for f in told[kind]}) == 5, f"{kind}: {told[kind]}"
            means = []
            for feature in told[kind]:
                strengths = [p["strength"] for p in feature["pictures"]]
                assert len({p["name"] for p in feature["pictures"]}) == 3, f"pictures: {feature}"
                assert strengths == sorted(strengths, reverse=True), f"strengths: {feature}"
                means.append(sum(strengths))
            assert means == sorted(means, reverse=True), f"{kind}: {means}"
        best = told["trained"][0]
        maps = facts("inspect", *MODEL, "--data", path("faces", best["pictures"][0]["name"]), *SHEET)["maps"]
        near("the strongest", best["pictures"][0]["strength"],
             next(m["max"] for m in maps if m["map"] == best["map"]), 1e-4)
    guided = call("inspect", *MODEL, "--guided", "--data", path("faces"), *SHEET, says=["random weights", "map"])
    assert "main.3" in guided.stdout, guided.stdout
    plain = facts("inspect", *MODEL, "--guided", "--data", path("faces", "000000.png"), *SHEET)
    assert all(len(f["pictures"]) == 1 for f in plain["trained"]), "one picture shows up several times"


def test_maps_are_taken_away():
    told = facts("inspect", *MODEL, "--remove", "0-3", "--layer", "3", "--seed", "3", "--n", "5", *SHEET)
    values = [v for row in rows("drawn.npy") for v in row]
    near("what all maps draw", told["drawn_rms"], math.sqrt(sum(v * v for v in values) / len(values)))
    sheet_is(5, 3)
    sheet = png_rows("sheet.png")
    assert all(set(line) == {128} for line in tile(sheet, 2, 0, TILE)), "without any map something is drawn"
    one = facts("inspect", *MODEL, "--map", "2", "--layer", "3", "--n", "5", *SHEET)
    assert 0 < one["drawn_rms"] < told["drawn_rms"] and one["removed"] == 1, f"{one}"
    same = facts("inspect", *MODEL, "--remove", "2", "--layer", "3", "--n", "5", *SHEET)
    assert same == one, "--map 2 and --remove 2 differ"


def test_maps_that_draw_a_class_are_found():
    write_classifier("bright.svm", [[1 / ONE] * ONE, [-1 / ONE] * ONE], [0.3, -0.3], ["bright", "dark"])
    words = ["inspect", *MODEL, "--find", "bright", "--classifier", path("bright.svm"), "--n", "6", "--layer", "3"]
    told = facts(*words, "--top", "2", *SHEET)
    assert told["samples"] == 6 and told["others"] == 6 and told["class"] == "bright", f"{told}"
    falls = [m["falls"] for m in told["maps"]]
    assert 1 <= len(falls) <= 2 and falls == sorted(falls, reverse=True) and falls[-1] > 0, f"{told}"
    assert told["with_all"]["share"] == 1 and told["with_all"]["score"] > 0, f"{told}"
    assert told["without"]["score"] < told["with_all"]["score"], f"{told}"
    assert told["without"]["score"] < told["without_as_many_others"]["score"], f"{told}"
    sheet_is(6, 3)
    call(*words, *SHEET, says=["without map", "it falls by", "sheet.png"])
    write_classifier("never.svm", [[0] * ONE] * 2, [-1, 1], ["bright", "dark"])
    call("inspect", *MODEL, "--find", "bright", "--classifier", path("never.svm"), code=2, says="0 of")
    call("inspect", *MODEL, "--find", "blue", "--classifier", path("bright.svm"), code=2, says=["blue", "bright"])
    call("inspect", *MODEL, "--find", "bright", "--classifier", path("nowhere"), code=4, says="nowhere")


def test_inspections_that_cannot_be():
    picture = ["--data", path("faces")]
    call("inspect", code=2, says="--model")
    call("inspect", *MODEL, "--filters", "--map", "1", code=2, says="one at a time")
    call("inspect", *MODEL, "--guided", code=2, says="--data")
    call("inspect", *MODEL, "--net", "discriminator", code=2, says="--data")
    call("inspect", *MODEL, "--net", "generator", *picture, code=2, says="--seed")
    call("inspect", *MODEL, "--map", "1", "--net", "discriminator", code=2, says="--net")
    call("inspect", *MODEL, "--guided", *picture, "--net", "generator", code=2, says="--net")
    call("inspect", *MODEL, "--find", "bright", code=2, says="--classifier")
    call("inspect", *MODEL, *picture, "--layer", "5", code=2, says=["layer 5", "0 to 4"])
    call("inspect", *MODEL, "--map", "4", "--layer", "3", code=2, says=["feature map 4", "0 to 3"])
    call("inspect", *MODEL, "--remove", "1,x", "--layer", "3", code=2, says="--remove 1,x")
    call("inspect", *MODEL, "--remove", "1,7", "--layer", "3", code=2, says="0 to 3")
    call("inspect", *MODEL, "--data", path("broken.png"), "--layer", "1", code=4, says="broken.png")
    call("inspect", "--model", path("nowhere"), code=4, says="nowhere")
    call("inspect", *MODEL, "--filters", "--out", path("run", "no", "x.png"), code=4, says="x.png")
    assert not os.path.exists("inspect.png"), "a sheet was left in the working folder"
