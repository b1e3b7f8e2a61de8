"""A run from each kind of released model: it ends, says what was not asked and what was added, and harms nothing."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from families import smollm2
from small_starts import FIM, STARTS, Start, write_start

from midspan.files import read_json
from midspan.inference import Chat, Engine
from midspan.model import Generation, load_decoder, open_weights
from midspan.recipe import Recipe
from midspan.run import run_recipe
from midspan.tokens import Tokenizer, open_tokenizer

transformers = pytest.importorskip("transformers", reason="a development extra")

TEXT = "def f(x):\n    return  x  # naïve 十\n"
SCHEDULE = {"learning_rate": 0.001}
EVALUATE: dict[str, Any] = {
    "likelihood": {"bytes": 1000},
    "infilling": {"lines": 2, "blocks": 1, "nodes": 1, "left": 1, "max_tokens": 8},
    "exercises": {"count": 1, "per_family": 1, "max_tokens": 4},
    "preferences": {"pairs": 1},
    "completions": {"max_tokens": 4},
}
PAIRS = {"per_family": 1, "pairs": 2, "heldout": 1, "samples_per_exercise": 1, "max_tokens": 4}
RUNTIME = {"threads": 1, "workers": 1, "checkpoint_seconds": 600}


FIM_ROWS: dict[str, Any] = {"tokens": "corpus", "fim": {"rate": 0.9}}
BOTH = {"data": [FIM_ROWS, {"conversations": "exercises"}], "context": 256, "tokens": 512}  # in one stage


def stage(name: str, data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A stage of two steps."""
    short = {"tokens": 1024, "context": 512, "tokens_per_step": 512, "schedule": SCHEDULE}
    return {"name": name, "data": [data], **short, **fields}


def code(start: Path | str | list[str], **fields: Any) -> dict[str, Any]:
    """Continued pre-training with FIM."""
    short = {
        "start": start if isinstance(start, list) else str(start),
        "context": 64,
        "tokens": 512,
        "tokens_per_step": 256,
    }
    return {**stage("code", FIM_ROWS, **short), **fields}


STILL = {"learning_rate": 1e-12}  # moves no weight that bfloat16 can tell
NOTHING = dict.fromkeys(EVALUATE, False)
SFT = stage("sft", {"conversations": "exercises"})
DPO = stage("dpo", {"pairs": "own-failures"}, objective={"kind": "dpo"})


@dataclass(frozen=True)
class Run:
    """What became of a recipe: its directory, all that was said on the way, and the names of its stages."""

    place: Path
    said: str
    stages: list[str]

    def text(self, file: str) -> str:
        return (self.place / file).read_text(encoding="utf-8")

    @property
    def release(self) -> Path:
        return self.place / "models" / "release"


Carry = Callable[..., Run]
Started = Callable[[str], Path]


@pytest.fixture(scope="module")
def carry(tmp_path_factory: pytest.TempPathFactory, repositories: Path) -> Carry:
    """Carries a recipe of these stages out, in a directory of its own."""

    def carried(*stages: dict[str, Any], **fields: Any) -> Run:
        values = {
            "name": "starts",
            "seed": 5,
            "corpus": {"source": str(repositories), "licences": ["unknown"], "heldout": {"files": 0.3}},
            "alignment": [
                {"name": "exercises", "kind": "exercises", "per_family": 1},
                {"name": "own-failures", "kind": "own-failures", **PAIRS},
            ],
            "stages": list(stages),
            "evaluate": EVALUATE,
            "runtime": RUNTIME,
        }
        place = tmp_path_factory.mktemp("runs") / "run"
        with redirect_stderr(StringIO()) as said:
            run_recipe(Recipe.model_validate({**values, **fields}), place)
        return Run(place, said.getvalue(), [stage["name"] for stage in stages])

    return carried


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Started:
    """The place of one of the small released models, made when it is first asked for."""
    made: dict[str, Path] = {}

    def place(name: str) -> Path:
        if name not in made:
            made[name] = write_start(STARTS[name], tmp_path_factory.mktemp(name))
        return made[name]

    return place


@pytest.fixture(scope="module", params=STARTS)
def road(request: pytest.FixtureRequest, started: Started, carry: Carry) -> tuple[Start, Path, Run]:
    """A start, where it lies, and the whole road from it."""
    start, place = STARTS[request.param], started(request.param)
    large = start.fields["vocab_size"] > 1000  # read again for each benchmark
    evaluate = (
        {**NOTHING, "infilling": {"lines": 2, "blocks": 1, "nodes": 1, "left": 1, "max_tokens": 4}}
        if large
        else EVALUATE
    )
    stages = [code(place, **BOTH)] if large else [code(place), SFT, DPO]
    return start, place, carry(*stages, evaluate=evaluate)


def test_what_a_start_lacks_is_added_and_said_before_the_corpus_is_built(road: tuple[Start, Path, Run]) -> None:
    start, place, run = road
    before = run.said.split("corpus")[0]
    lines = [line for line in before.splitlines() if "lacks" in line]
    said = f"{place} lacks {', '.join(start.lacks)}: they are added, with embeddings drawn as the others lie"
    assert lines == ([said] if start.lacks else [])
    given, own = open_tokenizer(place), Tokenizer.load(run.place / "tokenizer")
    assert own.special_ids.keys() - given.special_ids.keys() == set(start.lacks)
    assert own.encode(TEXT) == given.encode(TEXT)
    added = f"Tokens that the released tokenizer lacked were added: {', '.join(start.lacks)}."
    for file in ("card.md", "report.html"):
        assert (as_written(added) in as_written(run.text(file))) == bool(start.lacks)


def as_written(text: str) -> str:
    """Without what Markdown and HTML put around special characters."""
    return text.replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")


def test_with_its_tokens_every_start_is_asked_everything(road: tuple[Start, Path, Run]) -> None:
    _, _, run = road
    assert "not asked" not in run.said
    for model in run.stages:
        results = [read_json(result) for result in (run.place / "evaluation" / model).glob("*.json")]
        assert "infilling" in {result["benchmark"] for result in results}
        assert not any(result["not_asked"] for result in results)


def test_the_export_keeps_the_starts_precision_positions_ends_and_defaults(road: tuple[Start, Path, Run]) -> None:
    start, place, run = road
    before, after = (read_json(at / "config.json") for at in (place, run.release))
    assert after["dtype"] == after["torch_dtype"] == "bfloat16"
    assert after["max_position_embeddings"] == start.fields["max_position_embeddings"]
    for role in ("bos_token_id", "eos_token_id", "pad_token_id"):
        assert after.get(role) == start.ids.get(role), role
    assert after["vocab_size"] >= before["vocab_size"]
    assert after["vocab_size"] % 64 == 0 or after["vocab_size"] == before["vocab_size"]
    before, after = (read_json(at / "generation_config.json") for at in (place, run.release))
    ends = after["eos_token_id"] if isinstance(after["eos_token_id"], list) else [after["eos_token_id"]]
    assert set(ends) == {before["eos_token_id"], Tokenizer.load(run.release).chat_end}
    version = {"transformers_version", "eos_token_id"}
    assert {key: after[key] for key in after.keys() - version} == {key: before[key] for key in before.keys() - version}


def test_transformers_reads_equal_weights_logits_and_tokens_from_the_export(road: tuple[Start, Path, Run]) -> None:
    _, _, run = road
    theirs = transformers.AutoModelForCausalLM.from_pretrained(run.release, dtype="auto").eval()
    tokenizer, peer = Tokenizer.load(run.release), transformers.AutoTokenizer.from_pretrained(run.release)
    assert peer(TEXT)["input_ids"] == [*tokenizer.opening, *tokenizer.encode(TEXT)]
    chat = [{"role": "user", "content": TEXT}]
    asked = peer.apply_chat_template(chat, add_generation_prompt=True, tokenize=True, return_dict=False)
    assert Engine.open(run.release).ids(Chat(chat), 4).tokens == asked
    assert theirs.dtype == torch.bfloat16
    ours = load_decoder(run.release)
    tokens = torch.tensor([[*tokenizer.opening, *tokenizer.encode(TEXT)] * 5])
    with torch.no_grad():
        stored, expected = ours(tokens).float(), theirs(tokens).logits.float()
        assert (stored - expected).norm() < 0.03 * expected.norm()
        torch.testing.assert_close(ours.float()(tokens), theirs.float()(tokens).logits, atol=1e-4, rtol=1e-4)


def test_the_card_names_the_start_and_its_licence_and_no_path(road: tuple[Start, Path, Run]) -> None:
    start, place, run = road
    card = run.text("models/release/README.md")
    front = card.split("---")[1]
    assert f"license: {start.licence}\n" in front
    assert f"base_model: {start.name}\n" in front
    assert ("license_name: small-community\n" in front) == (start.licence == "other")
    assert f"starting from {start.name}" in card
    for folder in (place, run.place):
        assert not any(str(parent) in card for parent in [folder, *list(folder.parents)[:-2]])


def test_training_moved_the_weights_and_left_the_shape(road: tuple[Start, Path, Run]) -> None:
    _, place, run = road
    start, end = open_weights(place), open_weights(run.release)
    before, after = dict(start.tensors()), dict(end.tensors())
    assert before.keys() == after.keys()
    moved = [name for name in before if not torch.equal(before[name], after[name][: len(before[name])])]
    assert len(moved) > len(before) / 2
    assert replace(end.config, vocabulary_size=1) == replace(start.config, vocabulary_size=1)


def test_new_embeddings_lie_where_the_old_do_and_all_others_stay(started: Started, carry: Carry) -> None:
    place = started("llama-3.1")
    run = carry(code(place, schedule=STILL), evaluate=NOTHING)
    before, after = dict(open_weights(place).tensors()), dict(open_weights(run.release).tensors())
    for name, old in before.items():
        new = after[name]
        torch.testing.assert_close(new[: len(old)], old, atol=0, rtol=0)
        if len(new) > len(old):  # of a head they are the mean, of an embedding they differ
            mean, added = old.float().mean(0), new[len(old) :].float()
            atol = 1e-4 if name.startswith("lm_head") else 5 * float(old.float().std())
            torch.testing.assert_close(added, mean.expand_as(added), atol=atol, rtol=1e-2)


def test_start_and_fine_tuning_alone_are_a_recipe_that_builds_no_corpus(started: Started, carry: Carry) -> None:
    run = carry({**SFT, "start": str(started("llama-3.1"))})
    assert not (run.place / "corpus").exists()
    assert not (run.place / "alignment" / "own-failures").exists()
    before = run.said.split("sft:")[0]
    for benchmark in ("likelihood", "infilling"):
        assert f"not asked: {benchmark}, for no files are held out" in before
        assert f"{benchmark}: not asked of start-1, sft: no files are held out." in run.text("report.html")
    assert "preferences: not asked of start-1, sft: no preference pairs are held out." in run.text("card.md")
    assert read_json(run.place / "evaluation" / "sft" / "exercises.json")["scores"]
    assert run.release.is_dir()


def test_every_benchmark_can_be_switched_off(started: Started, carry: Carry) -> None:
    run = carry(code(started("fim-and-chat")), evaluate=NOTHING)
    assert not (run.place / "evaluation").exists()
    assert "Nothing has been evaluated" in run.text("card.md")
    assert "</html>" in run.text("report.html")
    assert run.release.is_dir()


def test_what_no_stage_needs_is_not_added_and_what_the_model_cannot_is_not_asked(
    started: Started, carry: Carry
) -> None:
    place = started("sentence-piece")
    run = carry(stage("code", {"tokens": "corpus"}, start=str(place), context=64))
    assert "lacks" not in run.said
    before = run.said.split("corpus")[0]
    assert "not asked: exercises, for the tokenizer has no chat template" in before
    for file in ("card.md", "report.html"):
        assert "exercises: not asked of start-1, code: the tokenizer has no chat template." in run.text(file)
    rows = [json.loads(row) for row in run.text("evaluation/code/infilling.jsonl").splitlines()]
    assert {"lines", "lines, left side alone"} <= {row["group"] for row in rows}
    assert not [row for row in rows if "ended" in row]  # it is asked from the left side alone
    for file, without in (("generation_config.json", "transformers_version"), ("tokenizer.json", "")):
        given, own = read_json(place / file), read_json(run.release / file)
        assert {**own, without: 0} == {**given, without: 0}
    assert open_weights(run.release).config == open_weights(place).config


def test_several_starts_are_averaged(started: Started, carry: Carry, tmp_path: Path) -> None:
    other = replace(STARTS["llama-3.1"], name="owner/other", licence="mit")
    places = [started("llama-3.1"), write_start(other, tmp_path, seed=1)]
    run = carry(code([str(place) for place in places], schedule=STILL), evaluate=NOTHING)
    one, two, mean = (dict(open_weights(place).tensors()) for place in [*places, run.release])
    for name in one:
        expected = ((one[name].float() + two[name].float()) / 2).to(torch.bfloat16)
        torch.testing.assert_close(mean[name][: len(expected)], expected, atol=1e-9, rtol=0)  # zeros move
    card = run.text("card.md")
    assert "base_model:\n- owner/small\n- owner/other\n" in card
    assert "license: other\nlicense_name: llama3.1, mit\n" in card


def test_a_stage_starts_from_an_earlier_one_or_from_the_released_model_again(started: Started, carry: Carry) -> None:
    place = started("llama-3.1")
    moving = code(place, schedule={"learning_rate": 0.05})
    named = {**code("code", schedule=STILL), "name": "named"}
    again = {**code(place, schedule=STILL), "name": "again"}
    follows = {**code("previous", schedule=STILL), "name": "follows"}
    run = carry(moving, named, again, follows, evaluate=NOTHING)
    models = run.place / "models"
    held = {
        name: dict(open_weights(models / name).tensors()) for name in ("start-1", "code", "named", "again", "follows")
    }
    for stage_name, start in (("named", "code"), ("again", "start-1"), ("follows", "again")):
        assert all(torch.equal(value, held[start][name]) for name, value in held[stage_name].items()), stage_name
    assert not all(torch.equal(value, held["start-1"][name]) for name, value in held["code"].items())
    assert not (models / "start-2").exists()


def test_lora_stages_hand_on_merged_weights_and_keep_their_adapters(started: Started, carry: Carry) -> None:
    peft = pytest.importorskip("peft", reason="a development extra")
    place = started("fim-and-chat")
    lora = {"weights": {"kind": "lora", "rank": 4, "targets": ["q_proj", "up_proj"]}}
    run = carry(code(place, schedule={"learning_rate": 0.05}, **lora), {**DPO, **lora}, evaluate=NOTHING)
    models, adapters = run.place / "models", {name: run.place / "stages" / name / "adapter" for name in ("code", "dpo")}
    before, after = (dict(open_weights(models / name).tensors()) for name in ("start-1", "code"))
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name in before if name.endswith(("q_proj.weight", "up_proj.weight"))}
    assert {tensor.dtype for tensor in after.values()} == {torch.bfloat16}
    base = read_json(adapters["code"] / "adapter_config.json")["base_model_name_or_path"]
    assert Path(base) == models / "start-1"
    theirs = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    merged = peft.PeftModel.from_pretrained(theirs, adapters["code"]).merge_and_unload().state_dict()
    for name, tensor in after.items():
        assert torch.equal(merged[name if name.startswith("lm_head") else f"model.{name}"].bfloat16(), tensor), name
    # Nothing is learnt yet at the first step of DPO: the reference is the model itself.
    first = json.loads(run.text("stages/dpo/metrics.jsonl").splitlines()[0])
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-6)
    summary = read_json(run.place / "stages" / "code" / "summary.json")
    assert summary["trained_parameters"] == 2 * 4 * (64 + 64 + 64 + 96)  # of two layers: rank × (in + out)
    assert "mfu" not in summary
    assert "dpo, LoRA of rank 4" in run.text("card.md")
    assert "causal on corpus, LoRA of rank 4" in run.text("report.html")


def test_tokens_that_no_stage_can_learn_are_said(started: Started, carry: Carry) -> None:
    place = started("llama-3.1")
    said = "no stage trains their embeddings, so they stay as drawn: give one weights: {kind: full}"
    run = carry(code(place, weights={"kind": "full", "frozen_layers": 1}), evaluate=NOTHING)
    assert said in run.said.split("corpus")[0]
    before, after = (dict(open_weights(run.place / "models" / name).tensors()) for name in ("start-1", "code"))
    still = {name for name in before if torch.equal(before[name], after[name])}
    assert still == {name for name in before if name.startswith(("embed_tokens", "layers.0."))}


def test_a_released_gguf_file_travels_the_road(carry: Carry) -> None:
    place = smollm2()
    evaluate = {**NOTHING, "exercises": {"count": 1, "per_family": 1, "max_tokens": 4}}
    run = carry(code(place, **BOTH | {"tokens": 256}), evaluate=evaluate)
    assert f"{place} lacks {', '.join(FIM)}: they are added" in run.said.split("corpus")[0]
    config, generation = (read_json(run.release / file) for file in ("config.json", "generation_config.json"))
    assert config["max_position_embeddings"] == 8192
    assert config["vocab_size"] == 49152 + 64
    tokenizer = Tokenizer.load(run.release)
    assert tokenizer.chat_template == open_tokenizer(place).chat_template
    assert tokenizer.chat_end in Generation.read(config, generation).ends
    assert "license: apache-2.0\n" in run.text("card.md")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(run.release, dtype="auto").eval()
    ours = load_decoder(run.release)
    tokens = torch.tensor([tokenizer.encode(TEXT)])
    with torch.no_grad():
        torch.testing.assert_close(ours(tokens), theirs(tokens).logits, atol=1e-3, rtol=1e-3)
    shutil.rmtree(run.place)  # three models of half a gigabyte
