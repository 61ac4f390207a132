"""What stands between torch and its callers: devices are renamed, kernels are watched."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.gpu.stand_in.memory import Memory, key

HOST = torch.device("cpu")
#: what has the host wait for a result
_NAMES = "item tolist cpu numpy __bool__ __float__ __int__ __index__"
WAITS = frozenset(getattr(torch.Tensor, name) for name in _NAMES.split())
#: operators of which the host must know a size before it can go on
SIZED = ("nonzero", "masked_select", "unique", "repeat_interleave", "_local_scalar_dense")


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
            self.look(args[0])
        moved = {name: here(value) for name, value in (kwargs or {}).items()}
        if moved.get("pin_memory"):
            del moved["pin_memory"]
        return func(*map(here, args), **moved)

    def look(self, tensor: torch.Tensor) -> None:
        """The host waits for a tensor. Raises RuntimeError while it may not."""
        if self.watching == "error":
            raise RuntimeError("called a synchronizing CUDA operation")
        self._memory.look(tensor)


class Watching(TorchDispatchMode):
    """Every kernel is one of the current stream; during a capture it is noted as well."""

    def __init__(self, memory: Memory, placing: Placing):
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own
        self._memory, self._placing = memory, placing
        self.captured: list[tuple[Any, Any, Any, Any]] | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: or torch would import its compiler, for seconds, to leave this alone."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        for waited in _sizing(func, args):
            self._placing.look(waited)
        result = func(*args, **kwargs)
        arguments = func._schema.arguments
        named = [(one, kwargs[one.name]) for one in arguments if one.name in kwargs]
        given = [*zip(arguments, args), *named]
        written = _tensors(
            [value for one, value in given if one.alias_info and one.alias_info.is_write]
        )
        reads = _tensors([value for _, value in given])
        # by storages: what `to` and `reshape` are, a view or a copy, their schemas leave open
        known = {key(tensor) for tensor in reads}
        made = [tensor for tensor in _tensors(result) if key(tensor) not in known]
        if known and not written and not made:
            return result  # a view
        self._memory.ran(str(func), reads, [*written, *made])
        if self.captured is not None:
            self.captured.append((func, args, kwargs, result))
        return result


def _sizing(func: Any, args: Any) -> list[torch.Tensor]:
    """What the host must look into for the size of a result: masks are indices of that kind."""
    name = func._schema.name.removeprefix("aten::")
    if name.startswith(SIZED):
        return _tensors(args)[:1]
    if name in ("index", "index_put", "index_put_"):
        return [one for one in _tensors(args[1]) if one.dtype in (torch.bool, torch.uint8)]
    return []


def _tensors(value: Any) -> list[torch.Tensor]:
    """Those in a value; operators have no deeper nesting than lists."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for one in value for tensor in _tensors(one)]
    return []


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
