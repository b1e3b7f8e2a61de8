"""Under which licence a file stands, and where that is written.

Repository-level licences are not enough: of 171 million leading comments in public training sets 16 million were
copyleft and 11 million said "do not copy" (arXiv 2403.15230). What is not recognised is "unknown", never permissive.
"""

from midspan.corpus.licences.columns import declared_in_row
from midspan.corpus.licences.expressions import Outcome, licence_class
from midspan.corpus.licences.files import is_licence_file, licensed_folder
from midspan.corpus.licences.licence import Licence, licence_of
from midspan.corpus.licences.recognition import recognise

__all__ = [
    "Licence",
    "Outcome",
    "declared_in_row",
    "is_licence_file",
    "licence_class",
    "licence_of",
    "licensed_folder",
    "recognise",
]
