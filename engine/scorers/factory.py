"""The scorer that a preset asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.scorers.base import Scorer, ScoringError
from engine.settings import (
    CLOSED,
    CLOSED_PROXIES,
    GRADIENT_PROXIES,
    PROXIES,
    SCORERS,
    Forward,
    Objective,
)

if TYPE_CHECKING:
    import torch

    from engine.scorers.closed_proxies.base import ClosedProxy
    from engine.scorers.proxies.base import Proxy

#: what Linux has where a GPU driver is loaded: NVIDIA's, Windows' for its Linux, and AMD's,
#: whose build of torch calls its GPUs cuda, too
DRIVERS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd")

NO_CUDA = (
    "device: cuda was asked for, but torch sees no CUDA device; "
    "use device: cpu, or install a CUDA build of torch on a machine with an NVIDIA GPU"
)


def cuda_available() -> bool:
    """Whether torch can use a CUDA device; torch is imported only where one may exist."""
    if not any(map(Path.exists, map(Path, DRIVERS))):
        import os

        if os.name == "posix":
            return False
    import torch

    return torch.cuda.is_available()


def resolve_device(device: str) -> str:
    """ "cpu" or "cuda" for a wish of "auto", "cpu" or "cuda".

    Raises ScoringError where CUDA is asked for and absent.
    """
    if device == "cpu":
        return "cpu"
    if cuda_available():
        return "cuda"
    if device == "cuda":
        raise ScoringError(NO_CUDA)
    return "cpu"


def make_scorer(
    name: str,
    device: str,
    objective: Objective,
    forward: Forward,
    seed: int = 0,
    *,
    dtype: str | None = None,
) -> Scorer:
    """The scorer of that name (one of SCORERS) on that device.

    "auto" takes forward passes on a GPU and the closed form without one. seed: of the
    weights that forward passes draw. dtype: number format of passes, such as "bfloat16"; by
    default the fastest. Raises ScoringError for a device that is absent.
    """
    if name not in SCORERS:
        raise ScoringError(f"unknown scorer {name!r}, use one of {', '.join(SCORERS)}")
    found = resolve_device(device)
    if name == "closed-form" or (name == "auto" and found == "cpu"):
        # here, so that numpy is imported on the search's thread, behind the first paint
        from engine.scorers.closed_form import ClosedForm

        return ClosedForm(objective)
    if name in CLOSED_PROXIES:
        return _closed_proxy(name)(objective, forward)
    chosen = _number_format(dtype)
    if name in (*PROXIES, *GRADIENT_PROXIES):
        return _proxy(name)(objective, found, forward, seed, dtype=chosen)
    from engine.scorers.forward import ForwardScorer

    return ForwardScorer(objective, found, forward, seed, dtype=chosen)


def makes_passes_by(name: str, device: str) -> bool:
    """Whether the scorer of that name makes passes on that device, which take long enough to
    be shared out. Raises ScoringError for a device that is absent."""
    if name == "auto":
        return resolve_device(device) == "cuda"
    return name == "forward" or name in (*PROXIES, *GRADIENT_PROXIES)


def _number_format(name: str | None) -> torch.dtype | None:
    if name is None:
        return None
    import torch

    found: torch.dtype = getattr(torch, name)
    return found


def _proxy(name: str) -> type[Proxy]:
    from engine.scorers.proxies.fisher import Fisher
    from engine.scorers.proxies.grad_norm import GradNorm
    from engine.scorers.proxies.grasp import Grasp
    from engine.scorers.proxies.jacov import Jacov
    from engine.scorers.proxies.naswot import Naswot
    from engine.scorers.proxies.ntk_condition import NtkCondition
    from engine.scorers.proxies.snip import Snip
    from engine.scorers.proxies.synflow import SynFlow
    from engine.scorers.proxies.zen_score import ZenScore

    proxies: tuple[type[Proxy], ...] = (
        ZenScore,
        SynFlow,
        Naswot,
        GradNorm,
        Snip,
        Grasp,
        Fisher,
        Jacov,
        NtkCondition,
    )
    return {proxy.method: proxy for proxy in proxies}[name]


def _closed_proxy(name: str) -> type[ClosedProxy]:
    from engine.scorers.closed_proxies.naswot import ClosedNaswot
    from engine.scorers.closed_proxies.synflow import ClosedSynFlow
    from engine.scorers.closed_proxies.zen_score import ClosedZenScore

    closed: tuple[type[ClosedProxy], ...] = (ClosedZenScore, ClosedSynFlow, ClosedNaswot)
    return {proxy.proxy + CLOSED: proxy for proxy in closed}[name]
