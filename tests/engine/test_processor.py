"""The processor's name, from wherever the system has it."""

import platform
from pathlib import Path

import pytest

from engine import processor


def unreadable(self, **options):
    raise FileNotFoundError(2, "No such file or directory")


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda self, **options: "processor\t: 0\nmodel name\t: EPYC: 7B13 \n", "EPYC: 7B13"),
        (lambda self, **options: "processor\t: 0\n", "arm"),  # some processors tell no name
        (unreadable, "arm"),  # macOS, Windows
    ],
)
def test_the_system_s_name_or_the_kind_of_machine(monkeypatch, read, name):
    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "arm")
    assert processor.cpu_name() == name
