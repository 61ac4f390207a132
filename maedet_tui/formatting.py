"""How quantities are printed, on the screens and off them: pure functions, no styles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.snapshot import Portion
    from engine.structure import Block

#: control and formatting characters, tabs and line breaks apart: a terminal would obey them
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
#: what is shown in place of what is no text
NO_TEXT = "\ufffd"
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K"))


def printable(text: str) -> str:
    """The text, with a sign in the place of each character that a terminal would obey."""
    return text if text.isprintable() else _UNSAFE.sub(NO_TEXT, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """A name as it is shown in a list, whose lines it must not break."""
    return text if text.isprintable() else re.sub(r"[\t\n]", NO_TEXT, printable(text))


def quantity(value: float) -> str:
    """FLOPs and params as the paper prints them: 89.9G, 25.8M, 1.7K, 12."""
    for scale, unit in _UNITS:
        # 0.99995 of a unit would round to 1000.0 of the one below it
        if abs(value) >= 0.99995 * scale:
            return f"{value / scale:.1f}{unit}"
    return f"{value:.0f}"


def short_quantity(value: float) -> str:
    """A quantity without a needless decimal, for axes and limits: 91G, 12.5K, 0.5."""
    for scale, unit in _UNITS:
        if abs(value) >= 0.99995 * scale:
            return f"{value / scale:.4g}{unit}"
    return f"{value:.4g}"


def phase(word: str, progress: Portion | None) -> str:
    """What a search is at, and how much of that is done where it can be counted: timing 3/35."""
    return f"{word} {progress.done}/{progress.of}" if progress else word


def count(value: int) -> str:
    """A whole number with its thousands apart: 41,200."""
    return f"{value:,}"


def score(z: float) -> str:
    """Z, to the decimal that still tells structures apart: 3,021.42."""
    return f"{z:,.2f}"


def percent(part: float, whole: float) -> str:
    """A share: 43.2 %; a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def gap(share: float) -> str:
    """A share too small for `percent`, to two digits: 1.3 %, 0.013 %, 0.00021 %, 0 %."""
    if 100 * share >= 10:
        return f"{100 * share:.0f} %"
    # beyond the sixth decimal it is rounding
    digits = f"{float(f'{100 * share:.2g}'):.6f}".rstrip("0").rstrip(".")
    return f"{digits} %"


def rate(per_second: float) -> str:
    """Iterations per second: 19,842/s, 9.3/s, 0.42/s."""
    if per_second >= 100:
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second:.2g}/s"


def duration(seconds: float | None) -> str:
    """A span of time in at most two units: 4.2 s, 1 min 05 s, 2 h 03 min, 3 d 04 h."""
    if seconds is None:
        return "-"
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def milliseconds(seconds: float) -> str:
    """A latency: 12.3ms."""
    return f"{1e3 * seconds:.3g}ms"


def memory(size: float) -> str:
    """Bytes in powers of 1000: 312 MB, 7.8 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 0.995e9 else f"{size / 1e6:.0f} MB"


def age(seconds: float) -> str:
    """How long ago, in one unit: now, 12 s, 5 min, 3 h, 4 d."""
    if seconds < 1:
        return "now"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def paper_layers(block: Block) -> str:
    """The "# layers" of Tables 10-15, where two bottlenecks make one: 5, 2.5; else the depth.

    Only where the paper is quoted: everywhere else a block is as deep as a preset says.
    """
    return f"{block.depth / 2:g}" if block.kind == "ResBlock" else f"{block.depth}"


def inside(block: Block) -> str:
    """The width inside a block: 112; x6 where it is a multiple of the input's; 40 x6 for both;
    48/16 in groups of 16; - without one."""
    width = str(block.bottleneck or "-")
    if block.expansion:
        width = f"{block.bottleneck or ''} x{block.expansion}".lstrip()
    if block.group:
        width += f"/{block.group}"
    return f"{width} se{block.se}" if block.se else width


def image_size(size: tuple[int, int]) -> str:
    """(height, width) the way people name images, width first: 1280x800."""
    return f"{size[1]}x{size[0]}"
