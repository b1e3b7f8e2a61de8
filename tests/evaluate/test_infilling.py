"""Infilling: which gaps are made, what an answer in its place is worth, what a model that cannot fill is asked."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import TOOLS, documents, write_documents

from midspan.corpus.documents import HELDOUT_SCHEMA
from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.infilling import INFILLING, LEFT, Settings, items
from midspan.evaluate.gaps import LONGEST, PER_FILE, Gap
from midspan.evaluate.in_place import parses_in_place, repeats_suffix, similarity, values_in_place
from midspan.evaluate.subject import Item
from midspan.inference import Completion, Fill, FinishReason, Plain


def gaps(folder: Path, seed: int = 1, **settings: int) -> list[Item]:
    return items(Settings(**settings), HeldOut(seed, documents=folder))


def of(found: list[Item], group: str) -> list[Item]:
    return [item for item in found if item.group == group]


def test_a_gap_put_back_is_the_file(tmp_path: Path, code_texts: list[str]) -> None:
    found = gaps(write_documents(tmp_path / "heldout", code_texts), lines=15, blocks=9, nodes=9, left=4)
    assert [len(of(found, group)) for group in ("lines", "blocks", LEFT)] == [15, 9, 4]
    for item in found:
        gap = item.source
        assert gap.prefix + gap.middle + gap.suffix in code_texts
        assert item.expected == gap.middle.rstrip()
        assert len(gap.middle) <= LONGEST
    for line, left in zip(of(found, "lines"), of(found, LEFT), strict=False):
        assert isinstance(line.prompt, Fill)
        assert isinstance(left.prompt, Plain)
        assert left.prompt.text == line.prompt.prefix
        assert not line.prompt.prefix.rpartition("\n")[2].strip()  # the cursor stands after the indentation
        assert line.prompt.suffix.startswith("\n")
        assert not line.expected.startswith("#")
    for block in of(found, "blocks"):
        assert block.expected.count("\n") >= 1


def test_nodes_are_whole_pieces_of_syntax(tmp_path: Path) -> None:
    text = "def add(first, second):\n    total = first + second\n    return total\n\n\nprint(add(1, 2))\n"
    folder = tmp_path / "heldout"
    folder.mkdir()
    rows = [vars(documents([text])[0]) | {"language": "python", "blocks": [{"first": 1, "end": 3}]}]
    pq.write_table(pa.Table.from_pylist(rows, schema=HELDOUT_SCHEMA), folder / "later.parquet")
    found = {item.expected for item in of(gaps(folder, nodes=50), "nodes")}
    assert {"first + second", "return total", "total = first + second"} <= found
    assert not {"add(1, 2)", "print(add(1, 2))"} & found  # beyond the lines that count


def test_only_lines_that_count_are_taken_out(tmp_path: Path) -> None:
    text = "".join(f"value_{number} = {number} * other\n" for number in range(40))
    folder = tmp_path / "heldout"
    folder.mkdir()
    rows = [vars(documents([text])[0]) | {"blocks": [{"first": 10, "end": 13}, {"first": 30, "end": 32}]}]
    pq.write_table(pa.Table.from_pylist(rows, schema=HELDOUT_SCHEMA), folder / "later.parquet")
    found = gaps(folder, lines=100, blocks=100)
    assert {item.expected for item in of(found, "lines")} == {f"value_{n} = {n} * other" for n in (10, 11, 12, 30, 31)}
    assert of(found, "blocks")
    for item in of(found, "blocks"):
        first = item.source.prefix.count("\n")
        assert {*range(first, first + item.expected.count("\n") + 1)} <= {10, 11, 12} or first == 30


def test_the_choice_depends_on_the_seed_and_not_on_the_order_of_files(tmp_path: Path, code_texts: list[str]) -> None:
    forward, backward = (
        write_documents(tmp_path / name, texts) for name, texts in (("a", code_texts), ("b", code_texts[::-1]))
    )
    chosen = [sorted(item.expected for item in gaps(folder, lines=30)) for folder in (forward, backward)]
    assert chosen[0] == chosen[1]
    assert chosen[0] != sorted(item.expected for item in gaps(forward, lines=30, seed=2))


def test_no_file_gives_more_than_its_share(tmp_path: Path) -> None:
    text = "".join(f"value_{number} = {number} * other\n" for number in range(400))
    assert len(of(gaps(write_documents(tmp_path / "heldout", [text]), lines=300), "lines")) == PER_FILE


def gap_of(middle: str, suffix: str = "\n\n\nf(1)\n", prefix: str = "def f(x):\n    ") -> Gap:
    (document,) = documents([prefix + middle + suffix])
    return Gap(type(document)(**vars(document) | {"language": "python"}), prefix, middle, suffix)


def answer(text: str, reason: FinishReason = "stop", ended: bool = True, filled: bool = True) -> Completion:
    return Completion(text, [], reason, 1, ended, filled)


@pytest.mark.parametrize(
    ("text", "exact"), [("return x", 1), ("return x  ", 1), ("return xs", 0), ("  return x", 0), ("", 0)]
)
def test_an_answer_is_exact_when_it_is_what_was_taken_out(text: str, exact: int) -> None:
    gap = gap_of("return x")
    assert values_in_place(gap, answer(text))["exact"] == exact
    item = Item("a", "b", Fill(gap.prefix, gap.suffix), "lines", gap.middle, gap)
    (verdict,) = INFILLING.grade([item], [answer(text)], TOOLS)
    assert verdict.outcome == ("passed" if exact else "failed")


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_similarity_is_that_of_the_longest_common_subsequence(one: str, other: str) -> None:
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            table[i + 1][j + 1] = table[i][j] + 1 if left == right else max(table[i][j + 1], table[i + 1][j])
    expected = 2 * table[-1][-1] / (len(one) + len(other)) if one or other else 1.0
    assert similarity(one, other) == pytest.approx(expected)


def test_what_breaks_the_file_does_not_parse_in_place() -> None:
    gap = gap_of("return x")
    assert parses_in_place(gap, "return (x + 1)")
    assert not parses_in_place(gap, "return (x + ")
    assert parses_in_place(Gap(documents(["a b"])[0], "a", " b", ""), ")(") is None  # no language, no grammar


def test_an_answer_that_says_more_or_all_that_it_may_goes_on_too_long() -> None:
    gap = gap_of("return x")
    assert values_in_place(gap, answer("return x"))["overrun"] == 0
    assert values_in_place(gap, answer("return x + 1"))["overrun"] == 1
    assert values_in_place(gap, answer("x"))["overrun"] == 0
    assert values_in_place(gap, answer("x", "length", ended=False))["overrun"] == 1


def test_only_what_sees_both_sides_can_end_by_itself() -> None:
    gap = gap_of("return x")
    assert values_in_place(gap, answer("return x"))["ended"] == 1
    assert values_in_place(gap, answer("return x", ended=False))["ended"] == 0  # a repetition ended it
    assert "ended" not in values_in_place(gap, answer("return x", ended=False, filled=False))


@pytest.mark.parametrize("filled", [True, False])
def test_what_an_answer_says_is_judged_apart_from_where_it_ends(filled: bool) -> None:
    gap = gap_of("y = x\n    return y")
    values = values_in_place(gap, answer("y = x\n    return y\n\n\nf(2)\nf(3)", "length", False, filled))
    assert (values["exact"], values["as_many_lines"]) == (0, 1)
    assert 0.5 < values["similarity"] < 1
    short = values_in_place(gap, answer("y = x", filled=filled))
    assert short["as_many_lines"] == short["similarity"] < 0.5


def test_a_line_ends_with_its_line_so_that_nothing_is_said_of_as_many(tmp_path: Path, code_texts: list[str]) -> None:
    found = gaps(write_documents(tmp_path / "heldout", code_texts), lines=2, blocks=2, left=2)
    verdicts = INFILLING.grade(found, [answer(item.expected) for item in found], TOOLS)
    told = {item.group for item, verdict in zip(found, verdicts, strict=True) if "as_many_lines" in verdict.values}
    assert told == {"blocks", "nodes"} & {item.group for item in found}


def test_an_answer_that_ends_with_the_line_that_follows_repeats_it() -> None:
    gap = gap_of("y = x", suffix="\n    return y\n")
    assert repeats_suffix(gap, "y = x\n    return y")
    assert not repeats_suffix(gap, "y = x")
    assert not repeats_suffix(gap_of("x", suffix="\n)\n"), "x\n)")  # a bracket alone says nothing
    assert not repeats_suffix(gap_of("y += 1\n    y += 1", suffix="\n    y += 1\n"), "y += 1")
