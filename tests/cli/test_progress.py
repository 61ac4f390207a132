"""How far a command is, on a terminal and elsewhere."""

import io

import pytest

from maedet_tui.cli import progress
from maedet_tui.cli.progress import Row, shown_on


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is told otherwise."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


def test_plain_lines_come_every_few_seconds(clock):
    stream = io.StringIO()
    with shown_on(stream) as display:
        for second in range(12):
            clock[0] = 100.0 + second
            display.show(Row("coarse", second, 12), line=f"second {second}".format)
            display.show(Row("measuring", second, 12))  # is told by bars alone
        display.show(line=lambda: "switched", at_once=True)
        display.note("no [space] left")
    assert stream.getvalue().splitlines() == [
        "second 5",
        "second 10",
        "switched",
        "no [space] left",
    ]


def test_a_bar_says_what_how_much_and_more_and_is_gone_afterwards(clock, terminal):
    with shown_on(terminal) as display:
        display.show(Row("coarse", 250, 1000, ("66 it/s", "", "best Z 12.5")), line=lambda: "plain")
        drawn = terminal.getvalue()
        assert "coarse" in drawn and "250/1000" in drawn and "66 it/s  best Z 12.5" in drawn
        display.note("no [space] left")
        assert "no [space] left" in terminal.getvalue()
    assert "plain" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")


def test_bars_come_and_go_with_what_is_under_way(clock, terminal):
    with shown_on(terminal) as display:
        display.show(Row("searches", 0, 2), Row("  maedet-s", 10, 50), Row("  maedet-m", 5, 50))
        clock[0] += 1
        at = terminal.tell()
        display.show(Row("searches", 1, 2), Row("  maedet-m", 30, 50))
    drawn = terminal.getvalue()[at:]
    assert "1/2" in drawn and "30/50" in drawn and "maedet-s" not in drawn


def test_bars_are_not_drawn_more_often_than_can_be_seen(clock, terminal):
    with shown_on(terminal) as display:
        display.show(Row("images", 1, 9))
        display.show(Row("images", 2, 9))
        assert "2/9" not in terminal.getvalue()
        display.show(Row("evaluating", 3, 9), at_once=True)
        assert "3/9" in terminal.getvalue()


def test_who_is_not_to_be_heard_says_nothing(capsys):
    with shown_on(None) as display:
        display.show(Row("training", 1, 2), line=lambda: "1/2", at_once=True)
        display.note("saved")
    assert capsys.readouterr() == ("", "")
