"""Keeps tests out of the folders of whoever runs them, and the same on every machine."""

import gc
import logging
import os
import signal
import sys
import threading

import pytest
from hypothesis import HealthCheck, settings

# what a terminal, a shell or a CI service may have set, and programs under test would heed
for _name in [name for name in os.environ if name.startswith(("LC_", "MAEDET_"))]:
    del os.environ[_name]
for _name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE",
              "COLORTERM", "LANGUAGE", "ESCDELAY", "TERM_PROGRAM", "PYTHONIOENCODING",
              "WORLD_SIZE", "RANK", "LOCAL_RANK"):  # fmt: skip
    os.environ.pop(_name, None)
os.environ.update(TERM="xterm-256color", LANG="C.UTF-8")

# whoever started the tests under nohup did not mean the programs that the tests send signals to
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# a fourth of the time that tests of the screen took went into looking for garbage among all that
# torch and Textual had made
gc.set_threshold(10_000, 20, 20)

# examples do not differ from run to run, nor does how long a slow machine takes over them matter
_SAME = {
    "derandomize": True,
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("everywhere", max_examples=40, **_SAME)
settings.register_profile("night", max_examples=100, **_SAME)


def pytest_configure(config):
    """More examples where `--hypothesis-profile night` asks for them."""
    if not config.getoption("hypothesis_profile", None):
        settings.load_profile("everywhere")


def pytest_sessionfinish(session):
    """Write the coverage of a worker while it is waited for: later it has seconds to end."""
    if hasattr(session.config, "workerinput") and "coverage" in sys.modules:
        measured = sys.modules["coverage"].Coverage.current()
        if measured is not None:
            measured.save()


@pytest.fixture(autouse=True, scope="session")
def _no_folders_of_ones_own(tmp_path_factory):
    os.environ["MAEDET_PRESETS"] = str(tmp_path_factory.mktemp("config") / "presets")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    # where the workers of all searches divide the processors
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("runtime"))


@pytest.fixture(autouse=True)
def _same_weights():
    """Random weights and images do not depend on the tests that came before."""
    if "torch" in sys.modules:
        import torch

        torch.manual_seed(0)


@pytest.fixture
def own_presets(tmp_path, monkeypatch):
    """An empty folder of the user's own presets."""
    folder = tmp_path / "own presets"
    folder.mkdir()
    monkeypatch.setenv("MAEDET_PRESETS", str(folder))
    return folder


@pytest.fixture
def user_log(tmp_path, monkeypatch):
    """Where the user's log is in this test, alone; logging is as it was before afterwards."""
    from maedet_tui import logs

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(logs, "_handler", logs._Logs())
    others = [one for one in logging.root.handlers if not isinstance(one, logs._Logs)]
    monkeypatch.setattr(logging.root, "handlers", others)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    levels = {name: logging.getLogger(name).level for name in ("engine", "maedet_tui")}
    yield tmp_path / "state" / "maedet-tui" / "log" / "maedet-tui.log"
    logs._handler._close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
