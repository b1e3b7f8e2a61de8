"""Infilling: which lines are taken out, and when an answer counts as exact."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_models import TOOLS, write_documents

from midspan.evaluate.benchmark import HeldOut, Item
from midspan.evaluate.benchmarks.infilling import BOTH, INFILLING, LEFT, Settings, items
from midspan.inference import Completion, Fill, Plain


def blanks(folder: Path, lines: int, seed: int = 1) -> list[Item]:
    return items(Settings(lines=lines), HeldOut(seed, documents=folder))


def test_a_blank_put_back_is_the_file(tmp_path: Path, code_texts: list[str]) -> None:
    found = blanks(write_documents(tmp_path / "heldout", code_texts), 15)
    assert [item.group for item in found] == [BOTH] * 15 + [LEFT] * 15
    for both, left in zip(found[:15], found[15:], strict=True):
        path, _, number = both.identifier.partition(", line ")
        text = code_texts[int(path.removeprefix("r/").removesuffix(".py"))]
        line = text.split("\n")[int(number) - 1]
        assert isinstance(both.prompt, Fill)
        assert isinstance(left.prompt, Plain)
        assert both.prompt.prefix + line.lstrip() + both.prompt.suffix == text
        assert left.prompt.text == both.prompt.prefix
        assert line.strip() == both.expected == left.expected
        assert not both.expected.startswith("#")


def test_the_choice_depends_on_the_seed_and_not_on_the_order_of_files(tmp_path: Path, code_texts: list[str]) -> None:
    forward, backward = (
        write_documents(tmp_path / name, texts) for name, texts in (("a", code_texts), ("b", code_texts[::-1]))
    )
    chosen = [sorted(item.expected for item in blanks(folder, 30)) for folder in (forward, backward)]
    assert chosen[0] == chosen[1]
    assert chosen[0] != sorted(item.expected for item in blanks(forward, 30, seed=2))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("return x", "passed"),
        ("return x  ", "passed"),
        ("return xs", "failed"),
        ("  return x", "failed"),
        ("", "failed"),
    ],
)
def test_an_answer_is_exact_when_it_is_the_line(tmp_path: Path, answer: str, outcome: str) -> None:
    found = blanks(write_documents(tmp_path / "heldout", ["def f(x):\n    return x\nf(1)\n"]), 2)
    asked = [item for item in found if item.expected == "return x"]
    verdicts = INFILLING.grade(asked, [Completion(answer, [], "stop", 1)] * len(asked), TOOLS)
    assert [verdict.outcome for verdict in verdicts] == [outcome, outcome]
