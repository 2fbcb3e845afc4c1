"""The command from end to end: exit codes, messages, files.

Runs every check, prints a line for each, and exits 1 when one failed. The second half needs an OpenCL device.
"""
import ast
import json
import os
import shlex
import shutil
import signal
import struct
import subprocess
import time

import pytest
from harness import CLGAN, ENV, FACES, ROOT, TINY, call, option_rows, path, read

DEVICE = ["device", "variant", "kernels", "exact", "no-cache", "no-tuning", "profile", "verbose"]
MODEL = [row.name for row in option_rows("src/gan/gan_params.c")]
TRAIN = [row.name for row in option_rows("src/run/run_params.c")]
OPTIONS = {
    "devices": ["device", "json"],
    "describe": ["svg"] + MODEL,
    "train": TRAIN + MODEL + DEVICE,
    "generate": ["model", "n", "seed", "first", "out", "format", "grid", "columns", "npy", "z",
                 "z-out"] + DEVICE,
    "interpolate": ["model", "seeds", "seed", "z", "frames", "loop", "linear", "grid", "animation", "fps", "out",
                    "npy", "z-out", "json"] + DEVICE,
    "arithmetic": ["model", "seed", "classifier", "pool", "take", "scale", "grid", "out", "npy", "z-out", "apply",
                   "apply-to", "target", "measure-by", "json"] + DEVICE,
    "project": ["model", "data", "crop", "n", "first", "mask", "grid", "columns", "out", "z-out", "json", "steps",
                "starts", "lr", "prior", "seed"] + DEVICE,
    "inspect": ["model", "grid", "net", "layer", "data", "crop", "seed", "first", "n", "top", "common", "json",
                "filters", "guided", "saliency", "per", "map", "remove", "find", "classifier"] + DEVICE,
    "bench": ["what", "steps", "warmup", "data", "threads", "json"] + MODEL + DEVICE,
    "doctor": ["device", "quick", "all", "json", "kernels", "verbose"],
    "tune": ["time", "all", "json", "reset"] + MODEL + DEVICE,
    "data": ["out", "n", "size", "seed", "format"],
    "layers": ["size", "channels", "out", "json"] + DEVICE,
    "features": ["model", "data", "n", "first", "crop", "npy", "names", "json"] + DEVICE,
    "classify": ["model", "data", "crop", "json", "labels", "column", "file-column", "classes", "threshold", "n", "test", "seed",
                 "features", "compare", "c", "save", "classifier"] + DEVICE,
    "nearest": ["model", "data", "n", "seed", "pictures", "k", "by", "crop", "flip", "grid", "json"] + DEVICE,
}


# --- without a device -----------------------------------------------------------------------------
def test_help_tells_everything():
    call("--help", says=["Examples", "Exit codes", *OPTIONS])
    call("help", says="Exit codes")
    for command, options in OPTIONS.items():
        for words in ([command, "--help"], [command, "-h"], ["help", command]):
            text = call(*words, says="usage: clgan " + command).stdout
        for option in options:
            assert f"--{option} " in text, f"--{option} is missing in {command} --help"


def test_version_is_a_number():
    words = call("--version").stdout.split()
    assert words[0] == "clgan" and words[1][0].isdigit(), f"version says {words}"
    assert call("version").stdout.split() == words, "version and --version differ"


def test_unknown_commands_are_usage_errors():
    call(code=2, says="usage:")
    call("trian", code=2, says=["unknown command", "did you mean train?"])
    call("qqqqqqqq", code=2, says="unknown command")
    call("help", "qqqqqqqq", code=2, says="unknown command")



def test_former_names_of_options():
    former = {"project": {"picture": "data"}, "nearest": {"out": "grid"}, "classify": {"svm": "classifier"},
              "inspect": {"picture": "data", "out": "grid", "by": "classifier"},
              "arithmetic": {"by": "classifier", "judge": "measure-by"}}
    for command, names in former.items():
        text = call(command, "--help").stdout
        for old, name in names.items():
            assert f"--{name} " in text and f"  --{old} " not in text, f"{command} --help: {old}, {name}"
            call(command, f"--{old}", code=2, says=f"--{old} needs a value")
    call("project", "--pictur", "a.png", code=2, says="did you mean --data?")


def test_unknown_options_are_usage_errors():
    call("train", "--bacth", "4", code=2, says=["--bacth", "did you mean --batch?"])
    call("train", "--sample_every=4", code=2, says="did you mean --sample-every?")
    call("generate", "--qqqqqqqq", code=2, says="unknown option --qqqqqqqq")
    call("bench", "-b", code=2, says="-b")
    call("bench", "word", code=2, says="word")
    call("train", "folder", code=2, says="folder")


def test_bad_values_name_the_option_and_the_range():
    for value in ("0", "65537", "-1", "x", "1.5", "99999999999999999999"):
        call("bench", "--batch", value, code=2, says=[f"--batch {value}: must be", "between 1 and 65536"])
    call("bench", "--size=63", code=2, says="--size 63: must be 16, 32, 64, 128 or 256")
    call("describe", "--channels", "2", code=2, says="--channels 2: must be 1 or 3")
    for value in ("nan", "inf", "0", "2"):
        call("train", "--lr", value, code=2, says=[f"--lr {value}: must be", "and 1"])
    call("train", "--z-dist", "gauss", code=2, says="normal or uniform")
    call("train", "--crop", "10x", code=2, says="WxH+X+Y")
    call("train", "--threads", "0", code=2, says="between 1 and 256")
    call("train", "--batch", code=2, says="--batch needs a value")
    call("train", "--out", "--flip", code=2, says="--out needs a value")


def test_what_is_missing_is_asked_for():
    call("generate", "--grid", "x.png", code=2, says="--model")
    call("generate", "--model", "x", code=2, says=["--out", "--grid", "--npy"])
    call("generate", "--model", "x", "--z", "z.npy", "--seed", "1", "--npy", "y", code=2, says="--seed")
    for words in (["--out", "b"], ["--init", "x"], ["--overwrite"]):
        call("train", "--resume", "a", *words, code=2, says="leave out " + words[0])
    call("train", "--data", "", code=2, says="--data DIR")
    call("tune", "--no-tuning", code=2, says="--no-tuning")


def test_describe_counts_the_papers_parameters():
    text = call("describe", "--svg", path("model.svg")).stdout
    digits = text.replace(",", "").replace("'", "")
    assert "3576704" in digits and "2765568" in digits, f"3576704 and 2765568 are not in:\n{text}"
    assert b"<svg" in read("model.svg"), "model.svg is no SVG"


def test_no_device_is_said_with_advice():
    os.makedirs(path("no-vendors"), exist_ok=True)
    env = {"OCL_ICD_VENDORS": path("no-vendors"), "OCL_ICD_FILENAMES": "", "CLGAN_DEVICE": ""}
    advice = ["pocl-opencl-icd", "AMD", "Intel", "NVIDIA"]
    call("devices", code=2, says=advice, env=env)
    done = call("devices", "--json", code=2, says=advice, env=env)
    assert json.loads(done.stdout)["devices"] == [], "devices --json lists something"
    call("bench", "--steps", "1", *TINY, code=2, says=advice, env=env)


# --- with a device --------------------------------------------------------------------------------
def test_devices_lists_and_explains():
    call("devices", says="takes")
    facts = json.loads(call("devices", "--json").stdout)
    fields = ("index platform device name vendor driver version platform_name type compute_units memory "
              "max_allocation local_memory max_work_group fp16 fp64 available").split()
    assert len(facts["devices"]) > 0, "no device"
    for i, device in enumerate(facts["devices"]):
        assert all(field in device for field in fields), f"a field is missing in {device}"
        assert device["index"] == i and device["name"] and device["memory"] > 0, f"odd facts: {device}"
        pair = f"{device['platform']}:{device['device']}"
        text = call("devices", "--device", pair, says=device["name"]).stdout
        assert f"takes {i}," in text, f"{device['name']} is not taken:\n{text}"
    assert facts["auto"]["index"] is not None and facts["auto"]["why"], f"auto takes none: {facts['auto']}"


def test_wrong_device_lists_what_there_is():
    call("devices", "--device", "nonsense", code=2, says=["nonsense", "max alloc"])
    call("devices", code=2, says="nonsense", env={"CLGAN_DEVICE": "nonsense"})
    call("bench", *TINY, code=2, says=["nonsense", "max alloc"], env={"CLGAN_DEVICE": "nonsense"})
    call("bench", *TINY, "--device", "99", code=2, says=["99", "max alloc"])


def rows_of(out):
    lines = read(out, "metrics.csv").decode().splitlines()
    assert lines[0].startswith("step,"), f"metrics.csv begins with {lines[0]}"
    return [int(line.split(",")[0]) for line in lines[1:]]


def test_train_makes_its_files():
    done = call("train", *FACES, *TINY, "--steps", "3", "--out", path("run"),
                says=["needs", "GiB", "step 3/3", "report.html", "model.safetensors"])
    assert "\r" not in done.stderr and "\033" not in done.stderr, "control characters outside of a terminal"
    assert rows_of("run") == [1, 2, 3], f"metrics.csv has steps {rows_of('run')}"
    samples = os.listdir(path("run", "samples"))
    assert samples and all(read("run", "samples", s)[:8] == b"\x89PNG\r\n\x1a\n" for s in samples), (
        f"samples: {samples}")
    assert any(s in done.stdout for s in samples), "the last grid is not named"
    size = struct.unpack("<Q", read("run", "model.safetensors")[:8])[0]
    names = json.loads(read("run", "model.safetensors")[8:8 + size])
    assert "netG.main.0.weight" in names and "netD.main.0.weight" in names, f"tensors: {sorted(names)}"
    assert b"<html" in read("run", "report.html").lower(), "report.html is no page"


@pytest.mark.needs("test_train_makes_its_files")
def test_generate_makes_every_form():
    model = ["--model", path("run", "model.safetensors"), "--seed", "7"]
    call("generate", *model, "--n", "3", "--out", path("a"), "--grid", path("a.png"), "--npy", path("a.npy"),
         "--z-out", path("az.npy"))
    names = sorted(os.listdir(path("a")))
    assert names == [f"face-0000{i}.png" for i in range(3)], f"files: {names}"
    assert all(read("a", name)[:4] == b"\x89PNG" for name in names), "no PNG"
    assert read("a.png")[:4] == b"\x89PNG", "the grid is no PNG"
    shapes = {"a.npy": (3, 16, 16, 3), "az.npy": (3, 8)}
    for name, shape in shapes.items():
        data = read(name)
        start = 10 + struct.unpack("<H", data[8:10])[0]
        head = ast.literal_eval(data[10:start].decode())
        assert data[:6] == b"\x93NUMPY" and head["shape"] == shape and head["descr"] == "<f4", f"{name}: {head}"
        values = struct.unpack(f"<{(len(data) - start) // 4}f", data[start:])
        assert all(abs(v) <= (1 if name == "a.npy" else 20) for v in values), f"{name}: values out of range"
    call("generate", *model, "--n", "2", "--out", path("j"), "--format", "jpg", "--grid", path("j.jpg"))
    assert read("j", "face-00001.jpg")[:3] == read("j.jpg")[:3] == b"\xff\xd8\xff", "no JPEG"


@pytest.mark.needs("test_generate_makes_every_form")
def test_generate_repeats_itself():
    model = ["--model", path("run", "model.safetensors")]
    call("generate", *model, "--seed", "7", "--n", "3", "--out", path("b"), "--npy", path("b.npy"))
    assert read("a.npy") == read("b.npy"), "the same seed gives other numbers"
    assert all(read("a", n) == read("b", n) for n in os.listdir(path("a"))), "the same seed gives other files"
    call("generate", *model, "--seed", "7", "--first", "2", "--n", "1", "--out", path("c"))
    assert read("c", "face-00002.png") == read("a", "face-00002.png"), "--first 2 gives another third picture"
    call("generate", *model, "--z", path("az.npy"), "--npy", path("d.npy"))
    assert read("d.npy") == read("a.npy"), "--z of a --z-out gives other pictures"
    call("generate", *model, "--z", path("az.npy"), "--first", "1", "--n", "2", "--out", path("e"))
    assert read("e", "face-00002.png") == read("a", "face-00002.png"), "--z --first 1 gives other pictures"
    call("generate", *model, "--seed", "8", "--n", "3", "--npy", path("f.npy"))
    assert read("f.npy") != read("a.npy"), "another seed gives the same pictures"


@pytest.mark.needs("test_generate_makes_every_form")
def test_generate_refuses_noise_that_does_not_fit():
    model = ["--model", path("run", "model.safetensors")]
    call("generate", *model, "--z", path("az.npy"), "--n", "4", "--npy", path("x"), code=2, says="3 rows")
    call("generate", *model, "--z", path("a.npy"), "--npy", path("x"), code=4, says="768")
    call("generate", *model, "--z", path("nowhere.npy"), "--npy", path("x"), code=4, says="nowhere.npy")
    call("generate", *model, "--z", path("a.png"), "--npy", path("x"), code=4, says="a.png")
    assert not os.path.exists(path("x")), "a file was written all the same"


@pytest.mark.needs("test_train_makes_its_files")
def test_bad_models_are_named():
    whole = read("run", "model.safetensors")
    bad = {"cut": whole[:len(whole) // 2], "head": b"\xff" * 8 + whole[8:], "text": b"this is no model",
           "empty": b"", "json": whole[:8] + b"]" + whole[9:]}
    for name, content in bad.items():
        with open(path(name + ".safetensors"), "wb") as file:
            file.write(content)
        file = name + ".safetensors"
        call("generate", "--model", path(file), "--npy", path("x"), code=4, says=file)
    call("generate", "--model", path("nowhere"), "--npy", path("x"), code=4, says="nowhere")
    call("train", "--resume", path("nowhere"), code=4, says="nowhere")


@pytest.mark.needs("test_train_makes_its_files")
def test_resume_goes_on():
    call("train", "--resume", path("run"), "--steps", "5", says=["builtin:faces", "step 5/5", "(step 5)"])
    assert rows_of("run") == [1, 2, 3, 4, 5], f"metrics.csv has steps {rows_of('run')}"
    call("train", "--resume", path("run"), "--steps", "6", "--z", "9",
         says=["--z 9", "keeps its 8", "(step 6)"])
    assert rows_of("run") == [1, 2, 3, 4, 5, 6], f"metrics.csv has steps {rows_of('run')}"
    call("train", "--resume", path("run"), "--steps", "5", code=2, says="already at step 6 of 5")


@pytest.mark.needs("test_resume_goes_on")
def test_a_complete_run_gets_what_is_missing():
    model = read("run", "model.safetensors")
    for name in ("report.html", os.path.join("samples", "step-6.png")):  # as killed behind the last checkpoint
        os.remove(path("run", name))
    call("train", "--resume", path("run"), says=["already at step 6 of 6", "larger steps", "(step 6)"])
    assert b"<html" in read("run", "report.html") and read("run", "samples", "step-6.png"), "files are missing"
    assert read("run", "model.safetensors") == model, "the checkpoint was changed"
    assert rows_of("run") == [1, 2, 3, 4, 5, 6], f"metrics.csv has steps {rows_of('run')}"


@pytest.mark.needs("test_a_complete_run_gets_what_is_missing")
def test_an_earlier_run_is_not_replaced_unasked():
    again = ["train", *FACES, *TINY, "--steps", "2", "--out", path("run")]
    call(*again, code=2, says=["resume it", "overwrite"])
    assert len(rows_of("run")) == 6, "the earlier run was touched"
    call(*again, "--overwrite", says="(step 2)")
    assert rows_of("run") == [1, 2], f"metrics.csv has steps {rows_of('run')}"


def test_resume_equals_an_unbroken_run():
    call("train", *FACES, *TINY, "--steps", "6", "--out", path("whole"))
    call("train", *FACES, *TINY, "--steps", "3", "--out", path("parts"))
    call("train", "--steps", "6", "--resume", path("parts"))
    for name in ("whole", "parts"):
        call("generate", "--model", path(name, "model.safetensors"), "--n", "2", "--npy", path(name + ".npy"))
    assert read("whole.npy") == read("parts.npy"), "the pictures differ"


def stop_when_training(out, number):
    """Starts an endless run, sends the signal when it trains, and gives its output."""
    words = [CLGAN, "train", *FACES, *TINY, "--steps", "100000000", "--sample-every", "0",
             "--save-every", "0", "--out", out]
    process = subprocess.Popen(words, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    heard = ""
    for line in process.stderr:
        heard += line
        if line.startswith("step "):
            break
    time.sleep(0.2)
    process.send_signal(number)
    try:
        stdout, stderr = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"still running 60 s after signal {number}:\n{heard}")
    return process.returncode, stdout, heard + stderr


def test_signals_end_a_run_cleanly():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        out = path(f"stopped {number}")
        code, stdout, stderr = stop_when_training(out, number)
        assert code == 0 and "continue with:" in stdout, f"signal {number} gave {code}:\n{stdout}{stderr}"
        steps = rows_of(out)
        assert f"(step {steps[-1]})" in stdout, f"{stdout}\nbut metrics.csv ends at {steps[-1]}"
        words = shlex.split(stdout.split("continue with:")[1].strip().splitlines()[0])
        assert words[0] == "clgan" and out in words, f"the way to go on is {words}"
        call(*words[1:], "--steps", str(steps[-1] + 2), says=f"(step {steps[-1] + 2})")
        assert rows_of(out) == list(range(1, steps[-1] + 3)), "metrics.csv has gaps or repeats"


@pytest.mark.needs("test_generate_makes_every_form")
def test_folders_without_pictures_are_refused():
    os.makedirs(path("none"), exist_ok=True)
    tiny = [*TINY, "--steps", "1", "--threads", "1"]
    call("train", *tiny, "--data", path("none"), "--out", path("o"), code=4, says="none")
    call("train", *tiny, "--data", path("not-there"), "--out", path("o"), code=4, says="not-there")
    call("train", *tiny, "--data", path("a"), "--out", path("o"), code=4, says="3")  # three pictures, batch 4
    tiny += ["--data", path("a"), "--batch", "3"]
    call("train", *tiny, "--out", path("a.png", "o"), code=4, says="a.png")
    call("train", *tiny, "--out", path("o"), says="(step 1)")


def test_kernels_come_from_a_folder():
    sources = os.path.join(ROOT, "cl")
    shutil.copytree(sources, path("kernels"))
    call("bench", *TINY, "--steps", "1", "--kernels", path("kernels"))
    with open(path("kernels", "element.cl"), "a") as file:
        file.write("\nkernel void broken(global float *x) { x[0] = nonsense; }\n")
    call("bench", *TINY, "--steps", "1", "--kernels", path("kernels"), code=3, says=["element.cl", "nonsense"])


def test_data_writes_labelled_faces_to_train_on():
    call("data", code=2, says="--out")
    call("data", "--out", path("faces"), "--n", "6", "--size", "16", "--seed", "5")
    names = sorted(os.listdir(path("faces")))
    pictures = [name for name in names if name.endswith(".png")]
    tables = [name for name in names if name.endswith(".csv")]
    assert len(pictures) == 6 and len(tables) == 1, f"files: {names}"
    lines = read("faces", tables[0]).decode().splitlines()
    assert len(lines) == 7 and "glasses" in lines[0], f"labels: {lines[:2]}, {len(lines)} lines"
    call("train", *TINY, "--data", path("faces"), "--steps", "2", "--threads", "1", "--out", path("t"),
         says="(step 2)")
