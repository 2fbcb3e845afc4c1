#!/usr/bin/env python3
"""What becomes of files that people really have: a line for each. usage: cases.py PATH_OF_CLGAN [FOLDER]

FOLDER has sub-folders of pictures, checkpoints and label tables; what is right follows from the sub-folder's name
(EXPECTED). Without one, ../shared/cases beside the source tree; skipped where that is not there.
"""
import glob
import logging
import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
FOLDER = sys.argv.pop() if len(sys.argv) > 2 else os.path.join(os.path.dirname(ROOT), "shared", "cases")

import harness  # noqa: E402 (skips where numpy is missing)

if not os.path.isdir(FOLDER):
    harness.skip_all(f"no cases in {FOLDER}")

import clgan  # noqa: E402
import numpy as np  # noqa: E402

EXPECTED = {"jpeg-warnings": "read", "jpeg-must-stay-refused": "refused", "orientation": "read", "inks": "read",
            "left-out": "read"}
wrong = []


def report(file, outcome, right=True):
    print(f"{'ok   ' if right else 'WRONG'} {os.path.relpath(file, FOLDER)}: {outcome}", flush=True)
    if not right:
        wrong.append(file)


def picture(file):
    """One picture: read or refused, and beside PIL, where that is installed."""
    try:
        pictures = clgan.Pictures(file)
        pixels = pictures.load(64, 3)[0]
    except clgan.Error as error:
        return "refused", str(error)
    outcome = f"read, mean {pixels.mean():.1f}" + (" (with a warning)" if pictures.warned else "")
    try:
        from PIL import Image, ImageFile, ImageOps
    except ModuleNotFoundError:
        return "read", outcome
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    other = ImageOps.exif_transpose(Image.open(file)).convert("RGB")
    side = min(other.size)
    left, top = (other.width - side) // 2, (other.height - side) // 2
    other = other.resize((64, 64), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
    difference = np.abs(np.asarray(other, np.float32) - pixels).mean()
    return ("read" if difference < 2 else "wrong"), f"{outcome}; PIL's differs by {difference:.2f}"


def pictures(folder):
    expected = EXPECTED[folder]
    for file in sorted(glob.glob(os.path.join(FOLDER, folder, "**", "*"), recursive=True)):
        if os.path.isfile(file):
            outcome, text = picture(file)
            report(file, text, outcome == expected)


def checkpoint(file):
    """Pictures of the noise beside it, compared with those expected; a refusal must name tensors or what to do."""
    name = os.path.splitext(os.path.basename(file))[0]
    expected = os.path.join(os.path.dirname(file), f"expect-{name}.npy")
    z = np.load(os.path.join(os.path.dirname(file), "z.npy"))
    try:
        drawn = clgan.Gan.load(file).generate(z=z)
    except clgan.Error as error:
        report(file, f"refused: {error}", "main." in str(error) or "python3 -c" in str(error))
        return
    difference = np.abs(np.asarray(drawn) - np.load(expected)).max() if os.path.exists(expected) else None
    text = "drawn" if difference is None else f"drawn, at most {difference:.1e} from what is expected"
    report(file, text, difference is None or difference < 1e-5)


def labels(file):
    pics = os.path.join(os.path.dirname(file), "pics")
    words = [harness.CLGAN, "classify", "--model", harness.path("tiny.safetensors"), "--data", pics, "--labels", file]
    column = [] if "celeba" not in file else ["--column", "Smiling"]
    done = subprocess.run([*words, *column, "--json"], capture_output=True, text=True, timeout=300, check=False)
    report(file, done.stdout.strip()[:100] or done.stderr.strip(), done.returncode == 0)


def main():
    logging.disable(logging.WARNING)
    for folder in sorted(os.listdir(FOLDER)):
        if folder in EXPECTED:
            pictures(folder)
    for file in sorted(glob.glob(os.path.join(FOLDER, "checkpoints", "*"))):
        if not file.endswith(".npy"):
            checkpoint(file)
    harness.tiny().save(harness.path("tiny.safetensors"))
    for file in sorted(glob.glob(os.path.join(FOLDER, "labels", "*.*"))):
        labels(file)
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
