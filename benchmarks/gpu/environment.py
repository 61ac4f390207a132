"""What the card is, and what it can do at best: the figures that all others are held against."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from time import perf_counter

import torch

from benchmarks.gpu.course import Course, Row, Stage
from engine.processor import cpu_name
from engine.scorers.forward_device import fastest_dtype, workspace_bytes

FORMATS = (torch.bfloat16, torch.float16, torch.float32)


def _card(course: Course) -> Iterator[Row]:
    properties = torch.cuda.get_device_properties(course.device)
    free, total = torch.cuda.mem_get_info(course.device)
    yield Row("card", torch.cuda.get_device_name(course.device))
    yield Row("compute capability", f"{properties.major}.{properties.minor}")
    yield Row("multiprocessors", str(properties.multi_processor_count))
    yield Row("memory", f"{total / 1e9:.1f} GB, {free / 1e9:.1f} GB of it free")
    yield Row("torch", f"{torch.__version__}, CUDA {torch.version.cuda or 'none'}")
    yield Row("cuDNN", str(torch.backends.cudnn.version()))
    yield Row("Python", f"{platform.python_version()} on {cpu_name()}")
    yield Row("number format of passes", str(fastest_dtype(course.device)).removeprefix("torch."))
    yield Row("workspace of a stream", f"{workspace_bytes(course.device) / 2**20:.1f} MiB")


def _rates(course: Course) -> Iterator[Row]:
    for dtype in FORMATS:
        name = str(dtype).removeprefix("torch.")
        yield Row(f"matrix product, {name}", f"{matmul_rate(course, dtype):,.0f} GFLOP/s")
    x = torch.empty((1 << 18 if course.small else 1 << 28), device=course.device)
    seconds = least(course, lambda: x.clone())
    yield Row("copying in its memory", f"{2e-9 * x.nbytes / seconds:,.0f} GB/s")
    small = torch.zeros(64, device=course.device)
    count = 20 if course.small else 1000
    seconds = least(course, lambda: [torch.relu_(small) for _ in range(count)]) / count
    yield Row("launching a small kernel", f"{1e6 * seconds:.1f} us")


def matmul_rate(course: Course, dtype: torch.dtype) -> float:
    """GFLOP/s of one large matrix product, the best of several."""
    side = 128 if course.small else 8192
    a = torch.randn(side, side, device=course.device).to(dtype)
    return 2e-9 * side**3 / least(course, lambda: a @ a)


def least(course: Course, run: Callable[[], object], runs: int = 8) -> float:
    """The least seconds of some runs, each waited for, after one that warms up."""
    run()
    seconds = []
    for _ in range(2 if course.small else runs):
        course.settle()
        start = perf_counter()
        run()
        course.settle()
        seconds.append(perf_counter() - start)
    return min(seconds)


STAGE = Stage("environment", "The card", 1, {"card": _card, "rates": _rates})
