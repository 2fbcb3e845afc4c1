"""Writes the .cl files given as one C table: name and source text, for the library to carry along."""
import os
import sys

out, *files = sys.argv[1:]
with open(out, "w") as c:
    c.write('// Generated from cl/*.cl by embed.py.\n#include "device/sources.h"\n\n')
    for i, path in enumerate(files):
        data = open(path, "rb").read() + b"\0"
        c.write(f"static const unsigned char source_{i}[] = {{")
        for j in range(0, len(data), 20):
            c.write("\n" + ",".join(str(b) for b in data[j:j + 20]) + ",")
        c.write("\n};\n")
    c.write("const struct clg_source clg_sources[] = {\n")
    for i, path in enumerate(files):
        c.write(f'    {{"{os.path.basename(path)}", (const char *)source_{i}}},\n')
    c.write("    {0},\n};\n")
