"""pytest's side of the tests: options, a folder for each module, what a test needs, and exit status 77 when all skip."""
import inspect
import os
import signal

import harness
import pytest

SKIPPED = 77  # meson's exit status for a skipped test


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="the long form of tests that have one")
    parser.addoption("--cases", metavar="FOLDER", help="real pictures, checkpoints and label tables for test_cases.py",
                     default=os.path.join(os.path.dirname(harness.ROOT), "shared", "cases"))


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(NAME, ...): tests of the module whose files this one uses")
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in a shell's background; some tests send it
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collectstart(collector):
    if isinstance(collector, pytest.Module):
        harness.enter(str(collector.path))


@pytest.fixture(scope="module", autouse=True)
def folder(request):
    """The module's own folder, gone with its last test."""
    harness.enter(str(request.path))
    yield harness.path()
    harness.leave()


def run_needed(module, function, request):
    """Runs the tests that `function` needs and that have not run, as when -k chose it alone."""
    for mark in getattr(function, "pytestmark", []):
        for name in mark.args if mark.name == "needs" else []:
            if name not in vars(module).setdefault("_ran", set()):
                module._ran.add(name)
                needed = getattr(module, name)
                run_needed(module, needed, request)
                needed(**{each: request.getfixturevalue(each) for each in inspect.signature(needed).parameters})


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item):
    run_needed(item.module, item.function, item._request)
    vars(item.module).setdefault("_ran", set()).add(item.name)


def pytest_terminal_summary(terminalreporter):
    """A line for each skipped test, for tests/count.py."""
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        name = report.nodeid.split("/")[-1]
        terminalreporter.write_line(f"skipped: {name}: {reason.removeprefix('Skipped: ')}")


def pytest_sessionfinish(session):
    stats = session.config.pluginmanager.get_plugin("terminalreporter").stats
    if stats.get("skipped") and not any(stats.get(kind) for kind in ("passed", "failed", "error")):
        session.exitstatus = SKIPPED


def pytest_unconfigure():
    harness.clean_up()
