"""Counts meson's results: count.py testlog.json. The last line is "N passed, N failed, N skipped"."""
import json
import sys

PASSED = ("OK", "EXPECTEDFAIL")
SKIPPED = ("SKIP", "IGNORED")


def reasons(test):
    """Why all of the test, or parts of it, were skipped."""
    lines = (test.get("stdout") or "").splitlines()
    return [line.removeprefix("skipped: ") for line in lines if line.startswith("skipped: ")]


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
        lines = reasons(test) or (test.get("stdout") or test.get("stderr") or "").strip().splitlines()[-1:]
        print(f"skipped: {test['name']}" + (f" ({lines[0]})" if lines else ""))
    for test in tests:
        for line in reasons(test) if test not in skipped else []:
            print(f"skipped in {test['name']}: {line}")
    passed = len(tests) - len(failed) - len(skipped)
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    sys.exit(1 if failed or not passed else 0)


main()
