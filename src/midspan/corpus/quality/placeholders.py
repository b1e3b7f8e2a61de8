"""Templates of source files: placeholders are made names of the same length, so that what is around them parses.

@VERSION@ of autoconf and CMake, {{ name }} of Go, Jinja and others, and lines that only the template's engine reads.
"""

from __future__ import annotations

import re

_ONE = rb"@[A-Za-z_][\w.]*@|\{\{[^{}\n]*\}\}|\{%[^\n]*?%\}|<%[^\n]*?%>"
_PLACEHOLDER = re.compile(_ONE)
_WHOLE_LINE = re.compile(rb"^[ \t]*(?:(?:(?:%b)[ \t]*)++;?|#cmakedefine[^\n]*)[ \t]*$" % _ONE, re.MULTILINE)


def filled(data: bytes) -> bytes:
    """The text of a template with names in the place of its placeholders; every other byte stays in its place."""
    if b"@" not in data and b"{{" not in data and b"%" not in data and b"#cmakedefine" not in data:
        return data
    data = _WHOLE_LINE.sub(lambda line: b" " * len(line.group()), data)
    return _PLACEHOLDER.sub(lambda match: b"_" * len(match.group()), data)
