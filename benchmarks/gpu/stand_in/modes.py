"""What stands between torch and its callers: devices are renamed, kernels are watched."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from benchmarks.gpu.stand_in.memory import Memory

HOST = torch.device("cpu")
#: what has the host wait for a result
WAITS = frozenset(
    getattr(torch.Tensor, name)
    for name in ("item", "tolist", "cpu", "numpy", "nonzero")
    + ("__bool__", "__float__", "__int__", "__index__")
)


def here(value: Any) -> Any:
    """The host's device for a card's; anything else as it is."""
    if isinstance(value, torch.device):
        return HOST if value.type == "cuda" else value
    if isinstance(value, str):
        return HOST if value == "cuda" or value.startswith("cuda:") else value
    return value


class Placing(TorchFunctionMode):
    """Calls for the card are made on the host, and reads by the host are told of.

    watching: "error" while the host may wait for nothing, as `set_sync_debug_mode` has it.
    """

    def __init__(self, memory: Memory):
        super().__init__()
        self._memory = memory
        self.watching = "default"

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.device:
            return func(*args, **(kwargs or {}))
        if func in WAITS:
            if self.watching == "error":
                raise RuntimeError("called a synchronizing CUDA operation")
            self._memory.look(args[0])
        moved = {name: here(value) for name, value in (kwargs or {}).items()}
        if moved.get("pin_memory"):
            del moved["pin_memory"]
        return func(*map(here, args), **moved)


class Watching(TorchDispatchMode):
    """Every kernel is one of the current stream; during a capture it is noted as well."""

    def __init__(self, memory: Memory):
        super().__init__()
        self._memory = memory
        self.captured: list[tuple[Any, Any, Any, Any]] | None = None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        arguments, returns = func._schema.arguments, func._schema.returns
        if returns and all(r.alias_info and not r.alias_info.is_write for r in returns):
            return result  # a view
        given = [*zip(arguments, args), *((a, kwargs[a.name]) for a in arguments if a.name in kwargs)]
        written = [value for a, value in given if a.alias_info and a.alias_info.is_write]
        reads = _tensors([value for _, value in given])
        self._memory.ran(str(func), reads, _tensors([written, result]))
        if self.captured is not None:
            self.captured.append((func, args, kwargs, result))
        return result


def _tensors(values: Any) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]


class Graph:
    """As `torch.cuda.CUDAGraph`: what was captured runs again on the tensors that it ran on."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def replay(self) -> None:
        """Run all calls again, each result into the place of the first."""
        for func, args, kwargs, result in self.calls:
            again = func(*args, **kwargs)
            places, values = _tensors(result), _tensors(again)
            for place, value in zip(places, values):
                if place is not value:
                    place.copy_(value)

    def reset(self) -> None:
        self.calls.clear()


