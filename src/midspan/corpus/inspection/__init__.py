"""Looking into a corpus that is built: why a file was kept or dropped, and samples of what each rule drops."""

from midspan.corpus.inspection.account import account_of
from midspan.corpus.inspection.records import SIDES, corpus_folder, dropped_for, read_exclusions, read_statistics
from midspan.corpus.inspection.samples import samples_of, summary

__all__ = [
    "SIDES",
    "account_of",
    "corpus_folder",
    "dropped_for",
    "read_exclusions",
    "read_statistics",
    "samples_of",
    "summary",
]
