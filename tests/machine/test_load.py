"""How busy a process keeps the machine."""

import os
import subprocess
import sys
import time
from types import SimpleNamespace

from maedet_tui.machine.load import Gpu, LoadMeter, processors
from tests.waiting import until


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_this_process():
    meter = LoadMeter()
    first = meter.look()
    assert first.cores is None and first.of == processors() == os.cpu_count()
    assert 1_000_000 < first.memory < first.total
    busy(0.05)
    assert 0 < meter.look().cores <= processors() + 1


def test_another_process_until_it_is_gone():
    program = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as other:
        meter = LoadMeter(other.pid)
        # a process that has only just begun is small
        until(lambda: meter.look().memory > 1_000_000)
        load = meter.look()
        assert load.cores >= 0 and load.gpu is None
        alone, with_workers = LoadMeter().look(), LoadMeter(workers=True).look()
        assert with_workers.memory > alone.memory + 1_000_000
        other.stdin.close()
    load = meter.look()
    assert load.cores is None and load.memory is None and load.total > 1_000_000


def test_a_gpu_that_torch_uses_already(monkeypatch):
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        mem_get_info=lambda: (30, 80),
        get_device_name=lambda: "NVIDIA H100",
        utilization=lambda: 97,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert LoadMeter().look().gpu == Gpu("NVIDIA H100", 50, 80, 97)
    del cuda.utilization  # a package of NVIDIA's is absent
    assert LoadMeter().look().gpu == Gpu("NVIDIA H100", 50, 80, None)
    del cuda.mem_get_info
    assert LoadMeter().look().gpu is None
