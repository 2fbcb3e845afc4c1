"""ONNX files of the nets, NCHW, in inference mode. Needs the package onnx, and nothing else."""
from __future__ import annotations

import os

from . import _arrays
from .explore import DISCRIMINATOR, NETS
from .errors import Error

OPSET, IR_VERSION = 13, 8  # any runtime of recent years reads these
_ACTIVATIONS = {"relu": "Relu", "leaky_relu": "LeakyRelu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def _nodes(helper, layers: list, tensors: dict, prefix: str, last: str):
    """The nodes of a chain that starts with the input `last`, their weights by name, and the result's name."""
    nodes, weights = [], {}

    def add(kind: str, name: str, names: tuple = (), **attributes) -> None:
        nonlocal last
        own = {f"{name}.{part}": tensors[f"{prefix}.{name}.{part}"] for part in names}
        nodes.append(helper.make_node(kind, [last, *own], [name + ".out"], name=f"{name} {kind}", **attributes))
        weights.update(own)
        last = name + ".out"

    for layer in layers:
        if layer.type in ("conv", "conv transpose"):
            add("Conv" if layer.type == "conv" else "ConvTranspose", layer.name, ("weight",), kernel_shape=layer.kernel,
                strides=[layer.stride] * 2, pads=[layer.pad] * 4)
        elif layer.type == "batch norm":
            add("BatchNormalization", layer.name, ("weight", "bias", "running_mean", "running_var"), epsilon=layer.eps)
        if layer.activation:
            alpha = {"alpha": layer.slope} if layer.activation == "leaky_relu" else {}
            add(_ACTIVATIONS[layer.activation], layer.name + ".act", **alpha)
    return nodes, weights, last


def export(gan, path, net: str) -> None:
    """Gan.export_onnx."""
    try:
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise ImportError("export_onnx needs the package onnx: pip install onnx") from error
    generator = _arrays.one_of(net, NETS, "net") != DISCRIMINATOR
    p, pictures = gan.params, ["n", gan.params["channels"], gan.params["size"], gan.params["size"]]
    prefix = ("averageG" if p["ema"] else "netG") if generator else "netD"
    ends = [("z", ["n", p["z"], 1, 1]), ("pictures", pictures), ("logits", ["n"])][0 if generator else 1:][:2]
    nodes, weights, last = _nodes(helper, gan.layers(net), gan.tensors(), prefix, ends[0][0])
    if generator:
        nodes[-1].output[0] = "pictures"
    else:  # from [n, 1, 1, 1] to [n]
        weights["one_each"] = np.array([-1], np.int64)
        nodes.append(helper.make_node("Reshape", [last, "one_each"], ["logits"], name="logits"))
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends]
    made = helper.make_graph(nodes, net, values[:1], values[1:],
                             [numpy_helper.from_array(value, name) for name, value in weights.items()])
    model = helper.make_model(made, producer_name="clgan", opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    try:
        onnx.save(model, os.path.expanduser(path))
    except OSError as error:
        raise Error(f"cannot write {path}: {error.strerror}") from error
