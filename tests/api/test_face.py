"""The names of `maedet_tui`: all there, none imported before it is asked for."""

import subprocess
import sys

import pytest

import maedet_tui

LIGHT = """
import sys
import maedet_tui
heavy = {"engine", "numpy", "torch", "yaml", "pydantic", "textual", "rich", "click"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from maedet_tui import design, preset, search
preset("maedet-m"); design("resnet-50")
assert not {"torch", "textual", "rich", "click"} & set(sys.modules)
"""


def test_the_import_takes_no_time():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_name_is_there_and_a_wrong_one_is_none():
    assert set(maedet_tui.__all__) <= set(dir(maedet_tui))
    for name in maedet_tui.__all__:
        assert getattr(maedet_tui, name).__name__ == name
    with pytest.raises(AttributeError, match="'maedet_tui' has no attribute 'serch'"):
        maedet_tui.serch  # noqa: B018
