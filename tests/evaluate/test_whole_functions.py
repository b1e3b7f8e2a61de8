"""Where an answer's function ends, and the file that it becomes: by rule, and as HumanEvalPack's harness has it."""

from __future__ import annotations

import random
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from double_in_humanevalpack import PACKED, PYTHON

from midspan.evaluate.whole_functions import file_of, go_file, packages_of, to_its_end

MAIN = "    public static void main(String[] args) {\n"


@pytest.mark.parametrize(
    ("language", "text", "end"),
    [
        ("python", "\n    return 1\n\ndef other():\n    pass\n", "\n    return 1\n\n"),
        (
            "python",
            "\n    if x:\n        return 1\n\n    return 2\n",
            "\n    if x:\n        return 1\n\n    return 2\n",
        ),
        ("js", "\n  if (x) { return 1; }\n}\n\nconsole.log(1)", "\n  if (x) { return 1; }\n}"),
        ("cpp", "\n  return 1;\n}\nint main() {}", "\n  return 1;\n}"),
        ("java", "\n        return 1;\n    }\n}\nclass Other {}", "\n        return 1;\n    }\n}"),
        (
            "java",
            "\n        return 1;\n    }\n    public static void main(String[] a) {\n",
            "\n        return 1;\n    }\n    }",
        ),
        ("rust", "\n    if n == 0 { 1 } else { 2", "\n    if n == 0 { 1 }"),  # cut off in the middle
        ("go", "\n    return 1", "\n    return 1"),
    ],
)
def test_an_answer_ends_where_its_function_does(language: str, text: str, end: str) -> None:
    assert to_its_end(language, text) == end


def test_a_file_of_go_imports_each_package_once_and_what_is_used_beside() -> None:
    written = (
        'import (\n    "math"\n    "strings"\n)\n\n// fmt.Println says\n'
        "func f(x int) string {\n    return strings.ToUpper(strconv.Itoa(x))\n}\n"
    )
    setup = 'package main\n\nimport (\n    "testing"\n    "math"\n)\n'
    found = go_file(written, setup, "func TestF(t *testing.T) { sort.Ints(nil) }")
    head, _, body = found.partition(")\n")
    assert head.split() == ["package", "main", "import", "(", '"testing"', '"math"', '"strings"', '"strconv"', '"sort"']
    assert "import" not in body
    assert "func f(x int)" in body


def test_what_a_problem_needs_is_told_by_its_solution_and_tests_and_not_by_an_answer() -> None:
    assert packages_of("rust", "let mut rng = rand::thread_rng();") == ("rand",)
    assert packages_of("rust", "let brand = 1;") == ()
    assert packages_of("js", "require('js-md5')") == ("js-md5",)
    assert packages_of("java", "import anything.at.all;") == ()
    assert "use regex" not in file_of("rust", PACKED["rust"].prompt)
    assert "use std" in file_of("rust", PACKED["rust"].prompt)


def harness() -> Any:
    """The class of HumanEvalPack's harness that cuts answers, without stop words: sampling ends answers at those."""
    pytest.importorskip("evaluate", reason="pip install 'midspan[peers]'")
    found = find_spec("bigcode_eval")
    if found is None or found.origin is None:
        pytest.skip("pip install --no-deps nvidia-bigcode-eval")
    spec = spec_from_file_location("humanevalpack", Path(found.origin).parent / "tasks" / "humanevalpack.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    cutting = module.HumanEvalPackGenerative.__new__(module.HumanEvalPackGenerative)
    cutting.stop_words = []
    return cutting


@pytest.mark.parametrize("language", ["python", *PACKED])
def test_the_harness_cuts_an_answer_at_the_same_place(language: str) -> None:
    cutting, draw = harness(), random.Random(0)
    cutting.DATASET_NAME = language
    rows = [PYTHON] if language == "python" else [PACKED[language].row(0, language)]
    for _ in range(300):
        row = draw.choice(rows)
        text = row["canonical_solution"] + draw.choice(
            ["", row["test"], row["prompt"], row["buggy_solution"], "}", "{"]
        )
        text = text[: draw.randrange(len(text) + 1)]
        assert to_its_end(language, text).rstrip() == cutting.remove_last_block(text).rstrip(), text
