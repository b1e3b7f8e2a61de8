"""Where an answer between two texts ends: where it begins to say again what follows the cursor.

A model that is asked for a middle may go on past it, into what stands there already. Three repetitions are no chance:
  - a whole line after the answer's first that is the file's next one, indentation included, with the lines before it
    that are the file's too. Lines that stand anywhere, such as `)`, `end` or `else:`, end nothing by themselves.
  - a first line, or a last one, that ends with the rest of the cursor's own line, where all before it has closed the
    brackets that it opened: `f(|)` may be filled with `g(x)`. A short rest is not looked for within a word.
  - a first line that makes the cursor's line the file's next one, where that says something: then nothing is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LEAST_CHARACTERS = 4  # of a line that says where it stands, blanks not counted
LOOKED_AT = 32  # lines of the suffix
# A line that has no other words says nothing, whatever the language.
_WORDS = "begin break case catch continue default do done elif else end endif esac except fi finally loop pass raise"
COMMONPLACE = frozenset([*_WORDS.split(), "repeat", "rescue", "return", "then", "throw", "try"])


class SuffixMatcher:
    """Lets an answer through up to where it repeats `suffix`. Held back are blanks, and what may begin to repeat it.

    `line` is the cursor's own line, as far as it stands before the cursor.

    As with `StopMatcher`, the result does not depend on how the answer is cut into pieces.
    """

    def __init__(self, suffix: str, line: str = "") -> None:
        own, *others = (told.rstrip() for told in suffix.split("\n", LOOKED_AT)[:LOOKED_AT])
        self._line, self._rest = line, own
        # The lines that are a repetition; where the first is the cursor's own, the answer keeps the newline before it.
        following, with_own = _down_to_a_place(others), _down_to_a_place([own, *others]) if own else []
        found = ((following, False), (following[-1:], False), (with_own, True))
        self._repetitions = [(lines, keeps) for lines, keeps in found if lines]
        self._next = following[0] if len(following) == 1 and not own else None  # the first that is not blank
        self._text, self._shown = "", 0
        self.stopped = False

    def push(self, text: str) -> str:
        """The text that is now certain to belong to the answer."""
        assert not self.stopped, "nothing comes after the end"
        self._text += text
        return self._show(self._end(last=False), min(self._possible_ends()))

    def flush(self) -> str:
        """What was held back, now that nothing more comes."""
        return self._show(self._end(last=True), len(self._text))

    def _show(self, end: int | None, certain: int) -> str:
        self.stopped = end is not None
        start, self._shown = self._shown, max(self._shown, certain if end is None else end)
        return self._text[start : self._shown]

    def _end(self, last: bool) -> int | None:
        """Where the answer ends by its whole lines; None where they repeat nothing."""
        first, newline, _ = self._text.partition("\n")
        if (newline or last) and (self._line + first).rstrip() == self._next:
            return 0
        if newline and (end := self._before_rest(first)) is not None:
            return end
        starts, told = self._lines(whole=not last)
        for count in range(1, len(told) + 1):
            ends = [
                self._before_line(starts[count - len(lines)], keeps)
                for lines, keeps in self._repetitions
                if told[max(0, count - len(lines)) : count] == lines
            ]
            if ends:
                return min(ends)
        return self._before_rest(self._text) if last else None

    def _possible_ends(self) -> Iterator[int]:
        """The places at which the answer would end if what comes went on to repeat the suffix."""
        text = self._text.rstrip()
        yield len(text)
        if self._next and self._next.startswith((self._line + self._text).rstrip()):
            yield 0
        sizes = range(1, min(len(self._rest), len(text)) + 1)
        yield from (len(text) - size for size in sizes if text.endswith(self._rest[:size]))
        starts, told = self._lines(whole=False)
        for lines, keeps in self._repetitions:
            for count in range(1, min(len(lines), len(told)) + 1):
                *equal, begun = told[-count:]
                if equal == lines[: count - 1] and lines[count - 1].startswith(begun):
                    yield self._before_line(starts[-count], keeps)

    def _lines(self, whole: bool) -> tuple[list[int], list[str]]:
        """Where lines that are not blank start, and what they say: all after the first, but for the last if `whole`."""
        lines = [line.rstrip() for line in self._text.split("\n")]
        starts = [0, *(found.end() for found in re.finditer("\n", self._text))]
        numbers = [number for number in range(1, len(lines) - whole) if lines[number]]
        return [starts[number] for number in numbers], [lines[number] for number in numbers]

    def _before_line(self, start: int, keeps: bool) -> int:
        """Where the answer ends if the repetition begins with the line that starts there."""
        return start if keeps else len(self._text[:start].rstrip())

    def _before_rest(self, text: str) -> int | None:
        """Where the rest of the cursor's line begins with which `text` ends; None where that is no repetition."""
        told = text.rstrip()
        before = told.removesuffix(self._rest)
        within_word = re.search(r"\w\Z", before) and re.match(r"\w", self._rest)
        if not self._rest or before == told or (within_word and not _says_where(self._rest)):
            return None
        opened, closed = (sum(map(before.count, brackets)) for brackets in ("([{", ")]}"))
        return len(before) if opened <= closed else None


def _down_to_a_place(lines: list[str]) -> list[str]:
    """The lines that are not blank, to the first that says where it stands; none where no line does."""
    told = [line for line in lines if line]
    place = next((number for number, line in enumerate(told) if _says_where(line)), None)
    return [] if place is None else told[: place + 1]


def _says_where(line: str) -> bool:
    words = re.findall(r"\w+", line)
    return len("".join(line.split())) >= LEAST_CHARACTERS and not COMMONPLACE.issuperset(words)
