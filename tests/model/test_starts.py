"""Released models as they come: in bf16, in shards, tied, padded, pickled; read in the precision they are stored in."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_decoders import randomise

from midspan.model import fill, load_decoder, on_meta, open_weights, save_decoder

transformers = pytest.importorskip("transformers")
transformers.utils.logging.disable_progress_bar()

SHAPE = {
    "vocab_size": 128,  # of which the tokenizer would use 100
    "hidden_size": 64,
    "intermediate_size": 112,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 3,
}
YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 64}
STARTS = {
    "llama with biases": ("LlamaConfig", SHAPE | {"attention_bias": True, "mlp_bias": True}),
    "mistral with a window": ("MistralConfig", SHAPE | {"sliding_window": 7}),
    "qwen2 with yarn, tied": ("Qwen2Config", SHAPE | {"rope_parameters": YARN, "tie_word_embeddings": True}),
    "stablelm": ("StableLmConfig", SHAPE | {"use_qkv_bias": True}),
}
TOKENS = torch.randint(100, (2, 40), generator=torch.Generator().manual_seed(0))
START = pytest.mark.parametrize("start", STARTS)
PRECISION = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
ROUNDING = {torch.bfloat16: 0.03, torch.float16: 0.004, torch.float32: 1e-5}  # of the logits' size, root mean square


def released(start: str, dtype: torch.dtype) -> torch.nn.Module:
    name, fields = STARTS[start]
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, name)(**fields))
    randomise(model)
    return model.to(dtype).eval()


def pickle(model: torch.nn.Module, directory: Path) -> None:
    model.config.save_pretrained(directory)
    torch.save(model.state_dict(), directory / "pytorch_model.bin")


def pickle_in_shards(model: torch.nn.Module, directory: Path) -> None:
    model.config.save_pretrained(directory)
    state = list(model.state_dict().items())
    half = len(state) // 2
    where = {}
    for number, part in enumerate((state[:half], state[half:]), 1):
        file = f"pytorch_model-{number:05}-of-00002.bin"
        torch.save(dict(part), directory / file)
        where |= {name: file for name, _ in part}
    (directory / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


LAYOUTS = {
    "one file": lambda model, directory: model.save_pretrained(directory),
    "shards": lambda model, directory: model.save_pretrained(directory, max_shard_size="60KB"),
    "pickle": pickle,
    "pickled shards": pickle_in_shards,
}


def read_by_transformers(directory: Path, dtype: torch.dtype | str) -> torch.nn.Module:
    return transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=dtype).eval()


def off_by(found: torch.Tensor, expected: torch.Tensor) -> float:
    return ((found - expected).float().norm() / expected.float().norm()).item()


@START
@PRECISION
@pytest.mark.parametrize("layout", LAYOUTS)
def test_logits_are_transformers_in_the_stored_precision(
    start: str, layout: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    LAYOUTS[layout](released(start, dtype), tmp_path)
    ours, theirs = load_decoder(tmp_path), read_by_transformers(tmp_path, "auto")
    assert {parameter.dtype for parameter in ours.parameters()} == {theirs.dtype} == {dtype}
    with torch.no_grad():
        assert off_by(ours(TOKENS), theirs(TOKENS).logits) < ROUNDING[dtype]
        # The weights are the same bits: computed in float32, only the order of sums differs.
        ours, theirs = load_decoder(tmp_path, torch.float32), read_by_transformers(tmp_path, torch.float32)
        assert off_by(ours(TOKENS), theirs(TOKENS).logits) < 1e-5


@START
@PRECISION
def test_a_start_comes_out_as_it_went_in(start: str, dtype: torch.dtype, tmp_path: Path) -> None:
    theirs = released(start, dtype)
    theirs.generation_config.update(eos_token_id=[2, 5], temperature=0.7, top_p=0.8, do_sample=True)
    theirs.save_pretrained(tmp_path / "start")
    weights = open_weights(tmp_path / "start")
    trained = on_meta(weights.config)
    fill(trained, weights, torch.float32)  # as a stage trains it
    save_decoder(trained, tmp_path / "out", weights.dtype, weights.generation)
    back, report = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "out", dtype="auto", output_loading_info=True
    )
    assert not any(report.values()), report
    assert back.dtype == dtype
    expected = theirs.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in back.state_dict().items())
    for field in ("bos_token_id", "eos_token_id", "pad_token_id", "max_position_embeddings"):
        assert getattr(back.config, field) == getattr(theirs.config, field), field
    defaults = [json.loads((tmp_path / side / "generation_config.json").read_text()) for side in ("start", "out")]
    assert defaults[1] == defaults[0]
    assert open_weights(tmp_path / "out").generation.ends == (2, 5)


def test_the_precision_is_that_of_most_weights(tmp_path: Path) -> None:
    theirs = released("llama with biases", torch.bfloat16)
    theirs.model.norm.float()
    theirs.save_pretrained(tmp_path)
    assert open_weights(tmp_path).dtype == torch.bfloat16
    assert {parameter.dtype for parameter in load_decoder(tmp_path).parameters()} == {torch.bfloat16}


def test_a_model_larger_than_a_shard_is_written_in_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from midspan.model import checkpoint

    theirs = released("llama with biases", torch.float32)
    theirs.save_pretrained(tmp_path / "start")
    decoder = load_decoder(tmp_path / "start")
    save_decoder(decoder, tmp_path / "out")
    monkeypatch.setattr(checkpoint, "SHARD_BYTES", 60_000)
    save_decoder(decoder, tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()
    files = sorted(tmp_path.glob("out/model-*.safetensors"))
    assert files[-1].name == f"model-{len(files):05}-of-{len(files):05}.safetensors"
    assert len(files) > 3
    back = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    with torch.no_grad():
        assert torch.equal(load_decoder(tmp_path / "out")(TOKENS), decoder(TOKENS))
        assert off_by(back(TOKENS).logits, decoder(TOKENS)) < 1e-5
    monkeypatch.undo()
    save_decoder(decoder, tmp_path / "out")
    assert [file.name for file in sorted(tmp_path.glob("out/model*"))] == ["model.safetensors"]


LOADING = """
import resource, sys
from pathlib import Path
from midspan.model import load_decoder
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
decoder = load_decoder(Path(sys.argv[1]))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown, sum(value.nbytes for value in decoder.parameters()) // 1024)
"""


def test_loading_draws_nothing_and_holds_one_copy(tmp_path: Path) -> None:
    shape = SHAPE | {"vocab_size": 20_000, "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 8}
    transformers.LlamaForCausalLM(transformers.LlamaConfig(**shape)).save_pretrained(tmp_path)
    state = torch.get_rng_state()
    load_decoder(tmp_path)
    assert torch.equal(torch.get_rng_state(), state)
    said = subprocess.run([sys.executable, "-c", LOADING, tmp_path], capture_output=True, text=True, check=True).stdout
    grown, weights = map(int, said.split())  # KiB; 198 MiB of weights, the largest tensor 39
    assert grown < 1.4 * weights
