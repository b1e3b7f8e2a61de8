"""From the items of evaluation sets to the arrays that are looked up."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from midspan.corpus.decontamination.common_words import is_telling
from midspan.corpus.decontamination.evaluation_files import EvaluationItem
from midspan.corpus.decontamination.words import Hashes, gram_hashes, normalise, whole_hash, word_hashes
from midspan.corpus.scripts import CHARACTERS_OF_A_WORD, has_unspaced

GRAM = 10  # words; DeepSeek-Coder drops what shares one 10-gram, we ask for more (index.py)
HEAD = 6  # words by which a field of fewer than GRAM is looked up; also the shortest field that is
# What is compared whole: at least so many words, of them so many different telling ones (common_words.py).
WHOLE_FIELD = ((6, 4), (7, 3), (10, 2), (16, 1))
# GPT-3 (arXiv 2005.14165, appendix C) ignores n-grams that occur more than ten times: they are phrases, not problems.
MOST_TASKS = 10
TELLING_CHARACTERS = 3  # of a script without spaces: two make a word, and one word in three is in every text
_LONG_FIELD = 60  # characters; items that share a field so long are one task

_COMMENTS = re.compile(
    r'"""(.+?)"""|\'\'\'(.+?)\'\'\'|/\*(.+?)\*/|((?:^[ \t]*(?://|#|--|;|%)[^\n]*(?:\n|\Z)){2,})',
    re.DOTALL | re.MULTILINE,
)


@dataclass
class Collected:
    """What an index is made of; equal fields of several items count once, for the first."""

    places: list[tuple[str, str, str]] = field(default_factory=list)  # set, item, field
    fields: list[tuple[Hashes, int, bool]] = field(default_factory=list)  # words, place, is it looked up whole?
    common: list[Hashes] = field(default_factory=list)  # grams of templates and stock phrases
    sets: dict[str, dict[str, int]] = field(default_factory=dict)  # what the data card says of each set


@lru_cache(maxsize=200_000)
def _is_telling(word: bytes) -> bool:
    return is_telling(word)


def telling_words(words: Iterable[bytes]) -> float:
    """How many different telling words there are; of a script without spaces three characters count as one."""
    different = set(words)
    telling = sum(map(_is_telling, different))
    return telling - _unspaced(different) * (1 - 1 / TELLING_CHARACTERS)


def word_count(words: Sequence[bytes]) -> float:
    """How many words there are; of a script without spaces two characters count as one."""
    return len(words) - _unspaced(words) * (1 - 1 / CHARACTERS_OF_A_WORD)


def _unspaced(words: Collection[bytes]) -> int:
    """How many of the words are characters of a script without spaces."""
    return sum(not word.isascii() and has_unspaced(word.decode("utf-8", "surrogatepass")) for word in words)


def collect(items: Iterable[EvaluationItem]) -> Collected:
    """Gather the fields of all items, file by file, and the grams that too many tasks of one file share."""
    collected = Collected()
    seen: set[bytes] = set()
    files: defaultdict[str, list[EvaluationItem]] = defaultdict(list)
    for item in items:
        files[item.set].append(item)
    for name, group in files.items():
        _collect_file(name, group, collected, seen)
    return collected


def _collect_file(name: str, items: Sequence[EvaluationItem], collected: Collected, seen: set[bytes]) -> None:
    normalised = [[(label, normalise(text)) for label, text in _texts(item)] for item in items]
    template = _template_fields(normalised)
    tasks = _tasks(normalised, template)
    counts = dict.fromkeys(("items", "texts", "texts looked up whole", "items without such a text"), 0)
    grams, gram_tasks = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for item, texts, task in zip(items, normalised, tasks, strict=True):
        own = [(label, text, text.split()) for label, text in texts if text not in template]
        whole = {text for _, text, words in own if _is_looked_up_whole(words)}
        counts["items"] += 1
        counts["texts"] += len(own)
        counts["texts looked up whole"] += sum(text in whole for _, text, _ in own)
        counts["items without such a text"] += not whole
        for label, text, words in own:
            if len(words) >= HEAD and text not in seen:
                seen.add(text)
                hashes = word_hashes(text)
                collected.fields.append((hashes, len(collected.places), text in whole))
                collected.places.append((item.set, item.item, label))
                grams += gram_hashes(hashes, GRAM)
                gram_tasks.append(np.full(len(grams[-1]), task))
    collected.common.append(_shared(np.concatenate(grams), np.concatenate(gram_tasks)))
    collected.sets[name] = counts


def _tasks(items: Sequence[Sequence[tuple[str, bytes]]], template: set[bytes]) -> list[int]:
    """The task of each item. Items that share a long field (the same tests, other gaps to fill) are one task."""
    task_of_field: dict[bytes, int] = {}
    tasks = []
    for number, texts in enumerate(items):
        long = [text for _, text in texts if len(text) >= _LONG_FIELD and text not in template]
        tasks.append(next((task_of_field[text] for text in long if text in task_of_field), number))
        task_of_field.update(dict.fromkeys(long, tasks[-1]))
    return tasks


def _shared(grams: Hashes, tasks: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Hashes:
    """The grams that stand in more than MOST_TASKS tasks."""
    order = np.lexsort((tasks, grams))
    grams, tasks = grams[order], tasks[order]
    is_new = np.ones(len(grams), np.bool_)
    is_new[1:] = (grams[1:] != grams[:-1]) | (tasks[1:] != tasks[:-1])
    unique, counts = np.unique(grams[is_new], return_counts=True)
    return unique[counts > MOST_TASKS]


def _texts(item: EvaluationItem) -> Iterator[tuple[str, str]]:
    """The fields of an item, the comments in them alone, and, as people copy a problem with its solution, joined."""
    for label, text in item.fields:
        yield label, text
        for match in _COMMENTS.finditer(text):
            yield f"comment in {label}", next(filter(None, match.groups()))
    long = [(label, text) for label, text in item.fields if len(text.split(maxsplit=1)) > 1]
    if len(long) < 2:
        return
    yield "item", "\n".join(text for _, text in long)
    label, first = long[0]
    if not _is_looked_up_whole(normalise(first).split()):
        yield from ((f"{label} and {other}", f"{first}\n{text}") for other, text in long[1:])


def _template_fields(items: Sequence[Sequence[tuple[str, bytes]]]) -> set[bytes]:
    """Fields that stand in more than half of the items of a file: instructions and set-up, not the problem."""
    if len(items) <= MOST_TASKS:
        return set()
    counts = Counter(text for fields in items for text in {text for _, text in fields})
    return {text for text, count in counts.items() if count > len(items) / 2}


def _is_looked_up_whole(words: Sequence[bytes]) -> bool:
    telling = telling_words(words)
    return any(word_count(words) >= length and telling >= least for length, least in WHOLE_FIELD)


@dataclass(frozen=True)
class Arrays:
    """What `find` reads. Heads are sorted by hash, and by length, longest first."""

    grams: Hashes  # [grams], sorted, of all fields, without the common ones
    gram_places: np.ndarray[tuple[int], np.dtype[np.int32]]  # [grams], where each stands first
    heads: Hashes  # [fields looked up whole]: hash of the first GRAM words, or HEAD where there are fewer
    head_lengths: np.ndarray[tuple[int], np.dtype[np.int32]]  # [fields looked up whole], in words
    head_wholes: Hashes  # [fields looked up whole]: hash of all words
    head_places: np.ndarray[tuple[int], np.dtype[np.int32]]  # [fields looked up whole]


def make_arrays(collected: Collected) -> Arrays:
    """Sort what was collected."""
    grams = [gram_hashes(words, GRAM)[0] for words, _, _ in collected.fields]
    places = np.repeat(
        np.array([place for _, place, _ in collected.fields], dtype=np.int32), [len(one) for one in grams]
    )
    unique, first = np.unique(np.concatenate([np.empty(0, np.uint64), *grams]), return_index=True)
    kept = ~np.isin(unique, np.concatenate([unique[:0], *collected.common]))
    whole = [(words, place) for words, place, is_whole in collected.fields if is_whole]
    heads = np.array([whole_hash(words[: head_size(len(words))]) for words, _ in whole], np.uint64)
    lengths = np.array([len(words) for words, _ in whole], np.int32)
    order = np.lexsort((-lengths, heads))
    return Arrays(
        grams=unique[kept],
        gram_places=places[first][kept],
        heads=heads[order],
        head_lengths=lengths[order],
        head_wholes=np.array([whole_hash(words) for words, _ in whole], np.uint64)[order],
        head_places=np.array([place for _, place in whole], np.int32)[order],
    )


def head_size(length: int) -> int:
    """By how many of its first words a field of `length` words is looked up."""
    return GRAM if length >= GRAM else HEAD
