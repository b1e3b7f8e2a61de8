"""The corpus's two steps of a run: documents, and their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from midspan import recipe
from midspan.corpus.documents import read_documents
from midspan.corpus.stages import build_corpus
from midspan.corpus.token_shards import TokenShard
from midspan.corpus.token_writer import encode_documents
from midspan.files import atomic_directory
from midspan.progress import say
from midspan.step import Tools
from midspan.tokens import train_tokenizer


def write_corpus(
    *, corpus: recipe.Corpus, seed: int, listing: str, train: Path, heldout: Path, key: str, tools: Tools
) -> None:
    """Build the corpus; `listing` stands for what the sources hold."""
    assert train.parent == heldout.parent
    build_corpus(corpus, train.parent, tools.engine, seed)


def write_tokens(
    *, documents: Sequence[Path], tokenizer: Path, train: Path, heldout: Path, key: str, tools: Tools
) -> None:
    """Encode the documents that are trained on, and those held out."""
    for folder, shard in zip(documents, (train, heldout), strict=True):
        encode_documents(folder, tokenizer, shard, tools.engine)
        say(f"tokens: {len(TokenShard.open(shard).tokens):,} in {shard.name}")


def learn_tokenizer(*, vocabulary_size: int, documents: Path, tokenizer: Path, key: str, tools: Tools) -> None:
    """Learn a byte-level BPE from the documents that are trained on."""
    say(f"tokenizer: learning {vocabulary_size} tokens")
    learnt = train_tokenizer((document.text for document in read_documents(documents)), vocabulary_size)
    with atomic_directory(tokenizer) as aside:
        learnt.save(aside)
