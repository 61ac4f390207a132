"""Giving up an export: at any moment, all of it is there or nothing."""

import threading

import pytest

from engine.zoo import ZOO
from maedet_tui import export
from maedet_tui.export import GivenUp, Underway, placing, source_of

SOURCE = source_of("small", "small", ZOO["maedet-s"].structure)


def test_before_it_begins(tmp_path):
    underway = Underway(tmp_path / "small.yaml")
    underway.give_up()
    with pytest.raises(GivenUp):
        export.export(SOURCE, "yaml", underway.path, underway=underway)
    assert list(tmp_path.iterdir()) == []


def test_while_it_is_written(tmp_path, monkeypatch):
    underway = Underway(tmp_path / "small.yaml")

    def write(source, made):
        made.write_text("half")
        underway.give_up()
        assert not made.parent.exists()
        return []

    monkeypatch.setattr(export, "_writer", lambda format_: write)
    with pytest.raises(GivenUp):
        export.export(SOURCE, "yaml", underway.path, underway=underway)
    assert list(tmp_path.iterdir()) == []


def test_while_a_folder_is_put_in_its_place(tmp_path, monkeypatch):
    """Whoever gives up then waits until all of its files are there."""
    underway, files, real = (
        Underway(tmp_path / "small_mmdet"),
        ("a.py", "b.py", "c.py"),
        placing.move,
    )
    giving_up = threading.Thread(target=underway.give_up)

    def write(source, made):
        made.mkdir()
        for name in files:
            (made / name).write_text(name)
        return []

    def move(made, path, **how):
        real(made, path, **how)
        if path.name == files[0]:
            giving_up.start()
            giving_up.join(0.2)
            assert giving_up.is_alive()

    monkeypatch.setattr(export, "_writer", lambda format_: write)
    monkeypatch.setattr(placing, "move", move)
    export.export(SOURCE, "mmdet", underway.path, underway=underway)
    giving_up.join(10)
    assert not giving_up.is_alive()
    assert sorted(path.name for path in underway.path.iterdir()) == list(files)
    assert list(tmp_path.iterdir()) == [underway.path]


def test_a_scratch_that_cannot_be_removed_holds_nobody_up(tmp_path, monkeypatch):
    underway = Underway(tmp_path / "small.yaml")
    scratches = []

    def write(source, made):
        scratches.append(made.parent)
        made.write_text("half")
        with monkeypatch.context() as patched:
            patched.setattr("maedet_tui.export.underway.shutil.rmtree", lambda *_, **__: None)
            underway.give_up()
        assert made.exists()
        return []

    monkeypatch.setattr(export, "_writer", lambda format_: write)
    with pytest.raises(GivenUp):
        export.export(SOURCE, "yaml", underway.path, underway=underway)
    assert len(scratches) == 1 and not underway.path.exists()
