"""A text that a regular expression matches, drawn at random: the example of its own that every rule must fire on.

What a look-behind asks for is written, as is what a look-ahead at the very end asks for; other look-aheads are left to
chance, and negative ones too.
"""

from __future__ import annotations

import importlib
import random
import string
from typing import Any

_parser: Any = importlib.import_module("re._parser")
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_letters + string.digits,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": string.ascii_letters + string.digits,
}
_LEAST_SECRET = 16
_ANY = string.ascii_letters + string.digits


def example_of(pattern: str, draw: random.Random) -> str:
    """One text; repetitions are as short as they may be, or sixteen within a group, as that is the secret."""
    return _sequence(_parser.parse(pattern), draw, {}, is_end=True)


def _sequence(items: Any, draw: random.Random, groups: dict[int, str], is_end: bool, least: int = 0) -> str:
    last = len(list(items)) - 1
    return "".join(
        _one(str(name), value, draw, groups, is_end and place == last, least)
        for place, (name, value) in enumerate(items)
    )


def _one(name: str, value: Any, draw: random.Random, groups: dict[int, str], is_end: bool, least: int) -> str:
    match name:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return draw.choice(_ANY.replace(chr(value), ""))
        case "ANY":
            return draw.choice(_ANY)
        case "IN":
            return draw.choice(_members(value))
        case "BRANCH":
            return _sequence(draw.choice(value[1]), draw, groups, is_end, least)
        case "SUBPATTERN":
            text = _sequence(value[-1], draw, groups, is_end, _LEAST_SECRET if value[0] else least)
            groups[value[0]] = text
            return text
        case "GROUPREF":
            return groups[value]
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            times = max(value[0], min(int(value[1]), least))
            return "".join(_sequence(value[2], draw, groups, False, least) for _ in range(times))
        case "ASSERT":
            return _sequence(value[1], draw, groups, False) if value[0] < 0 or is_end else ""
        case _:  # AT, ASSERT_NOT
            return ""


def _members(items: Any) -> str:
    listed = ""
    for name, value in items:
        match str(name):
            case "LITERAL":
                listed += chr(value)
            case "RANGE":
                listed += "".join(map(chr, range(value[0], value[1] + 1)))
            case "CATEGORY":
                listed += _CATEGORIES.get(str(value), "")
    if str(items[0][0]) == "NEGATE":
        return "".join(one for one in _ANY if one not in listed)
    return listed
