"""What a run from a released model cannot be made of is one line with exit code 2, and said before any work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from small_starts import STARTS, write_start

from midspan.errors import UserError
from midspan.recipe import Recipe
from midspan.run import run_recipe

pytest.importorskip("transformers", reason="a development extra")
Change = Callable[[Path], object]
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_start(STARTS["llama-3.1"], tmp_path_factory.mktemp("released"))


@pytest.fixture
def start(released: Path, tmp_path: Path) -> Path:
    """A released model that may be damaged."""
    return Path(shutil.copytree(released, tmp_path / "start"))


def recipe_of(start: object, **fields: Any) -> dict[str, Any]:
    """A recipe of one stage from `start`; `fields` are the stage's, but for those that a recipe has."""
    stage = {
        "name": "tuned",
        "start": start if isinstance(start, list) else str(start),
        "data": [{"conversations": "exercises"}],
        "tokens": 512,
        "context": 256,
        "tokens_per_step": 256,
        "schedule": {"learning_rate": 0.001},
    }
    values = {
        "name": "bad",
        "alignment": [{"name": "exercises", "kind": "exercises", "per_family": 1}],
        "runtime": {"threads": 1, "workers": 1},
    }
    whole = {name: value for name, value in fields.items() if name in Recipe.model_fields}
    stage |= {name: value for name, value in fields.items() if name not in whole}
    return {**values, "stages": [stage], **whole}


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """The one line that a recipe is answered with; nothing is done before."""

    def line(start: object, **fields: Any) -> str:
        with pytest.raises(UserError) as caught:
            run_recipe(Recipe.model_validate(recipe_of(start, **fields)), tmp_path / "run")
        assert not (tmp_path / "run").exists()
        assert "\n" not in str(caught.value)
        said = capsys.readouterr().err
        assert "lacks" not in said
        assert "not asked" not in said
        return str(caught.value)

    return line


def midspan(recipe: dict[str, Any], folder: Path, **environment: str) -> tuple[str, float]:
    """What `midspan run` says before it ends with code 2, and after how many seconds."""
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    command = [sys.executable, "-m", "midspan", "run", str(folder / "recipe.yaml"), "--run", str(folder / "run")]
    started = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip(), time.monotonic() - started


def test_a_hub_id_that_cannot_be_fetched_is_one_line_and_soon(tmp_path: Path) -> None:
    hub = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "cache")}
    said, seconds = midspan(recipe_of("owner/no-such-model"), tmp_path, **hub)
    assert said.startswith("midspan: stages.tuned.start: owner/no-such-model: no such path here, and the hub cannot be")
    assert len(said.splitlines()) == 1
    assert seconds < 15
    assert not (tmp_path / "run").exists()


def cut_short(name: str, share: float = 0.5) -> Change:
    def change(place: Path) -> None:
        content = (place / name).read_bytes()
        (place / name).write_bytes(content[: int(len(content) * share)])

    return change


def written(name: str, content: str) -> Change:
    return lambda place: (place / name).write_text(content)


def without(name: str) -> Change:
    return lambda place: (place / name).unlink()


def fields(name: str, **values: Any) -> Change:
    """Fields of a JSON file changed; None takes one out."""

    def change(place: Path) -> None:
        content = json.loads((place / name).read_text()) | values
        kept = {key: value for key, value in content.items() if key not in values or value is not None}
        (place / name).write_text(json.dumps(kept))

    return change


def tensors(missing: str = "", extra: str = "") -> Change:
    def change(place: Path) -> None:
        held = load_file(place / "model.safetensors")
        held = {name: tensor for name, tensor in held.items() if name != missing}
        if extra:
            held[extra] = torch.zeros(3)
        save_file(held, place / "model.safetensors", metadata={"format": "pt"})

    return change


def instead_of_weights(index: str) -> Change:
    def change(place: Path) -> None:
        (place / "model.safetensors").unlink()
        (place / "model.safetensors.index.json").write_text(index)

    return change


def one_id_too_many(place: Path) -> None:
    content = json.loads((place / "tokenizer.json").read_text())
    content["added_tokens"].append({**content["added_tokens"][-1], "id": 600, "content": "<|one_more|>"})
    (place / "tokenizer.json").write_text(json.dumps(content))


DAMAGE: dict[str, tuple[Change, str]] = {
    "no weights": (without("model.safetensors"), "no model.safetensors and no pytorch_model.bin"),
    "weights cut short": (cut_short("model.safetensors"), "model.safetensors: not a whole safetensors file"),
    "a tensor too few": (tensors(missing="model.norm.weight"), "missing: model.norm.weight"),
    "a tensor too many": (tensors(extra="model.layers.2.mlp.up_proj.weight"), "model.layers.2.mlp.up_proj.weight"),
    "an index that is no JSON": (instead_of_weights("{"), "index.json: not an index of shards"),
    "an index of nothing": (instead_of_weights("{}"), "index.json: not an index of shards"),
    "absent shards": (
        instead_of_weights('{"weight_map": {"a": "model-1.safetensors"}}'),
        "not there: model-1.safetensors",
    ),
    "a config cut short": (cut_short("config.json"), "config.json: not JSON"),
    "a config that is a list": (written("config.json", "[]"), "config.json: not a JSON object"),
    "a config that lacks a field": (fields("config.json", hidden_size=None), "the field 'hidden_size' is missing"),
    "a field of the wrong kind": (fields("config.json", hidden_size="x"), "hidden_size is 'x'"),
    "another family": (fields("config.json", model_type="gpt2"), "model_type 'gpt2' is not supported; supported: "),
    "a broken generation config": (written("generation_config.json", "{"), "generation_config.json"),
    "a broken midspan.json": (written("midspan.json", "[]"), "midspan.json"),
    "no tokenizer": (without("tokenizer.json"), "no tokenizer.json in"),
    "a tokenizer cut short": (cut_short("tokenizer.json"), "tokenizer.json cannot be read"),
    "a tokenizer of nothing": (written("tokenizer.json", "{}"), "tokenizer.json cannot be read"),
    "a broken tokenizer config": (written("tokenizer_config.json", "{"), "tokenizer_config.json cannot be read"),
    "a tokenizer of another model": (one_id_too_many, "524 embedding rows, the tokenizer has 525 ids"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_start_is_named(damage: str, start: Path, refused: Refused) -> None:
    change, expected = DAMAGE[damage]
    change(start)
    line = refused(start)
    assert expected in line
    assert str(start) in line


def test_a_start_without_a_tokenizer_config_goes_by_its_tokenizer(start: Path, tmp_path: Path) -> None:
    (start / "tokenizer_config.json").unlink()
    recipe = recipe_of(start, evaluate=dict.fromkeys(("likelihood", "infilling", "exercises", "completions"), False))
    run_recipe(Recipe.model_validate(recipe), tmp_path / "run")
    assert (tmp_path / "run" / "models" / "release" / "config.json").is_file()
    card = (tmp_path / "run" / "card.md").read_text()  # of a model without a name
    assert "license: llama3.1\n" in card
    assert "starting from a released model" in card
    assert "base_model" not in card
    assert str(tmp_path) not in card


def test_a_folder_and_a_file_that_are_no_model_are_told_what_to_give(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "empty").mkdir()
    assert "no config.json and no GGUF file; give a directory" in refused(tmp_path / "empty")
    (tmp_path / "notes.txt").write_text("no model")
    assert "no config.json and no GGUF file; give a directory" in refused(tmp_path / "notes.txt")
    assert "no such file or directory, and not a hub id" in refused(tmp_path / "nowhere")
    (tmp_path / "empty" / "model.gguf").touch()
    assert f"give {tmp_path / 'empty' / 'model.gguf'} itself" in refused(tmp_path / "empty")


def test_a_gguf_file_of_another_architecture_or_cut_short_is_named(tmp_path: Path, refused: Refused) -> None:
    from gguf import GGUFWriter

    file = tmp_path / "model.gguf"
    writer = GGUFWriter(file, "mamba")
    writer.add_tensor("token_embd.weight", torch.zeros(4, 4).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert "mamba" in (line := refused(file))
    assert "llama" in line
    file.write_bytes(file.read_bytes()[:40])
    assert str(file) in refused(file)
    said, _ = midspan(recipe_of(file), tmp_path)
    assert said.count("midspan:") == 1


def test_a_context_longer_than_the_models_is_refused_with_the_remedy(start: Path, refused: Refused) -> None:
    fields("config.json", max_position_embeddings=128, rope_parameters={"rope_type": "default", "rope_theta": 1e4})(
        start
    )
    line = refused(start)
    assert "stages.tuned.context 256 is longer than the 128 positions" in line
    assert "rope_base" in line


def test_too_little_memory_is_said_with_the_settings_that_help(
    released: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midspan.train.memory.available_memory", lambda device: 10**6)
    line = refused(released)
    assert "stages.tuned needs" in line
    assert "lower its context, or take a smaller model" in line
    assert "runtime.recompute: true" in refused(released, runtime={"recompute": False})


def test_weights_that_do_not_suit_the_start_are_refused(released: Path, refused: Refused) -> None:
    line = refused(released, weights={"kind": "lora", "rank": 1000})
    assert "stages.tuned.weights.rank 1000 is more than q_proj can have" in line
    line = refused(released, weights={"kind": "full", "frozen_layers": 9})
    assert "stages.tuned.weights.frozen_layers: of 2 layers 9 frozen leave none to train" in line
    line = refused("scratch", weights={"kind": "lora"})  # type: ignore[arg-type]
    assert "stages.tuned.weights: from scratch all has to be learnt" in line


def encoded(tokenizer: Path, folder: Path, repositories: Path) -> Path:
    """A folder of token shards as `midspan corpus build --tokenizer` leaves it."""
    from midspan.corpus.stages import build_corpus
    from midspan.corpus.token_writer import encode_documents
    from midspan.engines import EngineChoice
    from midspan.recipe import Corpus

    corpus = Corpus(source=str(repositories), licences=["unknown"], heldout={"files": 0.3})
    engine = EngineChoice("local", 1, None)
    build_corpus(corpus, folder / "corpus", engine, 1)
    encode_documents(folder / "corpus" / "train", tokenizer, folder / "tokens" / "train", engine)
    return folder / "tokens"


def test_token_shards_that_are_not_there_or_of_another_tokenizer_are_refused(
    released: Path, refused: Refused, tmp_path: Path, repositories: Path
) -> None:
    def learning_from(folder: Path) -> str:
        return refused(released, data=[{"tokens": str(folder)}])

    (tmp_path / "empty").mkdir()
    assert f"no token shard in {tmp_path / 'empty'}" in learning_from(tmp_path / "empty")
    assert "no token shard in" in learning_from(tmp_path / "nowhere")
    other = write_start(STARTS["fim-and-chat"], tmp_path / "other")
    shards = encoded(other, tmp_path, repositories)
    assert f"{shards / 'train'} was encoded with another tokenizer" in learning_from(shards)


def test_released_models_of_different_tokenizers_or_shapes_are_refused(
    released: Path, refused: Refused, tmp_path: Path
) -> None:
    other = write_start(STARTS["sentence-piece"], tmp_path / "other")
    assert "models of different shapes have no mean" in refused([str(released), str(other)])
    first, second = (recipe_of(place)["stages"][0] for place in (released, other))
    assert "have different tokenizers" in refused(released, stages=[first, {**second, "name": "again"}])
    scratch = {**first, "start": "scratch"}
    assert "begin with the released model" in refused(released, stages=[scratch, {**first, "name": "again"}])


KIND = [{"name": "exercises", "kind": "exercises"}]
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "objective": (
        {"objective": {"kind": "dop"}},
        "stages.tuned.objective.kind: there is no kind 'dop'; did you mean 'dpo'?",
    ),
    "field of an objective": (
        {"objective": {"kind": "causal", "beta": 1}},
        "stages.tuned.objective: unknown field 'beta'",
    ),
    "objective for other data": ({"objective": {"kind": "dpo"}}, "dpo learns from pairs, not from conversations"),
    "alignment kind": (
        {"alignment": [{"name": "exercises", "kind": "exercise"}]},
        "alignment.exercises.kind: there is no kind 'exercise'; did you mean 'exercises'?",
    ),
    "kind of an alignment source that nothing uses": (
        {"alignment": [*KIND, {"name": "more", "kind": "own-failure"}]},
        "alignment.more.kind: there is no kind 'own-failure'; did you mean 'own-failures'?",
    ),
    "field of an alignment source": (
        {"alignment": [{**KIND[0], "per_famly": 1}]},
        "alignment.exercises: unknown field 'per_famly'; did you mean 'per_family'?",
    ),
    "benchmark": ({"evaluate": {"infiling": True}}, "there is no benchmark 'infiling'; did you mean 'infilling'?"),
    "field of a benchmark": (
        {"evaluate": {"infilling": {"line": 3}}},
        "evaluate.infilling: unknown field 'line'; did you mean 'lines'?",
    ),
    "value of a benchmark": ({"evaluate": {"infilling": {"lines": -1}}}, "evaluate.infilling: "),
    "tokens that are lacking and not to be added": (
        {"data": [{"tokens": "corpus", "fim": {}}], "tokenizer": {"add_missing": False}},
        "lacks <fim_prefix>, <fim_middle>, <fim_suffix>, which the stages need, and tokenizer.add_missing is false",
    ),
    "a date in the future": (
        {
            "data": [{"tokens": "corpus"}],
            "corpus": {"sources": [{"kind": "git", "path": "."}], "heldout": {"after": "2999-01-01"}},
        },
        "corpus.heldout.after: 2999-01-01 lies in the future",
    ),
    "pairs where conversations are": (
        {"data": [{"pairs": "exercises"}], "objective": {"kind": "dpo"}},
        "exercises gives conversations, not pairs",
    ),
    "no stages": ({"stages": []}, "the recipe has no stages"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_part_of_the_recipe_names_the_nearest(mistake: str, released: Path, refused: Refused) -> None:
    fields, expected = MISTAKES[mistake]
    assert expected in refused(released, **fields)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ raise_exception('a system message first') }}", "refuses this conversation: a system message first"),
        (
            "{% for m in messages %}{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}think{% endif %}",
            "told apart",
        ),
        ("{% if %}", "refuses this conversation"),
    ],
)
def test_a_chat_template_that_cannot_be_trained_on_is_said(
    template: str, expected: str, start: Path, refused: Refused
) -> None:
    fields("tokenizer_config.json", chat_template=template)(start)
    line = refused(start)
    assert line.startswith("stages.tuned: the chat template")
    assert expected in line


def test_own_failures_need_a_model_and_each_stage_its_own(released: Path, refused: Refused) -> None:
    source = [{"name": "own", "kind": "own-failures"}]
    dpo = {"data": [{"pairs": "own"}], "objective": {"kind": "dpo"}}
    assert "it starts from none" in refused("scratch", alignment=source, **dpo)
    stage = recipe_of(released, **dpo)["stages"][0]
    twice = [stage, {**stage, "name": "again"}]
    assert "alignment.own samples the model" in refused(released, alignment=source, stages=twice)
