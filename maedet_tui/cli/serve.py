"""`maedet-tui serve`: the screens in a browser."""

from __future__ import annotations

import ipaddress
import shlex
import socket
import sys
from pathlib import Path

import click

from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.export.source import missing
from maedet_tui.terminal import echo

PORT = 8000


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port to listen at; 0 takes any that is free.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at. One that other machines reach needs --expose.",
)
@click.option(
    "--expose",
    is_flag=True,
    help="Let other machines in: whoever has the link may then do on this one what the screens "
    "can do, under your name.",
)
@runs_dir_option
def serve(port: int, host: str, expose: bool, runs_dir: Path) -> None:
    """Show the screens in a browser on this machine, under a link that works once.

    Each browser that opens the link's page has screens of its own. When it is closed, or this
    command ends, a search in it is stopped with its best saved, and `maedet-tui resume` goes on
    with it. One that is to outlive the browser is detached, as q offers.
    """
    if trouble := missing("web", ("textual_serve",)):
        raise Failure(trouble)
    if not _is_loopback(host) and not expose:
        raise Failure(
            f"{host} can be reached by other machines: whoever has the link could search, read and "
            f"remove runs in {runs_dir} and write files as you, and the link goes over the "
            "network unencrypted; add --expose if that is meant",
            USAGE,
        )
    # with it comes a web server
    from maedet_tui.cli.web import Web

    with _listening(host, port) as listening:
        command = shlex.join([sys.executable, "-m", "maedet_tui", "--runs-dir", str(runs_dir)])
        web = Web(f"exec {command}", listening)
        echo(f"Open this link; it works once: {web.link}")
        if not _is_loopback(host):
            echo("Other machines can reach it. The link and all else go unencrypted.", err=True)
        echo("Ctrl+C ends it, and what is under way in its browsers: the best so far is saved.")
        sys.stdout.flush()
        web.serve_until_told()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises Failure."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM
        )[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            # one that has just ended does not keep its port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(16)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise Failure(
            f"cannot listen at {host}, port {port}: {why}; choose another --port"
        ) from None
    return listening
