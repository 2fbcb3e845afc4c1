"""clgan in real shells: pipes, terminals, signals, closed outputs."""
import os
import pty
import resource
import select
import signal
import subprocess
import time

import pytest
from harness import CLGAN, ENV, FACES, TINY, call, path, read

ENDLESS = ["train", *FACES, *TINY, "--steps", "100000000", "--sample-every", "0", "--save-every", "0"]
LIMIT = 120  # seconds for anything that is waited for


def piped(line):
    """The line in bash, where $C is clgan: the exit codes of its last pipe, and what it printed."""
    done = subprocess.run(["bash", "-c", line + '\necho "${PIPESTATUS[@]}" >"$CODES"'],
                          env={**ENV, "C": CLGAN, "CODES": path("codes")}, capture_output=True, text=True, timeout=LIMIT)
    return read("codes").decode().split(), done


def quoted(words):
    return " ".join(f"'{word}'" for word in words)


def last_row(out):
    return int(read(out, "metrics.csv").splitlines()[-1].split(b",")[0])


def whole(out):
    """The run in the folder can be gone on with, and its checkpoint is of the last step that metrics.csv has."""
    step = last_row(out)
    call("train", "--resume", path(out), "--steps", str(step + 1), says=f"(step {step + 1})")
    assert not [name for name in os.listdir(path(out)) if ".part-" in name], f"left over: {os.listdir(path(out))}"


def wait_for(happened, what):
    end = time.monotonic() + LIMIT
    while not happened():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: nothing for {LIMIT} s")
        time.sleep(0.02)


def trains(out):
    """Has the run there done a step?"""
    return os.path.exists(path(out, "metrics.csv")) and len(read(out, "metrics.csv").splitlines()) > 1


@pytest.fixture(scope="module", autouse=True)
def no_core_dumps():
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, limits)


# --- signals --------------------------------------------------------------------------------------
def default_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def started(out, *words, stderr=subprocess.PIPE, **options):
    """A run without end that has done a step."""
    process = subprocess.Popen([CLGAN, *ENDLESS, *words, "--out", path(out)], env=ENV, stdout=subprocess.PIPE,
                               stderr=stderr, text=True, **options)
    wait_for(lambda: trains(out) or process.poll() is not None, out)
    assert process.poll() is None, "it ended at once"
    return process


SLOW = ["--size", "64", "--ngf", "32", "--ndf", "32", "--batch", "128", "--z", "100"]  # steps that a signal can fall into


def signalled_twice(out, first, second):
    """The first signal, and the second as soon as the first is told of: exit code and what was said."""
    process = started(out, *SLOW, preexec_fn=default_signals)
    process.send_signal(first)
    said = ""
    while "once more" not in said:
        line = process.stderr.readline()
        assert line, f"it ended without a word about the signal:\n{said}"
        said += line
    process.send_signal(second)
    stdout, stderr = process.communicate(timeout=LIMIT)
    return process.returncode, stdout + said + stderr


def test_one_event_may_send_two_signals():
    """timeout sends SIGTERM to the process and to its group; a shell and its terminal both send SIGHUP."""
    for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGHUP, signal.SIGHUP),
                          (signal.SIGTERM, signal.SIGHUP), (signal.SIGINT, signal.SIGTERM)):
        out = f"twice {first} {second}"
        code, said = signalled_twice(out, first, second)
        assert code == 0 and "continue with:" in said, f"{first}, {second} gave {code}:\n{said}"
        whole(out)


def test_a_second_ctrl_c_ends_at_once():
    for first in (signal.SIGINT, signal.SIGTERM):
        code, said = signalled_twice(f"at once {first}", first, signal.SIGINT)
        assert code == -signal.SIGINT, f"exit code {code}:\n{said}"


# --- readers that go ------------------------------------------------------------------------------
def test_a_reader_that_goes_ends_training_like_ctrl_c():
    lines = {"both-2": "2>&1 | head -2", "both-1": "2>&1 | head -1", "out-2": "| head -2", "both-5": "2>&1 | head -5",
             "err": "2>&1 >/dev/null | head -1", "true": "2>&1 | true"}
    for out, rest in lines.items():
        codes, _ = piped(f'"$C" {quoted(ENDLESS)} --out {path(out)} {rest}')
        assert codes == ["0", "0"], f"{rest}: exit codes {codes}"
        whole(out)


def test_where_stdout_alone_goes_stderr_tells():
    _, done = piped(f'"$C" {quoted(ENDLESS)} --out {path("told")} | true')
    assert done.stderr.count("nobody reads the output any more") == 1, done.stderr


def test_sigpipe_that_is_ignored_changes_nothing():
    codes, _ = piped(f'trap "" PIPE; "$C" {quoted(ENDLESS)} --out {path("ignored")} 2>&1 | head -2')
    assert codes == ["0", "0"], f"exit codes {codes}"
    whole("ignored")


def test_ctrl_c_reaches_tee_first():
    process = started("tee", stderr=subprocess.STDOUT, preexec_fn=default_signals)
    tee = subprocess.Popen(["tee", path("log")], stdin=process.stdout, stdout=subprocess.DEVNULL,
                           preexec_fn=default_signals)
    process.stdout.close()  # tee is the only reader
    tee.send_signal(signal.SIGINT)
    tee.wait(LIMIT)
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT) == 0, f"exit code {process.returncode}"
    whole("tee")


def test_other_commands_end_quietly():
    call(*ENDLESS[:-6], "--steps", "1", "--out", path("model"))
    model = ["--model", path("model", "model.safetensors")]
    commands = [["devices"], ["devices", "--json"], ["train", "--help"], ["help"], ["describe"],
                ["inspect", *model, "--json"]]
    for words in commands:
        for trap in ("", 'trap "" PIPE; '):
            codes, done = piped(f'{trap}"$C" {quoted(words)} | true')
            assert codes[0] in ("0", str(128 + signal.SIGPIPE)) and not done.stderr, f"{words}: {codes}, {done.stderr}"


def test_a_full_disk_as_stdout_is_an_error_once():
    for words in (["devices"], ["help"], ["describe"], ["train", "--help"],
                  ["train", *FACES, *TINY, "--steps", "2", "--out", path("full")]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([CLGAN, *words], env=ENV, stdout=full, stderr=subprocess.PIPE, text=True, timeout=LIMIT)
        said = [line for line in done.stderr.splitlines() if line.startswith("clgan:")]
        assert done.returncode == 1 and said == ["clgan: cannot write the output: No space left on device"], (
            f"{words}: {done.returncode}, {done.stderr}")
    assert last_row("full") == 2, "the run was not finished"


def test_closed_descriptors_get_no_file():
    for close in (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        out = f"closed {close}"
        codes, _ = piped(f'"$C" {quoted(["train", *FACES, *TINY, "--steps", "3", "--out", path(out)])} {close}')
        assert codes == ["0"], f"{close}: exit code {codes}"
        assert read(out, "metrics.csv").count(b"\n") == 4, f"{close}: metrics.csv: {read(out, 'metrics.csv')}"
        whole(out)


def test_nohup_goes_on():
    out = path("nohup")
    process = subprocess.Popen(["nohup", CLGAN, *ENDLESS, "--out", out], env=ENV, stdout=open(path("said"), "wb"),
                               stderr=subprocess.STDOUT)
    wait_for(lambda: trains("nohup"), "nohup")
    process.send_signal(signal.SIGHUP)
    before = last_row("nohup")
    wait_for(lambda: last_row("nohup") > before + 20, "steps after SIGHUP")
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 0, "SIGTERM then ends it"
    whole("nohup")


# --- terminals ------------------------------------------------------------------------------------
class Terminal:
    """A terminal with a shell line in it, as its session's leader; close() hangs up."""

    def __init__(self, line):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            default_signals()
            os.execve("/bin/bash", ["bash", "--norc", "-c", line], {**ENV, "C": CLGAN, "TERM": "xterm"})
        self.text = b""

    def read(self, seconds=0.05):
        """What came, for a moment."""
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                more = os.read(self.fd, 65536)
            except OSError:  # it ended
                return
            self.text += more
            seconds = 0

    def wait_for(self, happened, what):
        def look():
            self.read()
            return happened()
        wait_for(look, what)

    def close(self):
        os.close(self.fd)

    def reap(self):
        wait_for(lambda: os.waitpid(self.pid, os.WNOHANG)[0], "the terminal's process")


def test_a_closed_terminal_keeps_the_run():
    for out, line in (("foreground", 'exec "$C" {}'), ("under a shell", '"$C" {}; true')):
        terminal = Terminal(line.format(quoted([*ENDLESS, "--out", path(out)])))
        terminal.wait_for(lambda: trains(out), out)
        assert b"\r" in terminal.text, "no progress on the terminal"
        terminal.close()
        terminal.reap()
        wait_for(lambda: not os.path.exists(path(out, ".clgan-lock")), "the end of the run")
        whole(out)


def test_ctrl_c_on_a_terminal():
    terminal = Terminal(f'"$C" {quoted([*ENDLESS, "--out", path("typed")])} 2>&1 | tee {path("typed.log")}')
    terminal.wait_for(lambda: trains("typed"), "typed")
    os.write(terminal.fd, b"\x03")
    terminal.wait_for(lambda: not os.path.exists(path("typed", ".clgan-lock")), "the end of the run")
    terminal.close()
    terminal.reap()
    whole("typed")


def test_a_run_that_ignores_hangups_outlives_its_terminal():
    terminal = Terminal(f'trap "" HUP; "$C" {quoted([*ENDLESS, "--out", path("outlives")])} & echo $! >{path("pid")}; wait')
    terminal.wait_for(lambda: trains("outlives"), "outlives")
    terminal.close()
    before = last_row("outlives")
    wait_for(lambda: last_row("outlives") > before + 20, "steps after the terminal")
    os.kill(int(read("pid")), signal.SIGTERM)
    wait_for(lambda: not os.path.exists(path("outlives", ".clgan-lock")), "the end of the run")
    whole("outlives")
    terminal.reap()
