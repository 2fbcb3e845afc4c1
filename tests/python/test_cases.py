"""Files that people really have: --cases FOLDER (else ../shared/cases beside the source tree), a test for each file.

FOLDER has sub-folders of pictures, checkpoints and label tables; what must happen follows from the sub-folder's name
(EXPECTED). `-rP` prints what became of each file.
"""
import glob
import logging
import os
import subprocess

import pytest
from package import CLGAN, clgan, path, tiny

import numpy as np

EXPECTED = {"jpeg-warnings": "read", "jpeg-must-stay-refused": "refused", "orientation": "read", "inks": "read",
            "left-out": "read"}


def files_of(folder, pattern):
    """The files of a test, relative to the folder of cases."""
    if pattern == "pictures":
        found = [name for kind in EXPECTED for name in glob.glob(os.path.join(folder, kind, "**", "*"), recursive=True)]
    else:
        found = glob.glob(os.path.join(folder, pattern))
    return sorted(os.path.relpath(name, folder) for name in found if os.path.isfile(name))


def pytest_generate_tests(metafunc):
    pattern = {"picture": "pictures", "checkpoint": "checkpoints/*", "table": "labels/*.*"}
    for argument in set(pattern) & set(metafunc.fixturenames):
        names = files_of(metafunc.config.getoption("cases"), pattern[argument])
        metafunc.parametrize(argument, [name for name in names if not name.endswith(".npy")])


@pytest.fixture(scope="module")
def cases(request):
    logging.disable(logging.WARNING)
    yield request.config.getoption("cases")
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def model():
    tiny().save(path("tiny.safetensors"))
    return path("tiny.safetensors")


def read_picture(file):
    """"read", "refused", or "wrong" where PIL, if it is installed, reads something else; and how it went."""
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


def test_picture(cases, picture):
    outcome, text = read_picture(os.path.join(cases, picture))
    print(f"{picture}: {text}")
    assert outcome == EXPECTED[picture.split(os.sep)[0]], text


def test_checkpoint(cases, checkpoint):
    """Pictures of the noise beside it, compared with those expected; a refusal must name tensors or what to do."""
    file = os.path.join(cases, checkpoint)
    name = os.path.splitext(os.path.basename(file))[0]
    expected = os.path.join(os.path.dirname(file), f"expect-{name}.npy")
    z = np.load(os.path.join(os.path.dirname(file), "z.npy"))
    try:
        drawn = clgan.Gan.load(file).generate(z=z)
    except clgan.Error as error:
        print(f"{checkpoint}: refused: {error}")
        assert "main." in str(error) or "python3 -c" in str(error), f"refused: {error}"
        return
    difference = np.abs(np.asarray(drawn) - np.load(expected)).max() if os.path.exists(expected) else 0
    print(f"{checkpoint}: drawn" + (f", at most {difference:.1e} from what is expected" if difference else ""))
    assert difference < 1e-5


def test_labels(cases, model, table):
    file = os.path.join(cases, table)
    pics = os.path.join(os.path.dirname(file), "pics")
    column = [] if "celeba" not in file else ["--column", "Smiling"]
    done = subprocess.run([CLGAN, "classify", "--model", model, "--data", pics, "--labels", file, *column, "--json"],
                          capture_output=True, text=True, timeout=300, check=False)
    print(f"{table}: {done.stdout.strip()[:100]}")
    assert done.returncode == 0, done.stderr
