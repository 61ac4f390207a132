"""What this process holds of the machine's memory, and how free memory goes back to the system.

Allocators keep what programs free, for later: glibc has a heap for each few threads, and what
lies between two blocks in use stays there until it is asked for. A limit that counts the whole
process must know of it, and whoever has freed much at once gives it back.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import lru_cache
from typing import Any

#: heaps that glibc may have, and their name in <malloc.h>: eight for each core by itself, and
#: the free end of any but the first is never given back
_ARENAS, _M_ARENA_MAX = 1, -8
#: bytes from which on a block is mapped by itself, and bytes at the end that go back when free
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD, _NEVER = -3, -1, (1 << 31) - 1


def resident() -> int | None:
    """Bytes of this process in the machine's memory; None where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def give_back() -> None:
    """Give memory that is free back to the system, where the allocator is glibc's."""
    if (trim := _glibc("malloc_trim")) is not None:
        trim(0)


@lru_cache(maxsize=1)
def one_heap() -> None:
    """Have threads share a heap, where the allocator is glibc's; before they are started."""
    if (mallopt := _glibc("mallopt")) is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)


def keep_freed() -> None:
    """Have this process keep the memory that it frees, where the allocator is glibc's.

    Each step of a training frees and asks for the same maps of many megabytes: given back, every
    page of them is cleared anew by the system. For a process that does nothing else.
    """
    if (mallopt := _glibc("mallopt")) is not None:
        mallopt(_M_MMAP_THRESHOLD, _NEVER)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)


def _glibc(name: str) -> Any:
    """A function of the C library, None where it has none of that name."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)  # musl has neither
