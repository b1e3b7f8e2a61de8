"""A model is asked alike wherever it lies: as a directory, a GGUF file, or a hub id."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from families import smollm2
from gguf_files import write_gguf

from midspan.errors import UserError
from midspan.export import import_model
from midspan.inference import Chat, Engine, Plain, Sampling, find_model
from midspan.model import hub, save_decoder
from midspan.serve.server import served_name
from midspan.tokens import Tokenizer

GREEDY = Sampling(max_tokens=8)


@pytest.fixture
def gguf(tokenizer: Tokenizer, tmp_path: Path) -> Path:
    """A small Llama with its tokenizer, as one file."""
    transformers = pytest.importorskip("transformers")
    tokenizer.save(tmp_path / "tokenizer")
    definition = json.loads((tmp_path / "tokenizer" / "tokenizer.json").read_text())
    ids = definition["model"]["vocab"] | {token["content"]: token["id"] for token in definition["added_tokens"]}

    def with_tokenizer(fields: dict[str, Any], tensors: dict[str, Any]) -> None:
        ordered = sorted(ids, key=lambda token: ids[token])
        fields["tokenizer.ggml.model"], fields["tokenizer.ggml.pre"] = "gpt2", "default"
        fields["tokenizer.ggml.tokens"] = ordered
        fields["tokenizer.ggml.token_type"] = [3 if token in tokenizer.special_ids else 1 for token in ordered]
        fields["tokenizer.ggml.merges"] = [" ".join(merge) for merge in definition["model"]["merges"]]
        fields["tokenizer.ggml.eos_token_id"] = fields["tokenizer.ggml.bos_token_id"] = tokenizer.end_of_text

    config = transformers.LlamaConfig(
        vocab_size=len(ids),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=96,
    )
    model = transformers.AutoModelForCausalLM.from_config(config)
    write_gguf(tmp_path / "Small.gguf", model, "llama", change=with_tokenizer)
    return tmp_path / "Small.gguf"


def test_a_gguf_file_answers_as_the_directory_it_is_imported_to(gguf: Path, tmp_path: Path) -> None:
    import_model(gguf, tmp_path / "imported")
    file, directory = Engine.open(gguf, weights="fp32"), Engine.open(tmp_path / "imported", weights="fp32")
    assert file.can == directory.can == {"plain", "fill", "chat"}
    for prompt in (Plain("def f("), Chat([{"role": "user", "content": "hello"}])):
        assert file.complete([prompt], GREEDY) == directory.complete([prompt], GREEDY)
    assert served_name(gguf) == "Small"
    assert find_model(gguf) == gguf


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Engine], str]:
    """Puts a model where the hub's cache would have it, and gives its id; the hub itself is out of reach."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub._fetched.cache_clear()

    def put(engine: Engine) -> str:
        folder = tmp_path / "cache" / "models--owner--small"
        commit = "0" * 40
        save_decoder(engine.decoder, folder / "snapshots" / commit)
        engine.tokenizer.save(folder / "snapshots" / commit)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text(commit)
        return "owner/small"

    return put


def test_a_hub_id_is_opened_from_the_cache(engine: Engine, cached: Callable[[Engine], str]) -> None:
    opened = Engine.open(cached(engine), weights="fp32")
    assert opened.complete([Plain("def f(")], GREEDY) == engine.complete([Plain("def f(")], GREEDY)
    with pytest.raises(UserError, match="owner/other: no such path here, and the hub cannot be reached"):
        find_model("owner/other")


def test_a_released_gguf_file_answers_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from midspan.cli.models import chat

    chat("What is 2 + 2? Answer in one word.", model=smollm2(), max_tokens=12)
    assert capsys.readouterr().out.strip()
