"""A released model comes in whole: weights, tokenizer, licence and name, and nothing of where it lay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from families import smollm2
from small_decoders import random_decoder

from midspan.cli import main
from midspan.errors import UserError
from midspan.export import import_model
from midspan.model import DecoderConfig, Generation, load_decoder, open_weights, save_decoder
from midspan.tokens import Tokenizer

README = """---
license: other
license_name: small-community
license_link: https://example.org/licence
model_name: owner/small
---
# Small
"""


@pytest.fixture
def released(tmp_path: Path, code_tokenizer: Tokenizer) -> Path:
    config = DecoderConfig("qwen2", 640, 32, 48, 2, 4, 2, 8, 4096, "rmsnorm", 1e-6, 1.0, qkv_bias=True)
    directory = tmp_path / "somewhere" / "secret-place"
    code_tokenizer.save(directory)
    generation = Generation({"eos_token_id": 3}, {"eos_token_id": [3, 5], "temperature": 0.2, "do_sample": True})
    save_decoder(random_decoder(config), directory, torch.bfloat16, generation)
    (directory / "README.md").write_text(README)
    (directory / "LICENSE.txt").write_text("Be kind.")
    (directory / "notes.txt").write_text("not the model's")
    return directory


def test_a_directory_comes_in_whole(released: Path, tmp_path: Path) -> None:
    import_model(released, tmp_path / "model")
    before, after = load_decoder(released), load_decoder(tmp_path / "model")
    assert after.config == before.config
    assert after.embed_tokens.weight.dtype == torch.bfloat16
    assert all(torch.equal(value, after.state_dict()[name]) for name, value in before.state_dict().items())
    assert Tokenizer.load(tmp_path / "model").fingerprint == Tokenizer.load(released).fingerprint
    assert open_weights(tmp_path / "model").generation == open_weights(released).generation
    assert open_weights(tmp_path / "model").origin == open_weights(released).origin
    assert (tmp_path / "model" / "LICENSE.txt").read_text() == "Be kind."
    assert not (tmp_path / "model" / "notes.txt").exists()
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in (tmp_path / "model").iterdir()}
    assert len(set(modes.values())) == 1, modes  # whoever may read the config may read the weights


def test_no_local_path_comes_with_it(released: Path, tmp_path: Path) -> None:
    (released / "README.md").unlink()
    config = json.loads((released / "config.json").read_text())
    (released / "config.json").write_text(json.dumps({**config, "_name_or_path": str(released)}))
    import_model(released, tmp_path / "model")
    for file in (tmp_path / "model").iterdir():
        assert b"secret-place" not in file.read_bytes(), file.name
    assert "Nothing says its licence" in (tmp_path / "model" / "README.md").read_text()


def test_what_is_there_is_not_lost_to_an_import(released: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("years")
    with pytest.raises(UserError, match="not empty, and no model"):
        import_model(released, tmp_path / "work")
    with pytest.raises(UserError, match="the model itself"):
        import_model(released, released)
    with pytest.raises(UserError, match="a file; give a directory"):
        import_model(released, tmp_path / "work" / "thesis.txt")
    assert (tmp_path / "work" / "thesis.txt").read_text() == "years"
    import_model(released, tmp_path / "model")
    import_model(released, tmp_path / "model")  # again, over what it wrote


def test_a_failed_import_leaves_nothing(released: Path, tmp_path: Path) -> None:
    weights = released / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(UserError, match="not a whole safetensors file"):
        import_model(released, tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["somewhere"]


def test_the_verb_says_what_is_wrong_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["midspan", "import", str(tmp_path / "nothing.gguf"), str(tmp_path / "model")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_smollm2_comes_in_and_opens_in_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    file = smollm2()
    import_model(file, tmp_path / "model")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype="auto").eval()
    expected = dict(open_weights(file).tensors())
    assert all(
        torch.equal(value, expected[name.removeprefix("model.")]) for name, value in theirs.model.state_dict().items()
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "model")
    text = "def fibonacci(n: int) -> int:\n    return n if n < 2 else fibonacci(n - 1) +"
    ids = tokenizer(text).input_ids
    assert ids == Tokenizer.load(tmp_path / "model").encode(text)
    with torch.no_grad():
        ours = load_decoder(tmp_path / "model")(torch.tensor([ids]))
        assert (ours - theirs(torch.tensor([ids])).logits).abs().max() < 1e-4
    assert "fibonacci".startswith(tokenizer.decode(ours[0, -1:].argmax(-1)).strip() or "?")
    card = (tmp_path / "model" / "README.md").read_text()
    assert "license: apache-2.0" in card
    assert str(file.parent) not in card
