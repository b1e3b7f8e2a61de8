"""An export is proven by reading it back, and is not made when the proof fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from midspan.errors import UserError
from midspan.export import export_hf, hf
from midspan.model import Decoder, DecoderConfig, Generation, ModelFacts, load_decoder, open_weights, save_decoder
from midspan.step import Tools
from midspan.tokens import Tokenizer


@pytest.fixture
def model(tmp_path: Path, code_tokenizer: Tokenizer) -> Path:
    torch.manual_seed(0)
    config = DecoderConfig("stablelm", code_tokenizer.vocabulary_size, 32, 48, 2, 2, 2, 16, 64, qkv_bias=True)
    (tmp_path / "model").mkdir()
    save_decoder(Decoder(config), tmp_path / "model")
    code_tokenizer.save(tmp_path / "model")
    return tmp_path / "model"


def export(model: Path, home: Path) -> Path:
    (home / "card.md").write_text("# A card\n")
    export_hf(model=model, card=home / "card.md", output=home / "release", key="k", tools=Tools())
    return home / "release"


def test_both_readers_see_equal_logits(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = export(model, tmp_path)
    assert "logits read back equal by midspan" in (said := capsys.readouterr().err)
    assert "transformers (largest difference" in said
    before, after = load_decoder(model).state_dict(), load_decoder(release).state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert (release / "README.md").read_text() == "# A card\n"
    assert Tokenizer.load(release).fingerprint == Tokenizer.load(model).fingerprint


def test_what_is_known_of_a_model_goes_with_it(model: Path, tmp_path: Path) -> None:
    facts = ModelFacts("owner/base", "other", "small", "https://x.org", ("<fim_prefix>",), healing=False)
    facts.write(model)
    assert ModelFacts.read(export(model, tmp_path)) == facts


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_an_export_is_in_the_models_precision_and_keeps_what_it_says_of_its_use(
    dtype: torch.dtype, model: Path, tmp_path: Path
) -> None:
    generation = Generation(
        {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3},
        {"eos_token_id": [2, 5], "temperature": 0.2, "do_sample": True},
    )
    save_decoder(load_decoder(model), model, dtype, generation)
    weights = open_weights(export(model, tmp_path))
    assert weights.dtype == dtype
    assert weights.generation == generation
    assert weights.config.max_positions == 64


def test_a_reader_that_sees_other_logits_stops_the_export(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hf, "_transformers_logits", lambda directory, probe: torch.zeros(1, 64, 600))
    with pytest.raises(UserError, match="transformers reads other logits"):
        export(model, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["card.md", "model"]
