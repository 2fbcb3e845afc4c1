"""ONNX files of the nets, NCHW, in inference mode. Needs the package onnx, and nothing else."""
from __future__ import annotations

import os
import re

from . import _arrays
from .explore import DISCRIMINATOR, NETS
from .errors import Error

OPSET, IR_VERSION = 13, 8  # old enough for any runtime of these years
_EPS, _SLOPE = 1e-5, 0.2  # of batch norm and LeakyReLU, as models.c builds them


class _Graph:
    """Nodes one behind the other, and the weights they use."""

    def __init__(self, helper, first: str):
        self.helper, self.nodes, self.weights, self.last = helper, [], {}, first

    def add(self, kind: str, name: str, weights: dict, output: str | None = None, **attributes) -> None:
        output = output or name
        self.weights.update(weights)
        self.nodes.append(self.helper.make_node(kind, [self.last, *weights], [output], name=name, **attributes))
        self.last = output


def _layers(tensors: dict, prefix: str) -> dict[int, dict]:
    """By number in `main`: the layer's tensors by their own names."""
    layers = {}
    for name, value in tensors.items():
        found = re.fullmatch(re.escape(prefix) + r"\.main\.(\d+)\.(\w+)", name)
        if found:
            layers.setdefault(int(found[1]), {})[found[2]] = value
    return dict(sorted(layers.items()))


def _graph(helper, layers: dict[int, dict], generator: bool, first: str, result: str) -> _Graph:
    graph, last = _Graph(helper, first), max(layers)
    for i, own in layers.items():
        named = {f"main.{i}.{name}": value for name, value in own.items()}
        if own["weight"].ndim == 4:
            wide = i in (0, last) and (i == 0) == generator  # between 1x1 and 4x4: no stride
            graph.add("ConvTranspose" if generator else "Conv", f"main.{i}", named, kernel_shape=[4, 4],
                      strides=[1, 1] if wide else [2, 2], pads=[0] * 4 if wide else [1] * 4)
            followed = i == 0 and not generator  # D's first convolution has no batch norm
        else:
            named = {f"main.{i}.{name}": own[name] for name in ("weight", "bias", "running_mean", "running_var")}
            graph.add("BatchNormalization", f"main.{i}", named, epsilon=_EPS)
            followed = True
        if followed and generator:
            graph.add("Relu", f"main.{i + 1}", {})
        elif followed:
            graph.add("LeakyRelu", f"main.{i + 1}", {}, alpha=_SLOPE)
    if generator:
        graph.add("Tanh", f"main.{last + 1}", {}, result)
    else:
        graph.add("Reshape", "logits", {"one_each": None}, result)
    return graph


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
    graph = _graph(helper, _layers(gan.tensors(), prefix), generator, ends[0][0], ends[1][0])
    weights = {name: np.array([-1], np.int64) if value is None else value for name, value in graph.weights.items()}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends]
    made = helper.make_graph(graph.nodes, net, values[:1], values[1:],
                             [numpy_helper.from_array(value, name) for name, value in weights.items()])
    model = helper.make_model(made, producer_name="clgan", opset_imports=[helper.make_opsetid("", OPSET)],
                              ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    try:
        onnx.save(model, os.path.expanduser(path))
    except OSError as error:
        raise Error(f"cannot write {path}: {error.strerror}") from error
