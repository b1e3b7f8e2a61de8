"""CrossCodeEval's rows, as released, of files of our own: the prompt, where answers end, what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from judged import items_of, verdicts_on, write_rows

from midspan.errors import UserError
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.syntax.ends import up_to_statement
from midspan.evaluate.syntax.statements import identifiers, overlap
from midspan.inference import Fill, Plain

FILE = "line_completion_rg1_bm25.jsonl"
PROMPT = "from store import Store\n\n\ndef total(store: Store) -> int:\n    found = "
CHUNKS = [
    {"retrieved_chunk": "class Store:\n\n    def prices(self):\n", "filename": "store.py", "score": 2.5},
    {"retrieved_chunk": "x = 1", "filename": "lib/other.py", "score": 0.5},
]


def row(**changes: Any) -> dict[str, Any]:
    return {
        "prompt": PROMPT,
        "groundtruth": "sum(store.prices())",
        "right_context": "\n    return found\n",
        "metadata": {
            "task_id": "project_cc_python/1",
            "repository": "ours-project",
            "file": "total.py",
            "context_start_lineno": 0,
            "groundtruth_start_lineno": 4,
            "right_context_start_lineno": 5,
        },
        "crossfile_context": {"text": "# as text\n", "list": CHUNKS},
        **changes,
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_rows(tmp_path / "python" / FILE, [row(), row(crossfile_context={})])
    braces = row(prompt="class A { int f() { return ", groundtruth="this.store.get(0);")
    write_rows(tmp_path / "java" / FILE, [braces])
    return tmp_path


def prompts(data: Path, **settings: Any) -> list[Any]:
    return [item.prompt for item in items_of("crosscodeeval", data=str(data), languages=("python",), **settings)]


def test_what_was_retrieved_stands_before_the_prompt_as_comments(data: Path) -> None:
    head = "# Here are some relevant code fragments from other files of the repo:\n\n"
    first = "# the below code fragment is found in store.py\n# class Store:\n#     def prices(self):\n\n"
    second = "# the below code fragment is found in lib/other.py\n# x = 1\n\n"
    assert prompts(data) == [Plain(head + first + second + PROMPT, cut=True), Plain(PROMPT, cut=True)]
    assert prompts(data, context_bytes=len(head + first))[0].text == head + first + PROMPT
    assert prompts(data, context_bytes=40)[0].text == PROMPT  # no chunk, no heading
    assert prompts(data, context="none")[0] == Plain(PROMPT, cut=True)
    assert prompts(data, context="none", prompt_bytes=30)[0].text == "    found = "
    files = prompts(data, context="files")[0]
    assert files == Fill(
        PROMPT, "\n    return found\n", [("lib/other.py", "x = 1"), ("store.py", CHUNKS[0]["retrieved_chunk"])]
    )
    (java,) = items_of("crosscodeeval", data=str(data), languages=("java",))
    assert isinstance(java.prompt, Plain)
    assert java.prompt.text.startswith("// Here are")


def test_the_first_statement_is_judged(data: Path) -> None:
    item = items_of("crosscodeeval", data=str(data), languages=("python",))[0]
    answers = [
        "sum(store.prices())\n    return found\n",
        "sum(\n        store.prices()\n    )\n    return found",
        "sum(store.prices())  # of all\nmore",
        "sum(store.cost())\n",
        "",
    ]
    found = verdicts_on("crosscodeeval", [item] * 5, answers)
    assert [one.outcome for one in found] == ["passed", "failed", "passed", "failed", "failed"]
    assert [one.values["names"] for one in found] == [1, 1, 1, 0, 0]
    assert [one.values["f1"] for one in found] == pytest.approx([1, 1, 1, 2 / 3, 0])
    assert found[0].values["similarity"] == 1.0
    common = len("sum(store.") + len("cs") + len("())")  # of prices and cost, c and s
    assert found[3].values["similarity"] == pytest.approx(2 * common / (19 + 17))
    labels = [score.label for score in BENCHMARKS["crosscodeeval"].scores([item] * 5, found)]
    assert labels == [
        f"{name}, Python" for name in ("exact match", "edit similarity", "identifiers, exact match", "identifiers, F1")
    ]
    (java,) = items_of("crosscodeeval", data=str(data), languages=("java",))
    (verdict,) = verdicts_on("crosscodeeval", [java], ["this.store.get( 0 ); }\n int g;"])
    assert (verdict.outcome, verdict.values["names"]) == ("failed", 1.0)


@pytest.mark.parametrize(
    ("language", "answer", "kept"),
    [
        ("python", "a(1,\n  2)\nb()\n", "a(1,\n  2)"),
        ("python", "a()\nb()", "a()"),
        ("python", "a(\nb(", "a(\nb("),  # nothing that can be parsed: all of it
        ("java", "a(b); c();", "a(b);"),
        ("typescript", "a => { b }", "a => {"),
        ("csharp", "a\n+ b", "a\n+ b"),
        ("csharp", "; a;", "; a;"),  # as published: one that begins with an end is not cut
    ],
)
def test_a_statement_ends_where_it_is_complete(language: str, answer: str, kept: str) -> None:
    assert up_to_statement("x = ", answer, language) == kept


def test_identifiers_are_names_outside_of_strings() -> None:
    assert identifiers("for x in f('a b', y2, 3): x.z", "python") == ["x", "f", "y2", "x", "z"]
    assert identifiers('synchronized (in) { throw new E("in \\" x"); }', "java") == ["in", "E"]
    assert identifiers("foreach (string s in super)", "csharp") == ["s", "super"]
    assert identifiers("let a: typeof b", "typescript") == ["a", "b"]
    assert overlap(["a", "a", "b"], ["a", "c"]) == 0.5
    assert overlap([], []) == 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"task_id": "a"}},
        {"metadata": "a"},
        {"crossfile_context": {"text": ""}},
        {"crossfile_context": {"list": [{"filename": "a"}]}},
        {"groundtruth": 1},
    ],
)
def test_rows_that_are_not_as_released_are_refused_in_one_line(tmp_path: Path, change: dict[str, Any]) -> None:
    write_rows(tmp_path / "python" / FILE, [row(**change)])
    with pytest.raises(UserError, match=r"crosscodeeval: .*no row of its data") as refused:
        items_of("crosscodeeval", data=str(tmp_path), languages=("python",))
    assert "\n" not in str(refused.value)
    with pytest.raises(UserError, match=r"no file .*typescript"):
        items_of("crosscodeeval", data=str(tmp_path), languages=("typescript",))
