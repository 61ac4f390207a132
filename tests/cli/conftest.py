"""A preset that searches in a moment, and ways to run the command line."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from maedet_tui.cli import cli

QUICK = """\
description: quick
reference: maedet-m
budget: {flops: 91G, layers: 91}
search: {population: 16, iterations: 300, keep: 4}
scorer: closed-form
audit: false
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder with quick.yaml in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.yaml").write_text(QUICK)
    return tmp_path


@pytest.fixture
def run(folder):
    """Runs the command line within this process."""

    def invoke(*args):
        result = CliRunner().invoke(cli, args)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return invoke


def last_json(text):
    """The object on the last line, which must be a whole line."""
    assert text.endswith("}\n")
    return json.loads(text.splitlines()[-1])


def program(*args, **options):
    """The real program, as a process."""
    command = [sys.executable, "-m", "maedet_tui", *args]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
