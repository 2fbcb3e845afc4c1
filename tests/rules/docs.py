"""Files and names of the sources that the documentation mentions exist: docs.py ROOT, or docs.py --self-test.

In `code` of README.md, CONTRIBUTING.md and docs/*.md: paths of sources, where NAME and * stand for anything, and C
identifiers of clgan. A bare file name may be in any folder. So the checklists of docs/adding.md cannot name what is gone.
"""
import fnmatch
import glob
import os
import re
import sys
import tempfile

FOLDERS = ("src", "include", "cl", "tests", "examples", "docs")
ENDINGS = (".c", ".h", ".cl", ".py", ".sh", ".md", ".build", ".toml", ".ipynb", ".known", ".supp")
PATH = re.compile(r"(?:[\w.*-]+/)*[\w.*-]+")
NAME = re.compile(r"\b(?:clg|cli|CLG)_\w+(?:\.\.\.)?")


def files_of(root):
    """All files, from the root."""
    found = [name for name in os.listdir(root) if os.path.isfile(os.path.join(root, name))]
    for top in FOLDERS:
        for folder, _, names in os.walk(os.path.join(root, top)):
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return found


def spans_of(text):
    """The `code` of a page, without fenced and indented blocks."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    text = "\n".join(line for line in text.split("\n") if not line.startswith("    ") or line.lstrip()[:1] in "-*0123456789")
    return re.findall(r"`([^`\n]+)`", text)


def is_path(word):
    """Is this a path of a source? Options, variants such as conv=gpu, and files that runs write are not."""
    return bool(PATH.fullmatch(word.rstrip("/"))) and (word.endswith(ENDINGS) or word.startswith(tuple(f + "/" for f in FOLDERS)))


def missing_path(word, files):
    pattern = word.rstrip("/").replace("NAME", "*")
    patterns = [pattern, pattern + "/*"] + ([] if word.startswith(tuple(f + "/" for f in FOLDERS)) else ["*/" + pattern])
    return not any(fnmatch.fnmatch(name, p) for name in files for p in patterns)


def missing_name(name, sources):
    known = name.removesuffix("...") if name.endswith("...") else name.replace("NAME", r"\w+") + r"\b"
    return not re.search(rf"\b{known}", sources)


def faults(root):
    """One line for each thing that is gone, and how many were looked up."""
    files = files_of(root)
    sources = ""
    for name in files:
        if name.endswith((".c", ".h", ".cl", ".py")) and name.split(os.sep)[0] != "docs":
            with open(os.path.join(root, name), encoding="utf-8") as file:
                sources += file.read()
    found, seen = [], 0
    for page in sorted([*glob.glob(os.path.join(root, "*.md")), *glob.glob(os.path.join(root, "docs", "*.md"))]):
        if os.path.basename(page) == "CHANGELOG.md":  # tells what was, too
            continue
        with open(page, encoding="utf-8") as file:
            spans = spans_of(file.read())
        for span in spans:
            gone = []
            for word in span.split() if is_path(span.split()[0]) else []:
                if is_path(word):
                    seen += 1
                    gone += [word] if missing_path(word, files) else []
            for name in NAME.findall(span):
                seen += 1
                gone += [name] if missing_name(name, sources) else []
            found += [f"{os.path.relpath(page, root)}: {word} is not there" for word in gone]
    return found, seen


PLANTED = {"`src/ops/gemm.c`": False, "`gemm.c`": False, "`src/ops/NAME.c`": False, "`clg_gemm`": False, "`src/ops`": False,
           "`CLG_E...`": False, "`conv=gpu`": False, "`report.html`": False, "`src/ops/gone.c`": True, "`gone.c`": True,
           "`src/ops/conv_NAME.c`": True, "`struct clg_gone`": True, "`src/gone/`": True, "`clg_gem`": True}


def self_test():
    """Pages with one mention each: those that were judged wrongly."""
    wrong = []
    for mention, bad in PLANTED.items():
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "src", "ops"))
            with open(os.path.join(root, "src", "ops", "gemm.c"), "w", encoding="utf-8") as file:
                file.write("int clg_gemm(void); // CLG_EINVAL\n")
            with open(os.path.join(root, "README.md"), "w", encoding="utf-8") as file:
                file.write(f"See {mention}.\n")
            found, _ = faults(root)
        if bool(found) != bad:
            wrong.append(f"{mention}: {'passed' if bad else found}")
    return wrong, len(PLANTED)


def main():
    """Exit status 1 when something is gone, or when nothing was looked up."""
    lines, seen = self_test() if sys.argv[1:] == ["--self-test"] else faults(sys.argv[1])
    print("\n".join(lines + [f"{seen} paths and names looked up, {len(lines)} not there"]))
    sys.exit(1 if lines or not seen else 0)


main()
