"""There and back: the second question holds the model's own words and not the code; then tests judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from double_in_humanevalpack import PACKED, PYTHON

from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.explanation import EXPLANATION, Settings
from midspan.evaluate.subject import Item
from midspan.exercises.grading import find
from midspan.exercises.grading.toolchains import has
from midspan.inference import Chat, Completion
from midspan.step import Tools

WORDS = "It gives twice a number."


def asked(tmp_path: Path, language: str) -> list[Item]:
    row = PYTHON if language == "python" else PACKED[language].row(0, language)
    declared = row | {"declaration": row["prompt"].replace('    """Twice a number."""\n', ""), "docstring": "x" * 60}
    (tmp_path / f"{language}.jsonl").write_text(json.dumps(declared))
    return EXPLANATION.items(Settings(data=str(tmp_path), languages=(language,)), HeldOut(0))  # type: ignore[arg-type]


def said(text: str) -> Completion:
    return Completion(text, [], "stop", 0)


def question(item: Item) -> str:
    assert isinstance(item.prompt, Chat)
    return str(item.prompt.messages[-1]["content"])


def test_the_second_question_has_the_words_and_none_of_the_code(tmp_path: Path) -> None:
    (first,) = asked(tmp_path, "python")
    assert "return 2 * n" in question(first)
    assert "at most 60 characters" in question(first)
    (second,) = EXPLANATION.then(Settings(), [first], [said(f"return 2 * n\n{WORDS}{'y' * 80}")])
    assert WORDS in question(second)
    assert "return 2 * n" not in question(second)
    assert "y" * 40 not in question(second)
    assert "def twice(n: int) -> int:" in question(second)
    assert second.cluster == first.cluster


@pytest.mark.parametrize("language", ["python", *PACKED])
def test_what_is_written_from_the_words_is_run(tools: Tools, language: str, tmp_path: Path) -> None:
    if language != "python":
        if isinstance(missing := find(f"x-{language}"), str):
            pytest.skip(missing)
        if language == "go" and not has(tools.sandbox, "x-go", "github.com/stretchr/testify/assert"):
            pytest.skip("apt-get install golang-github-stretchr-testify-dev")
    first = asked(tmp_path, language)
    second = EXPLANATION.then(Settings(), first, [said(WORDS)])
    row = first[0].source[1]
    for body, outcome in ((row["canonical_solution"], "passed"), (row["buggy_solution"], "failed")):
        whole = row["declaration"] + body
        for answer in (f"Here:\n```\n{whole}\n```\n", whole):
            verdicts = EXPLANATION.grade([*first, *second], [said(WORDS), said(answer)], tools)
            assert [one.outcome for one in verdicts] == ["measured", outcome], (answer, verdicts)
    (score, *_) = EXPLANATION.scores([*first, *second], verdicts)
    assert (score.value, score.trials) == (0.0, 1)
