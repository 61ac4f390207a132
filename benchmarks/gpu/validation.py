"""A handful of detectors, trained on the card on drawn pictures: does a higher Z detect better?

Each backbone gets the same pictures in the same order and the same share of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from statistics import fmean
from time import monotonic, perf_counter

import torch

from benchmarks.gpu.course import Course, Row, Stage
from benchmarks.gpu.literal import chain_of
from benchmarks.gpu.precision import average_precision
from benchmarks.gpu.shapes import KINDS, pictures
from engine.costs import total_cost
from engine.detection import Architecture, Detector
from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward_device import fastest_dtype
from engine.structure import Structure
from engine.training.optimizer import optimizer
from engine.training.settings import Settings
from engine.zoo import ZOO

NAMES = ("initial", "resnet-50", "maedet-s", "maedet-m", "resnet-101", "maedet-l")
#: pictures that are drawn, to train on and to validate; steps at most
TRAIN, VALIDATION, STEPS = 2048, 256, 3000


def train(structure: Structure, course: Course, until: float) -> tuple[float, int, float]:
    """AP of a detector trained until then; its steps; and the mean of the last losses."""
    small, device = course.small, course.device
    side, batch, steps = (64, 2, 2) if small else (256, 16, STEPS)
    architecture = Architecture(16, 1, 2.0) if small else Architecture(128, 2, 2.0)
    images, targets = pictures(4 if small else TRAIN, side, 0, device)
    settings = Settings(steps=steps, batch=batch, size=(side, side), lr=0.01, warmup=steps // 10)
    torch.manual_seed(0)
    detector = Detector(structure, KINDS, architecture)
    detector.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    sgd = optimizer(detector, settings)
    dtype = fastest_dtype(device)
    half = dtype == torch.bfloat16 and not small
    losses: list[torch.Tensor] = []
    began = monotonic()
    for step in range(steps):
        at = torch.arange(step * batch, (step + 1) * batch) % len(targets)
        chosen = at.tolist()
        # time may end the training before the steps do: the rate falls with either
        share = max(step / steps, (monotonic() - began) / max(until - began, 1e-9))
        for group in sgd.param_groups:
            group["lr"] = settings.lr_at(step) * (1.0 if share < 0.75 else 0.1)
        with torch.autocast("cuda", dtype=dtype if half else None, enabled=half):
            total = detector(images[chosen], [targets[one] for one in chosen]).total
        sgd.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(detector.parameters(), settings.clip)
        sgd.step()
        losses.append(total.detach())
        if step % 10 == 9:
            course.settle()  # or the host would be minutes ahead of the clock
            if monotonic() > until:
                break
    last = torch.stack(losses[-max(1, len(losses) // 10) :]).tolist()
    return _precision(detector, course, side), len(losses), fmean(last)


def _precision(detector: Detector, course: Course, side: int) -> float:
    count = 2 if course.small else VALIDATION
    images, targets = pictures(count, side, 1, course.device)
    detector.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, count, 16):
            batch = images[start : start + 16]
            found += detector.detect(batch, [(side, side)] * len(batch))
    return average_precision(found, targets, KINDS)


def _trained(name: str, course: Course) -> Iterator[Row]:
    structure = chain_of(16, 8, (1, 1, 1, 1), 3) if course.small else ZOO[name].structure
    names = NAMES[:1] if course.small else NAMES
    waiting = [one for one in names if one not in course.notes]
    until = monotonic() + 0.9 * course.left / max(1, len(waiting))
    began = perf_counter()
    precision, steps, loss = train(structure, course, until)
    objective = replace(course.objective, resolution=384)
    z = ClosedForm(objective).score([structure])[0].z
    flops = total_cost(structure).flops / 1e9
    course.notes[name] = precision
    yield Row(
        f"{name}, Z {z:.0f}, {flops:.1f} GFLOPs",
        f"AP {100 * precision:.1f} after {steps:,} steps in {perf_counter() - began:.0f} s, "
        f"loss {loss:.3f}",
    )


def _first(part: Callable[[Course], Iterator[Row]], course: Course) -> Iterator[Row]:
    if course.small:
        yield Row("others", "only on a card")
    else:
        yield from part(course)


_PARTS = {
    name: partial(_trained, name) if name == NAMES[0] else partial(_first, partial(_trained, name))
    for name in NAMES
}
STAGE = Stage("validation", "Detectors, trained on drawn pictures", 4, _PARTS)
