"""Where answers end that go on into what follows the cursor, against looking at every cut of the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.inference import Engine, Fill, Ids, Plain, Sampling
from midspan.inference.endings import COMMONPLACE, SuffixMatcher

LINES = [
    "",
    "}",
    "else:",
    "    x = y",
    "x = y",
    "return x",
    "    f(x)",
    ")",
    "x)",
    "g(x)",
    "x",
    "mx",
    "my_value",
    "value",
    "  ",
]
texts = st.lists(st.sampled_from(LINES), max_size=7).map("\n".join)


def push_all(pieces: list[str], suffix: str, line: str = "") -> tuple[str, bool]:
    matcher, shown = SuffixMatcher(suffix, line), ""
    for piece in pieces:
        shown += matcher.push(piece)
        if matcher.stopped:
            return shown, True
    return shown + matcher.flush(), matcher.stopped


def whole(text: str, suffix: str, line: str = "") -> str:
    return push_all([text], suffix, line)[0]


def says_where(line: str) -> bool:
    return len(re.sub(r"\s", "", line)) >= 4 and not set(re.findall(r"\w+", line)) <= COMMONPLACE


def repeats_rest(text: str, rest: str) -> str | None:
    text = text.rstrip()
    if not rest or not text.endswith(rest):
        return None
    before = text[: len(text) - len(rest)]
    within = re.fullmatch(r"(?s).*\w", before) and re.match(r"\w", rest) and not says_where(rest)
    return None if within or len(re.findall(r"[(\[{]", before)) > len(re.findall(r"[)\]}]", before)) else before


def line_by_line(text: str, suffix: str, begun: str) -> tuple[str, bool]:
    """The rule as it is said: of the texts that whole lines of the answer make, the first that repeats the suffix."""
    own, *others = [line.rstrip() for line in suffix.split("\n")]
    lines = text.split("\n")
    nearest = next((line for line in others if line), "")
    if not own and says_where(nearest) and (begun + lines[0]).rstrip() == nearest:
        return "", True
    if len(lines) > 1 and (before := repeats_rest(lines[0], own)) is not None:
        return before, True
    for end in range(2, len(lines) + 1):
        found = []
        for start in range(1, end):
            said = [line.rstrip() for line in lines[start:end] if line.strip()]
            if not lines[start].strip() or not lines[end - 1].strip() or not says_where(said[-1]):
                continue
            if any(says_where(line) for line in said[:-1]):
                continue
            if own and said == [line for line in [own, *others] if line][: len(said)]:
                found.append("".join(line + "\n" for line in lines[:start]))
            following = [line for line in others if line]
            place = next(filter(says_where, following), None)
            if said == following[: len(said)] or said == [place]:
                found.append("\n".join(lines[:start]).rstrip())
        if found:
            return min(found, key=len), True
    before = repeats_rest(text, own)
    return (text, False) if before is None else (before, True)


@given(texts, texts, st.sampled_from(["", "    ", "my_", "return", "    f(", "x"]), st.data())
def test_an_answer_is_cut_where_it_repeats_what_follows_however_it_comes(
    text: str, suffix: str, line: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    made = push_all(pieces, suffix, line)
    assert made == line_by_line(text, suffix, line)
    assert text.startswith(made[0])


@given(texts, texts)
def test_nothing_is_held_but_blanks_and_what_may_repeat_the_suffix(text: str, suffix: str) -> None:
    matcher, shown = SuffixMatcher(suffix), ""
    said = {line.strip() for line in suffix.split("\n")}
    for number, character in enumerate(text, 1):
        shown += matcher.push(character)
        if matcher.stopped:
            return
        assert text.startswith(shown)
        held = text[len(shown) : number].split()
        assert not held or any(" ".join(held).startswith(one[: len(" ".join(held))]) for one in said if one)


@pytest.mark.parametrize(
    ("answer", "suffix", "expected"),
    [
        ("return a\n\n\ndef g():\n    pass", "\n\n\ndef g():\n    pass\n", "return a"),
        ("x = 1\n    return x", "\n    return x\n", "x = 1"),
        ("if a:\n        return x\n    y()", "\n    return x\n", None),  # another indentation
        ("    x = 1\n    return x\n", "    return x\n", "    x = 1\n"),  # the cursor is where that line begins
        ("a;\n}\n\nvoid g() {\n", "\n}\n\nvoid g() {\n", "a;"),
        ("a;\n\nvoid g() {\n", "\n}\n\nvoid g() {\n", "a;"),
        ("if (a) {\n  b();\n}\nc();\n", "\n}\n", None),
        ("if a:\n    b\nelse:\n    c", "\nelse:\n    d\n", None),
        ("print(1)\n", "\nprint(1) + 2\n", None),
        ("x)", ")\n", "x"),
        ("g(x)", ")\n", None),
        ("g(x))", ")\n", "g(x)"),
        ("a, b):\n    return a", "):\n    pass\n", "a, b"),
        ("\n    a,\n    b,\n)\n", ")\n", "\n    a,\n    b,\n"),
        ("max", "x\n", None),  # within a word
        ("urn counts", "urn counts\n", ""),
        ("returns_counts", "counts\n", "returns_"),
        ("return a\r\n\r\ndef g():\r\n", "\r\n\r\ndef g():\r\n", "return a"),
    ],
)
def test_where_an_answer_ends(answer: str, suffix: str, expected: str | None) -> None:
    assert whole(answer, suffix) == (answer if expected is None else expected)


@pytest.mark.parametrize(
    ("line", "answer", "suffix", "expected"),
    [
        ("    ", "return total", "\n    return total\n", ""),
        ("    ret", "urn total\n    x", "\n\n    return total\n", ""),
        ("  ", "return total", "\n    return total\n", "return total"),  # another indentation
        ("    ", "return total", " + 1\n    return total\n", "return total"),  # the line goes on
        ("    ", "}", "\n    }\n}\n", "}"),  # stands anywhere
    ],
)
def test_a_line_that_follows_anyway_is_no_answer(line: str, answer: str, suffix: str, expected: str) -> None:
    assert whole(answer, suffix, line) == expected


def test_the_engine_ends_there_where_it_is_asked_to(engine: Engine) -> None:
    asked = engine.ids(Fill("def f(", ""), 24)
    raw = engine.complete([asked], Sampling(max_tokens=24))[0].text
    middle = len(raw) // 2
    rest = raw[middle:].rstrip()
    suffix = "\n".join(("", "x = 1", "y = 2"))
    asked_between = engine.ids(Fill("x\ndef f(", suffix), 24)
    assert (asked_between.line, asked_between.suffix) == ("def f(", suffix)
    assert engine.ids(Plain("def f("), 24).suffix == ""
    repeated = Ids(asked.tokens, asked.taken, rest)
    (ended,) = engine.complete([repeated], Sampling(max_tokens=24, stop_at_suffix=True))
    assert ended.text == whole(raw, rest)
    assert "".join(piece.text for piece in engine.stream(repeated, Sampling(24, stop_at_suffix=True))) == ended.text
    assert engine.complete([repeated], Sampling(max_tokens=24))[0].text == raw
