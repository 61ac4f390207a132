"""The text format of ZenNAS: classes with numbers in brackets, one behind the other.

    SuperConvK3BNRELU(3,16,2,1)SuperResIDWE1K7(16,40,2,40,1)...SuperConvK1BNRELU(224,2048,1,1)

A block is (in, out, stride, bottleneck, L), a convolution (in, out, stride, L). L counts pairs
of bottlenecks but in blocks of two k x k convolutions; shortcuts are strided convolutions with
bias. A net for images of 32 pixels, which has fewer than five strides, is refused.
"""

from __future__ import annotations

import re

from engine.checks import check
from engine.formats.limits import MAX_VALUES, refuse_oversized
from engine.formats.rows import RowProblem, RowProblems, closest, refusal, shown
from engine.structure import LEVELS, Block, Structure, StructureError

#: class -> (kind, numbers in brackets); K is a kernel, E an expansion
_CLASSES = (
    (re.compile(r"SuperConvK(?P<kernel>[1357])BNRELU"), "Conv"),
    (re.compile(r"SuperResK1K(?P<kernel>[357])K1"), "ZenResBlock"),
    (re.compile(r"SuperResK(?P<kernel>[357])K(?P<second>[357])"), "ZenBasicBlock"),
    (re.compile(r"SuperResIDWE(?P<expansion>[1246])K(?P<kernel>[357])"), "ZenInvertedBlock"),
)
_NAMES = (
    "SuperConvK1BNRELU", "SuperConvK3BNRELU", "SuperResK1K3K1", "SuperResK3K3", "SuperResIDWE4K5",
)  # fmt: skip
_BLOCK = re.compile(r"\s*(?P<name>\w+)\((?P<numbers>[\d\s,]*)\)")
_BEGIN = re.compile(r"\s*Super\w+\(")
#: of the squeeze-and-excitation that ZenNAS has where it has one
REDUCTION = 4
_IN, _OUT, _STRIDE, _INSIDE = "in", "out", "stride", "bottleneck"


def is_plainnet(text: str) -> bool:
    """Whether a text begins as this format does."""
    return _BEGIN.match(text) is not None


def loads(text: str, se: int = 0) -> Structure:
    """A checked structure out of the text.

    se: the reduction of the squeeze-and-excitation that the nets of FLOPs were trained with, and
    that the text does not tell; 0 for none. Raises StructureError naming block and number.
    """
    problems = RowProblems()
    blocks: list[Block] = []
    position = number = 0
    while text[position:].strip():
        number += 1
        found = _BLOCK.match(text, position)
        if found is None:
            rest = text[position:].strip()
            raise StructureError(
                [f"block {number}: {shown(rest[:20])} is no class with whole numbers in brackets"]
            )
        position = found.end()
        blocks += _blocks(number, found["name"], found["numbers"].split(","), se, problems)
        if number > MAX_VALUES["depth"]:
            break
    if problems:
        raise refusal(problems)
    refuse_oversized(blocks)
    strides = sum(block.stride == 2 for block in blocks)
    if strides < len(LEVELS):
        raise StructureError(
            [
                f"only {strides} of its blocks have stride 2, as in nets for images of 32 pixels "
                f"(CIFAR): it has no levels C1-C5"
            ]
        )
    return check(Structure(tuple(blocks)))


def _blocks(
    number: int, name: str, texts: list[str], se: int, problems: RowProblems
) -> list[Block]:
    matched = next(
        ((found, kind) for pattern, kind in _CLASSES if (found := pattern.fullmatch(name))), None
    )
    if matched is None:
        problems.note(
            number,
            name,
            lambda: RowProblem(number, shown(name), f"is not read; {closest(name, _NAMES)}"),
        )
        return []
    found, kind = matched
    keys = (_IN, _OUT, _STRIDE) if kind == "Conv" else (_IN, _OUT, _STRIDE, _INSIDE)
    if len(texts) != len(keys) + 1:
        what = f"has {len(texts)} numbers, but needs {len(keys) + 1}: {', '.join(keys)}, L"
        problems.say(number, name, what)
        return []
    values = {}
    for key, text in zip((*keys, "L"), texts):
        if not text.strip().isdigit() or len(text.strip()) > 7:
            what = f"is {shown(text.strip())}, but must be a whole number"
            problems.say(number, key, what)
            return []
        values[key] = int(text)
    groups = found.groupdict()
    if groups.get("second", groups["kernel"]) != groups["kernel"]:
        problems.say(number, name, "has two kernels, but both must be alike")
        return []
    block = Block(
        kind, int(groups["kernel"]), values[_IN], values[_OUT], values[_STRIDE],
        values.get(_INSIDE, 0), expansion=int(groups.get("expansion") or 0),
    )  # fmt: skip
    deep = values["L"]
    if deep < 1:
        problems.say(number, "L", f"is {deep}, but must be at least 1")
        return []
    if kind == "Conv":  # L convolutions in a row
        after = block._replace(in_channels=block.out_channels, stride=1)
        return [block, *([after] * min(deep - 1, MAX_VALUES["depth"]))]
    # a pair of bottlenecks each
    depth = 2 * deep if kind == "ZenResBlock" else deep
    if kind == "ZenInvertedBlock":
        block = block._replace(se=se)
    return [block._replace(depth=depth)]
