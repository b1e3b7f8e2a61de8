"""Programs asked for in conversation: what is run of an answer, in every language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from double_in_every_language import TASKS

from midspan.evaluate.benchmark import HeldOut, Verdict
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.chat_code import code_in, python_program, whole_program
from midspan.exercises.grading import find
from midspan.inference import Chat, Completion
from midspan.step import Tools

DATA = Path(__file__).parents[3] / "shared" / "data"
LANGUAGES = ("cpp", "java", "js", "php", "rs", "lua", "go", "ts", "sh")
WORDS = "Here it is:\n\n```{fence}\n{code}\n```\n\nIt doubles.\n\n```\nmore\n```\n"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("```python\nx = 1\n```", "x = 1"),
        ("Sure.\n```\nx = 1\ny = 2\n```\nand\n```\nz\n```", "x = 1\ny = 2"),
        ("```py\nx = '`'\n", "x = '`'"),  # not closed: it was cut at its length
        ("x = 1\n", "x = 1"),
        ("1. so:\n   ```python\n   x = 1\n   ```", "   x = 1"),
        ("", ""),
    ],
)
def test_the_first_block_is_the_code(answer: str, code: str) -> None:
    assert code_in(answer) == code


def judged(name: str, tools: Tools, answers: list[str], **settings: object) -> list[Verdict]:
    kind = BENCHMARKS[name]
    items = kind.items(kind.settings(**settings), HeldOut(0))
    return kind.grade(items, [Completion(text, [], "stop", 0) for text in answers], tools)


def whole(language: str, body: str) -> str:
    """The function as a model writes it: closed, without the frame that the prompt has."""
    task = TASKS[language]
    frame = task.frame.format(body)
    closers = {"cpp": 1, "rs": 1, "sh": 1, "java": 2}
    return frame.rstrip() + "\n" + "}\n" * closers.get(language, 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_function_is_graded_in_every_language(tools: Tools, language: str, tmp_path: Path) -> None:
    if isinstance(missing := find(language), str):
        pytest.skip(missing)
    task = TASKS[language]
    prompt = task.frame.partition("{}")[0].format()
    row = {"name": "HumanEval_0_twice", "prompt": prompt, "tests": task.tests}
    file = tmp_path / f"humaneval-{language}-reworded.jsonl"
    file.write_text(json.dumps(row | {"stop_tokens": []}))
    settings = {"data": str(tmp_path), "languages": (language,)}
    bodies = {task.right: "passed", task.wrong: "failed"}
    for body, outcome in bodies.items():
        code = whole(language, body)
        for answer in (WORDS.format(fence=language, code=code), code)[: 1 if language in ("ts", "java") else 2]:  # slow
            (verdict,) = judged("multipl-e-instruct", tools, [answer], **settings)
            assert (verdict.outcome, verdict.values["strict"]) == (outcome, float(outcome == "passed")), (
                answer,
                verdict,
            )


def test_the_question_holds_the_prompt_and_a_model_that_cannot_chat_is_not_asked(tmp_path: Path) -> None:
    kind = BENCHMARKS["humaneval-instruct"]
    (tmp_path / "one.jsonl").write_text(
        json.dumps({"task_id": "1", "prompt": "def f(x):\n", "test": "", "entry_point": "f"})
    )
    (item,) = kind.items(kind.settings(data=str(tmp_path / "one.jsonl")), HeldOut(0))
    assert isinstance(item.prompt, Chat)
    assert item.prompt.messages[-1]["content"].endswith("```python\ndef f(x):\n```")
    assert kind.asks == {"": frozenset({"chat"})}


def test_humanevals_solutions_pass_as_whole_functions(tools: Tools) -> None:
    file = DATA / "humaneval" / "HumanEval.jsonl.gz"
    if not file.exists():
        pytest.skip(f"{file} is not here")
    kind = BENCHMARKS["humaneval-instruct"]
    items = kind.items(kind.settings(data=str(file)), HeldOut(0))
    for shape in ("```python\n{}\n```", "{}", "from __future__ import annotations\n{}"):
        part = items if shape.startswith("```") else items[:8]
        texts = [shape.format(item.source["prompt"] + item.source["canonical_solution"]) for item in part]
        verdicts = kind.grade(part, [Completion(text, [], "stop", 0) for text in texts], tools)
        assert {(one.outcome, one.values["strict"]) for one in verdicts} == {("passed", 1.0)}


def test_python_keeps_the_questions_helpers_and_a_body_goes_on() -> None:
    prompt = 'import math\n\n\ndef helper(x):\n    return x\n\n\ndef f(x):\n    """Doc."""'
    own = python_program(prompt, "def f(x):\n    return helper(x)", "f")
    assert own.count("def f(") == 1
    assert "import math" in own
    assert "def helper" in own
    assert python_program(prompt, "    return 1", "f") == f"{prompt}\n    return 1"


def test_an_answers_own_main_and_repeated_imports_do_not_stand_in_the_tests_way() -> None:
    tests = "}\nint main() {\n    assert(f(1) == 1);\n}\n"
    prompt = "#include<assert.h>\n// says f\nint f(int x) {\n"
    main = "int main() { return f(0); }\n"
    code = f'#include <iostream>\nint f(int x) {{\n    if (x) {{ puts("}}"); }}\n    return x;\n}}\n\n{main}'
    text = whole_program("cpp", prompt, code, tests)
    assert text.startswith("#include<assert.h>\n#include <iostream>\nint f")
    assert text.endswith("return x;")
    go = whole_program(
        "go",
        'package f_test\n\nimport (\n    "testing"\n    "fmt"\n)\n\n// says f\nfunc f(x int) int {\n',
        'package main\n\nimport (\n    "fmt"\n    "sort"\n)\n\nfunc f(x int) int {\n    return x\n}',
        "func TestF(t *testing.T) {\n}\n",
    )
    assert go.count('"fmt"') == 1
    assert go.count("package") == 1
    assert '"sort"' in go
    assert go.rstrip().endswith("}")
