"""`clgan classify --labels` with tables as people have them."""
import json
import os

import pytest
from harness import FACES, TINY, call, path

MODEL, N = path("run", "model.safetensors"), 12
NAMES = [f"{i:06}.png" for i in range(N)]


def table(name, text, encoding="utf-8"):
    with open(path(name), "w", encoding=encoding, newline="") as file:
        file.write(text)
    return path(name)


def classify(labels, *words, data="pics", **more):
    return call("classify", "--model", MODEL, "--data", path(data), "--features", "pixels", "--c", "1", "--labels",
                labels, *words, **more)


def classes(labels, *words, **more):
    """The classes, each with its number of pictures."""
    done = classify(labels, *words, "--json", **more)
    return {c["name"]: c["train"] + c["test"] for c in json.loads(done.stdout)["classes"]}


def rows(line, count=N):
    return "".join(line.format(name=NAMES[i], i=i, side="yes" if i % 3 else "no", sign=1 if i % 3 else -1)
                   for i in range(count))


BOTH = {"no": 4, "yes": 8}


@pytest.fixture(scope="module", autouse=True)
def a_model_and_pictures():
    call("train", *FACES, *TINY, "--steps", "1", "--out", path("run"))
    call("data", "--out", path("pics"), "--n", str(N), "--size", "16")
    os.unlink(path("pics", "labels.csv"))


def test_celebas_lists():
    text = table("list_attr_celeba.txt",
                 f"{N}\r\n5_o_Clock_Shadow Smiling Young \r\n" + rows("{name} -1  {sign}  1\r\n"))
    assert classes(text, "--column", "Smiling") == {"not Smiling": 4, "Smiling": 8}, "Smiling"
    assert list(classes(text, "--column", "Smiling", "--classes", "1,-1")) == ["Smiling", "not Smiling"], "1,-1"
    assert (
        list(classes(text, "--column", "Smiling", "--classes", "Smiling,not Smiling")) == ["Smiling", "not Smiling"]
    ), "by name"
    classify(text, code=2, says=["5_o_Clock_Shadow, Smiling, Young", "--column"])
    classify(text, "--label-column", "Smiling", code=2, says="did you mean --column?")
    classify(text, "--column", "smiling", code=4, says="it has 5_o_Clock_Shadow, Smiling, Young")
    classify(text, "--column", "Smiling", "--save", path("smiling.svm"))
    facts = json.loads(call("arithmetic", "Smiling", "--classifier", path("smiling.svm"), "--model", MODEL, "--json").stdout)
    assert set(facts["scores"]) == {"Smiling", "not Smiling"}, f"{facts['scores']}"
    assert classes(table("identity_CelebA.txt", rows("{name} {sign}7\n"))) == {"-17": 4, "17": 8}, "identities"


def test_tables_of_other_programs():
    for name, text, encoding in (
            ("semicolons", "Datei;Größe\r\n" + rows("{name};{side}\r\n"), "latin-1"),
            ("excel", "Datei\tGröße\r\n" + rows("{name}\t{side}\r\n"), "utf-16"),
            ("bom", "file,label\n" + rows("\"{name}\",{side}\n"), "utf-8-sig"),
            ("pandas", ",file,label\n" + rows("{i},{name},{side}\n"), "utf-8"),
            ("swapped", "label,file\n" + rows("{side},{name}\n"), "utf-8"),
            ("windows", "file,label\n" + rows("C:\\data\\pics\\{name},{side}\n"), "utf-8"),
            ("elsewhere", "file,label\n" + rows("/home/someone/img_align_celeba/{name},{side}\n"), "utf-8"),
            ("bare", rows("{name},{side}\n"), "utf-8")):
        done = classify(table(name + ".csv", text, encoding), "--json")
        got = {c["name"]: c["train"] + c["test"] for c in json.loads(done.stdout)["classes"]}
        assert got == BOTH and "warning" not in done.stderr, f"{name}: {got}, {done.stderr}"
    ids = table("ids.csv", "id,label\n" + rows("{name},{side}\n").replace(".png", ""))
    assert classes(ids) == BOTH, "ids"
    assert list(classes(path("semicolons.csv"), "--column", "Größe")) == ["no", "yes"], "a name in Latin-1"


def test_columns_can_be_told():
    text = table("two.csv", "before,after,label\n" + "".join(f"{a},{b},{'ab'[i % 2]}\n" for i, (a, b) in
                                                          enumerate(zip(NAMES, NAMES[1:] + NAMES[:1]))))
    classify(text, code=2, says=["before, after", "--file-column"])
    for column in ("before", "2"):
        assert classes(text, "--file-column", column, "--column", "label") == {"a": 6, "b": 6}, column
    classify(text, "--file-column", "middle", code=4, says=["middle", "before, after, label"])
    call("classify", "--model", MODEL, "--data", path("pics"), "--file-column", "x", code=2, says="x")


def test_what_does_not_fit_is_counted_once():
    text = table("part.csv", "file,label\n" + rows("{name},{side}\n", 8) + "other.png,no\nmore.png,yes\n")
    done = classify(text, says=["2 of 10 rows", "other.png", "no label for 4 of 12 pictures", "000008.png"])
    assert sum("warning" in line for line in done.stderr.splitlines()) == 2, done.stderr
    text = table("case.csv", "file,label\n" + rows("{name},{side}\n").replace("000001.png", "000001.PNG"))
    done = classify(text, says=["\"000001.PNG\" and 000001.png", "case"])
    classify(table("cases.csv", rows("{name},{side}\n").replace(".png", ".PNG")), code=4,
             says=["\"000000.PNG\" and the picture 000000.png", "case"])
    classify(table("none.csv", "file,label\nx.png,a\n"), code=4, says=["no label for any of 12", "x.png", "000000.png"])


def test_the_shared_cases_are_read(request):
    shared = os.path.join(request.config.getoption("cases"), "labels")
    if not os.path.isdir(shared):
        pytest.skip(f"no {shared}")
    words = ["classify", "--model", MODEL, "--data", os.path.join(shared, "pics"), "--features", "pixels", "--c", "1"]
    for name, more in (("list_attr_celeba.txt", ["--column", "Smiling"]), ("backslash.csv", []),
                       ("pandas-index.csv", [])):
        done = call(*words, "--labels", os.path.join(shared, name), *more)
        assert "warning" not in done.stderr, done.stderr
