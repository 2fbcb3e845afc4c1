"""Caches where HOME is missing, read-only, full or another user's.

What needs another user or a small file system is tried as root only. With PoCL alone, as
other drivers do without a cache.
"""
import glob
import json
import os
import shutil
import subprocess

import pytest
from harness import CLGAN, ENV, call, path

PLAIN = {"XDG_CACHE_HOME": None, "POCL_CACHE_DIR": None, "TMPDIR": path("tmp"), "CLGAN_DEVICE": None}
PRIVATE = f"clgan-{os.geteuid()}"
NOBODY = 65534
POCL = []  # the names of PoCL's devices


@pytest.fixture(scope="module", autouse=True)
def only_pocl():
    """PoCL's driver alone, so that another one, perhaps broken, reports nothing."""
    os.mkdir(path("tmp"))
    os.chmod(path("tmp"), 0o1777)
    os.chmod(path(), 0o755)
    os.chmod(os.path.dirname(path()), 0o755)
    open(path("a-file"), "w", encoding="utf-8").close()
    installed = os.environ.get("OCL_ICD_VENDORS") or "/etc/OpenCL/vendors"
    os.mkdir(path("vendors"))
    for file in glob.glob(os.path.join(installed, "*.icd")):
        with open(file, encoding="utf-8") as text:
            if "pocl" in (file + text.read()).lower():
                shutil.copy(file, path("vendors"))
    if os.listdir(path("vendors")):
        ENV["OCL_ICD_VENDORS"] = path("vendors")
    found = json.loads(call("devices", "--json", env=ENV).stdout)["devices"]
    POCL[:] = [device["name"] for device in found if device["platform_name"] == "Portable Computing Language"]
    if not POCL:
        pytest.skip("no PoCL here")


def devices(env, says=(), before=()):
    """The devices' names, and what was said."""
    done = call("devices", "--json", env={**PLAIN, **env}, says=says, before=before)
    return [device["name"] for device in json.loads(done.stdout)["devices"]], done.stderr


def check_private(env, reason, before=(), folder=None):
    """PoCL's device is there, kernels are kept in the private folder, and one line says so."""
    folder = folder or path("tmp", PRIVATE)
    names, said = devices(env, says=[reason, folder], before=before)
    assert POCL[0] in names, f"{env}: PoCL is missing in {names}"
    assert said.count("warning") == 1 and len(said.splitlines()) == 1, f"{env}: not one line:\n{said}"
    facts = os.stat(folder)
    assert facts.st_mode & 0o777 == 0o700, f"{folder} has mode {facts.st_mode:o}"


def computes(env, before=()):
    """A kernel is compiled and run."""
    out = path("layers") + str(len(os.listdir(path())))
    os.mkdir(out)
    os.chmod(out, 0o777)
    call("layers", path("faces", "0.png"), "--size", "16", "--out", out, "--device", POCL[0], env={**PLAIN, **env},
         before=before)


def test_a_home_that_works_is_taken():
    os.mkdir(path("home"))
    names, said = devices({"HOME": path("home")})
    assert POCL[0] in names and not said, f"{names}, {said}"
    assert os.path.isdir(path("home", ".cache", "pocl", "kcache")), "PoCL keeps nothing at home"
    assert os.path.isdir(path("home", ".cache", "clgan")), "clgan keeps nothing at home"
    names, said = devices({"HOME": None, "XDG_CACHE_HOME": path("home", "xdg")})
    assert POCL[0] in names and not said and os.path.isdir(path("home", "xdg", "pocl")), f"{names}, {said}"
    assert not os.path.exists(path("tmp", PRIVATE)), "a private folder for nothing"


def test_no_home():
    for env in ({"HOME": None}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": None, "XDG_CACHE_HOME": "relative"}):
        check_private(env, "neither XDG_CACHE_HOME nor HOME")
    assert not os.path.exists("relative"), "a folder in the working directory"


@pytest.mark.needs("test_a_home_that_works_is_taken")
def test_a_home_that_cannot_be():
    check_private({"HOME": path("a-file", "home")}, "cannot be created")
    check_private({"XDG_CACHE_HOME": path("a-file")}, "cannot be created")
    check_private({"HOME": path("home"), "POCL_CACHE_DIR": path("a-file")}, "POCL_CACHE_DIR")
    names, said = devices({"HOME": path("home"), "POCL_CACHE_DIR": ""})  # PoCL 3.1 aborts
    assert POCL[0] in names and not said, f"{names}, {said}"


def test_others_cannot_lend_a_folder():
    shutil.rmtree(path("tmp", PRIVATE), ignore_errors=True)
    other = path("tmp2")
    os.mkdir(other)
    for kind in ("link", "loose", "file"):
        os.chmod(other, 0o1777)
        place = os.path.join(other, PRIVATE)
        if kind == "link":
            os.symlink(path("tmp"), place)
        elif kind == "loose":
            os.mkdir(place)
            os.chmod(place, 0o777)
        else:
            open(place, "w", encoding="utf-8").close()
        names, said = devices({"HOME": None, "TMPDIR": other})
        assert POCL[0] in names and other not in said, f"{kind}: {names}, {said}"
        (shutil.rmtree if kind == "loose" else os.remove)(place)
    os.chmod(other, 0o777)  # anybody may rename what is in it
    names, said = devices({"HOME": None, "TMPDIR": other})
    assert POCL[0] in names and other not in said and not os.listdir(other), f"{names}, {said}"


def test_kernels_are_compiled_and_kept():
    call("data", "--out", path("faces"), "--n", "1")
    os.rename(path("faces", sorted(n for n in os.listdir(path("faces")) if n.endswith(".png"))[0]), path("faces", "0.png"))
    computes({"HOME": None})
    kept = path("tmp", PRIVATE, "pocl", "kcache")
    assert any(len(name) == 2 for name in os.listdir(kept)), f"nothing is kept: {os.listdir(kept)}"
    assert any(name.startswith("checked-") for name in os.listdir(path("tmp", PRIVATE, "clgan"))), (
        "nothing is remembered")


def as_nobody():
    """The words that start a command as an unprivileged user; None when that is not to be had."""
    if os.geteuid() or not shutil.which("setpriv"):
        return None
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    works = subprocess.run([*words, CLGAN, "version"], capture_output=True).returncode == 0
    return words if works else None


@pytest.mark.needs("test_kernels_are_compiled_and_kept")
def test_another_users_home():
    words = as_nobody()
    if not words:
        pytest.skip("another user's home: not root, no setpriv, or the build folder is not readable by all")
    os.mkdir(path("locked"), 0o700)
    os.mkdir(path("readable"), 0o755)
    folder = path("tmp", f"clgan-{NOBODY}")
    check_private({"HOME": path("locked")}, "Permission denied", words, folder)
    check_private({"HOME": path("readable")}, "Permission denied", words, folder)
    assert os.stat(folder).st_uid == NOBODY, "the folder is not the user's"
    computes({"HOME": path("readable")}, words)
    os.makedirs(path("sudo", ".cache", "pocl", "kcache", "AB"), 0o755)  # what root left there
    for parts in ([], [".cache"], [".cache", "pocl"], [".cache", "pocl", "kcache"]):
        os.chown(path("sudo", *parts), NOBODY, NOBODY)
    check_private({"HOME": path("sudo")}, "folders of another user", words, folder)


def test_a_full_disk():
    os.mkdir(path("disk"))
    for options, fill, reason in (("size=2m", 0, "too little room"), ("size=64m", 64, "cannot be written to"),
                                  ("size=64m,noexec", 0, "executed"), ("size=64m,ro", 0, "Read-only")):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path("disk")], capture_output=True).returncode:
            pytest.skip("a full disk: no tmpfs can be mounted here")
        try:
            if fill:
                with open(path("disk", "full"), "wb") as file:
                    file.truncate(0)
                    os.posix_fallocate(file.fileno(), 0, (fill << 20) - 8192)
            check_private({"HOME": path("disk")}, reason)
        finally:
            subprocess.run(["umount", path("disk")], check=True)
