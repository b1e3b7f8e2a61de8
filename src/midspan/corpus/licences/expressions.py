"""SPDX licence expressions: parsed, and classed by the worst of AND and the best of OR.

The classes (`classes.tsv`, written by learn.py) follow The Stack v2 (StarCoder2, section 2.1): permissive is what the
Blue Oak Council rates silver or better or ScanCode lists as permissive or public domain; what ScanCode lists as
copyleft, commercial, source-available or restricted is non-permissive.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

Outcome = Literal["permissive", "non-permissive", "unknown"]
ORDER: tuple[Outcome, ...] = ("non-permissive", "unknown", "permissive")  # from the worst to the best
UNKNOWN = "unknown"
MALFORMED = "LicenseRef-malformed-expression"

_TOKEN = re.compile(r"\s*(?:([()])|([\w.:+-]+)|(\S))")
OPERATORS = ("AND", "OR", "WITH")
_MAX_TOKENS = 500
# Names that the table lacks, by what they say of themselves.
_RESTRICTED = re.compile(
    r"(A|L)?GPL|GFDL|[ME]PL\b|CDDL|CPL-|EUPL|OSL\b|SSPL|BUSL|CC-BY-(NC|SA|ND)|Elastic|Commons-Clause|PolyForm|UNLICENSED$"
    r"|LicenseRef-.*(proprietary|confidential|commercial|commons-clause|non-?free|no-|restricted|internal|end-user)"
    r"|LicenseRef-(limited-purpose|field-of-use|polyform|responsible-ai)",
    re.IGNORECASE,
)


def licence_class(expression: str) -> Outcome:
    """The outcome of an SPDX expression, "unknown" for what is none.

    Two names side by side both hold, as in the lists of U-Boot's early tags.
    """
    return _class_of_tokens(tokens_of(expression)) or "unknown"


def _class_of_tokens(tokens: list[str]) -> Outcome | None:
    """The outcome of an expression, None if it is not well-formed."""
    if not tokens or len(tokens) > _MAX_TOKENS:
        return None
    try:
        outcome, rest = _choice(tokens)
    except ValueError:
        return None
    return None if rest else outcome


def is_well_formed(tokens: list[str]) -> bool:
    """Whether the tokens are an expression."""
    return _class_of_tokens(tokens) is not None


def is_known(expression: str) -> bool:
    """Whether an expression is well-formed and each name in it a licence that is known, or a"
    " LicenseRef- of one's own."""
    tokens = tokens_of(expression)
    names = [token for token in tokens if token not in ("(", ")", *OPERATORS)]
    return (
        is_well_formed(tokens)
        and expression != MALFORMED
        and all(class_of_one(name) != "unknown" or name.startswith(("LicenseRef-", "DocumentRef-")) for name in names)
    )


def names_a_licence(text: str, all_known: bool = False) -> bool:
    """Whether a word of `text` is a licence that is known here, or every one is."""
    known = [class_of_one(token) != "unknown" for token in tokens_of(text) if token not in ("(", ")", *OPERATORS)]
    return bool(known) and (all(known) if all_known else any(known))


def all_of(expressions: Iterable[str]) -> str:
    """The expression that holds when every one does: each once, in order, joined by AND; "" for none.

    One that is not well-formed becomes MALFORMED, so that it cannot change the meaning of the others.
    """
    parts: list[str] = []
    for expression in filter(None, expressions):
        tokens = tokens_of(expression)
        if _class_of_tokens(tokens) is None:
            tokens = [MALFORMED]
        while tokens[:1] == ["("] and tokens[-1:] == [")"] and not {"(", ")"} & set(tokens[1:-1]):
            tokens = tokens[1:-1]
        whole = " ".join(tokens).replace("( ", "(").replace(" )", ")")
        parts += [whole] if {"OR", "("} & set(tokens) else whole.split(" AND ")
    parts = list(dict.fromkeys(parts))
    return " AND ".join(f"({one})" if " OR " in one and len(parts) > 1 else one for one in parts)


def names_in(expression: str) -> frozenset[str]:
    """The licences that an expression names, without what tells later versions."""
    names = (token for token in tokens_of(expression) if token not in ("(", ")", *OPERATORS))
    return frozenset(re.sub(r"-only$|-or-later$|\+$", "", name) for name in names)


def is_choice(expression: str) -> bool:
    """Whether an expression leaves a choice of single licences."""
    tokens = tokens_of(expression)
    return "OR" in tokens and not {"AND", "WITH"} & set(tokens) and is_well_formed(tokens)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of what must all be kept to; "unknown" of nothing."""
    return min(outcomes, key=ORDER.index, default="unknown")


@functools.lru_cache(maxsize=10_000)
def class_of_one(identifier: str) -> Outcome:
    """The outcome of one licence or exception; case does not matter (SPDX 2.3, annex D)."""
    classes = _classes()
    name = identifier.lower()
    if outcome := classes.get(name) or classes.get(name.removesuffix("+")):
        return outcome
    return "non-permissive" if _RESTRICTED.match(identifier) else "unknown"


def spelled(identifier: str) -> str:
    """An identifier of a licence as SPDX spells it, "" if it is none that is known; references stay as they are."""
    if re.match(r"(?:DocumentRef-[\w.-]+:)?LicenseRef-", identifier):
        return identifier
    name = identifier.lower()
    plain = _spellings().get(name.removesuffix("+"))
    return _spellings().get(name) or (f"{plain}+" if plain else "")


@functools.cache
def _spellings() -> dict[str, str]:
    """The names of `classes.tsv` by their lower case."""
    table = (Path(__file__).parent / "classes.tsv").read_text(encoding="utf-8")
    return {name.lower(): name for name in (line.split("\t")[0] for line in table.splitlines())}


@functools.cache
def _classes() -> dict[str, Outcome]:
    """The class of each name of `classes.tsv`, in lower case."""
    table = (Path(__file__).parent / "classes.tsv").read_text(encoding="utf-8")
    outcomes: dict[str, Outcome] = {outcome: outcome for outcome in ORDER}  # a word of the file as one of ours
    rows = (line.split("\t") for line in table.splitlines())
    return {name.lower(): outcomes[kind] for name, kind in rows}


def tokens_of(expression: str) -> list[str]:
    tokens = []
    for bracket, word, other in _TOKEN.findall(expression):
        tokens.append(bracket or (word.upper() if word.upper() in OPERATORS else word) or other)
    return tokens


def _choice(tokens: list[str]) -> tuple[Outcome, list[str]]:
    """The class of `all {OR all}` at the head of `tokens`, and what follows it."""
    best, rest = _all(tokens)
    while rest[:1] == ["OR"]:
        outcome, rest = _all(rest[1:])
        best = max(best, outcome, key=ORDER.index)
    return best, rest


def _all(tokens: list[str]) -> tuple[Outcome, list[str]]:
    result, rest = _one(tokens)
    while rest and rest[0] not in ("OR", ")", "WITH"):
        outcome, rest = _one(rest[1:] if rest[0] == "AND" else rest)
        result = worst([result, outcome])
    return result, rest


def _one(tokens: list[str]) -> tuple[Outcome, list[str]]:
    """One licence, with its exception, or an expression in parentheses; ValueError if neither stands there."""
    if not tokens or tokens[0] in OPERATORS or not re.match(r"[\w(]", tokens[0]):
        raise ValueError("a licence is missing")
    if tokens[0] == "(":
        outcome, rest = _choice(tokens[1:])
        if rest[:1] != [")"]:
            raise ValueError("a parenthesis is not closed")
        return outcome, rest[1:]
    outcome, rest = class_of_one(tokens[0]), tokens[1:]
    if rest[:1] == ["WITH"]:
        exception, rest = _one(rest[1:])
        outcome = worst([outcome, exception])  # what is put beside a licence may also take from it
    return outcome, rest
