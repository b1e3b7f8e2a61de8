"""SAFIM's rows, as released, of programs of our own: where answers end, what passes and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from judged import items_of, verdicts_on, write_rows

from midspan.errors import UserError
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.contests.outputs import lines_or_words
from midspan.evaluate.contests.printed import why_not_run
from midspan.evaluate.syntax.ends import up_to_block, up_to_call, up_to_expression
from midspan.evaluate.syntax.statements import same_call
from midspan.inference import Fill
from midspan.step import Tools

MARKS = {"python": "# TODO: Your code here"}
HEAD = "Complete the code in {} to solve this programming problem:\n\nDescription: Sum the numbers.\n\nCode:\n\n"
TESTS = [{"input": "3\n1 2 3\n", "output": ["6\n"]}, {"input": "1\n-4\n", "output": ["-4", "minus 4"]}]
# The program with a hole {}, what stood there, other right answers, wrong ones.
PROGRAMS: dict[str, tuple[str, str, list[str], list[str]]] = {
    "python": (
        "n = int(input())\ntotal = 0\nfor x in input().split():\n    {}\nprint(total)\n",
        "total += int(x)",
        ["total = total + int(x)\n    pass\n\nprint('more')\nprint('and more')", "y = int(x)\n    total += y\n"],
        ["total -= int(x)", "total += x", "pass", "", "total += (", "break\nelse:\n    total = 6\n"],
    ),
    "java": (
        "import java.util.*;\n\npublic class Sum {\n    public static void main(String[] a) {\n"
        "        Scanner s = new Scanner(System.in);\n        int n = s.nextInt();\n        long total = 0;\n"
        "        for (int i = 0; i < n; i++) {\n            {}\n        }\n"
        "        System.out.println(total);\n    }\n}\n",
        "total += s.nextInt();",
        ["int x = s.nextInt();\n            total = total + x;\n        }\n        int y = 0;\n"],
        ["total -= s.nextInt();", "total += missing;", "System.exit(0);"],
    ),
    "cpp": (
        "#include <iostream>\nusing namespace std;\nint main() {\n    int n; long long total = 0;\n    cin >> n;\n"
        "    while (n--) {\n        {}\n    }\n    cout << total << endl;\n}\n",
        "int x; cin >> x; total += x;",
        ["int x;\n        cin >> x;\n        total = total + x;\n    }\n    total = 0;\n"],
        ["int x; cin >> x; total -= x;", "int x; cin >> y;", "for (;;) {}"],
    ),
    "csharp": (
        "using System;\nclass Sum {\n    static void Main() {\n        Console.ReadLine();\n        int total = 0;\n"
        "        foreach (var x in Console.ReadLine().Split(' ')) {\n            {}\n        }\n"
        "        Console.WriteLine(total);\n    }\n}\n",
        "total += int.Parse(x);",
        [],
        [],
    ),
}
CALLS = {"python": "import json\n\nvalue = {}\n", "csharp": "class A { object value = {}; }\n"}


def row(kind: str, language: str, program: str, truth: str, tests: list[dict[str, Any]]) -> dict[str, Any]:
    mark, head = MARKS.get(language, "/* TODO: Your code here */"), HEAD.format(language)
    before, _, after = program.partition("{}")
    return {
        "task_id": f"{kind}_completion_{language}",
        "lang": language,
        "prompt": f"{head if tests else ''}{before}{mark}{after}",
        "eval_prompt": f"{before}{{{{completion}}}}{after}",
        "ground_truth": truth,
        "unit_tests": json.dumps(tests),
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of the four released files."""
    blocks = [row("block", language, *PROGRAMS[language][:2], TESTS) for language in PROGRAMS]
    # prompt and program are ours; the tests are those of the block
    loop = (
        PROGRAMS["python"][0]
        .replace("for x in input().split():", "for {}")
        .replace("\n    {}", "\n    total += int(x)")
    )
    control = row("control", "python", loop, "x in input().split():", TESTS)
    calls = [row("api", language, CALLS[language], 'json.loads("[1, 2]", strict=True)', []) for language in CALLS]
    write_rows(tmp_path / "block_completion.jsonl.gz", blocks)
    write_rows(tmp_path / "control_completion_fixed.jsonl.gz", [control])
    write_rows(tmp_path / "api_completion.jsonl.gz", calls)
    return tmp_path


def test_a_hole_is_asked_between_what_stands_around_it(data: Path) -> None:
    items = items_of("safim", data=str(data))
    assert [item.group for item in items] == [
        *("block, Python", "block, Java", "block, C++", "block, C#"),
        *("control, Python", "api, Python", "api, C#"),
    ]
    first = items[0].prompt
    assert isinstance(first, Fill)
    assert first.prefix.endswith("for x in input().split():\n    ")
    assert first.suffix == "\nprint(total)\n"
    assert "TODO" not in first.prefix + first.suffix
    assert len({item.cluster for item in items[:5]}) == 1  # one problem in four languages
    assert len({item.cluster for item in items}) == 3


@pytest.mark.parametrize("language", ["python", "java", "cpp"])
def test_right_blocks_pass_and_wrong_ones_do_not(data: Path, tools: Tools, language: str) -> None:
    if reason := why_not_run(language):
        pytest.skip(reason)
    (item,) = [one for one in items_of("safim", data=str(data), subsets=("block",)) if one.source.language == language]
    _, truth, right, wrong = PROGRAMS[language]
    found = verdicts_on("safim", [item] * (1 + len(right) + len(wrong)), [truth, *right, *wrong], tools)
    assert [one.outcome for one in found] == ["passed"] * (1 + len(right)) + ["failed"] * len(wrong), found
    assert [one.values["exact"] for one in found] == [1.0] + [0.0] * (len(right) + len(wrong))


def test_a_language_that_is_not_run_here_is_measured_by_exact_match_alone(data: Path, tools: Tools) -> None:
    item = next(one for one in items_of("safim", data=str(data)) if one.group == "block, C#")
    found = verdicts_on("safim", [item, item], [item.expected, "total = 0;"], tools)
    assert {one.outcome for one in found} == {"not measured"}
    assert found[0].detail == "programs in csharp are not run here"
    scores = BENCHMARKS["safim"].scores([item, item], found)
    assert [(score.label, score.value) for score in scores] == [("exact match, block, C#", 0.5)]


def test_a_control_expression_ends_with_its_line(data: Path, tools: Tools) -> None:
    (item,) = items_of("safim", data=str(data), subsets=("control",))
    answers = ["x in input().split():\n    print('more')", "x in sorted(input().split()):", "x in []:", "x in ("]
    found = verdicts_on("safim", [item] * 4, answers, tools)
    assert [one.outcome for one in found] == ["passed", "passed", "failed", "failed"]


def test_calls_are_compared_by_their_arguments_and_strictly_by_their_function(data: Path) -> None:
    items = items_of("safim", data=str(data), subsets=("api",))
    answers = ['json.loads( "[1,2]" , strict = True) + 1', 'json.dumps("[1, 2]", strict=True)', "json.loads(x)"]
    python = verdicts_on("safim", [items[0]] * 3, answers)
    assert [(one.outcome, one.values["strict"]) for one in python] == [("passed", 1), ("passed", 0), ("failed", 0)]
    other = verdicts_on("safim", [items[1]] * 3, answers)
    assert [one.outcome for one in other] == ["passed", "failed", "failed"]
    assert same_call("f(a, y=2, x=1)", "f(a,x=1,y=2)", "python") == (True, True)
    assert same_call("f(a, y=2, x=1)", "f(a,x=1,y=2)", "java") == (False, False)
    assert same_call("a.b", "a.b", "python") == (True, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": "no hole"}, "no hole, or several"),
        ({"eval_prompt": "{{completion}} {{completion}}"}, "no hole, or several"),
        ({"lang": "cobol"}, "lang cobol"),
        ({"unit_tests": "[{"}, "Expecting"),
        ({"unit_tests": '[{"input": ""}]'}, "'output'"),
    ],
)
def test_rows_that_are_not_as_released_are_refused_in_one_line(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    rows = [row("block", "python", *PROGRAMS["python"][:2], TESTS) | change]
    write_rows(tmp_path / "block_completion.jsonl.gz", rows)
    with pytest.raises(UserError, match="safim: block_completion_python: not a row of its data") as refused:
        items_of("safim", data=str(tmp_path), subsets=("block",))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(UserError, match="leave control out of"):
        items_of("safim", data=str(tmp_path), subsets=("control",))


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("y = 1\n    z = 2", "y = 1\n    z = 2"),
        ("y = 1\nz = 2\nw = 3", "y = 1\n"),  # what stands at the margin is no part of the block
        ("if y:\n        z = 1\n    else:\n        z = 2\n", "if y:\n        z = 1\n    else:\n        z = 2\n"),
        ("y = 1\ndef g():\n    pass\n", "y = 1\n"),
        (
            "if y:\n        z = 1\nfor u in b:\n    v\n",
            "if y:\n        z = 1\nfor u in b:\n    v\n",
        ),  # as published: built alike
        ("y = (1", ""),
        ("", ""),
    ],
)
def test_a_block_of_python_ends_where_its_indentation_does(answer: str, kept: str) -> None:
    assert up_to_block("for x in a:\n    ", answer, "\nprint(x)\n", "python") == kept


def test_a_block_of_braces_ends_before_what_closes_it() -> None:
    around = "int f() { if (a) { ", " } return 1; }"
    for kept, more in (("x = 1;\n", "} y = 2; {\n } {"), ("if (b) { c(); }\n", "}\n")):
        assert up_to_block(around[0], kept + more, around[1], "c++") == kept
    assert up_to_block("a", "all of it }}", "b", "c# without a grammar") == "all of it }}"


def test_expressions_and_calls_end_at_their_bracket() -> None:
    assert up_to_expression("i < f(n); i++) {\n", "java") == "i < f(n); i++"
    assert up_to_expression("i < n", "java") == "i < n"
    assert up_to_expression("\n\n  x in a:\n y", "python") == "  x in a:"
    assert up_to_call("a.b(c(1), (2)) + d(3)") == "a.b(c(1), (2))"
    assert up_to_call("a.b(c") == "a.b(c"


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("YES\n1.0000000000001", "yes 1", True),
        ("1.00000000001", "1", False),
        ("a  b", "a b", True),
        ("A", "a", False),
        ("1 2", "1", False),
        ("nan", "nan", True),
        ("nan", "1", False),
    ],
)
def test_outputs_are_compared_as_lines_or_as_words(printed: str, expected: str, same: bool) -> None:
    assert lines_or_words(printed, expected) is same
