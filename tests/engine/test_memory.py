"""Memory of whole processes, within fixed limits, and what is kept in them: nothing here asks
how long anything takes. `python -m benchmarks memory` measures the same of longer searches."""

import json
import subprocess
import sys

import pytest

from engine import memory

SEARCH = """
import json, sys, threading
from engine.run.runner import Runner
from engine.settings import Budget, Preset, Schedule
from engine.zoo import ZOO

schedule = Schedule(population=32, iterations=3000)
budget = Budget(flops=91_000_000_000, layers=91)
initial = ZOO["initial"].structure
runner = Runner(Preset("m", initial, budget, schedule=schedule, audit=False, bound=False))
runner.start()
runner.join()
# of this program alone: what getrusage says begins with the peak of the one that started it
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([
    runner.snapshot.state, "torch" in sys.modules, threading.active_count(), int(peak) * 1024
]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_a_search_without_audits_needs_no_torch_and_little_memory():
    done = subprocess.run([sys.executable, "-c", SEARCH], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    state, torch, threads, peak = json.loads(done.stdout)
    assert (state, torch, threads) == ("finished", False, 1)
    assert peak < 200_000_000


def test_tables_of_a_closed_form_are_bounded():
    """Some ten thousand entries of a kilobyte each, whatever the search meets."""
    from engine import blocks, costs
    from engine.scorers import closed_form
    from engine.scorers.closed_proxies import naswot, synflow, zen_score

    tables = (
        costs.block_cost, closed_form.block_terms, blocks.units, blocks.chain,
        naswot.block_terms, synflow.lowered, zen_score.block_terms,
    )  # fmt: skip
    assert all(table.cache_info().maxsize <= 1 << 14 for table in tables)


#: in a process of its own: blocks may lie in what other tests have freed
FREED = """
import torch
from engine import memory

kept, before = [], memory.resident()
for _ in range(2000):  # what stays lies between what goes
    going = torch.ones(25_000)
    kept.append(torch.ones(16))
    del going
blocks = [torch.ones(25_000) for _ in range(2000)]
assert memory.resident() > before + 150_000_000
del blocks[:-1]
memory.give_back()
assert memory.resident() < before + 60_000_000
assert len(kept) == 2000
"""


@pytest.mark.skipif(memory.resident() is None, reason="the system does not tell")
def test_free_memory_goes_back_to_the_system():
    subprocess.run([sys.executable, "-c", FREED], check=True)
