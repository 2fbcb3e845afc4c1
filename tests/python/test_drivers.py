"""Loading OpenCL from Python: drivers that crash, no place for caches."""
import glob
import os
import shutil
import subprocess
import sys
import unittest

from harness import DRIVER as FAKE
from package import clgan, path

INSTALLED = os.environ.get("OCL_ICD_VENDORS") or "/etc/OpenCL/vendors"
SHOW = """
import ctypes, threading
import clgan
threads = [threading.Thread(target=clgan.devices) for _ in range(4)]  # all first calls at a time
for t in threads: t.start()
for t in threads: t.join()
print(";".join(d.name for d in clgan.devices()))
print(clgan.device.cache_folder("/tuning"))
with clgan.Device() as device:
    print(device.info.name)
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
print(getenv(b"OCL_ICD_VENDORS"), getenv(b"POCL_CACHE_DIR"))
"""
PLAIN = {"XDG_CACHE_HOME": path("home", "cache"), "HOME": path("home"), "TMPDIR": path("tmp"), "CLGAN_DRIVER_TIMEOUT": "5"}


def show(**env):
    """What a process of its own sees: devices, cache folder, default device, OCL_ICD_VENDORS and POCL_CACHE_DIR; and
    what it says."""
    variables = {k: v for k, v in {**os.environ, **PLAIN, **env}.items() if v is not None}
    done = subprocess.run([sys.executable, "-c", SHOW], env=variables, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise AssertionError(f"{done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout.splitlines(), done.stderr


class Drivers(unittest.TestCase):
    def setUp(self):
        if not clgan.devices():
            self.skipTest("no device")
        os.makedirs(path("tmp"), exist_ok=True)
        os.makedirs(path("vendors"), exist_ok=True)
        for file in glob.glob(os.path.join(INSTALLED, "*.icd")):
            shutil.copy(file, path("vendors"))
        with open(path("vendors", "fake.icd"), "w", encoding="utf-8") as file:
            file.write(FAKE + "\n")

    def test_a_crash_is_named_and_the_rest_usable(self):
        well, said = show(OCL_ICD_VENDORS=path("vendors"), FAKE_DRIVER="none", POCL_CACHE_DIR=None)
        self.assertEqual(said, "")
        for order in ("constructor abort", "platforms crash", "devices exit", "platforms hang"):
            with self.subTest(order):
                seen, said = show(OCL_ICD_VENDORS=path("vendors"), FAKE_DRIVER=order, POCL_CACHE_DIR=None)
                self.assertEqual(seen, well)  # the environment too
                self.assertEqual(said.count("fake.icd"), 1, said)

    def test_no_home(self):
        seen, said = show(HOME=None, XDG_CACHE_HOME=None, POCL_CACHE_DIR=None)
        private = path("tmp", f"clgan-{os.geteuid()}")
        self.assertIn(os.path.join(private, "clgan", "tuning"), seen[1])
        self.assertEqual(said.count(private), 1, said)
        self.assertTrue(seen[0])

