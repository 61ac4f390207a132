"""Two calm themes, and the colours of the stages C1-C5 in any theme."""

from __future__ import annotations

from textual.theme import Theme

#: told apart also by people who see few colours, and never the only sign
STAGES_ON_DARK = ("#9aa5b1", "#e0b95b", "#7fc48b", "#6fb3e8", "#e58fb0")
STAGES_ON_LIGHT = ("#5b6673", "#8a6100", "#1f7a3a", "#0b62a8", "#a8225f")

DARK = Theme(
    name="maedet-dark",
    primary="#6fb3e8",
    secondary="#7f8fa6",
    accent="#e0b95b",
    warning="#e0b95b",
    error="#e87c7c",
    success="#7fc48b",
    foreground="#d5dae1",
    background="#14171c",
    surface="#14171c",
    panel="#20252d",
    dark=True,
)
LIGHT = Theme(
    name="maedet-light",
    primary="#0b62a8",
    secondary="#5b6673",
    accent="#8a6100",
    warning="#8a6100",
    error="#b3261e",
    success="#1f7a3a",
    foreground="#1c232b",
    background="#f7f7f4",
    surface="#f7f7f4",
    panel="#e6e7e3",
    dark=False,
)


def stage_variables(dark: bool) -> dict[str, str]:
    """$stage-1 to $stage-5, and $line for borders."""
    colours = STAGES_ON_DARK if dark else STAGES_ON_LIGHT
    stages = {f"stage-{i}": colour for i, colour in enumerate(colours, 1)}
    return {**stages, "line": "#3a414d" if dark else "#b9bcb6"}
