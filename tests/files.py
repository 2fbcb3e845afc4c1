"""Files that commands read and write, as tests see them: .npy, PNG, classifiers, tensors."""
import ast
import json
import struct
import zlib

from harness import path, read


def rows(name):
    """The rows of a .npy file, whatever their shape, as lists of numbers."""
    data = read(name)
    start = 10 + struct.unpack("<H", data[8:10])[0]
    shape = ast.literal_eval(data[10:start].decode())["shape"]
    values = struct.unpack(f"<{(len(data) - start) // 4}f", data[start:])
    length = len(values) // shape[0]
    return [list(values[i * length:(i + 1) * length]) for i in range(shape[0])]


def write_rows(name, values):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)}, {len(values[0])}), }}"
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(path(name), "wb") as file:
        file.write(b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head.encode())
        for row in values:
            file.write(struct.pack(f"<{len(row)}f", *row))


def write_classifier(name, weights, biases, classes, features="pixels"):
    """A file as `clgan classify --save` writes it: one row of weights and one bias for each class."""
    count = len(weights[0])
    head = {"__metadata__": {"classes": json.dumps(classes), "features": features},
            "weight": {"dtype": "F32", "shape": [len(weights), count],
                       "data_offsets": [0, 4 * len(weights) * count]},
            "bias": {"dtype": "F32", "shape": [len(biases)],
                     "data_offsets": [4 * len(weights) * count, 4 * len(weights) * (count + 1)]}}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path(name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for row in [*weights, biases]:
            file.write(struct.pack(f"<{len(row)}f", *row))


def png_size(name):
    data = read(name)
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{name} is not a PNG"
    return struct.unpack(">II", data[16:24])


def png_rows(*parts):
    """The rows of an 8-bit colour PNG, as bytes."""
    data, at, packed = read(*parts), 8, b""
    width, height = struct.unpack(">II", data[16:24])
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    raw, line = zlib.decompress(packed), 3 * width
    out, above = [], bytearray(line)
    for y in range(height):
        row = bytearray(raw[y * (line + 1) + 1:(y + 1) * (line + 1)])
        for x in range(line):
            left, up, corner = row[x - 3] if x > 2 else 0, above[x], above[x - 3] if x > 2 else 0
            paeth = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
            row[x] = (row[x] + (0, left, up, (left + up) // 2, paeth)[raw[y * (line + 1)]]) & 255
        out.append(bytes(row))
        above = row
    return out


def write_png(name, lines):
    """A grey PNG of rows of values 0..255."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, 0, 0, 0, 0)
    with open(path(name), "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                   chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(line) for line in lines))) +
                   chunk(b"IEND", b""))


def tile(sheet, row, column, size=16):
    """One picture of a sheet's rows."""
    x, y = 2 + column * (size + 2), 2 + row * (size + 2)
    return [line[3 * x:3 * (x + size)] for line in sheet[y:y + size]]


def tensor(name, key):
    """The values of a safetensors file's tensor, and its shape."""
    data = read(*name.split("/"))
    length = struct.unpack("<Q", data[:8])[0]
    facts = json.loads(data[8:8 + length])[key]
    start, end = (8 + length + at for at in facts["data_offsets"])
    return struct.unpack(f"<{(end - start) // 4}f", data[start:end]), facts["shape"]
