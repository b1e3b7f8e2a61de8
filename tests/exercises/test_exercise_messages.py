"""From an exercise to a conversation, and from an answer back to code."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from midspan.exercises import extract_code, generate_exercises, messages

PYTHON = next(e for e in generate_exercises(1, 1) if e.language == "python")
SQL = next(e for e in generate_exercises(1, 1) if e.language == "sql")


def test_without_an_answer_there_is_only_the_question() -> None:
    assert messages(PYTHON) == [{"role": "user", "content": PYTHON.instruction}]


def test_the_answer_stands_in_a_fence_of_its_language() -> None:
    assert messages(PYTHON, "x = 1")[1] == {"role": "assistant", "content": "```python\nx = 1\n```"}
    assert messages(SQL, "SELECT 1;")[1] == {"role": "assistant", "content": "```sql\nSELECT 1;\n```"}


@given(st.text().filter(lambda code: not any(line.startswith("```") for line in code.split("\n"))))
def test_code_comes_back_out_of_the_answer_it_was_put_into(code: str) -> None:
    assert extract_code(messages(PYTHON, code)[1]["content"]) == code


@given(st.text().filter(lambda text: "```" not in text))
def test_text_without_a_fence_is_itself_the_code(text: str) -> None:
    assert extract_code(text) == text


def test_words_around_the_block_and_later_blocks_are_left_out() -> None:
    text = "Sure:\n```python\ndef f():\n    return 1\n```\nand so on\n```\nother\n```"
    assert extract_code(text) == "def f():\n    return 1"


def test_a_fence_without_a_language_counts() -> None:
    assert extract_code("```\nx = 1\n\ny = 2\n```") == "x = 1\n\ny = 2"


def test_an_answer_that_was_cut_off_keeps_what_is_there() -> None:
    assert extract_code("```python\ndef f():\n    retu") == "def f():\n    retu"


def test_a_fence_inside_of_a_line_does_not_end_the_block() -> None:
    assert extract_code('```python\nfence = "```"\n```') == 'fence = "```"'


def test_an_empty_block_is_empty_code() -> None:
    assert extract_code("```python\n```") == ""
