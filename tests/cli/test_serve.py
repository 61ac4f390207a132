"""`maedet-tui serve` before anything is served; what is, `tests/browser` looks at."""

import socket
import sys

import pytest

from maedet_tui.cli import serve
from maedet_tui.cli.screen import pick_and_watch


@pytest.fixture
def installed(monkeypatch):
    """As with the extra, whether it is there or not."""
    monkeypatch.setattr(serve, "missing", lambda extra, packages: None)


def test_without_the_extra_it_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr("maedet_tui.export.source.find_spec", lambda package: None)
    done = run("serve")
    assert done.exit_code == 1
    assert "textual_serve is not installed; pip install 'maedet-tui[web]'" in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_other_machines_are_let_in_on_request_alone(run, installed, host):
    done = run("serve", "--host", host, "--runs-dir", "mine")
    assert done.exit_code == 2
    assert "remove runs in mine and write files as you" in done.stderr
    assert "--expose" in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "127.1.2.3"])
def test_what_is_of_this_machine_alone(host):
    assert serve._is_loopback(host)


def test_a_port_that_is_taken_is_said(run, installed):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.exit_code == 1
    assert f"cannot listen at 127.0.0.1, port {port}: " in done.stderr
    assert "choose another --port" in done.stderr


def test_a_screen_that_is_drawn_in_a_browser_needs_no_terminal(monkeypatch, tmp_path):
    monkeypatch.setattr("maedet_tui.cli.screen._open", lambda *given, **options: 0)
    monkeypatch.setattr(sys, "stdin", sys.stdin)
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    assert pick_and_watch(tmp_path) == 0
