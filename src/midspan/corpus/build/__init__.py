"""Building a corpus: read, drop copies, judge, gather by repository, drop near-copies, redact, order, split, write."""

from midspan.corpus.build.pipeline import build_corpus
from midspan.corpus.build.planning import corpus_fingerprint

__all__ = ["build_corpus", "corpus_fingerprint"]
