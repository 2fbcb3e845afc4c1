"""Paths, going on from elsewhere, defaults, and errors before a device is opened."""
import json
import os
import pwd
import shutil
import struct
import subprocess
import zlib

import pytest
from files import write_classifier, write_rows
from harness import CLGAN, ENV, FACES, TINY, call, path, read

MODEL = "model.safetensors"


def at(folder, *words, code=0, says=(), env=None):
    """Like call(), from a folder."""
    done = subprocess.run([CLGAN, *words], env={**ENV, **(env or {})}, cwd=folder, capture_output=True, text=True,
                          timeout=300)
    if done.returncode != code:
        raise AssertionError(f"`{' '.join(words)}` in {folder} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    for text in [says] if isinstance(says, str) else says:
        assert text in done.stdout + done.stderr, f"\"{text}\" expected of {words}:\n{done.stdout}{done.stderr}"
    return done


def metadata(*parts):
    data = read(*parts)
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]


def forget_root(*parts):
    """Rewrites a checkpoint as older versions left it: with the data folder relative."""
    data, name = read(*parts), path(*parts)
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8:8 + size])
    head["__metadata__"]["train.data"] = os.path.relpath(head["__metadata__"]["train.data"], path("project"))
    head["__metadata__"]["crc32"] = "0" * 8
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    content = struct.pack("<Q", len(text)) + text + data[8 + size:]
    with open(name, "wb") as file:
        file.write(content.replace(b'"crc32":"00000000"', b'"crc32":"%08x"' % zlib.crc32(content)))


# --- homes ----------------------------------------------------------------------------------------
def test_a_tilde_is_a_home_wherever_a_path_goes():
    home, cwd = path("home"), path("cwd")
    os.makedirs(home)
    os.makedirs(cwd)
    env = {"HOME": home}

    def run(*words, **options):
        at(cwd, *words, env=env, **options)

    run("data", "--out", "~/pics", "--n", "6", "--size", "16")
    run("data", "--out=~/pics/", "--n", "6", "--size", "16")
    run("train", *TINY, "--data=~/pics", "--out", "~/run", "--steps", "2", "--threads", "1")
    run("train", "--resume=~/run", "--out", "~/run/", "--steps", "3")
    run("train", *TINY, *FACES, "--init", f"~/run/{MODEL}", "--out", "~/init", "--steps", "1")
    model = ["--model", f"~/run/{MODEL}"]
    run("generate", *model, "--n", "2", "--out", "~/g", "--grid=~/g.png", "--npy", "~/g.npy", "--z-out", "~/z.npy")
    run("interpolate", *model, "--z", "~/z.npy", "--animation", "~/a.png")
    run("arithmetic", "~/z.npy[0] + ~/z.npy[1]", *model, "--grid", "~/sum.png")
    run("project", *model, "--data", "~/g", "--steps", "1", "--starts", "1", "--grid", "~/p.png", "--mask", "center")
    run("inspect", *model, "--data", "~/g", "--out", "~/i.png")
    run("features", *model, "--data", "~/pics", "--npy", "~/f.npy", "--names", "~/f.txt")
    run("nearest", *model, "--data", "~/pics", "--k", "1", "--out", "~/n.png")
    run("layers", "~/g/face-00000.png", "--size", "16", "--out", "~/layers")
    run("describe", "--svg", "~/m.svg")
    os.makedirs(os.path.join(home, "kernels"))
    run("bench", *TINY, "--what", "generate", "--steps", "1", "--kernels", "~/kernels")
    run("bench", *TINY, "--what", "data", "--data", "~/pics", "--steps", "1")
    assert os.listdir(cwd) == [], f"in the working directory: {os.listdir(cwd)}"
    expected = {"a.png", "f.npy", "f.txt", "g", "g.npy", "g.png", "i.png", "init", "kernels", "layers", "m.svg", "n.png",
                "p.png", "pics", "run", "sum.png", "z.npy"}
    assert set(os.listdir(home)) == expected, f"in the home: {set(os.listdir(home)) ^ expected}"
    assert metadata("home", "run", MODEL)["train.data"] == os.path.join(home, "pics"), "the checkpoint's data folder"


def test_other_tildes():
    user = pwd.getpwuid(os.getuid())
    nowhere = ["generate", "--npy", path("x.npy"), "--model"]
    call(*nowhere, f"~{user.pw_name}/no-such-model", code=4, says=os.path.join(user.pw_dir, "no-such-model"))
    call(*nowhere, "~no-such-user-here/m", code=4, says="~no-such-user-here/m")
    call(*nowhere, "~/no-such-model", code=4, says=os.path.join(user.pw_dir, "no-such-model"), env={"HOME": ""})
    os.makedirs(path("~"))
    call("data", "--out", path("~", "kept"), "--n", "1", "--size", "8")
    assert os.path.exists(path("~", "kept", "labels.csv")), "a ~ inside a path was taken for a home"


# --- going on -------------------------------------------------------------------------------------
def test_a_run_is_gone_on_with_from_anywhere():
    os.makedirs(path("project"))
    call("data", "--out", path("project", "pics"), "--n", "9", "--size", "16")
    words = ["train", *TINY, "--data", "pics", "--threads", "1"]
    at(path("project"), *words, "--steps", "4", "--out", "runs/whole")
    at(path("project"), *words[:-4], "--data", "./pics//", "--threads", "1", "--steps", "2", "--out", "runs/parts")
    at("/", "train", "--resume", path("project", "runs", "parts"), "--steps", "3", says=path("project", "pics"))
    at(path("project", "runs"), "train", "--resume", "parts", "--steps", "4")
    assert read("project", "runs", "whole", MODEL) == read("project", "runs", "parts", MODEL), (
        "the run that was gone on with elsewhere is not the unbroken one")


@pytest.mark.needs("test_a_run_is_gone_on_with_from_anywhere")
def test_older_checkpoints_have_relative_folders():
    for folder in ("project", "/", os.path.join("project", "runs", "whole")):
        shutil.rmtree(path("project", "runs", "old"), ignore_errors=True)
        shutil.copytree(path("project", "runs", "whole"), path("project", "runs", "old"))
        forget_root("project", "runs", "old", MODEL)
        assert metadata("project", "runs", "old", MODEL)["train.data"] == "pics", (
            "the test's checkpoint is not an old one")
        at(path(folder), "train", "--resume", path("project", "runs", "old"), "--steps", "5", says="(step 5)")


@pytest.mark.needs("test_a_run_is_gone_on_with_from_anywhere")
def test_pictures_that_moved_are_asked_for():
    os.rename(path("project", "pics"), path("moved"))
    resume = ["train", "--resume", path("project", "runs", "whole"), "--steps", "6"]
    call(*resume, code=4, says=[path("project", "pics"), "set data"])
    call(*resume, "--data", path("moved"), says="(step 6)")
    call(*resume[:-1], "7", says="(step 7)")


@pytest.mark.needs("test_pictures_that_moved_are_asked_for")
def test_the_runs_own_folder_and_file_are_no_error():
    run = path("project", "runs", "whole")
    os.symlink(run, path("link"))
    step = 7
    for resume, out in ((run, run), (run + "/", run), (path("link"), run), (run, path("project", "runs", ".", "whole") + "/"),
                        (os.path.join(run, MODEL), None), (os.path.join(run, MODEL), run), (path("link", MODEL), None)):
        step += 1
        done = call("train", "--resume", resume, *(["--out", out] if out else []), "--steps", str(step), says=f"(step {step})")
        assert "//" not in done.stdout, done.stdout
    at(run, "train", "--resume", MODEL, "--steps", str(step + 1), says=f"(step {step + 1})")
    call("train", "--resume", run, "--out", path("elsewhere"), code=2, says="leave out --out")
    call("train", "--resume", run, "--out", run, "--overwrite", code=2, says="leave out --overwrite")
    shutil.copy(os.path.join(run, MODEL), path("other.safetensors"))
    call("train", "--resume", path("other.safetensors"), code=2, says=["folder of a run", "--init"])
    call("train", "--resume", path("moved"), code=4, says=MODEL)


def test_long_folders_are_kept_whole():
    long = path(*["d" * 200] * 4)
    os.makedirs(long)
    call("data", "--out", os.path.join(long, "pics"), "--n", "4", "--size", "16")
    call("train", *TINY, "--data", os.path.join(long, "pics"), "--steps", "1", "--out", path("long"))
    assert metadata("long", MODEL)["train.data"] == os.path.join(long, "pics"), "the folder's name was cut"
    call("train", "--resume", path("long"), "--steps", "2", says="(step 2)")


# --- train alone ----------------------------------------------------------------------------------
def test_train_alone_chooses_and_says_so():
    cwd = path("alone")
    os.makedirs(cwd)
    told = ["built-in faces", "--data DIR", "--out DIR"]
    at(cwd, "train", *TINY, says=[*told, "1000 steps", "runs/clgan ", "(step 1000)"])
    first = read("alone", "runs", "clgan", MODEL)
    at(cwd, "train", *TINY, "--steps", "2", says=[*told, "runs/clgan-2", "(step 2)"])
    at(cwd, "train", *TINY, "--steps", "2", says=[*told, "runs/clgan-3", "(step 2)"])
    assert read("alone", "runs", "clgan", MODEL) == first, "the first run was replaced"
    at(cwd, "train", *TINY, "--steps", "2", "--overwrite", says="runs/clgan/")
    assert read("alone", "runs", "clgan", MODEL) != first, "--overwrite did not replace it"
    done = at(cwd, "train", *TINY, "--data", "builtin:faces", "--steps", "1", "--out", "all-given")
    assert "chosen" not in done.stdout, "something was chosen where all was given"


# --- before a device is opened --------------------------------------------------------------------
def test_what_is_wrong_is_said_before_a_device_is_opened():
    os.makedirs(path("no-vendors"))
    os.makedirs(path("empty"))
    env = {"OCL_ICD_VENDORS": path("no-vendors"), "OCL_ICD_FILENAMES": "", "CLGAN_DEVICE": ""}
    call("train", *FACES, *TINY, "--steps", "2", "--out", path("m"))
    call("data", "--out", path("six"), "--n", "6", "--size", "16")
    write_classifier("c.svm", [[0.0] * 768] * 2, [0.0, 0.0], ["a", "b"])
    write_rows("z.npy", [[0.0] * 8] * 3)
    write_rows("bad.npy", [[0.0] * 9])
    whole = read("m", MODEL)
    with open(path("cut"), "wb") as file:
        file.write(whole[:-9])
    with open(path("text"), "w", encoding="utf-8") as file:
        file.write("nothing\n")
    model, out = ["--model", path("m", MODEL)], path("new")
    train, generate = ["train", *TINY, "--steps", "2"], ["generate", *model, "--npy", path("x.npy")]
    sum_of = ["arithmetic", *model, "--grid", path("x.png")]
    classify = ["classify", *model, "--data", path("six")]
    wrong = [
        (2, "never end", ["train", *TINY, *FACES, "--epochs", "3", "--out", out]),
        (2, "no step to train", ["train", *TINY, "--data", path("six"), "--epochs", "0", "--out", out]),
        (2, "built-in set is", [*train, "--data", "builtin:cats", "--out", out]),
        (2, "batch 65536: must be", ["train", *FACES, "--size", "256", "--batch", "65536", "--steps", "1", "--out", out]),
        (4, "nowhere", [*train, "--data", path("nowhere"), "--out", out]),
        (4, "empty", [*train, "--data", path("empty"), "--out", out]),
        (4, "fewer than a batch", [*train, "--data", path("six"), "--batch", "7", "--out", out]),
        (4, "nowhere", [*train, *FACES, "--init", path("nowhere"), "--out", out]),
        (4, "main.0.weight", [*train, *FACES, "--ngf", "5", "--init", path("m", MODEL), "--out", out]),
        (4, "Not a directory", [*train, *FACES, "--out", path("text", "x")]),
        (2, "set overwrite", [*train, *FACES, "--out", path("m")]),
        (4, "nowhere", ["train", "--resume", path("nowhere")]),
        (2, "already at step 2 of 1", ["train", "--resume", path("m"), "--steps", "1"]),
        (2, "no variant", [*train, *FACES, "--out", out, "--variant", "conv=fast"]),
        (4, "nowhere", [*train, *FACES, "--out", out, "--kernels", path("nowhere")]),
        (4, "cut", ["generate", "--model", path("cut"), "--npy", path("x.npy")]),
        (4, "text", ["generate", "--model", path("text"), "--npy", path("x.npy")]),
        (4, "bad.npy", [*generate, "--z", path("bad.npy")]),
        (2, "3 rows", [*generate, "--z", path("z.npy"), "--n", "4"]),
        (4, "x.npy", ["generate", *model, "--npy", path("nowhere", "x.npy")]),
        (4, "Is a directory", ["generate", *model, "--npy", path("empty")]),
        (2, ".png, .jpg or .jpeg", ["generate", *model, "--grid", path("x.bmp")]),
        (4, "Not a directory", ["generate", *model, "--out", path("text", "x")]),
        (4, "nowhere", ["interpolate", "--model", path("nowhere"), "--seeds", "1,2", "--grid", path("x.png")]),
        (2, "x.bmp", ["interpolate", *model, "--seeds", "1,2", "--grid", path("x.bmp")]),
        (4, "bad.npy", ["interpolate", *model, "--z", path("bad.npy"), "--grid", path("x.png")]),
        (4, "nowhere", [*sum_of, path("nowhere.npy")]),
        (4, "nowhere", [*sum_of, "a - b", "--classifier", path("nowhere")]),
        (4, "nowhere", ["project", *model, "--data", path("nowhere"), "--grid", path("x.png")]),
        (4, "x.png", ["project", *model, "--data", path("six"), "--grid", path("nowhere", "x.png")]),
        (4, "nomask", ["project", *model, "--data", path("six"), "--mask", "nomask", "--grid", path("x.png")]),
        (4, "nowhere", ["inspect", "--model", path("nowhere")]),
        (4, "nowhere", ["inspect", *model, "--data", path("nowhere"), "--out", path("x.png")]),
        (4, "nowhere", ["inspect", *model, "--find", "a", "--classifier", path("nowhere"), "--out", path("x.png")]),
        (4, "nowhere", ["features", *model, "--data", path("nowhere"), "--npy", path("x.npy")]),
        (2, "6 pictures", ["features", *model, "--data", path("six"), "--n", "7", "--npy", path("x.npy")]),
        (4, "nowhere", ["features", *model, "--data", path("six"), "--npy", path("nowhere", "x.npy")]),
        (4, "cut", ["classify", "--model", path("cut"), "--data", path("six"), "--labels", path("six", "labels.csv")]),
        (4, "nowhere", [*classify, "--labels", path("nowhere")]),
        (4, "nowhere", [*classify, "--labels", path("six", "labels.csv"), "--column", "smile", "--threshold", "0",
                        "--save", path("nowhere", "s")]),
        (4, "nowhere", ["classify", "--classifier", path("nowhere"), "--data", path("six")]),
        (4, "nowhere", ["nearest", *model, "--data", path("nowhere"), "--out", path("x.png")]),
        (4, "nowhere", ["nearest", *model, "--data", path("six"), "--pictures", path("nowhere"), "--out", path("x.png")]),
        (2, "x.bmp", ["nearest", *model, "--data", path("six"), "--out", path("x.bmp")]),
        (4, "nowhere", ["layers", path("nowhere")]),
        (4, "Not a directory", ["layers", path("six", "000000.png"), "--out", path("text", "x")]),
        (4, "nowhere", ["bench", *TINY, "--what", "all", "--data", path("nowhere")]),
        (2, "batch 65536: must be", ["bench", "--size", "256", "--batch", "65536"]),
        (2, "batch 65536: must be", ["tune", "--size", "256", "--batch", "65536"]),
        (4, "nowhere", ["doctor", "--kernels", path("nowhere")]),
    ]
    faults = []
    for code, says, words in wrong:
        try:
            done = call(*words, code=code, says=says, env=env)
            said = [line for line in done.stderr.splitlines() if line.startswith("clgan:")]
            assert len(said) == 1, f"{words}: one line expected:\n{done.stderr}"
        except AssertionError as failed:
            faults.append(str(failed))
    assert not faults, "\n".join(faults)
    assert not os.path.exists(out) and not os.path.exists(path("x.npy")), "something was made all the same"
