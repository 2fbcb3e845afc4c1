"""clgan against PyTorch on the same machine, in turn, round by round, and the table of medians.

    python3 examples/bench_torch.py build/clgan --batch 16,64,128 --rounds 3
    python3 examples/bench_torch.py build/clgan --what generate|memory|start

  step      the training step, in images/s
  generate  drawing 64 pictures in one call, and one picture alone (inference mode, no gradients)
  memory    peak memory of a training process
  start     from a process's start to the end of its first step, with kernels compiled and files cached before

PyTorch runs its DCGAN example in float32 (torch_dcgan.py) in several settings: contiguous; channels_last; "split":
channels_last with transposed convolutions as four dense ones; "compile": channels_last through torch.compile. Each is
built and warmed up once; the best one of a round counts. clgan runs `clgan bench` in separate processes. A ratio above 1
means that clgan is better.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# PyTorch's settings: NHWC memory layout; transposed convolutions as four dense ones; torch.compile.
SETTINGS = {
    "contiguous": {"channels_last": False, "split": False, "compiled": False},
    "channels_last": {"channels_last": True, "split": False, "compiled": False},
    "split": {"channels_last": True, "split": True, "compiled": False},
    "compile": {"channels_last": True, "split": False, "compiled": True},
}
TOGETHER = 64  # pictures that `clgan bench --what generate` draws at once


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


class Row:
    """A line of the table: what is compared, its unit, and each round's values of clgan and of every setting."""

    def __init__(self, label, unit, more_is_better):
        self.label, self.unit, self.more = label, unit, more_is_better
        self.rounds = []

    def add(self, ours, theirs):
        best = (max if self.more else min)(theirs, key=theirs.get)
        ratio = ours / theirs[best] if self.more else theirs[best] / ours
        self.rounds.append({"clgan": ours, "torch": theirs[best], "setting": best, "ratio": ratio, "settings": theirs})

    def last(self):
        r = self.rounds[-1]
        others = ", ".join(f"{name} {number(value)}" for name, value in r["settings"].items())
        return f"{self.label}: clgan {number(r['clgan'])} {self.unit}; PyTorch {others}; ratio {r['ratio']:.2f}"

    def median(self, field):
        return statistics.median(r[field] for r in self.rounds)

    def facts(self):
        settings = [r["setting"] for r in self.rounds]
        return {"what": self.label, "unit": self.unit, "clgan": self.median("clgan"), "torch": self.median("torch"),
                "setting": statistics.mode(settings), "ratio": self.median("ratio"), "rounds": self.rounds}

    def markdown(self):
        f = self.facts()
        return (f"| {self.label} | {number(f['clgan'])} {self.unit} | {number(f['torch'])} {self.unit} "
                f"| {f['setting']} | {f['ratio']:.2f} |")


# --- clgan ----------------------------------------------------------------------------------------
def clgan_command(a, batch, *words):
    command = [a.clgan, "bench", "--size", a.size, "--channels", a.channels, "--batch", batch, "--ngf", a.ngf,
               "--ndf", a.ngf, "--device", a.clgan_device, "--json", *words]
    return [str(word) for word in command]


def clgan_facts(a, batch, *words):
    done = subprocess.run(clgan_command(a, batch, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(done.args)} gave {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


# --- PyTorch in this process ----------------------------------------------------------------------
def torch_gans(a, batch):
    """Every setting that works here, built; imported late, as children of a large process look large themselves."""
    import torch_dcgan

    torch_dcgan.prepare(a)
    gans = {}
    for setting in a.settings:
        say(a, f"PyTorch {setting}, batch {batch}: building and warming up")
        try:
            gan = torch_dcgan.Gan(a, setting, batch)
            calls = [gan.step] if a.what == "step" else [gan.drawing(TOGETHER), gan.drawing(1)]
            for call in calls:
                call()
            gans[setting] = [lambda call=call: statistics.median(torch_dcgan.milliseconds(call, a.steps))
                             for call in calls]
        except Exception as error:  # torch.compile fails in many ways
            say(a, f"PyTorch {setting} is left out: {str(error).strip().splitlines()[0][:200]}")
    if not gans:
        sys.exit("no setting of PyTorch works here")
    return gans


def step_rows(a, batch):
    gans = torch_gans(a, batch)
    row = Row(f"step, batch {batch}", "images/s", True)

    def one_round():
        ours = clgan_facts(a, batch, "--steps", a.steps)["step_ms"]
        row.add(1e3 * batch / ours, {name: 1e3 * batch / step() for name, (step,) in gans.items()})

    return [row], one_round


def generate_rows(a, batch):
    gans = torch_gans(a, batch)
    together, alone = Row(f"{TOGETHER} pictures", "images/s", True), Row("one picture", "ms", False)

    def one_round():
        ours = clgan_facts(a, batch, "--what", "generate", "--steps", a.steps)["generate"]
        together.add(ours["images_per_s"], {name: 1e3 * TOGETHER / calls[0]() for name, calls in gans.items()})
        alone.add(ours["latency_ms"], {name: calls[1]() for name, calls in gans.items()})

    return [together, alone], one_round


# --- PyTorch in processes of its own --------------------------------------------------------------
def torch_command(a, batch, setting, steps):
    command = [sys.executable, os.path.join(HERE, "torch_dcgan.py"), "--setting", setting, "--batch", batch,
               "--steps", steps, "--size", a.size, "--channels", a.channels, "--ngf", a.ngf, "--threads", a.threads,
               "--device", a.device] + ["--tf32"] * a.tf32 + ["--skip-unused"] * a.skip_unused
    return [str(word) for word in command]


def memory_rows(a, batch):
    row = Row(f"memory, batch {batch}", "MiB", False)
    words = ["--steps", 2, "--warmup", 1]
    clgan_facts(a, batch, *words)  # compiling takes memory too

    def one_round():
        theirs = {}
        for setting in a.settings:
            done = subprocess.run(torch_command(a, batch, setting, 3), stdout=subprocess.PIPE, text=True, check=True)
            theirs[setting] = json.loads(done.stdout.splitlines()[-1])["peak_rss_mib"]
        row.add(clgan_facts(a, batch, *words)["peak_rss_mib"], theirs)

    return [row], one_round


def seconds_until(command, stream, beginning):
    """From the process's start until it writes a line on that stream which begins so."""
    start = time.perf_counter()
    other = "stdout" if stream == "stderr" else "stderr"
    process = subprocess.Popen(command, text=True, **{stream: subprocess.PIPE, other: subprocess.DEVNULL})
    seconds = None
    for line in getattr(process, stream):
        if seconds is None and line.startswith(beginning):
            seconds = time.perf_counter() - start
    if process.wait() or seconds is None:
        sys.exit(f"{' '.join(command)} gave {process.returncode}")
    return seconds


def start_rows(a, batch):
    row = Row(f"start, batch {batch}", "s", False)

    def ours():
        return seconds_until(clgan_command(a, batch, "--steps", 1, "--warmup", 0), "stderr", "step 1/1")

    def theirs():
        return {setting: seconds_until(torch_command(a, batch, setting, 1), "stdout", "step 1")
                for setting in a.settings}

    ours(), theirs()  # warm: caches of kernels and files

    return [row], lambda: row.add(ours(), theirs())


# --- the whole ------------------------------------------------------------------------------------
WHAT = {"step": step_rows, "generate": generate_rows, "memory": memory_rows, "start": start_rows}


def say(a, line):
    print(line, file=sys.stderr if a.json else sys.stdout, flush=True)


def compare(a, batch):
    """The table's rows of one batch size."""
    rows, one_round = WHAT[a.what](a, batch)
    for i in range(a.rounds):
        one_round()
        for row in rows:
            say(a, f"round {i + 1}: {row.last()}")
    return rows


def options(p):
    """What this script and the processes of torch_dcgan.py have in common."""
    p.add_argument("--size", type=int, default=64, choices=[16, 32, 64, 128, 256])
    p.add_argument("--channels", type=int, default=3, choices=[1, 3])
    p.add_argument("--ngf", type=int, default=64, help="and ndf")
    p.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch's")
    p.add_argument("--device", default="cpu", help="PyTorch's: cpu or cuda")
    p.add_argument("--tf32", action="store_true", help="let PyTorch use TF32 on CUDA")
    p.add_argument("--skip-unused", action="store_true",
                   help="spare PyTorch D's weight gradients in G's step, which its example computes and clgan does not")


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("clgan")
    p.add_argument("--what", choices=WHAT, default="step")
    options(p)
    p.add_argument("--clgan-device", default="auto")
    p.add_argument("--batch", default="128", help="one or several: 16,64,128 (generate: always 64 and 1)")
    p.add_argument("--steps", type=int, default=5, help="samples of each side in a round; their median counts")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--settings", help=f"PyTorch's, of {','.join(SETTINGS)} (default: all; memory and start: without "
                                      "compile, which takes a minute)")
    p.add_argument("--json", action="store_true", help="one line of JSON on stdout, the rest on stderr")
    a = p.parse_args()
    a.batches = [1] if a.what == "generate" else [int(word) for word in a.batch.split(",")]
    usual = [name for name in SETTINGS if a.what in ("step", "generate") or name != "compile"]
    a.settings = a.settings.split(",") if a.settings else usual
    if not set(a.settings) <= set(SETTINGS):
        p.error(f"--settings are of {','.join(SETTINGS)}")
    return a


def main():
    a = parse()
    rows = [row for batch in a.batches for row in compare(a, batch)]
    if a.json:
        facts = {key: getattr(a, key) for key in ("what", "size", "channels", "ngf", "steps", "threads", "device")}
        print(json.dumps({**facts, "rows": [row.facts() for row in rows]}))
        return
    print(f"\n{a.size}x{a.size}x{a.channels}, ngf = ndf = {a.ngf}, float32, {a.threads} threads; medians of {a.rounds} "
          "rounds\n\n| what | clgan | PyTorch | its setting | ratio |\n|---|---|---|---|---|")
    for row in rows:
        print(row.markdown())


if __name__ == "__main__":
    main()
