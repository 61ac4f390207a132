"""Processes that train together, as `torchrun` starts them; or the one that there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from engine.training.errors import TrainingError


class Processes:
    """The processes of one training. rank: which of `size` this is; 0 writes and prints."""

    def __init__(self, rank: int, size: int, device: torch.device):
        self.rank, self.size, self.device = rank, size, device

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a number over all processes; it has no gradient."""
        if self.size == 1:
            return value.detach()
        value = value.detach().clone()
        dist.all_reduce(value)
        return value / self.size

    def any(self, flag: bool) -> bool:
        """Whether it is so in any process."""
        if self.size == 1:
            return flag
        value = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(value, dist.ReduceOp.MAX)
        return bool(value.item())

    def gather(self, value: Any) -> list[Any]:
        """The values of all processes, by rank."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def processes(device: str) -> Iterator[Processes]:
    """Join the other processes, if torchrun started this one.

    device: "cpu", "cuda", or "auto", which takes a GPU if there is one.
    Raises TrainingError for a GPU that there is not.
    """
    size, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    local = int(os.environ.get("LOCAL_RANK", 0))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        count = torch.cuda.device_count()
        if local >= count:
            there = f"torch finds {count} GPU{'s' * (count != 1)} here"
            raise TrainingError(f"--device cuda: {there}, and process {local + 1} needs one")
        # for what asks for no device: NCCL's barrier, and the gathering of objects
        torch.cuda.set_device(local)
        place = torch.device("cuda", local)
    else:
        place = torch.device("cpu")
    if size == 1:
        yield Processes(0, 1, place)
        return
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Processes(rank, size, place)
    finally:
        dist.destroy_process_group()
