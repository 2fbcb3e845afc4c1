"""--json: one JSON document on stdout, whatever else is printed, of every command that has it."""
import json

from harness import BENCH, FACES, TINY, call, path

MODEL = path("run", "model.safetensors")
PICTURE = path("faces", "000003.png")
WORDS = {
    "devices": [],
    "doctor": ["--quick"],
    "interpolate": ["--model", MODEL, "--seeds", "1,2", "--grid", path("walk.png")],
    "arithmetic": ["1 - 2", "--model", MODEL, "--z-out", path("z.npy")],
    "project": ["--model", MODEL, "--data", PICTURE, "--steps", "2"],
    "inspect": ["--model", MODEL, "--net", "generator", "--out", path("maps.png")],
    "features": ["--model", MODEL, "--data", path("faces"), "--npy", path("features.npy")],
    "classify": ["--model", MODEL, "--data", path("faces"), "--labels", path("faces", "labels.csv"),
                 "--column", "glasses"],
    "nearest": ["--model", MODEL, "--data", path("faces"), "--n", "2"],
    "layers": [PICTURE, "--size", "16", "--out", path("layers")],
    "bench": [*BENCH, "--steps", "1", "--warmup", "0"],
    "tune": [*BENCH, "--time", "1"],
}


def commands():
    """Every command, with the options that its help names."""
    text = call("--help").stdout
    names = [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line.strip()]
    helps = {name: call(name, "--help").stdout for name in names if name.isalpha() and name != "clgan"}
    return {name: text.split() for name, text in helps.items()}


def test_every_command_prints_json_alone():
    call("train", *FACES, *TINY, "--steps", "1", "--out", path("run"))
    call("data", "--out", path("faces"), "--n", "40", "--size", "16")
    found = [name for name, words in commands().items() if "--json" in words]
    assert sorted(found) == sorted(WORDS), f"commands with --json: {found}"
    for name in found:
        profile = ["--profile"] if "--profile" in commands()[name] else []
        done = call(name, *WORDS[name], "--json", *profile)
        json.loads(done.stdout)
        assert ("GFLOP/s" in done.stderr) == bool(profile), f"{name}: the profile is not on stderr: {done.stderr}"
