"""evaluate, compare, systems and export-evaluation: what they print, and one line for every mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from midspan.cli.main import app
from midspan.errors import UserError
from midspan.sandbox import Sandbox

PROBLEM = {
    "task_id": "Ours/1",
    "prompt": 'def twice(x):\n    """Twice x."""\n',
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(f):\n    assert f(2) == 4\n",
    "entry_point": "twice",
}


def told(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    file = tmp_path / "problems.jsonl"
    file.write_text(json.dumps(PROBLEM))
    return file


def answers(tmp_path: Path, name: str, body: str) -> str:
    (tmp_path / f"{name}.jsonl").write_text(json.dumps({"task_id": "Ours/1", "completion": f"\n    {body}\n"}))
    return f"answers:{tmp_path / name}.jsonl"


def test_two_models_are_evaluated_compared_and_exported(sandbox: Sandbox, tmp_path: Path, problems: Path) -> None:
    models = answers(tmp_path, "wrong", "return x"), answers(tmp_path, "right", "return 2 * x")
    out = tmp_path / "out"
    table = told("evaluate", *models, "--on", "humaneval", "--set", f"humaneval.data={problems}", "-o", out)
    assert re.search(r"pass@1 +0\.0 % +100\.0 %", table)
    assert "(published)" in table
    page = (out / "evaluation.html").read_text(encoding="utf-8")
    assert "humaneval: passed by right alone" in page
    compared = told("compare", out / "wrong", out / "right", "--page", tmp_path / "compared.html")
    assert "better: Ours/1" in compared
    assert (tmp_path / "compared.html").exists()
    for form in ("inspect", "lm-eval"):
        files = told("export-evaluation", out, "--as", form, "-o", tmp_path / form).splitlines()
        assert len(files) >= 2
        assert all(Path(file).is_file() for file in files)


def test_systems_are_listed_with_what_is_published() -> None:
    listed = told("systems")
    assert "stable-code-3b  2.8B" in listed
    assert "Rust 23.0" in listed
    assert "Lua 17.5" in listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "x"], "name benchmarks"),
        (["evaluate", "x", "--suite", "stable-cod"], "no suite 'stable-cod'; there are stable-code"),
        (["evaluate", "x", "--on", "humanevil"], "did you mean 'humaneval'"),
        (["evaluate", "x", "--on", "humaneval", "--prices", "cheap"], "write two numbers with a comma"),
        (["evaluate", "stable-code-4b", "--on", "humaneval"], "did you mean 'stable-code-3b'"),
        (["evaluate", "x", "--on", "likelihood"], "name the run: --run RUN"),
        (["compare", "nothing", "nowhere"], "nothing has no results"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
