"""A statement beside the one that was expected, as CrossCodeEval compares them.

github.com/amazon-science/cceval, scripts/eval_metric.py and eval_utils.py.
"""

from __future__ import annotations

import ast
import keyword
import re

from midspan.evaluate.in_place import similarity

STRING = re.compile(r""""([^"\\]*(\\.[^"\\]*)*)"|'([^'\\]*(\\.[^'\\]*)*)'""")
COMMENT = re.compile(r"(#|//).*")
SHARED = "break case catch class const continue default do else enum finally for if import in instanceof interface new"
SHARED += " package private protected public return static super switch this throw try void while"
JAVA = "abstract assert boolean byte char double extends final float goto implements int long native short strictfp"
CSHARP = (
    "abstract as base bool byte char checked decimal delegate double event explicit extern fixed float foreach goto"
)
CSHARP += (
    " implicit int internal is lock long namespace null object operator out override params readonly ref sbyte sealed"
)
CSHARP += " short sizeof stackalloc string struct typeof uint ulong unchecked unsafe ushort using virtual volatile"
KEYWORDS = {
    "python": frozenset(keyword.kwlist) - {"True", "False"},
    "java": frozenset(f"{SHARED} {JAVA} synchronized throws transient volatile var".split()) - {"in"},
    "typescript": frozenset(
        f"{SHARED} debugger delete export extends function implements let typeof var with yield".split()
    ),
    "csharp": frozenset(f"{SHARED} {CSHARP}".split()) - {"extends", "import", "instanceof", "package", "super"},
}

# What a statement is worth, from 0 to 1: what the score is called that is the mean of it.
VALUES = {
    "exact": "exact match",
    "similarity": "edit similarity",
    "names": "identifiers, exact match",
    "f1": "identifiers, F1",
}


def statement_values(told: str, expected: str, language: str) -> dict[str, float]:
    """What an answer is worth, by name: blanks around its lines and comments do not count, the order of names does."""
    told, expected = without_comments(told), without_comments(expected)
    lines, wanted = ([line.strip() for line in text.split("\n") if line.strip()] for text in (told, expected))
    names, right = identifiers(told, language), identifiers(expected, language)
    return {
        "exact": float(lines == wanted),
        "similarity": similarity(told.strip(), expected.strip()),
        "names": float(names == right),
        "f1": overlap(names, right),
    }


def without_comments(code: str) -> str:
    """The code up to `#` or `//` in each line, in strings too."""
    return COMMENT.sub("", code)


def identifiers(code: str, language: str) -> list[str]:
    """The names outside of strings, in order; keywords of the language are none."""
    words = re.findall(r"\w+", STRING.sub("", code))
    return [word for word in words if re.match("[A-Za-z_]", word) and word not in KEYWORDS[language]]


def overlap(told: list[str], expected: list[str]) -> float:
    """The F1 of two sets of names: 0 where both are empty."""
    one, other = set(told), set(expected)
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def same_call(told: str, expected: str, language: str) -> tuple[bool, bool]:
    """Whether two calls are the same, blanks aside: by SAFIM's rule (evaluate.py), and strictly.

    Of Python's calls that rule compares the arguments, named ones in any order, but not the function.
    """
    one, other = ("".join(text.split()) for text in (told, expected))
    call, right = (_call(text) if language == "python" else None for text in (one, other))
    if call is None or right is None:
        return one == other, one == other
    return call[1:] == right[1:], call == right


def _call(code: str) -> tuple[str, list[str], dict[str | None, str]] | None:
    """The function, the arguments and the named arguments of a call; None where the code is no call."""
    try:
        found = ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(found, ast.Call):
        return None
    named = {one.arg: ast.dump(one.value) for one in found.keywords}
    return ast.dump(found.func), [ast.dump(one) for one in found.args], named
