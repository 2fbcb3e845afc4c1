"""Checkpoints of other programs, of earlier and later versions, and with long texts"""
import json
import os
import shutil
import struct
import zlib

import pytest
from files import rows, tensor
from harness import FACES, ROOT, TINY, call, path, read

MODEL = "model.safetensors"
FIRST = os.path.join(ROOT, "tests", "checkpoints", "0.1.0.safetensors")
NEAR = 1e-5  # of values in -1..1


def header(data):
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + length]), data[8 + length:]


def tensors_of(name, net):
    """A net's tensors of a checkpoint by their names inside it: values and shape."""
    prefix = net + "."
    return {key[len(prefix):]: tensor(name, key) for key in header(read(*name.split("/")))[0] if key.startswith(prefix)}


def write(name, tensors, metadata=None):
    """A safetensors file; tensors by name: a letter of struct, values and shape."""
    kinds = {"f": "F32", "e": "F16", "d": "F64", "q": "I64"}
    head, values = {"__metadata__": metadata} if metadata else {}, b""
    for key, (letter, numbers, shape) in tensors.items():
        start = len(values)
        values += struct.pack(f"<{len(numbers)}{letter}", *numbers)
        head[key] = {"dtype": kinds[letter], "shape": shape, "data_offsets": [start, len(values)]}
    text = json.dumps(head).encode()
    with open(path(name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + values)


def pictures(model, out):
    """Three pictures of a model, all their values in a row."""
    done = call("generate", "--model", model, "--n", "3", "--seed", "4", "--npy", path(out))
    return [value for row in rows(out) for value in row], done.stderr


def difference(a, b):
    assert len(a) == len(b), f"{len(a)} values and {len(b)}"
    return max(abs(x - y) for x, y in zip(a, b))


@pytest.fixture(scope="module", autouse=True)
def the_run():
    call("train", *FACES, *TINY, "--steps", "4", "--lr", "0.01", "--sample-every", "0", "--out", path("run"))


def test_weights_of_other_programs_draw_the_same():
    own, _ = pictures(path("run", MODEL), "own.npy")
    g, d = tensors_of("run/" + MODEL, "netG"), tensors_of("run/" + MODEL, "netD")
    for letter, limit in (("f", 0), ("d", 0), ("e", 2e-3)):
        file = {f"module.generator.{key}": (letter, *value) for key, value in g.items()}
        file |= {f"discriminator._orig_mod.{key}": (letter, *value) for key, value in d.items()}
        file["module.generator.main.1.num_batches_tracked"] = ("q", [7], [])
        write(f"{letter}.safetensors", file, {"format": "pt"})
        theirs, said = pictures(path(f"{letter}.safetensors"), "theirs.npy")
        assert difference(own, theirs) <= limit, f"{letter}: {difference(own, theirs)}"
        assert "warning" not in said, said


def test_a_bias_before_batch_norm_is_folded():
    own, _ = pictures(path("run", MODEL), "own.npy")
    g = {key: ("f", *value) for key, value in tensors_of("run/" + MODEL, "netG").items()}
    _, mean, shape = g["main.1.running_mean"]
    bias = [0.5 * i - 1 for i in range(shape[0])]
    moved = {**g, "main.1.running_mean": ("f", [m + b for m, b in zip(mean, bias)], shape)}
    write("moved.safetensors", moved)
    write("bias.safetensors", {**moved, "main.0.bias": ("f", bias, shape)})
    assert difference(own, pictures(path("moved.safetensors"), "m.npy")[0]) > 0.01, "the running mean has no effect"
    theirs, said = pictures(path("bias.safetensors"), "b.npy")
    assert difference(own, theirs) < NEAR, f"the bias was not folded: {difference(own, theirs)}"
    assert "holds no discriminator" in said, said
    write("last.safetensors", {**g, "main.6.bias": ("f", [0.1, 0, 0], [3])})
    call("generate", "--model", path("last.safetensors"), "--n", "1", "--npy", path("l.npy"), code=4,
         says=["main.6.bias", "no place"])


@pytest.mark.needs("test_a_bias_before_batch_norm_is_folded")
def test_init_takes_them_or_says_what_would_fit():
    start = ["train", *FACES, "--steps", "1", "--sample-every", "0"]
    call(*start, *TINY, "--init", path("bias.safetensors"), "--out", path("started"), says="holds no discriminator")
    call(*start, *TINY, "--ngf", "6", "--z", "9", "--init", path("bias.safetensors"), "--out", path("none"), code=4,
         says=["main.0.weight is 8x8x4x4, the model's is 9x12x4x4", "z 8, ngf 4"])
    assert not os.path.exists(path("none")), "a folder all the same"


def test_other_formats_are_named():
    with open(path("netG.pth"), "wb") as file:
        file.write(b"PK\3\4" + bytes(26) + b"netG/data.pkl" + bytes(50))
    line = f'torch.load("{path("netG.pth")}", map_location="cpu", weights_only=True)'
    for words in (["generate", "--model", path("netG.pth"), "--n", "1", "--npy", path("x.npy")],
                  ["train", *FACES, *TINY, "--steps", "1", "--out", path("none"), "--init", path("netG.pth")]):
        call(*words, code=4, says=["PyTorch", line, path("netG.safetensors")])


@pytest.mark.needs("test_weights_of_other_programs_draw_the_same")
def test_a_run_of_weights_alone_does_not_go_on():
    os.makedirs(path("alone"))
    shutil.copy(path("f.safetensors"), path("alone", MODEL))
    call("train", "--resume", path("alone"), code=4, says=["another program", "--init"])


# --- versions ------------------------------------------------------------------------------------
def test_the_first_version_goes_on():
    os.makedirs(path("first"))
    shutil.copy(FIRST, path("first", MODEL))
    done = call("train", "--resume", path("first"), "--steps", "302", says=["16x16x1, z 4", "(step 302)"])
    assert "warning" not in done.stderr, done.stderr


def change_texts(name, change):
    """Gives a checkpoint other metadata, and the checksum that goes with it."""
    head, values = header(read(*name.split("/")))
    change(head["__metadata__"])
    head["__metadata__"]["crc32"] = "00000000"
    text = json.dumps(head, separators=(",", ":")).encode()
    whole = struct.pack("<Q", len(text)) + text + values
    with open(path(*name.split("/")), "wb") as file:
        file.write(whole.replace(b'"crc32":"00000000"', b'"crc32":"%08x"' % zlib.crc32(whole)))


def test_a_later_version_is_kept_or_refused():
    shutil.copytree(path("run"), path("later"))
    change_texts("later/" + MODEL, lambda texts: (texts.update({"label-smooth": "0.9", "train.mixup": "0.2"}),
                                                  texts.pop("beta2")))
    done = call("train", "--resume", path("later"), "--steps", "5", says="label-smooth, train.mixup")
    assert done.stderr.count("label-smooth") == 1, done.stderr
    texts = header(read("later", MODEL))[0]["__metadata__"]
    assert (texts["label-smooth"], texts["train.mixup"], texts["beta2"]) == ("0.9", "0.2", "0.999"), str(texts)
    change_texts("later/" + MODEL, lambda texts: texts.update({"clgan.format": "2", "clgan": "3.0.0"}))
    for words in (["train", "--resume", path("later")], ["train", *FACES, *TINY, "--steps", "1", "--init",
                  path("later", MODEL), "--out", path("none")],
                  ["generate", "--model", path("later", MODEL), "--n", "1", "--npy", path("x.npy")]):
        call(*words, code=4, says=["format 2", "clgan 3.0.0", "newer"])


def test_a_long_path_survives():
    folder = path(*(letter * 210 for letter in "abc"))
    call("data", "--n", "12", "--size", "16", "--out", folder)
    call("train", "--data", folder, *TINY, "--steps", "2", "--sample-every", "0", "--out", path("long"))
    assert header(read("long", MODEL))[0]["__metadata__"]["train.data"] == folder, "the path was cut in the checkpoint"
    assert folder.encode() in read("long", "report.html"), "the path was cut in the report"
    call("train", "--resume", path("long"), "--steps", "3", says=[folder, "(step 3)"])
