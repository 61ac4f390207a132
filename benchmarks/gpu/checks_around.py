"""Further checks of a card: latencies, training, and modules that are exported.

As in `checks`: each returns what it found, and raises AssertionError where that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import torch

from benchmarks.gpu.checks import PLAIN, hold
from benchmarks.gpu.course import Course
from benchmarks.gpu.literal import chain_of
from benchmarks.gpu.shapes import pictures
from engine.backbone import build, verify
from engine.detection import Architecture, Detector
from engine.latency.device import Device
from engine.latency.operations import steps_of
from engine.training.optimizer import optimizer
from engine.training.settings import PRECISIONS, Settings
from engine.zoo import ZOO


def latency(course: Course) -> str:
    """Operations have times of their own, and a backbone takes about their sum."""
    device, size = Device("cuda"), (32, 32) if course.small else (384, 384)
    units = steps_of(PLAIN, size)
    operations = [step.operation for unit in units for step in unit]
    with hurried(course):
        whole = sum(device.in_place(units, 2).values())
        each = {one: device.seconds(one) for one in dict.fromkeys(operations)}
    apart = sum(each[one] for one in operations)
    hold(all(0 < seconds < 1 for seconds in each.values()), "an operation takes no time, or 1 s")
    hold(course.small or 0.2 < apart / whole < 5, f"{apart:.2e} s apart, {whole:.2e} as a whole")
    return f"{1e3 * apart:.2f} ms apart, {1e3 * whole:.2f} ms as a whole"


@contextmanager
def hurried(course: Course) -> Iterator[None]:
    """In the stand-in, time things once: its times are of no use."""
    quick = {"LEAST_SECONDS": 0.0, "LEAST_RUNS": 1, "COLD_BYTES": 0} if course.small else {}
    widths = {"WIDTHS": (8, 64)} if course.small else {}
    device, table = "engine.latency.device", "engine.latency.table"
    with ExitStack() as stack:
        for module, values in ((device, quick), (table, widths)):
            for name, value in values.items():
                stack.enter_context(mock.patch(f"{module}.{name}", value))
        yield


def training(course: Course) -> str:
    """A detector learns in each precision; its first loss is that of float32."""
    architecture = Architecture(16, 1, 1.0) if course.small else Architecture(64, 2, 2.0)
    side, batch, steps = (64, 2, 2) if course.small else (256, 8, 20)
    structure = chain_of(16, 8, (1, 1, 1, 1), 3) if course.small else ZOO["maedet-s"].structure
    images, targets = pictures(batch, side, 0, course.device)
    first: dict[str, float] = {}
    for precision in PRECISIONS:
        settings = Settings(steps=steps, batch=batch, lr=0.01, warmup=0, precision=precision)
        torch.manual_seed(0)
        detector = Detector(structure, 4, architecture)
        detector.to(course.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        sgd = optimizer(detector, settings)
        scaler = torch.amp.GradScaler("cuda", enabled=precision == "float16")
        losses = []
        for _ in range(steps):
            half = precision != "float32"
            dtype = getattr(torch, precision) if half else None
            with torch.autocast("cuda", dtype=dtype, enabled=half):
                total = detector(images, targets).total
            sgd.zero_grad(set_to_none=True)
            scaler.scale(total).backward()
            scaler.unscale_(sgd)
            scaler.step(sgd)
            scaler.update()
            losses.append(total.item())
        first[precision] = losses[0]
        hold(all(map(isfinite, losses)), f"{precision}: losses {losses}")
        hold(losses[-1] < losses[0], f"{precision}: {losses[0]:.3f} to {losses[-1]:.3f}")
    wide = first["float32"]
    apart = max(abs(loss - wide) / wide for loss in first.values())
    hold(apart < 0.05, f"first losses {first}")
    return f"first losses {apart:.2%} from float32's"


def exports(course: Course) -> str:
    """A backbone on the card is the one of the CPU, and so are its weights and its program."""
    side = 64
    images = torch.randn(2, 3, side, side)
    module = build(PLAIN, out_indices=range(5)).eval()
    with torch.inference_mode():
        wanted = module(images)
    module.to(course.device)
    verify(module, PLAIN)
    with torch.inference_mode():
        found = module(images.to(course.device))
    apart = max(float((a.cpu() - b).abs().max() / b.abs().max()) for a, b in zip(found, wanted))
    hold(apart < 0.01, f"maps on the card are {apart:.1%} from the CPU's")  # TF32 has 10 bits
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pt"
        torch.save(module.state_dict(), path)
        again = build(PLAIN, out_indices=range(5))
        again.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    exported = [] if course.small else _exported(module, images.to(course.device))
    return f"maps {apart:.2%} from the CPU's; weights, {', '.join(exported) or 'no program'}"


def _exported(module: torch.nn.Module, images: torch.Tensor) -> list[str]:
    """What the module on the card was exported to, as far as this machine has the packages."""
    program = torch.export.export(module, (images,)).module()
    with torch.inference_mode():
        for mine, other in zip(module(images), program(images)):
            hold(torch.allclose(mine, other, rtol=1e-2, atol=1e-2), "a program of other maps")
    done = ["torch.export"]
    if all(map(find_spec, ("onnx", "onnxscript"))):
        from engine.backbone.onnx_graph import trace

        with TemporaryDirectory() as folder:
            trace(module.cpu(), Path(folder) / "graph.onnx")  # type: ignore[arg-type]  # a Backbone
        done.append("ONNX")
    return done


CHECKS: dict[str, Callable[[Course], str]] = {
    "latency": latency,
    "training": training,
    "exports": exports,
}
