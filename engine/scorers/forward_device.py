"""Where forward passes run: the device, its number format, and running out of its memory."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter

import torch
import torch.nn.functional as F

from engine.scorers.base import ScoringError

#: how much faster half precision must be on a CPU to be worth its rounding
WORTHWHILE = 1.3


def device_named(name: str) -> torch.device:
    """The device for "cpu" or "cuda".

    Raises ScoringError where CUDA is asked for and this machine or build has none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        reason = (
            "torch finds no usable NVIDIA GPU"
            if torch.backends.cuda.is_built()
            else f"torch {torch.__version__} is a build without CUDA"
        )
        raise ScoringError(
            f"device cuda was asked for, but {reason}: set `device: cpu`, "
            "or install a CUDA build of torch (https://pytorch.org/get-started) on a machine "
            "with an NVIDIA GPU"
        )
    return torch.device(name)


def fastest_dtype(device: torch.device) -> torch.dtype:
    """The number format to run in: 16 bits where they are really faster, else float32.

    A GPU gets bfloat16, or float16 before Ampere, which only emulates bfloat16. A CPU
    is timed once, as only some have bfloat16 units worth using.
    """
    if device.type == "cuda":
        # of compute capability, as is_bf16_supported() also answers for emulation
        ampere = torch.cuda.get_device_capability(device)[0] >= 8
        return torch.bfloat16 if ampere else torch.float16
    return _fastest_on_cpu()


@lru_cache(maxsize=1)
def _fastest_on_cpu() -> torch.dtype:
    """Time a convolution of MAE-DET's size in both formats, alternating; about 20 ms."""
    seconds = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    try:
        with torch.inference_mode():
            operands = {
                dtype: (_ones((1, 72, 24, 24), dtype), _ones((72, 72, 5, 5), dtype))
                for dtype in seconds
            }
            for _ in range(5):
                for dtype, (image, weights) in operands.items():
                    start = perf_counter()
                    F.conv2d(image, weights, padding=2)
                    seconds[dtype] = min(seconds[dtype], perf_counter() - start)
    except RuntimeError:  # a build that cannot convolve bfloat16 on this CPU
        return torch.float32
    faster = seconds[torch.bfloat16] * WORTHWHILE < seconds[torch.float32]
    return torch.bfloat16 if faster else torch.float32


def _ones(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.ones(shape, dtype=dtype).contiguous(memory_format=torch.channels_last)


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that the device or the machine ran out of memory."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # the CPU allocator and CUDA's libraries raise plain RuntimeErrors
    signs = ("DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in signs)


def settle(device: torch.device) -> None:
    """Wait until the device has done all it was given: for rare events, not for layers."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
