"""Joining a cluster, and what is wrong with one in a sentence."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import subprocess
import sys
from typing import Any

from maedet_tui.errors import SaveError

#: seconds within which the head of a cluster has to answer
ANSWER_WITHIN = 10.0
#: joins the cluster that is named
_ASK = "import ray, sys; ray.init(sys.argv[1], log_to_driver=False, logging_level='ERROR')"
#: a cluster of this machine alone, and one that RAY_ADDRESS or a started node names
LOCAL, AUTO = "local", "auto"


class NoRay(SaveError):
    """A cluster that cannot be used, in one sentence."""


def joined(address: str, processors: int | None = None) -> Any:
    """Ray, with this process in a cluster. Raises NoRay.

    address: LOCAL begins one of this machine, of so many processors, by default all, which only
    this machine reaches and which ends with `left`; AUTO or host:port joins one.
    """
    ray = _imported(address)
    try:
        if address != LOCAL:
            _refuse_silent(address)
            _refuse_wrong_token(address)
        _join(ray, address, processors)
    except NoRay:
        raise
    except Exception as error:  # Ray raises whatever went wrong beneath it
        with contextlib.suppress(Exception):
            ray.shutdown()
        raise NoRay(f"--ray {address}: no cluster to search on: {said(error)}") from None
    return ray


def said(error: BaseException) -> str:
    """What an exception of Ray comes to, as the end of a sentence."""
    text = str(error).strip()
    if "Version mismatch" in text:
        versions = re.findall(r"(Ray|Python): (\S+)", text)
        theirs, ours = (
            " and ".join(" ".join(one) for one in part) for part in (versions[:2], versions[2:4])
        )
        return f"it runs {theirs}, and this machine {ours}; install the same on all machines"
    return (text.splitlines() or [type(error).__name__])[0][:300]


def _imported(address: str) -> Any:
    """Ray, its token in place. Raises NoRay."""
    if address == LOCAL:
        # read when Ray is imported; of this cluster alone, and nowhere written down
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    elif "RAY_AUTH_TOKEN" in os.environ:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise NoRay("--ray needs Ray: pip install 'maedet-tui[ray]'") from None
    return ray


def _join(ray: Any, address: str, processors: int | None) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        ray.init(
            address="local",
            num_cpus=processors or os.cpu_count() or 1,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    else:
        ray.init(address=address, **quiet)


def _refuse_silent(address: str) -> None:
    """Raise OSError or ValueError where nobody answers; Ray itself tries for minutes."""
    if address != AUTO:
        host, _, port = address.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_WITHIN).close()


def _refuse_wrong_token(address: str) -> None:
    """Raise NoRay where the cluster asks for another token.

    Ray says so on standard error alone, which may be a screen's, and tries again and again: so
    another process asks, and is ended once that is known.
    """
    words = [sys.executable, "-c", _ASK, address]
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, errors="replace",
    ) as asking:  # fmt: skip
        assert asking.stderr is not None
        for line in asking.stderr:
            if "InvalidAuthToken" in line:
                asking.kill()
                raise NoRay(
                    f"--ray {address}: the cluster asks for a token, and yours is "
                    f"{'another one' if 'RAY_AUTH_TOKEN' in os.environ else 'missing'}; set "
                    "RAY_AUTH_TOKEN to that of the cluster"
                )
