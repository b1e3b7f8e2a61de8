"""A run walks the whole road once, does nothing the second time, and redoes what a change makes stale."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from midspan.errors import UserError
from midspan.evaluate import BENCHMARKS
from midspan.files import hash_path, read_json
from midspan.recipe import load_recipe
from midspan.run import run_recipe

TINY = Path(__file__).parent / "tiny.yaml"
MODELS = ("base", "long", "sft", "dpo", "release")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One uninterrupted run of the tiny recipe; tests that change it copy it first."""
    directory = tmp_path_factory.mktemp("runs") / "tiny"
    run_recipe(load_recipe(TINY), directory)
    return directory


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "tiny", symlinks=True))


def rerun(directory: Path, changes: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> tuple[set[str], str]:
    """The steps that were done again, and what was said before the first of them."""
    before = read_json(directory / "manifest.json")["steps"]
    capsys.readouterr()
    run_recipe(load_recipe(TINY, changes), directory)
    after = read_json(directory / "manifest.json")["steps"]
    return {name for name in after if after[name] != before.get(name)}, capsys.readouterr().err


def test_every_step_leaves_what_the_contract_says(finished: Path) -> None:
    for name in MODELS:
        files = {file.name for file in (finished / "models" / name).iterdir()}
        assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= files
    for name in ("base", "long", "sft", "dpo"):
        summary = read_json(finished / "stages" / name / "summary.json")
        rows = [json.loads(line) for line in (finished / "stages" / name / "metrics.jsonl").read_text().splitlines()]
        assert [row["step"] for row in rows] == list(range(1, summary["steps"] + 1))
        assert 0 < summary["mfu"] < 1.5
        assert not (finished / "stages" / name / "checkpoints").exists()
        results = {file.stem: read_json(file) for file in (finished / "evaluation" / name).glob("*.json")}
        assert set(results) == {name for name, kind in BENCHMARKS.items() if kind.always}
        (bits,) = results["likelihood"]["scores"]
        assert 0.5 < bits["value"] < 8
        assert {score["group"] for score in results["exercises"]["scores"]} == {"new parameters", "new families"}
    assert "</html>" in (finished / "report.html").read_text()
    assert (finished / "models" / "release" / "README.md").stat().st_size > 500


def test_the_long_stage_has_four_times_the_context_and_a_raised_base(finished: Path) -> None:
    base, long = (read_json(finished / "models" / name / "config.json") for name in ("base", "long"))
    assert long["max_position_embeddings"] == 4 * base["max_position_embeddings"]
    assert (base["rope_theta"], long["rope_theta"]) == (10_000, 100_000)


def test_held_out_files_are_in_no_training_data(finished: Path) -> None:
    import pyarrow.parquet as pq

    train, heldout = (set(pq.read_table(finished / "corpus" / part)["id"].to_pylist()) for part in ("train", "heldout"))
    assert train
    assert heldout
    assert not train & heldout


def test_preference_pairs_were_decided_by_execution_and_keep_held_out_exercises_apart(finished: Path) -> None:
    train, heldout = (
        [
            json.loads(line)
            for line in (finished / "alignment" / "own-failures" / f"{part}.jsonl").read_text().splitlines()
        ]
        for part in ("train", "heldout")
    )
    assert train
    assert heldout
    assert not {row["identifier"] for row in train} & {row["identifier"] for row in heldout}
    assert all(row["chosen"] != row["rejected"] for row in train + heldout)
    assert {row["origin"] for row in train + heldout} <= {"model", "mutation"}


def test_transformers_loads_the_release_with_equal_logits_and_tokens(finished: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="a development extra")
    from midspan.inference import load

    directory = finished / "models" / "release"
    theirs = transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    their_tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    engine = load(directory, weights="fp32")
    tokenizer = engine.tokenizer
    text = "def f(x):\n    return x  # naïve\n"
    assert their_tokenizer(text)["input_ids"] == tokenizer.encode(text)
    tokens = torch.tensor([tokenizer.encode(text)])
    with torch.inference_mode():
        torch.testing.assert_close(theirs(tokens).logits, engine.decoder(tokens), atol=1e-4, rtol=0)


def test_run_again_it_does_nothing(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.stat().st_mtime_ns for file in copied.rglob("*") if file.name not in (".lock", "recipe.yaml")}
    redone, said = rerun(copied, {}, capsys)
    assert not redone
    assert "nothing to do" in said
    changed = [file for file in before if file.is_file() and file.stat().st_mtime_ns != before[file]]
    assert not changed


def after(stage: str) -> set[str]:
    """The steps that a new model of `stage`, the last one, is followed by."""
    return {stage, *(f"{stage}: {benchmark}" for benchmark in BENCHMARKS), "card", "export", "report"}


@pytest.mark.parametrize(
    ("field", "before", "value"),
    [("objective.beta", "None", 0.3), ("schedule.learning_rate", "0.001", 0.002), ("epochs", "1.0", 2)],
)
def test_a_changed_field_redoes_its_stage_and_what_follows_and_says_so_first(
    copied: Path, capsys: pytest.CaptureFixture[str], field: str, before: str, value: float
) -> None:
    """The preference pairs that the stage learns from are not among it: they do not depend on the stage's settings."""
    redone, said = rerun(copied, {f"stages.dpo.{field}": value}, capsys)
    assert redone <= after("dpo")
    assert {"dpo", "dpo: preferences", "report"} <= redone
    announcement = said.split("dpo: ", 1)[0]
    assert f"recipe changed: stages.dpo.{field} {before} -> {value}" in announcement
    assert "to be redone: dpo, dpo: likelihood" in said


def test_all_models_are_judged_in_the_same_windows_whichever_stage_changed(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = {"stages.long.context": 64, "stages.sft.rope_base": 100_000}
    redone, _ = rerun(copied, changes, capsys)
    assert {"base: likelihood", "base: infilling"} <= redone
    results = [read_json(copied / "evaluation" / name / "likelihood.json") for name in ("base", "long", "sft", "dpo")]
    assert {result["asked"]["context"] for result in results} == {64}
    assert "base" not in redone


@pytest.mark.parametrize("field", ["runtime.checkpoint_seconds", "runtime.workers", "evaluate.completions"])
def test_what_no_result_depends_on_redoes_no_training(
    copied: Path, capsys: pytest.CaptureFixture[str], field: str
) -> None:
    redone, _ = rerun(copied, {field: False if field.startswith("evaluate") else 3}, capsys)
    assert redone <= {"card", "export", "report"}


def test_a_step_redone_with_the_same_result_makes_nothing_after_it_stale(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = read_json(copied / "manifest.json")
    manifest["steps"]["corpus"]["key"] = "as if a file had been touched"
    (copied / "manifest.json").write_text(json.dumps(manifest))
    redone, _ = rerun(copied, {}, capsys)
    assert redone == {"corpus"}


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("models/sft/model.safetensors", "sft"),
        ("models/release/config.json", "export"),
        ("tokenizer/tokenizer.json", "tokenizer"),
        ("alignment/own-failures/heldout.jsonl", "own-failures"),
        ("evaluation/base/infilling.json", "base: infilling"),
        ("corpus/tokens/train/000000/tokens.bin", "tokens"),
    ],
)
@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_a_damaged_output_is_made_again(
    copied: Path, capsys: pytest.CaptureFixture[str], path: str, step: str, damage: str
) -> None:
    file = copied / path
    whole = file.read_bytes()
    if damage == "truncated":
        os.truncate(file, len(whole) // 2)
    else:
        file.unlink()
    redone, _ = rerun(copied, {}, capsys)
    assert step in redone
    assert len(file.read_bytes()) == len(whole)


def test_a_lost_output_is_made_again_with_the_same_bits(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = hash_path(copied / "models" / "base" / "model.safetensors")
    shutil.rmtree(copied / "models" / "base")
    shutil.rmtree(copied / "stages" / "base")
    redone, _ = rerun(copied, {}, capsys)
    # The card says how long it took, and the export holds the card: new only where that is not the same.
    assert redone - {"export"} == {"base", "card", "report"}
    assert hash_path(copied / "models" / "base" / "model.safetensors") == expected


def test_two_runs_in_one_directory_are_refused(tmp_path: Path) -> None:
    import fcntl

    directory = tmp_path / "run"
    directory.mkdir()
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another midspan run is at work"):
            run_recipe(load_recipe(TINY), directory)
    assert os.listdir(directory) == [".lock"]


ALONE = {
    "stages": [
        {
            "name": "tuned",
            "data": [{"tokens": "corpus"}],
            "tokens": 512,
            "context": 128,
            "tokens_per_step": 512,
            "schedule": {"learning_rate": 0.001},
        }
    ],
    "alignment": [],
    "evaluate": dict.fromkeys(BENCHMARKS, False),
}


def test_a_start_is_known_by_its_contents_and_makes_the_models_own_fields_unused(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = copied / "models" / "base"
    changes = {**ALONE, "stages.tuned.start": str(start)}
    directory = tmp_path / "continued"
    run_recipe(load_recipe(TINY, changes), directory)
    given, own = (read_json(place / "tokenizer.json") for place in (start, directory / "tokenizer"))
    assert given == own
    unused = {**changes, "model.hidden_size": 64, "tokenizer.vocabulary_size": 500}
    assert rerun(directory, unused, capsys)[0] == {"report"}
    shutil.copytree(start, tmp_path / "elsewhere")
    assert rerun(directory, {**changes, "stages.tuned.start": str(tmp_path / "elsewhere")}, capsys)[0] == {"report"}
    weights = bytearray((start / "model.safetensors").read_bytes())
    weights[-100] ^= 1
    (start / "model.safetensors").write_bytes(weights)
    assert "tuned" in rerun(directory, changes, capsys)[0]


def test_a_checkpoint_of_another_tokenizer_is_refused(copied: Path, tmp_path: Path) -> None:
    from midspan.tokens import train_tokenizer

    start = copied / "models" / "base"
    train_tokenizer(["some other text, of which there is more " * 50, "abcdefg " * 9], 420).save(start)
    tokenizer = read_json(start / "tokenizer.json")
    ids = tokenizer["model"]["vocab"]
    ids["one more"] = 400  # an id for which the checkpoint has no row
    (start / "tokenizer.json").write_text(json.dumps(tokenizer))
    changes = {**ALONE, "stages.tuned.start": str(start)}
    with pytest.raises(UserError, match="another tokenizer"):
        run_recipe(load_recipe(TINY, changes), tmp_path / "continued")
    assert not (tmp_path / "continued" / "corpus").exists()
