"""Reading and writing checkpoint directories: every defect is named, nothing is half-written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_decoders import FAMILIES, QWEN2, STABLE, random_decoder

from midspan.errors import UserError
from midspan.model import DecoderConfig, Generation, load_decoder, parameter_shapes, save_decoder


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_decoder(random_decoder(STABLE), tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())
def test_a_saved_decoder_comes_back_bit_for_bit(config: DecoderConfig, tmp_path: Path) -> None:
    decoder = random_decoder(config)
    save_decoder(decoder, tmp_path)
    back = load_decoder(tmp_path)
    assert back.config == config
    assert not back.training
    assert all(parameter.requires_grad for parameter in back.parameters())
    state = decoder.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in back.state_dict().items())


def test_what_is_on_disk_is_what_parameter_shapes_says(saved: Path) -> None:
    stored = {name: tuple(value.shape) for name, value in load_file(saved / "model.safetensors").items()}
    assert stored == {
        name if name.startswith("lm_head.") else f"model.{name}": shape
        for name, shape in parameter_shapes(STABLE).items()
    }


def test_dtypes_are_those_asked_for(tmp_path: Path) -> None:
    decoder = random_decoder(STABLE)
    save_decoder(decoder, tmp_path, dtype=torch.bfloat16)
    assert {value.dtype for value in load_file(tmp_path / "model.safetensors").values()} == {torch.bfloat16}
    assert json.loads((tmp_path / "config.json").read_text())["torch_dtype"] == "bfloat16"
    state = decoder.state_dict()
    for name, value in load_decoder(tmp_path).state_dict().items():
        assert torch.equal(value, state[name].bfloat16().float())
    assert {value.dtype for value in load_decoder(tmp_path, torch.bfloat16).parameters()} == {torch.bfloat16}


def test_saving_leaves_the_tokenizer_and_no_litter(saved: Path) -> None:
    (saved / "tokenizer.json").write_text("{}")
    save_decoder(random_decoder(STABLE, seed=5), saved, generation=Generation.of_tokens(2))
    assert sorted(path.name for path in saved.iterdir()) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
    ]
    assert json.loads((saved / "generation_config.json").read_text())["eos_token_id"] == 2


def edit(directory: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(directory / "model.safetensors")
    change(tensors)
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def test_missing_and_unexpected_tensors_are_named(saved: Path) -> None:
    edit(saved, lambda tensors: tensors.pop("model.layers.1.mlp.up_proj.weight"))
    edit(saved, lambda tensors: tensors.update({"model.layers.0.self_attn.o_proj.bias": torch.zeros(32)}))
    with pytest.raises(
        UserError,
        match=r"missing: model\.layers\.1\.mlp\.up_proj\.weight; unexpected: model\.layers\.0\.self_attn\.o_proj\.bias",
    ):
        load_decoder(saved)


def test_a_wrong_shape_is_named_with_both_shapes(saved: Path) -> None:
    edit(saved, lambda tensors: tensors.update({"model.norm.bias": torch.zeros(33)}))
    with pytest.raises(UserError, match=r"model\.norm\.bias is \[33\], but the config asks for \[32\]"):
        load_decoder(saved)


def test_the_constants_of_old_llama_checkpoints_are_passed_over(tmp_path: Path) -> None:
    decoder = random_decoder(FAMILIES["llama"])
    save_decoder(decoder, tmp_path)
    edit(tmp_path, lambda tensors: tensors.update({"model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(4)}))
    assert torch.equal(load_decoder(tmp_path).norm.weight, decoder.norm.weight)


def test_a_head_stored_beside_tied_embeddings_is_one_of_its_own_where_it_differs(tmp_path: Path) -> None:
    decoder = random_decoder(QWEN2)
    save_decoder(decoder, tmp_path)
    head = decoder.embed_tokens.weight.detach().clone()
    edit(tmp_path, lambda tensors: tensors.update({"lm_head.weight": head}))
    assert torch.equal(load_decoder(tmp_path).head_weight, head)
    edit(tmp_path, lambda tensors: tensors.update({"lm_head.weight": head + 1}))
    apart = load_decoder(tmp_path)  # as transformers reads it
    assert not apart.config.tied_embeddings
    assert torch.equal(apart.head_weight, head + 1)
    edit(tmp_path, lambda tensors: tensors.pop("model.embed_tokens.weight"))
    assert torch.equal(load_decoder(tmp_path).embed_tokens.weight, head + 1)  # the only copy there is


def test_pickled_weights_are_read_as_tensors_alone(saved: Path) -> None:
    tensors = load_file(saved / "model.safetensors")
    (saved / "model.safetensors").unlink()
    torch.save(tensors, saved / "pytorch_model.bin")
    expected = random_decoder(STABLE).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in load_decoder(saved).state_dict().items())
    torch.save(tensors, saved / "pytorch_model.bin", _use_new_zipfile_serialization=False)  # before torch 1.6
    assert all(torch.equal(value, expected[name]) for name, value in load_decoder(saved).state_dict().items())


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('ran code')",)


@pytest.mark.parametrize("content", [{"a": Harmful()}, [1, 2], {"step": 3}], ids=["code", "a list", "a number"])
def test_a_pickle_of_anything_but_tensors_is_refused(saved: Path, content: object) -> None:
    (saved / "model.safetensors").unlink()
    torch.save(content, saved / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pytorch_model\.bin: ") as caught:
        load_decoder(saved)
    assert "\n" not in str(caught.value)


def test_absent_and_damaged_files_are_named(saved: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such file or directory"):
        load_decoder(saved / "nowhere")
    weights = saved / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"model\.safetensors: not a whole safetensors file"):
        load_decoder(saved)
    weights.unlink()
    with pytest.raises(UserError, match=r"no model\.safetensors and no pytorch_model\.bin"):
        load_decoder(saved)
    (saved / "pytorch_model.bin").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(UserError, match=r"pytorch_model\.bin: not a whole file"):
        load_decoder(saved)
    (saved / "pytorch_model.bin").unlink()
    index = {"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}}
    (saved / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"shards are not there: model-00001-of-00002\.safetensors"):
        load_decoder(saved)


@pytest.mark.parametrize(
    "text", ["{", "[]", "3", '{"weight_map": [1]}', '{"weight_map": {}}', '{"weight_map": {"a": 3}}']
)
def test_a_broken_index_is_one_line(saved: Path, text: str) -> None:
    (saved / "model.safetensors").unlink()
    (saved / "model.safetensors.index.json").write_text(text)
    with pytest.raises(UserError, match=r"model\.safetensors\.index\.json: ") as caught:
        load_decoder(saved)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "generation_config.json"])
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe{", b""])
def test_a_broken_config_is_one_line(saved: Path, name: str, content: bytes) -> None:
    (saved / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name}: not ") as caught:
        load_decoder(saved)
    assert "\n" not in str(caught.value)
