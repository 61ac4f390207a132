"""Signals that end a command are collected, so that it can save first."""

import os
import signal
import threading

import pytest

from maedet_tui.cli import signals

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


def test_signals_are_collected_and_handlers_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with signals.collected() as received:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert sorted(received) == [signal.SIGINT, signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_that_ends_a_command_ends_it_by_an_exception():
    before = signal.getsignal(signal.SIGTERM)
    undone = []
    with pytest.raises(SystemExit) as left, signals.ending():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            undone.append(True)
    assert left.value.code == 143 and undone
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_hangup_means_nothing_to_what_goes_on_in_the_background():
    with signals.collected(keep_on_hangup=True) as received:
        os.kill(os.getpid(), signal.SIGHUP)
        assert received == []


def test_what_a_caller_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.collected() as received:
            os.kill(os.getpid(), signal.SIGHUP)
            assert received == [] and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_on_another_thread_signals_stay_somebody_else_s():
    found = []

    def work():
        with signals.collected() as received:
            found.append((received, signal.getsignal(signal.SIGTERM)))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [([], before)]
