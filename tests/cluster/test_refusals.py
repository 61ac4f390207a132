"""A cluster that lets nobody in: why, in one sentence."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sweep.conftest import QUICK
from tests.waiting import until

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(find_spec("ray") is None, reason="an extra"),
]
PROGRAM = ["-m", "maedet_tui"]
#: the program as it would be with another version of Ray
OLDER = [
    "-c",
    "import ray, ray._version; ray.__version__ = ray._version.version = '2.55.0'\n"
    "from maedet_tui.__main__ import main; main()",
]


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """The address of a cluster that asks for a token, and the environment of who has it."""
    folder = tmp_path_factory.mktemp("head")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    scratch = Path("/tmp") / f"mh{os.getpid()}"  # names of sockets have to be short
    words = ["-m", "ray.scripts.scripts", "start", "--head", f"--port={port}", "--num-cpus=1",
             "--node-ip-address=127.0.0.1", "--include-dashboard=false", f"--temp-dir={scratch}",
             "--block"]  # fmt: skip
    log = folder / "log"
    with log.open("w") as file:
        program = subprocess.Popen([sys.executable, *words], env=env, stdout=file, stderr=file)
    try:
        until(lambda: "Ray runtime started" in log.read_text())
        yield f"127.0.0.1:{port}", env
    finally:
        program.terminate()
        program.wait(60)
        shutil.rmtree(scratch, ignore_errors=True)


def swept(tmp_path, address, env, program=PROGRAM):
    (tmp_path / "quick.yaml").write_text(QUICK)
    words = [*program, "sweep", "quick.yaml", "--seeds", "1", "--ray", address, "--headless"]
    return subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
    )


def refused(result):
    """The one sentence on standard error."""
    assert result.returncode == 1
    (sentence,) = result.stderr.splitlines()
    return sentence


def test_another_token_and_none(tmp_path, head):
    address, env = head
    wrong = refused(swept(tmp_path, address, env | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}))
    assert "the cluster asks for a token, and yours is another one; set RAY_AUTH_TOKEN" in wrong
    without = {key: value for key, value in env.items() if not key.startswith("RAY_AUTH")}
    without["HOME"] = str(tmp_path)  # where Ray would look for a token
    assert "a token, and yours is missing" in refused(swept(tmp_path, address, without))


def test_another_version_of_ray(tmp_path, head):
    said = refused(swept(tmp_path, *head, OLDER))
    assert "and this machine Ray 2.55.0" in said and "install the same on all machines" in said


def test_who_has_the_token_searches(tmp_path, head):
    result = swept(tmp_path, *head)
    assert result.returncode == 0, result.stderr
    assert "1 search, 1 finished" in result.stdout
    token = head[1]["RAY_AUTH_TOKEN"].encode()
    runs = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert runs and not any(token in path.read_bytes() for path in runs)
