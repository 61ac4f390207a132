"""KXKXBlock: `depth` residual pairs of k x k convolutions, the second with the stride.

The KXKX of TinyNAS. A BasicBlock has the stride in the first of the two, as ResNets have.
The shortcut is that of a K1KXBlock.
"""

from __future__ import annotations

from engine.blocks.k1kxblock import K1KXBlock
from engine.structure import Block


class KXKXBlock(K1KXBlock):
    name = "KXKXBlock"

    def begin(self, block: Block) -> int:
        return block.kernel


KXKXBLOCK = KXKXBlock()
