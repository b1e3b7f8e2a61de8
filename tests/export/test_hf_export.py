"""An export is proven by reading it back, and is not made when the proof fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from midspan.errors import UserError
from midspan.export import export_hf, hf
from midspan.model import Decoder, DecoderConfig, Generation, load_decoder, open_weights, save_decoder
from midspan.tokens import Tokenizer


@pytest.fixture
def model(tmp_path: Path, code_tokenizer: Tokenizer) -> Path:
    torch.manual_seed(0)
    config = DecoderConfig("stablelm", code_tokenizer.vocabulary_size, 32, 48, 2, 2, 2, 16, 64, qkv_bias=True)
    (tmp_path / "model").mkdir()
    save_decoder(Decoder(config), tmp_path / "model")
    code_tokenizer.save(tmp_path / "model")
    return tmp_path / "model"


def test_both_readers_see_equal_logits(model: Path, tmp_path: Path) -> None:
    found = export_hf(model, tmp_path / "release", "# A card\n")
    assert found["midspan"] == 0
    assert found["transformers"] < 1e-4
    assert (tmp_path / "release" / "README.md").read_text() == "# A card\n"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_an_export_is_in_the_models_precision_and_keeps_what_it_says_of_its_use(
    dtype: torch.dtype, model: Path, tmp_path: Path
) -> None:
    generation = Generation(
        {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3},
        {"eos_token_id": [2, 5], "temperature": 0.2, "do_sample": True},
    )
    save_decoder(load_decoder(model), model, dtype, generation)
    found = export_hf(model, tmp_path / "release", "# A card\n")
    assert max(found.values()) < 1e-4
    weights = open_weights(tmp_path / "release")
    assert weights.dtype == dtype
    assert weights.generation == generation
    assert weights.config.max_positions == 64


def test_a_reader_that_sees_other_logits_stops_the_export(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hf, "_transformers_logits", lambda directory, probe: torch.zeros(1, 64, 600))
    with pytest.raises(UserError, match="transformers reads other logits"):
        export_hf(model, tmp_path / "release", "card")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model"]
