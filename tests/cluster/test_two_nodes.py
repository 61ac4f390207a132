"""A cluster of two nodes, each in a network namespace of its own, one of which disappears."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from maedet_tui.sweep.rays import SILENT
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore
from tests.sweep.conftest import QUICK
from tests.sweep.test_processes import alone, searched, until

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(find_spec("ray") is None, reason="an extra"),
    pytest.mark.skipif(
        shutil.which("ip") is None or os.geteuid() != 0, reason="namespaces are made by root"
    ),
]
HEAD, OTHER, PORT = "10.213.0.1", "10.213.0.2", 6437
#: seconds beyond the silence that a search is given to be begun elsewhere
GRACE = 10.0


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def nodes(tmp_path):
    """Runs programs on two nodes that only reach each other; `cut` takes the second one away."""
    env = os.environ | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    # names of sockets have to be short
    scratch = Path("/tmp") / f"mr{os.getpid()}"
    ours = ("mdhead", "mdother")

    def on(node, *words, **wishes):
        command = ["ip", "netns", "exec", node, *words]
        return subprocess.Popen(command, env=env, **wishes)

    def start(node, address, *words):
        program = [sys.executable, "-m", "ray.scripts.scripts", "start", *words]
        program += [f"--node-ip-address={address}", "--num-cpus=1", "--block"]
        log = (tmp_path / f"{node}.log").open("w")
        return on(node, *program, stdout=log, stderr=log)

    with ExitStack() as stack:
        for node in ours:
            ip("netns", "add", node)
            stack.callback(ip, "netns", "delete", node)
        ip("link", "add", "mdveth0", "netns", ours[0], "type", "veth", "peer", "mdveth1",
           "netns", ours[1])  # fmt: skip
        for node, device, address in ((ours[0], "mdveth0", HEAD), (ours[1], "mdveth1", OTHER)):
            ip("-n", node, "addr", "add", f"{address}/24", "dev", device)
            ip("-n", node, "link", "set", device, "up")
            ip("-n", node, "link", "set", "lo", "up")
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        head = start(
            ours[0], HEAD, "--head", f"--port={PORT}", "--include-dashboard=false",
            f"--temp-dir={scratch}",
        )  # fmt: skip
        stack.callback(ended, head)
        until(lambda: "Ray runtime started" in (tmp_path / f"{ours[0]}.log").read_text())
        other = start(ours[1], OTHER, f"--address={HEAD}:{PORT}")
        stack.callback(ended, other)
        until(lambda: "Ray runtime started" in (tmp_path / f"{ours[1]}.log").read_text())
        yield on, lambda: ip("-n", ours[1], "link", "set", "mdveth1", "down")


def ended(program):
    """`ray start --block` takes all of its node along."""
    program.terminate()
    try:
        program.wait(20)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def test_what_a_lost_machine_searched_goes_on_elsewhere_within_half_a_minute(tmp_path, nodes):
    on, cut = nodes
    (tmp_path / "quick.yaml").write_text(QUICK)
    words = ["sweep", "quick.yaml", "--vary", "search.iterations=150000", "--seeds", "2"]
    words += ["--ray", f"{HEAD}:{PORT}", "--jobs", "2", "--headless", "--name", "family"]
    log = (tmp_path / "log").open("w")
    program = on(
        "mdhead", sys.executable, "-m", "maedet_tui", *words, cwd=tmp_path, stdout=log, stderr=log
    )
    sweep = tmp_path / "runs" / "family"
    try:
        until(lambda: searched(sweep) == 2)  # each has come home once, from a node of its own
        cut()
        lost = time.monotonic()
        said = tmp_path / "state"
        until(lambda: any("nothing was heard" in p.read_text() for p in said.rglob("*.log")))
        assert time.monotonic() - lost < SILENT + GRACE
        assert program.wait(400) == 0
    finally:
        program.kill()
        program.wait()
    found = standing(sweep)
    assert found.counts == {"finished": 2}
    with SweepStore(sweep) as store:
        for one in found.searches:
            assert one.z == alone(store.preset_text(one.number))
