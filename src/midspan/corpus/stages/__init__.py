"""Building a corpus: read, drop copies, judge, gather by repository, drop near-copies, redact, order, split, write."""

from midspan.corpus.stages.pipeline import build_corpus
from midspan.corpus.stages.plan import corpus_fingerprint

__all__ = ["build_corpus", "corpus_fingerprint"]
