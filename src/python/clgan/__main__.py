"""The command, `clgan` or `python -m clgan`: the one beside this file, or in the source tree's build folder."""
import os
import signal
import sys


def main():
    """Replaces this process with the command."""
    here = os.path.dirname(os.path.abspath(__file__))
    paths = [os.path.join(here, "clgan"), os.path.normpath(os.path.join(here, "../../../build/clgan"))]
    found = next((p for p in paths if os.access(p, os.X_OK) and os.path.isfile(p)), None)
    if found is None:
        sys.exit("no clgan command at " + " or ".join(paths) + ": build it with ./run build")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and the command would inherit that
    os.execv(found, ["clgan", *sys.argv[1:]])


if __name__ == "__main__":
    main()
