"""Searches on a Ray cluster of this machine."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec

import psutil
import pytest

from maedet_tui.cluster.joining import NoRay
from maedet_tui.store.database import BESIDE
from maedet_tui.sweep import rays
from maedet_tui.sweep.begin import driving
from maedet_tui.sweep.driver import Driver
from maedet_tui.sweep.home import pack, unpack
from maedet_tui.sweep.processes import Died
from maedet_tui.sweep.rays import OnRay
from maedet_tui.sweep.searched import Task, Where
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.worker import finished, search
from tests.sweep.test_processes import PROGRAM, alone, run, searched, until

# not by importing it, for the token of a cluster is read there
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="an extra")


def test_a_run_comes_home_as_a_whole_and_goes_on_there(made, tmp_path):
    folder = made(seeds=1)
    with SweepStore(folder) as store:
        text = store.preset_text(1)
    there = folder / standing(folder).searches[0].name
    looks = []

    def after_some():
        looks.append(0)
        return len(looks) > 2

    search(Task(1, str(there), text), after_some, lambda: None)
    files = pack(there)
    assert "run.db" in files and "preset.yaml" in files and "run.lock" not in files
    home = tmp_path / "home"
    unpack({**files, "../elsewhere": b"", "run.sh": b""}, home)
    assert {path.name for path in home.iterdir()} == set(files)
    for name in BESIDE:  # of a database that was there before
        (home / name).write_bytes(b"old")
    unpack(files, home)
    assert not any((home / name).exists() for name in BESIDE)
    ended = finished(home) or search(Task(1, str(home), text), lambda: False, lambda: None)
    assert ended.z == alone(text)


def test_without_ray_it_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_AUTH_MODE", "")
    with pytest.raises(NoRay, match=r"maedet-tui\[ray\]"):
        OnRay("auto", 1)


def test_where_a_sweep_searches_is_passed_on_without_a_token():
    where = Where(2, "10.0.0.1:6379", 1.0, True)
    assert where.words() == ["--jobs", "2", "--ray", "10.0.0.1:6379", "--gpus", "1.0", "--shared"]
    assert Where().words() == []


@pytest.mark.parametrize("option", [("--gpus", "1"), ("--shared",)])
def test_what_is_for_a_cluster_is_refused_without_one(folder, option):
    result = run("sweep", "quick.yaml", "--seeds", "2", *option, "--headless")
    assert result.exit_code == 2 and f"{option[0]} is for a cluster" in result.stderr
    assert not (folder / "runs").exists()


@needs_ray
@pytest.mark.nightly
def test_gpus_that_are_not_there_are_told_in_a_sentence(folder):
    words = ["sweep", "quick.yaml", "--seeds", "2", "--ray", "local", "--headless"]
    words += ["--gpus", "64"]  # more than any machine has
    result = subprocess.run([*PROGRAM, *words], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert "--gpus 64: Ray finds" in result.stderr and "leave --gpus out" in result.stderr


@needs_ray
@pytest.mark.nightly
def test_more_workers_than_any_machine_has_processors_are_refused():
    with pytest.raises(NoRay, match="each search has 5000 workers, and the largest machine"):
        OnRay("local", None, processors=5000)


class Silent:
    """Ray as far as who waits for a search asks it: after two things it says nothing more."""

    class exceptions:
        class GetTimeoutError(Exception):
            pass

    def __init__(self):
        self.left, self.waits, self.cancelled = ["node-1", {}], [], 0

    def wait(self, streams, timeout):
        self.waits.append(timeout)
        return (streams, []) if self.left else ([], streams)

    def get(self, ref, timeout):
        return ref

    def cancel(self, stream, force):
        self.cancelled += 1

    def nodes(self):
        return [{"NodeID": f"node-{number}", "Alive": number < 3} for number in (1, 2, 3)]


def test_a_machine_of_which_nothing_is_heard_is_taken_for_lost_and_not_asked_again():
    ray = Silent()
    lanes = object.__new__(OnRay)  # without a cluster
    lanes._ray, lanes._silent = ray, set()
    assert lanes._elsewhere() == "DEFAULT" and lanes._heard_of() == ["node-1", "node-2"]
    coming = lanes._coming(iter(lambda: ray.left.pop(0), None))
    assert next(coming) == {}
    with pytest.raises(Died, match="nothing was heard"):
        next(coming)
    # until it has begun, a search may wait for its turn as long as it takes
    assert ray.waits == [None, rays.SILENT, rays.SILENT] and ray.cancelled == 1
    assert lanes._heard_of() == ["node-2"]


@needs_ray
@pytest.mark.nightly
def test_a_cluster_that_is_absent_is_told_in_a_sentence(folder):
    words = ["sweep", "quick.yaml", "--seeds", "2", "--ray", "127.0.0.1:1", "--headless"]
    result = subprocess.run([*PROGRAM, *words], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 1
    assert "no cluster to search on" in result.stderr and "Traceback" not in result.stderr


@needs_ray
@pytest.mark.nightly
def test_searches_that_share_no_folder_are_brought_home(made, monkeypatch):
    monkeypatch.setattr(rays, "HOME_EVERY", 0.5)
    folder = made(seeds=2)
    lanes = OnRay("local", 2)
    lanes._shared = False
    with driving(folder) as store:
        Driver(store, lanes).run(lambda: None, lambda: False)
    found = standing(folder)
    assert found.counts == {"finished": 2}
    with SweepStore(folder) as store:
        for one in found.searches:
            assert one.z == alone(store.preset_text(one.number))
            assert finished(folder / one.name).z == one.z


def ray_processes():
    """What belongs to a cluster of this user."""
    words = ("raylet", "gcs_server", "ray::", "default_worker.py")
    found = set()
    for one in psutil.process_iter(["cmdline"]):
        line = " ".join(one.info["cmdline"] or [])
        if any(word in line for word in words):
            found.add(one.pid)
    return found


@needs_ray
@pytest.mark.nightly
def test_a_killed_worker_is_replaced_and_ctrl_c_leaves_nothing_behind(folder):
    before = ray_processes()
    words = ["sweep", "quick.yaml", "--vary", "search.iterations=200000", "--seeds", "2"]
    words += ["--ray", "local", "--jobs", "2", "--headless", "--name", "family"]
    log = (folder / "log").open("w")
    program = subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, stdout=log, stderr=log, start_new_session=True
    )
    sweep = folder / "runs" / "family"
    until(lambda: searched(sweep) == 2)
    token = psutil.Process(program.pid)
    assert not any(b"RAY_AUTH" in path.read_bytes() for path in sweep.rglob("*") if path.is_file())
    assert "RAY_AUTH_TOKEN" not in " ".join(token.cmdline())
    victim = next(
        one for one in psutil.Process(program.pid).children(recursive=True)
        if "ray::_search" in " ".join(one.cmdline())
    )  # fmt: skip
    at = [one.iteration for one in standing(sweep).searches]
    victim.kill()
    until(lambda: all(one.iteration > was for one, was in zip(standing(sweep).searches, at)))
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does
    assert program.wait(100) == 130
    until(lambda: ray_processes() <= before, 60)
    states = {one.state for one in standing(sweep).searches}
    assert states <= {"stopped", "finished"}
