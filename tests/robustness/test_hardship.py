"""What a run meets besides a power cut.

A full disk, a folder that cannot be written to, checkpoints that were cut or changed, a second run in the same folder,
options that make no sense, a clock that jumps. --long damages more checkpoints. Disks are small file systems in memory,
which only root may mount; for other users these tests are skipped.
"""
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

import pytest
from harness import CLGAN, CLOCK, ENV, FACES, TINY, call, option_rows, path, read

RUN = ["train", *FACES, *TINY]
MODEL = "model.safetensors"
WIDE = ["--ngf", "32", "--ndf", "32"]  # checkpoints of about 1 MB
SEED = 5


# --- disks ----------------------------------------------------------------------------------------
class Disk:
    """A file system of its own, of so many KiB; `real` is False where it cannot be mounted."""

    def __init__(self, name, kib):
        self.at = path(name)
        os.makedirs(self.at, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "clgan-test", self.at],
                              capture_output=True, text=True) if os.getuid() == 0 else None
        self.real = done is not None and done.returncode == 0

    def remount(self, option):
        subprocess.run(["mount", "-o", "remount," + option, self.at], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.real:
            subprocess.run(["umount", self.at], check=True)


def lines_of(done):
    """What was said, without progress."""
    return [line for line in done.stderr.splitlines() if line.startswith("clgan:")]


def whole(out):
    """A checkpoint that can be generated from, and no half-written file beside it."""
    call("generate", "--model", os.path.join(out, MODEL), "--n", "1", "--npy", path("whole.npy"))
    assert not [name for name in os.listdir(out) if ".part-" in name], f"left over: {os.listdir(out)}"


def test_a_disk_too_small_for_any_checkpoint():
    with Disk("tiny", 300) as disk:
        if not disk.real:
            pytest.skip("only root can mount a small disk")
        out = os.path.join(disk.at, "run")
        done = call(*RUN, *WIDE, "--steps", "9", "--save-every", "2", "--out", out, code=4,
                    says=["No space left on device", "at step 4", "free some space"])
        assert not os.path.exists(os.path.join(out, MODEL)), "a checkpoint all the same"
        assert len(lines_of(done)) <= 5, "too many lines:\n" + done.stderr
        assert not [name for name in os.listdir(out) if ".part-" in name], f"left over: {os.listdir(out)}"


def test_a_disk_that_fills_up_keeps_the_last_checkpoint():
    call(*RUN, *WIDE, "--steps", "6", "--save-every", "2", "--out", path("unbroken"))
    with Disk("full", 1600) as disk:  # one checkpoint, but not a second one beside it
        if not disk.real:
            pytest.skip("only root can mount a small disk")
        out = os.path.join(disk.at, "run")
        call(*RUN, *WIDE, "--steps", "6", "--save-every", "2", "--sample-every", "0", "--out", out, code=4,
             says="No space left on device")
        whole(out)
        disk.remount("size=9000k")
        call("train", "--resume", out, "--sample-every", "100")
        with open(os.path.join(out, MODEL), "rb") as file:
            assert file.read() == read("unbroken", MODEL), "the resumed run is not the unbroken one"


def test_the_last_checkpoint_waits_for_space():
    with Disk("late", 1300) as disk:
        if not disk.real:
            pytest.skip("only root can mount a small disk")
        out = os.path.join(disk.at, "run")
        with open(os.path.join(disk.at, "filler"), "wb") as file:
            file.write(bytes(800 * 1024))
        words = [CLGAN, *RUN, *WIDE, "--steps", "3", "--save-every", "0", "--out", out]
        process = subprocess.Popen(words, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        heard = ""
        for line in process.stderr:
            heard += line
            if "trying the last checkpoint again" in line:
                os.remove(os.path.join(disk.at, "filler"))
        assert process.wait(60) == 0 and "trying the last checkpoint again" in heard, f"gave {process.returncode}:\n{heard}"
        whole(out)


def test_folders_that_cannot_be_written_to():
    with Disk("read-only", 4000) as disk:
        out = os.path.join(disk.at, "run")
        call(*RUN, "--steps", "2", "--out", out)
        if disk.real:
            disk.remount("ro")
        else:
            os.chmod(out, 0o555)
            os.chmod(disk.at, 0o555)
        model = ["--model", os.path.join(out, MODEL)]
        try:
            for words in (["train", "--resume", out, "--steps", "4"], [*RUN, "--steps", "2", "--out", disk.at + "/new"],
                          [*RUN, "--steps", "2", "--overwrite", "--out", out],
                          ["generate", *model, "--n", "1", "--grid", disk.at + "/a.png"],
                          ["generate", *model, "--n", "1", "--out", disk.at + "/b"],
                          ["data", "--n", "1", "--out", disk.at + "/c"]):
                done = call(*words, code=4, says=disk.at)
                assert len(lines_of(done)) == 1, f"{words}: one line expected:\n{done.stderr}"
            call("generate", *model, "--n", "1", "--npy", path("elsewhere.npy"), env={"XDG_CACHE_HOME": disk.at})
        finally:
            if not disk.real:
                os.chmod(disk.at, 0o755)
                os.chmod(out, 0o755)


# --- damaged checkpoints --------------------------------------------------------------------------
def test_damaged_checkpoints_are_refused(request):
    call(*RUN, "--steps", "2", "--out", path("run"))
    good, out = read("run", MODEL), path("run", MODEL)
    head, rest = 8 + struct.unpack("<Q", good[:8])[0], random.Random(SEED)
    count = 400 if request.config.getoption("long") else 25
    lengths = [0, 1, 7, 8, 9, head - 1, head, head + 1, len(good) - 1]
    lengths += [rest.randrange(len(good)) for _ in range(count - len(lengths))]
    damaged = {f"cut to {n} of {len(good)} bytes": good[:n] for n in lengths}
    for i in range(count):
        at = rest.randrange(*((0, 8), (8, head), (head, len(good)))[i % 3])
        bit = rest.randrange(8)
        damaged[f"bit {bit} of byte {at} flipped"] = good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1:]
    damaged["longer by a byte"] = good + b"\0"
    for what, content in damaged.items():
        with open(out, "wb") as file:
            file.write(content)
        for words in (["generate", "--model", out, "--npy", path("x.npy")], ["train", "--resume", path("run")]):
            done = call(*words, code=4, says=MODEL)
            assert len(lines_of(done)) == 1, f"{what}: one line expected:\n{done.stderr}"
            assert read("run", MODEL) == content, f"{what}: the file was touched"


# --- two at once ----------------------------------------------------------------------------------
def test_named_pipes_are_not_waited_for():
    pipe, to = path("pipe.png"), path("x.png")
    os.mkfifo(pipe)
    call(*RUN, "--steps", "1", "--out", path("piped"))
    call("generate", "--model", path("piped", MODEL), "--n", "1", "--out", path("one.png"))
    model = ["--model", path("piped", MODEL)]
    for words in (["generate", "--model", pipe, "--out", to], [*RUN, "--steps", "1", "--init", pipe, "--out", path("x")],
                  ["project", *model, "--data", pipe, "--grid", to], ["interpolate", *model, "--z", pipe, "--out", to],
                  ["project", *model, "--data", path("one.png"), "--mask", pipe, "--grid", to]):
        done = call(*words, code=4, says=pipe)
        assert len(lines_of(done)) == 1, f"one line expected:\n{done.stderr}"


def endless(*words, env=None):
    """A run without end that has done a step, and the file of what it says."""
    said = path("said")
    words = ["train", "--steps", "100000000", "--sample-every", "0", "--save-every", "0", *words]
    with open(said, "wb") as file:
        process = subprocess.Popen([CLGAN, *words], env={**ENV, **(env or {})}, stdout=file, stderr=file)
    end = time.monotonic() + 600
    while "\nstep " not in open(said, encoding="utf-8").read():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError(f"it does not train: {open(said, encoding='utf-8').read()}")
        time.sleep(0.02)
    return process, said


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"still running 60 s after signal {number}")


def test_a_second_run_in_the_folder_is_refused():
    out = path("shared")
    call(*RUN, "--steps", "2", "--out", out)
    process, _ = endless("--resume", out)
    try:
        for words in (["train", "--resume", out], [*RUN, "--steps", "2", "--overwrite", "--out", out]):
            done = call(*words, code=4, says=[f"process {process.pid}", out])
            assert len(lines_of(done)) == 1, f"one line expected:\n{done.stderr}"
    finally:
        code = stop(process)
    assert code == 0, f"the first run ended with {code}"
    steps = [int(line.split(b",")[0]) for line in read("shared", "metrics.csv").splitlines()[1:]]
    assert steps == list(range(1, len(steps) + 1)), "the first run's metrics.csv was disturbed"
    whole(out)


def test_what_was_said_is_there_after_a_kill():
    process, said = endless(*FACES, *TINY, "--out", path("killed"))
    process.kill()
    process.wait()
    text = open(said, encoding="utf-8").read()
    assert "device " in text and "\nstep " in text, "lines are missing:\n" + text
    assert len(read("killed", "metrics.csv").splitlines()) > 1, "metrics.csv has no rows"


def test_a_clock_that_jumps_disturbs_nothing():
    jumps = {"LD_PRELOAD": CLOCK}
    sees = subprocess.run([sys.executable, "-c", "import time; print(time.time(), time.time())"],
                          env={**ENV, **jumps}, capture_output=True, text=True).stdout.split()
    assert len(sees) == 2 and abs(float(sees[0]) - float(sees[1])) > 3600, f"the clock does not jump: {sees}"
    process, said = endless(*FACES, *TINY, "--out", path("jumps"), env=jumps)
    time.sleep(6)  # the next line of progress comes after 5 s
    assert stop(process) == 0, "it failed"
    text = open(said, encoding="utf-8").read()
    rates = [float(rate) for rate in re.findall(r"([0-9.]+) img/s", text)]
    assert len(rates) > 1 and all(0 < rate < 1e5 for rate in rates[1:]), f"rates {rates} in:\n{text}"
    assert "so far (usually" not in text, "a slow step was told:\n" + text
    seconds = [float(line.split(b",")[8]) for line in read("jumps", "metrics.csv").splitlines()[1:]]
    assert seconds == sorted(seconds) and 0 < seconds[-1] < 3600, f"seconds run from {seconds[0]} to {seconds[-1]}"


# --- options --------------------------------------------------------------------------------------
ROWS = option_rows("src/gan/gan_params.c") + option_rows("src/run/run_params.c")
GARBAGE = ["", "x", "nan", "inf", "-inf", "1e999", "0x10", " 5", "5 ", "5,5", "1e", "--1", "99999999999999999999999"]


def refused(option, value, allowed):
    done = call(*RUN, f"--{option}={value}", "--steps=1", "--out", path("absurd"), code=2,
                says=[f"--{option} {value or chr(39) * 2}: must be", allowed])
    assert len(lines_of(done)) == 1, f"one line expected:\n{done.stderr}"


def wrong_values(row):
    """Values that an option refuses besides GARBAGE, and what it says is allowed; none for texts and switches."""
    if row.choices:
        words = row.choices.split("|")
        return ("0", "-1", "63"), ", ".join(words[:-1]) + " or " + words[-1]
    if row.type in ("INT", "INT64"):
        least, most = int(float(row.min)), int(float(row.max))
        return (str(least - 1), str(most + 1), "1.5"), f"between {least} and {most}"
    return {"UINT64": (("-1", str(2**64), "1.5"), f"between 0 and {2**64 - 1}"),
            "FLOAT": (("-1", "-1e-30", "1.1", "1e30"), f"between {row.min} and {row.max}"),
            "CROP": (("0", "-1", "63"), "none, center or WxH+X+Y")}.get(row.type, ((), ""))


def test_absurd_options_are_refused_with_the_range():
    ranged = [row for row in ROWS if wrong_values(row)[0]]
    assert len(ranged) > 15, "the tables in the sources were not read"
    for row in ranged:
        values, allowed = wrong_values(row)
        for value in (*values, *GARBAGE):
            refused(row.name, value, allowed)
    assert not os.path.exists(path("absurd")), "a folder was made all the same"


def test_overflowing_sizes_are_refused():
    out = ["--steps", "1", "--out", path("huge")]
    for batch, size, channels in ((65536, 256, 3), (65536, 128, 3), (32769, 256, 1)):
        words = ["--size", str(size), "--channels", str(channels), "--batch", str(batch)]
        most = (2**31 - 1) // (size * size * channels)
        done = call("train", *FACES, *words, *out, code=2, says=f"batch {batch}: must be between 1 and {most}")
        assert len(lines_of(done)) == 1, f"one line expected:\n{done.stderr}"
    memory = json.loads(call("devices", "--json").stdout)["devices"][0]["memory"]
    if memory < 300 << 30:
        words = ["train", *FACES, "--size", "256", "--ngf", "1024", "--ndf", "1024"]
        done = call(*words, "--batch", "1", *out, code=3, says="try a smaller ngf, ndf or size")
        assert len(lines_of(done)) == 1, f"one line expected:\n{done.stderr}"
    if memory < 100 << 30:
        fits = re.search(r"at most batch (\d+) fits", call("train", *FACES, "--batch", "65536", *out, code=3).stderr)
        assert fits and 100 < int(fits[1]) < 65536, "what fits is not told"
    assert not os.path.exists(path("huge")), "a folder was made all the same"
