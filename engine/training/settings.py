"""Everything that decides how a training goes, as one immutable value."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from engine.detection import Architecture
from engine.training.annotations import SMALLEST
from engine.training.errors import TrainingError

PRECISIONS = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Settings:
    """The paper's training (Appendix A) where it says something, else FCOS's.

    batch: images of a step, of all processes together. size: (height, width) that images
    are scaled to fit into; least, most: factors of it, drawn for each image. lr: of the
    steps between warm-up and the first decay; `None` is the paper's 0.02 for 16 images,
    in proportion to the batch. warmup: steps. decays: shares of all steps after which lr
    is a tenth. clip: largest norm of the gradient. norm_decay: batch norm, group norm and
    biases decay too. channels, depth: of the detector's pyramid and head.
    """

    steps: int = 1000
    batch: int = 8
    size: tuple[int, int] = (800, 1280)
    least: float = 0.6
    most: float = 1.2
    lr: float | None = None
    warmup: int = 100
    decays: tuple[float, ...] = (0.89, 0.97)
    momentum: float = 0.9
    weight_decay: float = 1e-4
    norm_decay: bool = False
    clip: float = 35.0
    precision: str = "float32"
    channels: int = 256
    depth: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [
            f"{name} is {value}, but must be {what}"
            for name, value, sound, what in (
                ("steps", self.steps, 1 <= self.steps <= 10**9, "from 1 to 1,000,000,000"),
                ("batch", self.batch, 1 <= self.batch <= 65_536, "from 1 to 65,536"),
                ("size", _text(self.size), _moderate(self.size), "from 32x32 to 16384x16384"),
                ("scales", self.least, 0 < self.least <= self.most <= 4, "rising, above 0, to 4"),
                ("lr", self.base_lr, 0 < self.base_lr < 100, "above 0 and below 100"),
                ("warmup", self.warmup, 0 <= self.warmup <= 10**9, "from 0 to 1,000,000,000"),
                ("momentum", self.momentum, 0 <= self.momentum < 1, "from 0 and below 1"),
                ("weight_decay", self.weight_decay, 0 <= self.weight_decay < 1, "from 0, below 1"),
                ("clip", self.clip, self.clip > 0, "above 0"),
                ("channels", self.channels, self.channels in range(8, 8193, 8), "8, 16, … 8192"),
                ("depth", self.depth, 0 <= self.depth <= 16, "from 0 to 16"),
                ("seed", self.seed, 0 <= self.seed < 2**63, "from 0 to 2**63 - 1"),
                ("precision", self.precision, self.precision in PRECISIONS, "/".join(PRECISIONS)),
            )
            if not sound
        ]
        if problems:
            raise TrainingError(*problems)

    @property
    def base_lr(self) -> float:
        """The learning rate between warm-up and the first decay."""
        return 0.02 * self.batch / 16 if self.lr is None else self.lr

    def lr_at(self, step: int) -> float:
        """The learning rate of a step, 0 for the first."""
        warm = min(1.0, (step + 1) / (self.warmup + 1))
        return self.base_lr * warm * 0.1 ** sum(step >= share * self.steps for share in self.decays)

    @property
    def architecture(self) -> Architecture:
        """The detector around the backbone.

        FCOS's reach of 8 strides is kept for images of 256 pixels and more; in small ones it
        would leave all objects to P3, and C4 and C5 nearly idle.
        """
        return Architecture(self.channels, self.depth, min(8.0, max(1.0, min(self.size) / 32)))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for files."""
        return {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            for value in [getattr(self, field.name)]
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """What as_dict returned. Raises TypeError, ValueError or TrainingError for less."""
        size, decays = tuple(values["size"]), tuple(values["decays"])
        return replace(cls(**values), size=size, decays=decays)


def _moderate(size: tuple[int, int]) -> bool:
    return all(SMALLEST <= side <= 16_384 for side in size)


def _text(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
