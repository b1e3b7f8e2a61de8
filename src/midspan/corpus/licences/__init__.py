"""Under which licence a file stands, and where that is written.

Repository-level licences are not enough: of 171 million leading comments in public training sets 16 million were
copyleft and 11 million said "do not copy" (arXiv 2403.15230). What is not recognised is "unknown", never permissive.
"""

from midspan.corpus.licences.canonical_names import canonical
from midspan.corpus.licences.columns import declared_in_row
from midspan.corpus.licences.evidence import Licence, is_settled, says_something
from midspan.corpus.licences.expressions import Outcome, is_known, licence_class
from midspan.corpus.licences.files import by_weight, is_licence_file, kind_of_evidence, spoken_for
from midspan.corpus.licences.licence import licence_of, own_evidence
from midspan.corpus.licences.recognition import recognise

__all__ = [
    "Licence",
    "Outcome",
    "by_weight",
    "canonical",
    "declared_in_row",
    "is_known",
    "is_licence_file",
    "is_settled",
    "kind_of_evidence",
    "licence_class",
    "licence_of",
    "own_evidence",
    "recognise",
    "says_something",
    "spoken_for",
]
