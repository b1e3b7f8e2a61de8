"""Samples of several files of one repository: what stands before each, and in which order they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from midspan.batches.randomness import generator
from midspan.corpus.repositories import RepositoryOrder
from midspan.tokens import Tokenizer


@dataclass(frozen=True)
class Joining:
    """How the files of a repository are joined: in the order of the shard, which is the corpus's, or a drawn one."""

    order: RepositoryOrder
    tokenizer: Tokenizer  # of the names that stand before the files
    seed: int = 0  # of a random order
    stage: str = ""

    @property
    def key(self) -> list[str | int]:
        """What a plan with it depends on."""
        key: list[str | int] = [self.order, self.tokenizer.fingerprint]
        return [*key, self.seed, self.stage] if self.order == "random" else key

    def arrange(self, files: NDArray[np.int64], repository: str, turn: int) -> NDArray[np.int64]:
        """The files of a repository, in its pass number `turn`, as they follow each other."""
        if self.order == "dependency":
            return files
        return generator(self.seed, self.stage, "files", repository, turn).permutation(files)


def repository_opening(tokenizer: Tokenizer, repository: str, continues: bool) -> list[int]:
    """What a sample of a repository begins with; `continues`: its first files are in an earlier one."""
    mark = "<repo_continuation>" if continues else "<reponame>"
    return [*tokenizer.opening, tokenizer.special(mark), *tokenizer.encode(repository)]


def file_header(tokenizer: Tokenizer, path: str) -> list[int]:
    """What stands before the text of one file of a repository."""
    return [tokenizer.special("<filename>"), *tokenizer.encode(path + "\n")]
