"""Counts meson's results: count.py testlog.json. The last line is "N passed, N failed, N skipped"."""
import json
import sys

PASSED = ("OK", "EXPECTEDFAIL")
SKIPPED = ("SKIP", "IGNORED")


def main():
    """Exit status 1 when a test failed, timed out or ended in any other way, or when none ran."""
    try:
        with open(sys.argv[1], encoding="utf-8") as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except (OSError, ValueError) as error:
        tests = []
        print(f"no results: {error}")
    failed = [t for t in tests if t["result"] not in PASSED + SKIPPED]
    skipped = [t for t in tests if t["result"] in SKIPPED]
    for test in failed:
        print(f"failed: {test['name']} ({test['result']})")
    for test in skipped:
        said = (test.get("stdout") or test.get("stderr") or "").strip().splitlines()
        print(f"skipped: {test['name']}" + (f" ({said[-1].removeprefix('skipped: ')})" if said else ""))
    passed = len(tests) - len(failed) - len(skipped)
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    sys.exit(1 if failed or not passed else 0)


main()
