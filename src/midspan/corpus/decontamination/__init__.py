"""Decontamination: texts that hold a problem of an evaluation set are not trained on.

words.py             a text as the hashes of its words: what white space, case and punctuation cannot hide
common_words.py      the words that say nothing, on which no match may rest
evaluation_files.py  evaluation sets as they are published
arrays.py            from their fields to what is looked up
index.py             the lookup: EvaluationIndex.build, save, load, find
"""

from midspan.corpus.decontamination.index import Contamination, EvaluationIndex

__all__ = ["Contamination", "EvaluationIndex"]
