"""Where forward passes run: the device, its number format, and running out of its memory."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter

import torch
import torch.nn.functional as F

from engine.scorers.base import ScoringError
from engine.settings import OTHER_DEVICES

#: how much faster half precision must be on a CPU to be worth its rounding
WORTHWHILE = 1.3
#: compute capabilities since which tensor cores take bfloat16 (Ampere), and float16 (Volta)
BFLOAT16_SINCE, FLOAT16_SINCE = 8, 7
#: bytes that cuBLAS takes for each stream: 32 MiB since Hopper (9), 8.125 MiB before; torch's
#: notes on CUDA semantics tell, under "cuBLAS workspaces"
WORKSPACE, WORKSPACE_BEFORE_HOPPER = 32 << 20, 8_519_680


def device_named(name: str) -> torch.device:
    """The device for "cpu" or "cuda".

    Raises ScoringError where CUDA is asked for and this machine or build has none, and for
    the GPUs of others.
    """
    if name in OTHER_DEVICES:
        reason = OTHER_DEVICES[name]
        raise ScoringError(f"device {name} was asked for, but {reason}: use cpu or cuda")
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

    A GPU gets bfloat16; float16 before Ampere, which only emulates bfloat16; and float32
    before Volta, whose float16 has no units of its own. A CPU is timed once, as only some
    have bfloat16 units worth using.
    """
    if device.type == "cuda":
        # of compute capability, as is_bf16_supported() also answers for emulation
        major = torch.cuda.get_device_capability(device)[0]
        if major >= BFLOAT16_SINCE:
            return torch.bfloat16
        return torch.float16 if major >= FLOAT16_SINCE else torch.float32
    return _fastest_on_cpu()


def workspace_bytes(device: torch.device) -> int:
    """Bytes that each stream's products take from the allocator and keep; 0 on a CPU."""
    if device.type != "cuda":
        return 0
    hopper = torch.cuda.get_device_capability(device)[0] >= 9
    return WORKSPACE if hopper else WORKSPACE_BEFORE_HOPPER


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


_NO_MEMORY = (
    "DefaultCPUAllocator",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",  # and since cuDNN 9:
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "CUDA error: out of memory",
    "unable to find an engine to execute this computation",
)


def _ones(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.ones(shape, dtype=dtype).contiguous(memory_format=torch.channels_last)


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that the device or the machine ran out of memory."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # the CPU allocator and CUDA's libraries raise plain RuntimeErrors, the driver beside
    # torch's allocator an AcceleratorError, which is one; and a cuDNN that finds no room for
    # any of its ways says that it found none
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _NO_MEMORY)


def settle(device: torch.device) -> None:
    """Wait until the device has done all it was given: for rare events, not for layers."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
