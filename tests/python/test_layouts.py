"""The Python package's mirrors of structs and functions against the public headers.

The compiler says whether every struct has the mirror's size, fields, offsets and field sizes, and no field more; the
functions' types are read from the preprocessed headers.
"""
import ctypes
import os
import re
import subprocess

from package import ROOT

from clgan import _c, _structs

INCLUDE = os.path.join(ROOT, "include")
CC = os.environ.get("CC", "cc").split()


def structs(module):
    return [value for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, ctypes.Structure) and value is not ctypes.Structure]


def assertions(struct):
    """C that compiles when the mirror is right."""
    name = f"struct {struct.__name__}"
    lines = [f'_Static_assert(sizeof({name}) == {ctypes.sizeof(struct)}, "{name}: size {ctypes.sizeof(struct)}");']
    for field, kind in struct._fields_:
        at, size = getattr(struct, field).offset, ctypes.sizeof(kind)
        lines.append(f'_Static_assert(offsetof({name}, {field}) == {at}, "{name}: {field} at {at}");')
        lines.append(f'_Static_assert(sizeof((({name} *)0)->{field}) == {size}, "{name}: {field} of size {size}");')
        sample = f"(({name} *)0)->{field}"
        if issubclass(kind, ctypes._SimpleCData):
            floating = {ctypes.c_float: "float", ctypes.c_double: "double"}.get(kind, "neither")
            is_so = {"float": "float: 1, default: 0", "double": "double: 1, default: 0"}.get(
                floating, "float: 0, double: 0, default: 1")
            lines.append(f'_Static_assert(_Generic({sample}, {is_so}), "{name}: {field}: float, double: {floating}");')
    # One value for each field: with fewer fields than the header has, or more, this does not compile.
    whole = ctypes.Structure, ctypes.Array
    values = ", ".join("{}" if issubclass(kind, whole) else "0" for _, kind in struct._fields_)
    return lines + [f"extern const {name} all_of_{struct.__name__};",
                    f"const {name} all_of_{struct.__name__} = {{{values}}};"]


def check_structs(found):
    code = "\n".join(["#include <clgan/clgan.h>", *(line for struct in found for line in assertions(struct))])
    done = subprocess.run([*CC, "-std=c11", "-fsyntax-only", "-Wextra", "-Werror", "-I" + INCLUDE, "-x", "c", "-"],
                          input=code, capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if "error" in line] or ([done.stderr] if done.returncode else [])


# --- functions -----------------------------------------------------------------------------------
def headers():
    """The headers' declarations of functions: name: (what it returns, its parameters), all as C texts."""
    done = subprocess.run([*CC, "-std=c11", "-E", "-P", "-I" + INCLUDE, "-x", "c", "-"],
                          input="#include <clgan/clgan.h>\n", capture_output=True, text=True, check=True)
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)\)?", " ", done.stdout.replace("\n", " "))
    found = {}
    for returned, name, parameters in re.findall(r"([\w\s\*]+?)\b(clg_\w+)\(((?:[^()]|\([^()]*\))*)\)\s*;", text):
        found[name] = returned, [] if parameters.strip() == "void" else parameters.split(",")
    return found


def kind_of_c(text):
    """pointer, or the type's name."""
    words = re.findall(r"\w+|\*|\[", text)
    if "*" in words or "[" in words or any(w.endswith("_fn") for w in words):
        return "pointer"
    words = [w for w in words if w not in ("const", "extern")]
    if words[0] == "struct":
        return words[1]
    if words[0] == "enum":
        return "int"
    return {"_Bool": "bool", "unsigned": "uint"}.get(words[0], words[0].removesuffix("_t"))


def kind_of_python(kind):
    if kind is None:
        return "void"
    if not isinstance(kind, type) or not issubclass(kind, ctypes._SimpleCData):
        return kind.__name__ if issubclass(kind, ctypes.Structure) else "pointer"
    if issubclass(kind, (ctypes.c_char_p, ctypes.c_void_p)):
        return "pointer"
    names = {ctypes.c_size_t: "size", ctypes.c_int: "int", ctypes.c_int64: "int64", ctypes.c_uint64: "uint64"}
    return names.get(kind, "int" if issubclass(kind, ctypes.c_int) else kind.__name__[2:])


def check_functions(prototypes):
    """One line for every function whose types differ. size_t and uint64_t are one type to ctypes."""
    alike, declared, faults = {"size": "uint64", "ulong": "uint64", "long": "int64"}, headers(), []
    for name, (returned, arguments) in prototypes.items():
        if name not in declared:
            faults.append(f"{name}: in no header")
            continue
        theirs = [kind_of_c(text) for text in (declared[name][0], *declared[name][1])]
        ours = [kind_of_python(kind) for kind in (returned, *arguments)]
        theirs, ours = ([alike.get(kind, kind) for kind in kinds] for kinds in (theirs, ours))
        if ours != theirs:
            faults.append(f"{name}: {ours} here, {theirs} in the header")
    return faults


def test_structs():
    found = structs(_structs)
    assert found, "nothing was compared"
    faults = check_structs(found)
    assert not faults, "\n".join(faults)


def test_functions():
    assert _c.PROTOTYPES, "nothing was compared"
    faults = check_functions(_c.PROTOTYPES)
    assert not faults, "\n".join(faults)
