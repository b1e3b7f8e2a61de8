"""What was written later: blocks of new lines, and what holds a copy of one."""

from midspan.corpus.later.blocks import Block, NewLines, joined, pieces
from midspan.corpus.later.copies import BlockIndex

__all__ = ["Block", "BlockIndex", "NewLines", "joined", "pieces"]
