"""Keeps tests out of the folders of whoever runs them."""

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _no_presets_of_ones_own(tmp_path_factory):
    os.environ["MAEDET_PRESETS"] = str(tmp_path_factory.mktemp("config") / "presets")


@pytest.fixture
def own_presets(tmp_path, monkeypatch):
    """An empty folder of the user's own presets."""
    folder = tmp_path / "own presets"
    folder.mkdir()
    monkeypatch.setenv("MAEDET_PRESETS", str(folder))
    return folder
