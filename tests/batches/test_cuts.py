"""Where a text is cut: characters evenly, lines to their ends, syntax nodes whole; nothing is lost."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.batches.cuts import CUTS, LONGEST_LINES, LONGEST_NODE, at_characters, at_lines, at_nodes
from midspan.batches.randomness import drawn, generator

PYTHON = '''import os


def total(values, start=0):
    """The sum, é included."""
    for value in values:
        start += value
    return start
'''


@pytest.mark.parametrize("kind", CUTS)
@given(st.text(max_size=60), st.sampled_from(["python", "go", "shell", "html", "no such language"]), st.integers())
def test_the_parts_of_a_cut_joined_are_the_text(kind: str, text: str, language: str, seed: int) -> None:
    parts = CUTS[kind](text, "a", language, generator(seed))
    assert parts is None or "".join(parts) == text


def test_both_characters_fall_on_every_position_about_equally_often() -> None:
    places = Counter(len(at_characters("abc", "", "", generator(seed))[0]) for seed in range(4000))
    # Of two uniform draws from 0..3 the smaller is k with probability (7 - 2k) / 16.
    for place in range(4):
        assert abs(places[place] / 4000 - (7 - 2 * place) / 16) < 0.03


def test_a_cut_at_lines_begins_in_a_lines_code_and_ends_where_a_line_ends() -> None:
    lengths, at_code = Counter[int](), 0
    for seed in range(2000):
        parts = at_lines(PYTHON, "", "", generator(seed))
        assert parts is not None
        prefix, middle, suffix = parts
        begun = prefix.rpartition("\n")[2]
        assert middle.partition("\n")[0].strip() or begun.strip()
        assert suffix == "" or suffix.startswith("\n")
        at_code += not begun.strip()
        lengths[middle.count("\n")] += 1
    assert abs(lengths[0] / 2000 - 0.5) < 0.08  # half end with their own line, a few more where the text ends
    assert max(lengths) < LONGEST_LINES
    assert 0.5 < at_code / 2000 < 0.6  # half, and those drawn within a line that fall on its first character


def test_a_text_of_blanks_has_no_line_to_cut() -> None:
    assert at_lines("\n  \n", "", "", generator(1)) is None


def test_a_cut_at_nodes_takes_out_whole_expressions_and_statements() -> None:
    found = [at_nodes(PYTHON, "a.py", "python", generator(seed)) for seed in range(600)]
    middles = {parts[1] for parts in found if parts}
    assert sum(parts is None for parts in found) < 60  # between two statements
    assert {"start += value", "value", "return start", '"""The sum, é included."""'} <= middles
    parsed = 0
    for middle in middles:
        try:
            ast.parse(textwrap.dedent(middle))
            parsed += 1
        except SyntaxError:
            assert middle[:1] in "(\"'" or "\n" in middle or middle in PYTHON  # parameters, parts of strings
    assert parsed > len(middles) / 2


def test_no_node_is_longer_than_the_limit() -> None:
    text = "def f():\n" + "".join(f"    value_{n} = {n} + other_{n}\n" for n in range(200))
    found = [at_nodes(text, "a.py", "python", generator(seed)) for seed in range(200)]
    assert max(len(parts[1]) for parts in found if parts) <= LONGEST_NODE


def test_without_a_grammar_lines_are_cut() -> None:
    assert at_nodes("a b\nc d\n", "a", "cobol", generator(3)) == at_lines("a b\nc d\n", "a", "cobol", generator(3))


def test_a_name_is_drawn_by_its_weight() -> None:
    found = Counter(drawn({"psm": 3.0, "spm": 1.0}, generator(seed)) for seed in range(2000))
    assert abs(found["psm"] / 2000 - 0.75) < 0.03
    assert {drawn({"spm": 1.0}, generator(seed)) for seed in range(20)} == {"spm"}
