"""Deduplication: exact copies by hash, near-copies by MinHash-LSH with verified pairs; the best of each group stays."""

from midspan.corpus.dedup.dropped import DROPPED_SCHEMA, read_dropped
from midspan.corpus.dedup.exact import exact_duplicates
from midspan.corpus.dedup.in_memory import near_duplicates
from midspan.corpus.dedup.near import NearSettings, near_duplicates_in_files
from midspan.corpus.dedup.shingles import Hashes, distinct, shingle_hashes, shingle_sets
from midspan.corpus.dedup.tasks import document_starts

__all__ = [
    "DROPPED_SCHEMA",
    "Hashes",
    "NearSettings",
    "distinct",
    "document_starts",
    "exact_duplicates",
    "near_duplicates",
    "near_duplicates_in_files",
    "read_dropped",
    "shingle_hashes",
    "shingle_sets",
]
