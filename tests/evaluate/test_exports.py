"""Results in other harnesses' files say what they said here, and those harnesses themselves open them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from midspan.errors import UserError
from midspan.evaluate.compare import student_quantile
from midspan.evaluate.exports import FORMATS, export_evaluation
from midspan.evaluate.result import Result, Score, read_result, write_result
from midspan.evaluate.session import evaluate
from midspan.files import hash_path, read_json, read_jsonl, write_jsonl
from midspan.step import Tools

PROBLEMS = 6
SAMPLES = 2
RIGHT = 4  # of the problems: both answers to them
STRICT = 1  # of those that are right, so many are not by the strict rule: they are equal to all
LIAR = "\n    class A:\n        def __eq__(self, other): return True\n    return A()\n"


@pytest.fixture(scope="module")
def folder(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation of answers to problems of our own, by both rules."""
    home = tmp_path_factory.mktemp("evaluation")
    rows, answers = [], []
    for number in range(PROBLEMS):
        test = f"def check(candidate):\n    assert candidate(2) == {2 * number}\n"
        prompt = f'def f(x):\n    """{number} times x"""\n'
        rows.append({"task_id": f"Ours/{number}", "prompt": prompt, "test": test, "entry_point": "f"})
        right = LIAR if number < STRICT else f"\n    return {number} * x\n"
        answers += SAMPLES * [{"task_id": f"Ours/{number}", "completion": right if number < RIGHT else "\n    pass\n"}]
    write_jsonl(home / "problems.jsonl", rows)
    write_jsonl(home / "ours.jsonl", answers)
    asked = {"humaneval": {"data": str(home / "problems.jsonl"), "samples": SAMPLES}}
    evaluate([f"answers:{home / 'ours.jsonl'}"], asked, home / "out", tools=tools)
    _likelihoods(home / "out" / "ours")
    return home / "out"


def _likelihoods(folder: Path) -> None:
    """A result in bits for each byte, by groups, of which one item was not measured."""
    known = {"cluster": "a", "sample": 0, "expected": "x", "detail": "", "answer": None}
    rows: list[dict[str, Any]] = [
        {"item": f"file {number}", "group": group, "outcome": "measured", "bits": 8.0 * number, "bytes": 8.0, **known}
        for group in ("new", "old")
        for number in range(3)
    ]
    rows.append({"item": "file 3", "group": "old", "outcome": "not measured", **known})
    write_jsonl(folder / "likelihood.jsonl", rows)
    scores = [Score("bits/byte", group, 1.0, None, "lower", measure="bits", per="bytes") for group in ("new", "old")]
    asked = {"version": 1, "settings": {}}
    result = Result(
        "likelihood", "ours", "bits", asked, scores, not_measured=1, rows=hash_path(folder / "likelihood.jsonl")
    )
    write_result(folder / "likelihood.json", result)


def score_of(folder: Path, name: str) -> Score:
    result = read_result(folder / "ours" / "humaneval.json")
    return next(score for score in result.scores if score.name == name)


def inspect_logs(folder: Path, output: Path) -> dict[str, Any]:
    files = export_evaluation(folder, "inspect", output)
    return {read_json(file)["eval"]["task"]: file for file in files}


def test_a_log_says_what_the_result_said(folder: Path, tmp_path: Path) -> None:
    log = read_json(inspect_logs(folder, tmp_path)["humaneval"])
    assert (log["version"], log["status"], log["eval"]["model"]) == (2, "success", "midspan/ours")
    assert log["eval"]["dataset"]["name"] == "humaneval"
    assert log["eval"]["dataset"]["sample_ids"] == [f"Ours/{number}" for number in range(PROBLEMS)]
    assert log["eval"]["config"]["epochs"] == SAMPLES
    assert [(one["id"], one["epoch"]) for one in log["samples"]] == [
        (f"Ours/{number}", sample) for number in range(PROBLEMS) for sample in range(1, SAMPLES + 1)
    ]
    first, last = log["samples"][0], log["samples"][-1]
    assert first["input"] == 'def f(x):\n    """0 times x"""'
    assert first["output"]["completion"] == LIAR
    assert {name: one["value"] for name, one in first["scores"].items()} == {"passed": "C", "strict": "I"}
    assert {name: one["value"] for name, one in last["scores"].items()} == {"passed": "I", "strict": "I"}
    by_name = {one["name"]: one["metrics"] for one in log["results"]["scores"]}
    assert by_name["pass@1"]["accuracy"]["value"] == RIGHT / PROBLEMS
    assert by_name["pass@1, strict"]["accuracy"]["value"] == (RIGHT - STRICT) / PROBLEMS
    score = score_of(folder, "pass@1")
    assert score.error is not None
    assert by_name["pass@1"]["stderr"]["value"] == pytest.approx(score.error / student_quantile(PROBLEMS - 1))


def test_what_was_not_measured_has_no_score_in_a_log(folder: Path, tmp_path: Path) -> None:
    log = read_json(inspect_logs(folder, tmp_path)["likelihood"])
    assert [len(one["scores"]) for one in log["samples"]] == [2] * 6 + [0]
    assert len({one["id"] for one in log["samples"]}) == 7  # though files of two groups are called alike
    assert [(one["scored_samples"], one["unscored_samples"]) for one in log["results"]["scores"]] == [(3, 0), (3, 1)]


def test_inspect_opens_the_logs(folder: Path, tmp_path: Path) -> None:
    inspect_ai = pytest.importorskip("inspect_ai.log", reason="pip install 'midspan[peers]'")
    for task, file in inspect_logs(folder, tmp_path).items():
        log = inspect_ai.read_eval_log(str(file))
        assert (log.status, log.eval.task, log.eval.model) == ("success", task, "midspan/ours")
        plain = read_json(file)
        assert [one.id for one in log.samples] == [one["id"] for one in plain["samples"]]
        assert [one.output.completion for one in log.samples] == [
            one["output"]["completion"] for one in plain["samples"]
        ]
        for theirs, ours in zip(log.results.scores, plain["results"]["scores"], strict=True):
            found = {name: metric.value for name, metric in theirs.metrics.items()}
            assert found == {name: metric["value"] for name, metric in ours["metrics"].items()}
        header = inspect_ai.read_eval_log(str(file), header_only=True)
        assert header.eval.dataset.samples == plain["eval"]["dataset"]["samples"]
    assert len(inspect_ai.list_eval_logs(str(tmp_path))) == 2


def test_inspect_counts_the_same_from_the_samples_alone(folder: Path, tmp_path: Path) -> None:
    log_module = pytest.importorskip("inspect_ai.log", reason="pip install 'midspan[peers]'")
    scorer = importlib.import_module("inspect_ai.scorer")
    log = log_module.read_eval_log(str(inspect_logs(folder, tmp_path)["humaneval"]))
    value = scorer.value_to_float()
    for measure, score in (("passed", "pass@1"), ("strict", "pass@1, strict")):
        counted = [value(one.scores[measure].value) for one in log.samples]
        assert sum(counted) / len(counted) == score_of(folder, score).value


def lm_eval_files(folder: Path, output: Path) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    files = export_evaluation(folder, "lm-eval", output)
    (results,) = [file for file in files if file.name.startswith("results_")]
    samples = {file.name.split("_2")[0].removeprefix("samples_"): read_jsonl(file) for file in files if file != results}
    return read_json(results), samples


def test_the_harness_files_say_what_the_result_said(folder: Path, tmp_path: Path) -> None:
    results, samples = lm_eval_files(folder, tmp_path)
    assert set(samples) == set(results["results"]) == {"humaneval", "likelihood_new", "likelihood_old"}
    figures = results["results"]["humaneval"]
    score = score_of(folder, "pass@1")
    assert score.error is not None
    assert figures["pass@1,none"] == RIGHT / PROBLEMS
    assert figures["pass@1_strict,none"] == (RIGHT - STRICT) / PROBLEMS
    assert figures["pass@1_stderr,none"] == pytest.approx(score.error / student_quantile(PROBLEMS - 1))
    assert results["configs"]["humaneval"]["repeats"] == SAMPLES
    assert results["n-samples"]["humaneval"] == {"original": PROBLEMS, "effective": PROBLEMS}
    assert results["n-samples"]["likelihood_old"] == {"original": 4, "effective": 3}
    assert results["higher_is_better"]["likelihood_new"] == {"bits/byte": False}
    one = samples["humaneval"][0]
    assert (one["doc_id"], one["doc"]["task_id"], one["filter"]) == (0, "Ours/0", "none")
    assert one["resps"] == one["filtered_resps"] == [[LIAR] * SAMPLES]
    assert (one["pass@1"], one["pass@1_strict"]) == (1.0, 0.0)
    assert sum(one["pass@1"] for one in samples["humaneval"]) / PROBLEMS == figures["pass@1,none"]


def test_the_harness_reads_its_files(folder: Path, tmp_path: Path) -> None:
    utils = pytest.importorskip("lm_eval.utils", reason="pip install 'midspan[peers]'")
    schema = importlib.import_module("lm_eval.result_schema")
    results, samples = lm_eval_files(folder, tmp_path)
    table = utils.make_table(results)
    cells = {tuple(cell.strip() for cell in line.split("|")) for line in table.splitlines()}
    shown = {line[5]: line[7] for line in cells if len(line) > 7}
    assert (shown["pass@1"], shown["pass@1_strict"]) == (
        f"{RIGHT / PROBLEMS:.4f}",
        f"{(RIGHT - STRICT) / PROBLEMS:.4f}",
    )
    for rows in samples.values():
        for row in rows:
            assert set(schema.SampleResult.__required_keys__) <= row.keys()
    names = [str(file) for file in tmp_path.rglob("*") if file.is_file()]
    assert len(utils.get_results_filenames(names)) == 1
    tasks = {utils.get_file_task_name(Path(name).name) for name in utils.get_sample_results_filenames(names)}
    assert tasks == set(samples)
    assert set(results["results"]) == tasks
    assert len({utils.get_file_datetime(Path(name).name).removesuffix(".json") for name in names}) == 1


def test_exporting_again_replaces_what_was_exported(folder: Path, tmp_path: Path) -> None:
    for form in FORMATS:
        files = export_evaluation(folder, form, tmp_path)
        before = {file: file.read_bytes() for file in files}
        assert export_evaluation(folder / "ours", form, tmp_path) == files
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file in before} == before


def test_what_cannot_be_exported_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no results of an evaluation"):
        export_evaluation(tmp_path, "inspect", tmp_path / "out")
    with pytest.raises(UserError, match="there are inspect, lm-eval"):
        export_evaluation(folder, "csv", tmp_path / "out")
    (tmp_path / "humaneval.json").write_bytes((folder / "ours" / "humaneval.json").read_bytes())
    (tmp_path / "humaneval.jsonl").write_text(json.dumps({"item": "another"}) + "\n")
    with pytest.raises(UserError, match="not the rows"):
        export_evaluation(tmp_path, "inspect", tmp_path / "out")
    assert not (tmp_path / "out").exists()
