"""What the search asks of the machine."""

from __future__ import annotations

from maedet_tui import formatting
from maedet_tui.machine.load import Load
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, Panel, Part, row
from maedet_tui.widgets.search_panels import bar


class LoadPanel(Panel[Load]):
    """Processors, memory and GPU, each a gauge of what there is."""

    TITLE = "Machine"

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Load, width: int) -> list[Part]:
        cores = "-" if shown.cores is None else f"{shown.cores:.1f} of {shown.of} cores"
        parts = self._gauge("CPU", (shown.cores or 0) / shown.of, cores, width)
        parts += self._bytes("memory", shown.memory, shown.total, width)
        if (gpu := shown.gpu) is not None:
            parts += row("GPU", gpu.name, label_width=7, width=width)
            if gpu.busy is not None:
                parts += self._gauge("busy", gpu.busy / 100, f"{gpu.busy} %", width)
            parts += self._bytes("memory", gpu.used, gpu.total, width)
        return parts

    def _bytes(self, label: str, used: int | None, total: int | None, width: int) -> list[Part]:
        text = "-" if used is None else formatting.memory(used)
        if used is None or not total:
            return self._gauge(label, 0.0, text, width)
        return self._gauge(label, used / total, f"{text} of {formatting.memory(total)}", width)

    def _gauge(self, label: str, share: float, text: str, width: int) -> list[Part]:
        length = max(width - 9 - len(text), 3)
        return [
            (f"{label:<8}", MUTED),
            (bar(share, length, self._glyphs), "$primary"),
            (f" {text}\n", ""),
        ]
