"""What is asked of a model, what is not and why, and what is written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from small_models import ask, write_documents, write_model

from midspan import evaluate
from midspan.errors import UserError
from midspan.evaluate import BENCHMARKS, benchmarks_of, hashes_of, why_not_asked
from midspan.evaluate.benchmark import Benchmark, Verdict, shares
from midspan.evaluate.result import read_result
from midspan.evaluate.subject import Answer, Item
from midspan.files import hash_path
from midspan.inference import Completion, Plain
from midspan.recipe import Recipe, Settings, load_recipe
from midspan.report import render_report
from midspan.step import Tools, key_of
from midspan.steps import steps_of
from midspan.tokens import Tokenizer


def without_fim_and_chat(tokenizer: Tokenizer, directory: Path) -> Tokenizer:
    """The same vocabulary, in which the tokens of FIM and chat have names that mean nothing."""
    tokenizer.save(directory)
    (directory / "chat_template.jinja").unlink()
    definition = (directory / "tokenizer.json").read_text(encoding="utf-8")
    for name in ("fim_prefix", "fim_suffix", "fim_middle", "im_start", "im_end"):
        definition = definition.replace(name, name[::-1])
    (directory / "tokenizer.json").write_text(definition, encoding="utf-8")
    configuration = json.loads((directory / "tokenizer_config.json").read_text(encoding="utf-8"))
    configuration.pop("chat_template", None)
    (directory / "tokenizer_config.json").write_text(json.dumps(configuration), encoding="utf-8")
    return Tokenizer.load(directory)


@pytest.fixture
def plain_tokenizer(tmp_path: Path, code_tokenizer: Tokenizer) -> Tokenizer:
    """One that has neither FIM tokens nor a chat template."""
    tokenizer = without_fim_and_chat(code_tokenizer, tmp_path / "plain-tokenizer")
    assert tokenizer.fim is None
    assert tokenizer.chat_template is None
    return tokenizer


def test_a_result_has_every_answer_beside_it(tmp_path: Path, code_tokenizer: Tokenizer, code_texts: list[str]) -> None:
    model = write_model(tmp_path / "base", code_tokenizer)
    held_out = write_documents(tmp_path / "heldout", code_texts)
    result, rows = ask(
        model, "infilling", tmp_path, documents=held_out, settings={"lines": 5, "blocks": 3, "nodes": 0, "left": 2}
    )
    groups = {"lines": 5, "blocks": 3, "nodes": 0, "lines, left side alone": 2}
    assert Counter(row["group"] for row in rows) == {group: count for group, count in groups.items() if count}
    exact = [score for score in result.scores if score.name == "exact match"]
    assert {score.group: score.trials for score in exact} == {group: n for group, n in groups.items() if n}
    assert result.rows == hash_path(tmp_path / "evaluation" / "base" / "infilling.jsonl")
    settings = {"lines": 5, "blocks": 3, "nodes": 0, "left": 2}
    assert result.asked == {"version": 4, "settings": settings, "context": 32, "seed": 1, "data": []}
    assert result.model == "base"
    assert {example.expected for example in result.examples} <= {row["expected"] for row in rows}


def test_asked_again_the_same_is_written(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    model = write_model(tmp_path / "base", code_tokenizer)
    found = [ask(model, "completions", tmp_path / name, settings={"max_tokens": 8}) for name in ("a", "b")]
    assert found[0] == found[1]
    assert len(found[0][0].examples) == 3


def test_what_a_model_cannot_do_is_not_asked_and_the_rest_is(
    tmp_path: Path, plain_tokenizer: Tokenizer, code_texts: list[str]
) -> None:
    model = write_model(tmp_path / "base", plain_tokenizer)
    held_out = write_documents(tmp_path / "heldout", code_texts)
    given = {"lines": 4, "blocks": 0, "nodes": 0}
    infilled, rows = ask(model, "infilling", tmp_path, documents=held_out, settings=given)
    assert {row["group"] for row in rows} == {"lines", "lines, left side alone"}
    lines, left = (
        [row["answer"] for row in rows if row["group"] == group] for group in ("lines", "lines, left side alone")
    )
    assert lines == left  # it is asked with the left side alone
    assert not [score for score in infilled.scores if score.name == "ends by itself"]
    exercises, rows = ask(model, "exercises", tmp_path)
    assert set(exercises.not_asked.values()) == {"the tokenizer has no chat template"}
    assert (exercises.scores, rows) == ([], [])


def full_recipe(**fields: object) -> Recipe:
    stage = {"tokens": 1, "context": 8, "tokens_per_step": 8, "schedule": {"learning_rate": 1}}
    stages = [
        {"name": "base", "data": [{"tokens": "corpus"}], **stage},
        {"name": "dpo", "data": [{"pairs": "own"}], "objective": {"kind": "dpo"}, **stage},
    ]
    alignment = [{"name": "own", "kind": "own-failures"}]
    return Recipe.model_validate({"name": "r", "stages": stages, "alignment": alignment, **fields})


def test_why_is_known_before_any_work(plain_tokenizer: Tokenizer, code_tokenizer: Tokenizer) -> None:
    for tokenizer in (code_tokenizer, None):
        assert not [name for name in BENCHMARKS if why_not_asked(name, full_recipe(), tokenizer)]
    reasons = {
        "likelihood": None,
        "infilling": None,
        "exercises": "the tokenizer has no chat template",
        "preferences": "the tokenizer has no chat template",
        "completions": None,
    }
    assert {name: why_not_asked(name, full_recipe(), plain_tokenizer) for name in reasons} == reasons


@pytest.mark.parametrize("fields", [{"stages": []}, {"corpus": {"heldout": {"files": 0}}}])
def test_what_is_not_held_out_cannot_be_asked(fields: dict[str, object]) -> None:
    recipe = full_recipe(**fields)
    assert why_not_asked("likelihood", recipe, None) == "no files are held out"
    assert why_not_asked("infilling", recipe, None) == "no files are held out"
    assert why_not_asked("exercises", recipe, None) is None
    assert (why_not_asked("preferences", recipe, None) is None) == bool(recipe.stages)


def test_a_run_that_holds_out_nothing_can_end(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    model = write_model(tmp_path / "base", code_tokenizer)
    (tmp_path / "empty").mkdir()
    for held_out in (None, tmp_path / "empty"):
        for benchmark in ("likelihood", "infilling", "preferences"):
            result, rows = ask(model, benchmark, tmp_path, documents=held_out)
            assert (result.scores, rows) == ([], [])
            assert set(result.not_asked.values()) <= {"no files are held out", "no preference pairs are held out"}
            assert set(result.not_asked) == set(BENCHMARKS[benchmark].asks)
    short = write_documents(tmp_path / "short", ["x = 1\n"])
    result, _ = ask(model, "infilling", tmp_path, documents=short)
    assert set(result.not_asked.values()) == {"nothing of what is held out can be asked"}


def test_an_exercise_that_does_not_fit_is_not_measured(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    model = write_model(tmp_path / "base", code_tokenizer, positions=16)
    result, rows = ask(model, "exercises", tmp_path, settings={"count": 2, "per_family": 2})
    assert (result.scores, result.not_measured, len(rows)) == ([], 3, 3)
    assert rows[0]["detail"] == "longer than the model's positions"


def recipe(**evaluate: object) -> Recipe:
    return Recipe.model_validate({"name": "r", "evaluate": evaluate})


def test_every_benchmark_is_asked_unless_it_is_switched_off() -> None:
    always = [name for name, kind in BENCHMARKS.items() if kind.always]
    assert list(benchmarks_of(recipe())) == always
    chosen = benchmarks_of(recipe(exercises=False, likelihood={"bytes": 5}, infilling=True))
    assert list(chosen) == [name for name in always if name != "exercises"]
    assert chosen["likelihood"].model_dump() == {"bytes": 5}


@pytest.mark.parametrize(
    ("evaluate", "words"),
    [
        ({"infiling": True}, "no benchmark 'infiling'; did you mean 'infilling'"),
        ({"chess": {}}, f"there are {', '.join(BENCHMARKS)}"),
        ({"infilling": {"linse": 3}}, "unknown field 'linse'; did you mean 'lines'"),
        ({"exercises": {"count": 0}}, "evaluate.exercises: count"),
    ],
)
def test_a_mistake_in_the_recipe_is_named_in_one_line(evaluate: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        benchmarks_of(recipe(**evaluate))
    assert "\n" not in str(caught.value)


def test_a_damaged_result_is_named(tmp_path: Path) -> None:
    for text in ("", "[]", '{"scores": [], "examples": []}', '{"scores": [{"value": 1}], "examples": []}'):
        (tmp_path / "result.json").write_text(text)
        with pytest.raises(UserError, match=r"result\.json: cannot be read as a result"):
            read_result(tmp_path / "result.json")


class Imports(Settings):
    modules: tuple[str, ...] = ("json", "os")


def never_twice(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    texts = [answer.text for answer in answers if isinstance(answer, Completion)]
    return [
        Verdict("failed" if text.startswith(item.expected) else "passed")
        for item, text in zip(items, texts, strict=True)
    ]


IMPORTS = Benchmark(
    version=1,
    about="The share of import lines that are not written twice.",
    settings=Imports,
    asks={"": frozenset({"plain"})},
    reads=(),
    items=lambda settings, held_out: [
        Item(word, word, Plain(f"import {word}\nimport "), expected=word) for word in settings.modules
    ],
    grade=never_twice,
    scores=lambda items, verdicts: shares("new imports", items, verdicts),
)


def test_a_new_benchmark_is_a_row_and_the_report_draws_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code_tokenizer: Tokenizer
) -> None:
    monkeypatch.setitem(BENCHMARKS, "imports", IMPORTS)
    assert benchmarks_of(recipe(imports={"modules": ["re"]}))["imports"].model_dump() == {"modules": ("re",)}
    result, rows = ask(write_model(tmp_path / "base", code_tokenizer), "imports", tmp_path)
    assert len(rows) == result.scores[0].trials == 2
    page = render_report(tmp_path).read_text(encoding="utf-8")
    assert "new imports" in page
    assert "The share of import lines that are not written twice." in page


def test_the_report_is_drawn_from_what_every_benchmark_writes(
    tmp_path: Path, code_tokenizer: Tokenizer, code_texts: list[str]
) -> None:
    held_out = write_documents(tmp_path / "heldout", code_texts[:1])
    for seed, name in enumerate(("base", "long")):
        model = write_model(tmp_path / "models" / name, code_tokenizer, positions=256, seed=seed)
        settings = {
            "infilling": {"lines": 3, "blocks": 1, "nodes": 0, "max_tokens": 8},
            "exercises": {"count": 2, "max_tokens": 4},
            "completions": {"max_tokens": 4},
        }
        for benchmark in (name for name, kind in BENCHMARKS.items() if kind.always):
            ask(model, benchmark, tmp_path, documents=held_out, settings=settings.get(benchmark, {}))
    page = render_report(tmp_path).read_text(encoding="utf-8")
    for shown in ("bits per byte", "exact match, lines", "pass@1, new families", "prompt 1",
                  "preferences: not asked of base, long: no preference pairs are held out."):  # fmt: skip
        assert shown in page


def test_a_new_version_of_a_benchmark_is_asked_of_every_model_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keys() -> dict[str, str]:
        steps = steps_of(load_recipe(Path(__file__).parent.parent / "tiny.yaml"), tmp_path)
        return {step.name: key_of(step, str) for step in steps}

    before = keys()
    monkeypatch.setitem(BENCHMARKS, "infilling", replace(BENCHMARKS["infilling"], version=99))
    changed = {name for name, key in keys().items() if key != before[name]}
    assert changed == {f"{model}: infilling" for model in ("base", "long", "sft", "dpo")}


def test_a_benchmark_is_one_short_file() -> None:
    files = list((Path(evaluate.__file__).parent / "benchmarks").glob("[!_]*.py"))
    assert {file.stem.replace("_", "-") for file in files} == set(BENCHMARKS)
    assert not [file.name for file in files if len(file.read_text(encoding="utf-8").splitlines()) > 80]


def test_a_benchmarks_step_is_another_when_its_data_is(tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    recipe = load_recipe(Path(__file__).parent.parent / "tiny.yaml")
    asking = recipe.model_copy(update={"evaluate": {"humaneval": {"data": str(file)}}})

    def keys(text: str) -> dict[str, str]:
        file.write_text(text)
        return {step.name: key_of(step, str) for step in steps_of(asking, tmp_path)}

    before = keys("one")
    assert keys("one") == before
    changed = {name for name, key in keys("two").items() if key != before[name]}
    assert changed == {f"{model}: humaneval" for model in ("base", "long", "sft", "dpo")}


def test_of_a_folder_counts_what_somebody_wrote_and_texts_are_no_paths(tmp_path: Path) -> None:
    for name in ("a.py", ".git/index", "node_modules/b.js", "inside/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    kind = BENCHMARKS["bits-per-byte"].settings
    before = hashes_of(kind(data=(str(tmp_path),)))
    (tmp_path / ".git" / "index").write_text("y")
    assert hashes_of(kind(data=(str(tmp_path),))) == before
    (tmp_path / "inside" / "c.py").write_text("y")
    assert hashes_of(kind(data=(str(tmp_path),))) != before
    assert hashes_of(BENCHMARKS["completions"].settings(prompts=("def f():\n" * 100, "x"))) == []
