"""Stop strings in a growing text: cut at the match, held back while one may be about to begin."""

from __future__ import annotations


class StopMatcher:
    """Lets text through up to the first stop string, which is cut off with all that follows.

    The stop string that is complete first wins (of several complete at the same character, the longest), so
    the result does not depend on how the text is cut into pieces. Empty stop strings are ignored.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """The text that is now certain to belong to the answer."""
        assert not self.stopped, "nothing comes after a stop string"
        text = self._held + text
        starts = ((text.find(stop), stop) for stop in self._stops)
        matches = [(start + len(stop), start) for start, stop in starts if start >= 0]
        if matches:
            self.stopped, self._held = True, ""
            return text[: min(matches)[1]]
        certain = len(text) - self._longest_beginning(text)
        self._held = text[certain:]
        return text[:certain]

    def flush(self) -> str:
        """What was held back, now that nothing more comes."""
        held, self._held = self._held, ""
        return held

    def _longest_beginning(self, text: str) -> int:
        """The length of the longest end of `text` that begins a stop string."""
        longest = 0
        for stop in self._stops:
            for length in range(min(len(stop) - 1, len(text)), longest, -1):
                if text.endswith(stop[:length]):
                    longest = length
                    break
        return longest
