"""Entropy by forward passes (Eq. 2-5), made for evolution.

A score is a function of structure, objective, seed and the number of passes, whatever
was scored before: pass number i has its own image and its own endless sequence of
weights, the same for every structure, so that parent and child are compared on
common random numbers and share the computation up to the mutated block.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from math import isfinite, log
from statistics import fmean, stdev
from typing import TYPE_CHECKING

import torch

from engine.memory import give_back, one_heap
from engine.scorers.activation_cache import ActivationCache, Measured
from engine.scorers.base import Pass, Score, ScoringError, Stop, never
from engine.scorers.forward_device import (
    device_named,
    fastest_dtype,
    out_of_memory,
    settle,
)
from engine.scorers.forward_lanes import STREAMS, lanes_for
from engine.scorers.forward_memory import ForwardMemory
from engine.scorers.forward_pass import VanillaPass
from engine.scorers.gaussian_pool import SEGMENT, GaussianPool
from engine.scorers.objective import z_of
from engine.settings import Forward, Objective
from engine.structure import Structure

if TYPE_CHECKING:
    from engine.scorers.closed_form import ClosedForm

#: structures a GPU is given before the host waits for their results
GPU_BATCH = 32
#: passes whose results are remembered
_REMEMBERED = 1 << 14


class ForwardScorer:
    """The Scorer that measures entropy (see `engine.scorers.base`). One thread at a time.

    device: "cpu" or "cuda". forward: passes a score, and the bytes to keep to: on a CPU those
    of the whole process, on a GPU those of weights, kept maps and what a pass works on.
    dtype: number format, by default the fastest one. keep_to: bytes to keep to where a pass
    can be made within them, if fewer. streams: of a GPU, whose passes overlap. Raises
    ScoringError for a device that is absent or an impossible resolution.
    """

    method = "forward"

    def __init__(
        self,
        objective: Objective,
        device: str = "cpu",
        forward: Forward | None = None,
        seed: int = 0,
        *,
        dtype: torch.dtype | None = None,
        segment: int = SEGMENT,
        keep_to: int | None = None,
        streams: int = STREAMS,
    ):
        if objective.resolution < 64 or objective.resolution % 32:
            raise ScoringError(
                f"resolution is {objective.resolution}, but must be a multiple of 32 "
                "and at least 64: the smallest map, C5, is 32 times smaller"
            )
        self.objective = objective
        self.forward = forward or Forward()
        self.seed = seed
        self.device = device_named(device)
        self.notices: list[str] = []
        self._segment = segment
        one_heap()
        self._lanes = lanes_for(self.device, streams)
        # tried out where passes will run: other work on a core would distort a joint effort
        self.dtype = dtype or self._lanes.run([self._fastest_dtype], 1, never)[0]
        # on a CPU, a few for each thread, so that few wait for the batch's last one
        self.batch = GPU_BATCH if self.device.type == "cuda" else 4 * self._lanes.count
        self.vanilla = self._make_pass(self.dtype)
        self.memory = ForwardMemory(self.vanilla, self.forward.memory, keep_to)
        self._results: OrderedDict[tuple[Structure, int], Pass] = OrderedDict()
        self._closed_form: ClosedForm | None = None

    @property
    def detail(self) -> str:
        """One line on how scores are made."""
        return self.described(self.forward.repeats)

    def score(self, structures: Sequence[Structure], cancelled: Stop = never) -> list[Score]:
        """Score each structure by the mean over passes 0 to `repeats` - 1.

        Raises ScoringError for a structure without a finite score or too large for the
        memory, and Cancelled soon after `cancelled()` turns true.
        """
        indices = range(self.forward.repeats)
        measured = self._measure(structures, indices, cancelled)
        return [self.summary(s, [measured[s, i] for i in indices]) for s in structures]

    def passes(
        self,
        structure: Structure,
        count: int,
        first: int = 0,
        cancelled: Stop = never,
    ) -> list[Pass]:
        """Passes `first` to `first` + `count` - 1 through one structure, singly.

        A pass index is the seed of its image and weights; a search uses the indices
        below `repeats`. Raises as `score` does.
        """
        indices = range(first, first + count)
        measured = self._measure([structure], indices, cancelled)
        return [measured[structure, index] for index in indices]

    def passes_each(
        self, structures: Sequence[Structure], index: int, cancelled: Stop = never
    ) -> list[Pass]:
        """One pass through each structure, side by side. Raises as `score` does."""
        measured = self._measure(structures, range(index, index + 1), cancelled)
        return [measured[structure, index] for structure in structures]

    def summary(self, structure: Structure, passes: Sequence[Pass]) -> Score:
        """The score that these passes through the structure amount to."""
        zs = [one.z for one in passes]
        z_std = stdev(zs) if len(zs) > 1 else self._predicted_std(structure)
        entropies = tuple(fmean(stage) for stage in zip(*(one.entropies for one in passes)))
        detail = self.described(len(passes))
        return Score(fmean(zs), entropies, z_std, self.method, detail, len(passes))

    def _predicted_std(self, structure: Structure) -> float:
        """The deviation of Z over single passes of a structure, by the closed form."""
        if self._closed_form is None:
            from engine.scorers.closed_form import ClosedForm

            # kept, since children share its profiles: a GPU waits while this is computed
            self._closed_form = ClosedForm(self.objective)
        return self._closed_form.score([structure])[0].z_std

    def refuse_beyond_memory(self, structures: Sequence[Structure]) -> None:
        """Raise ScoringError if a structure cannot be run within the memory."""
        self.memory.share(structures, 1, 1)

    def close(self) -> None:
        """Give back memory and threads; the scorer can still be used, and takes them again."""
        self._lanes.close()
        self.memory.give_up()
        self._free()

    def _forget(self) -> None:
        """Drop what can be had again."""
        self.vanilla.clear()
        self._free()

    def _fastest_dtype(self, stop: Stop) -> torch.dtype:
        return fastest_dtype(self.device)

    def described(self, passes: int) -> str:
        """How a score of that many passes is obtained, in one line for people."""
        count = "1 pass" if passes == 1 else f"{passes} passes"
        return f"forward, {count}, {str(self.dtype).removeprefix('torch.')} on {self._place}"

    @property
    def _place(self) -> str:
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return "cpu"

    def _make_pass(self, dtype: torch.dtype) -> VanillaPass:
        pool = GaussianPool(self.seed, self.device, dtype, 0, self._segment)
        objective = self.objective
        return VanillaPass(
            pool, ActivationCache(0), self._lanes, objective.resolution, objective.activation
        )

    def _measure(
        self, structures: Sequence[Structure], indices: range, cancelled: Stop
    ) -> dict[tuple[Structure, int], Pass]:
        """All passes of all structures, in batches that halve when memory runs out."""
        jobs = [(s, i) for s in dict.fromkeys(structures) for i in indices]
        done = {job: self._results[job] for job in jobs if job in self._results}
        todo = list(dict.fromkeys(s for s, i in jobs if (s, i) not in done))
        emptied = False
        while todo:
            batch = todo[: self.batch]
            wanted = [(s, i) for i in indices for s in batch if (s, i) not in done]
            enough = True
            try:
                done.update(self._measure_batch(wanted, cancelled))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                enough = False
            if enough:
                todo = todo[len(batch) :]
            else:  # behind the handler, where the error's frames hold no maps any more
                self._make_do_with_less(len(batch), emptied)
                emptied = True
        self._remember(done)
        return done

    def _make_do_with_less(self, batch: int, emptied: bool) -> None:
        """After running out of memory: drop what can be recomputed, and halve the batch."""
        self._forget()
        if batch > 1:
            self.batch = batch // 2
            self.notices.append(
                f"{self._place} ran out of memory at {batch} structures at a time, "
                f"so that from now on {self.batch} are scored at a time"
            )
        elif emptied:
            raise ScoringError(
                f"{self._place} ran out of memory on a single structure: lower the resolution, "
                "free memory that other programs hold, or set `device: cpu`"
            )

    def _measure_batch(
        self, jobs: list[tuple[Structure, int]], cancelled: Stop
    ) -> dict[tuple[Structure, int], Pass]:
        """Passes whose results are read in one go, after all have been issued."""
        structures = {structure for structure, _ in jobs}
        most = min(self._lanes.count, self.batch)
        lanes = self.memory.share(structures, len({index for _, index in jobs}), most)
        passes = [partial(self._run, self.vanilla, *job) for job in jobs]
        entropies = _entropies(self._lanes.run(passes, lanes, cancelled))
        return {job: self._checked(job, values, cancelled) for job, values in zip(jobs, entropies)}

    def _run(
        self, vanilla: VanillaPass, structure: Structure, index: int, cancelled: Stop
    ) -> tuple[Measured, ...]:
        self.memory.tidy()
        try:
            return vanilla.run(structure, index, cancelled)
        except ValueError as error:
            raise ScoringError(str(error)) from error

    def _checked(
        self, job: tuple[Structure, int], entropies: tuple[float, ...], cancelled: Stop
    ) -> Pass:
        """The pass if its entropies are finite, else the same pass in float32."""
        structure, index = job
        if not all(map(isfinite, entropies)) and self.dtype != torch.float32:
            self._forget()
            wider = self._make_pass(torch.float32)
            ForwardMemory(wider, self.forward.memory).share([structure], 1, 1)
            again = partial(self._run, wider, structure, index)
            entropies = _entropies(self._lanes.run([again], 1, cancelled))[0]
            self._note_range()
        if not all(map(isfinite, entropies)):
            raise ScoringError(
                "the forward pass left the range of float32, so that the structure has no "
                "finite entropy: make it less deep, or use the closed form"
            )
        return Pass(z_of(self.objective, structure, entropies), entropies)

    def _note_range(self) -> None:
        notice = (
            f"at least one structure left the range of {str(self.dtype).removeprefix('torch.')}, "
            "and was measured in float32"
        )
        if notice not in self.notices:
            self.notices.append(notice)

    def _remember(self, passes: dict[tuple[Structure, int], Pass]) -> None:
        self._results.update(passes)
        while len(self._results) > _REMEMBERED:
            self._results.popitem(last=False)

    def _free(self) -> None:
        if self.device.type == "cuda":
            settle(self.device)
            torch.cuda.empty_cache()
        give_back()


def _entropies(passes: list[tuple[Measured, ...]]) -> list[tuple[float, ...]]:
    """H of C1-C5 of each pass (Eq. 3, 4). Waits for the device, once."""
    moments = torch.stack([one.moments for stages in passes for one in stages])
    values = iter(moments.tolist())
    return [tuple(_entropy(one, *next(values)) for one in stages) for stages in passes]


def _entropy(measured: Measured, squares: float, total: float) -> float:
    """H = 1/2 log Var(h) + sum of log gamma (Eq. 4); nan if the map over- or underflowed."""
    variance = (squares - total * total / measured.elements) / measured.elements
    if not isfinite(variance) or variance <= 0:
        return float("nan")
    return 0.5 * log(variance) + measured.log_gamma
