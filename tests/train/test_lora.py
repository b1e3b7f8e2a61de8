"""LoRA begins as the model that it adapts, learns as the mathematics says, and is handed on merged and as PEFT's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_decoders import FAMILIES, LLAMA, QWEN2, STABLE, random_decoder, random_tokens
from test_loop import HERE, Counting, StoppedError, course, rows_of
from torch import Tensor

from midspan import recipe
from midspan.errors import UserError
from midspan.files import read_json
from midspan.model import Decoder, DecoderConfig, load_decoder, on_meta, open_weights, save_decoder
from midspan.train import batch_logprobs
from midspan.train.checkpoint import load_checkpoint
from midspan.train.loop import train
from midspan.train.lora import is_adapter, save_adapter
from midspan.train.memory import fit, memory_of
from midspan.train.optimizer import make_optimizer
from midspan.train.start import prepare
from midspan.train.trainable import check_weights, learnt, trainable

RUNTIME = recipe.Runtime()


def stage(name: str = "tuned", **fields: Any) -> recipe.Stage:
    short = {"tokens": 100, "context": 10, "tokens_per_step": 40, "schedule": {"learning_rate": 0.01}}
    return recipe.Stage.model_validate({"name": name, "data": [{"tokens": "corpus"}], **short, **fields})


def lora(**fields: Any) -> dict[str, Any]:
    return {"weights": {"kind": "lora", "rank": 4, **fields}}


def started(
    config: DecoderConfig, place: Path, fields: dict[str, Any], seed: int = 5, dtype: torch.dtype = torch.float32
) -> Decoder:
    """What a stage begins with, from a random decoder at `place`."""
    if not place.exists():
        save_decoder(random_decoder(config), place)
    return prepare(stage(**fields), config, place, None, seed, False, dtype, RUNTIME, HERE)


def taught(decoder: Decoder) -> Decoder:
    """As after training: no adapter's B is zero any more."""
    draw = torch.Generator().manual_seed(7)
    for name, parameter in decoder.named_parameters():
        if is_adapter(name):
            torch.nn.init.normal_(parameter, std=0.1, generator=draw)
    return decoder


def merged_decoder(decoder: Decoder, base: Path, scale: float) -> Decoder:
    plain, trained = on_meta(decoder.config), set(trained_of(decoder))
    tensors = learnt(open_weights(base).tensors(), decoder.state_dict(), trained, scale)
    plain.load_state_dict(dict(tensors), assign=True)
    return plain


def trained_of(decoder: Decoder) -> dict[str, Tensor]:
    return {name: one.detach().clone() for name, one in decoder.named_parameters() if one.requires_grad}


@pytest.mark.parametrize("family", FAMILIES)
def test_at_the_start_it_is_the_model_that_it_adapts_bit_for_bit(family: str, tmp_path: Path) -> None:
    config = FAMILIES[family]
    tokens = random_tokens(config, 2, 9)
    for dtype in (torch.float32, torch.bfloat16):
        adapted, base = started(config, tmp_path / "base", lora(), dtype=dtype), load_decoder(tmp_path / "base")
        with torch.no_grad(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            assert torch.equal(adapted(tokens), base(tokens))


@pytest.mark.parametrize("family", FAMILIES)
def test_only_adapters_of_the_blocks_learn_and_never_the_head(family: str, tmp_path: Path) -> None:
    decoder = started(FAMILIES[family], tmp_path / "base", lora())
    names = [name for name, parameter in decoder.named_parameters() if parameter.requires_grad]
    assert all(name.startswith("layers.") and is_adapter(name) for name in names)
    assert len(names) == 2 * 7 * decoder.config.num_layers  # A and B of all linear layers
    sizes = trainable(decoder.config, stage(**lora()).weights, torch.float32)
    assert sizes.trained == sum(one.numel() for one in trained_of(decoder).values())
    assert sizes.total == sum(one.numel() for one in decoder.parameters())


def test_the_linear_layers_of_a_block_are_those_that_a_recipe_can_name() -> None:
    linear = {name for name, one in on_meta(LLAMA).layers.named_modules() if isinstance(one, torch.nn.Linear)}
    assert {name.split(".")[-1] for name in linear} == set(recipe.LINEAR_LAYERS)


def test_targets_are_adapted_and_no_others(tmp_path: Path) -> None:
    decoder = started(STABLE, tmp_path / "base", lora(targets=["v_proj", "q_proj"]))
    assert {name.split(".")[3] for name in trained_of(decoder)} == {"q_proj", "v_proj"}


def test_what_is_drawn_depends_on_seed_and_stage_alone(tmp_path: Path) -> None:
    def drawn(seed: int, **fields: Any) -> list[Tensor]:
        return list(trained_of(started(LLAMA, tmp_path / "base", lora() | fields, seed)).values())

    first = drawn(5)
    torch.manual_seed(99)
    assert all(map(torch.equal, first, drawn(5)))
    for other in (drawn(6), drawn(5, name="other")):
        assert not any(torch.equal(a, b) for a, b in zip(first[::2], other[::2], strict=True))
    for down, up in zip(first[::2], first[1::2], strict=True):
        assert not up.any()
        assert 0.8 < down.abs().max() * down.shape[1] ** 0.5 <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_merged_it_computes_the_same(family: str, tmp_path: Path) -> None:
    config = FAMILIES[family]
    decoder = taught(started(config, tmp_path / "base", lora(alpha=10)))
    tokens = random_tokens(config, 2, 9)
    with torch.no_grad():
        base, adapted, plain = (
            load_decoder(tmp_path / "base"),
            decoder(tokens),
            merged_decoder(decoder, tmp_path / "base", 2.5)(tokens),
        )
    assert (adapted - base(tokens)).abs().max() > 0.1
    torch.testing.assert_close(plain, adapted, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("config", [STABLE, LLAMA, QWEN2], ids=["stablelm", "llama", "tied"])
def test_its_gradients_are_those_of_the_merged_weights_times_the_other_factor(
    config: DecoderConfig, tmp_path: Path
) -> None:
    """W + scale B A has the gradient G: so A has scale Bᵀ G, and B has scale G Aᵀ."""
    decoder = taught(started(config, tmp_path / "base", lora(alpha=12)))
    plain = merged_decoder(decoder, tmp_path / "base", 3.0)
    plain.requires_grad_()
    (part,) = Counting().parts(0, HERE)
    for one in (decoder, plain):
        Counting().loss(one, part)[0].backward()
    factors = dict(decoder.named_parameters())
    for name, parameter in plain.named_parameters():
        layer = name.removesuffix("weight")
        if f"{layer}lora_A.weight" not in factors:
            assert factors[name].grad is None
            continue
        down, up = factors[f"{layer}lora_A.weight"], factors[f"{layer}lora_B.weight"]
        for found, expected in ((down.grad, 3 * up.T @ parameter.grad), (up.grad, 3 * parameter.grad @ down.T)):
            torch.testing.assert_close(found, expected, atol=1e-4 * float(expected.detach().abs().max()), rtol=1e-3)


@pytest.mark.parametrize("config", [STABLE, LLAMA, QWEN2], ids=["stablelm", "llama", "tied"])
@pytest.mark.parametrize("targets", [None, ["q_proj", "down_proj"]])
def test_peft_opens_the_adapter_on_the_base_in_transformers(
    config: DecoderConfig, targets: list[str] | None, tmp_path: Path
) -> None:
    peft = pytest.importorskip("peft", reason="a development extra")
    transformers = pytest.importorskip("transformers", reason="a development extra")
    fields = lora(alpha=6, targets=targets)
    decoder = taught(started(config, tmp_path / "base", fields))
    save_adapter(decoder.state_dict(), stage(**fields).weights, tmp_path / "base", tmp_path / "adapter")
    assert read_json(tmp_path / "adapter" / "adapter_config.json")["base_model_name_or_path"] == str(tmp_path / "base")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base", dtype=torch.float32)
    theirs = peft.PeftModel.from_pretrained(theirs, tmp_path / "adapter").eval()
    tokens = random_tokens(config, 2, 9)
    with torch.no_grad():
        ours, base = merged_decoder(decoder, tmp_path / "base", 1.5)(tokens), load_decoder(tmp_path / "base")(tokens)
        torch.testing.assert_close(ours, theirs(tokens).logits, atol=5e-5, rtol=1e-4)
    assert (ours - base).abs().max() > 0.1


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"kind": "lora", "targets": ["q_prj"]}, "weights.targets: no linear layer .* 'q_prj'; did you mean 'q_proj'"),
        ({"kind": "lora", "targets": ["lm_head"]}, "no linear layer of a block is called 'lm_head'; there are q_proj"),
        ({"kind": "lora", "targets": []}, "weights.targets: list should have at least 1 item"),
        ({"kind": "lora", "rank": 0}, "weights.rank: input should be greater than 0"),
        ({"kind": "lora", "alpha": 0}, "weights.alpha: input should be greater than 0"),
        ({"kind": "lora", "rnak": 8}, "unknown field 'weights.rnak'; did you mean 'rank'"),
        ({"kind": "full", "rank": 8}, "unknown field 'weights.rank'"),
        ({"kind": "full", "frozen_layers": -1}, "weights.frozen_layers: input should be greater"),
        ({"kind": "dora"}, "weights: its kind is missing or unknown; known are full, lora"),
        ({"rank": 8}, "weights: its kind is missing or unknown; known are full, lora"),
    ],
)
def test_a_mistake_in_the_recipe_is_named(weights: dict[str, Any], message: str) -> None:
    values = stage().model_dump() | {"weights": weights}
    with pytest.raises(UserError, match=message):
        recipe.parse_fields(recipe.Stage, values, "recipe.yaml")


def test_what_does_not_suit_the_model_is_refused() -> None:
    check_weights(stage(**lora(rank=16)), STABLE, from_scratch=False)
    with pytest.raises(UserError, match="rank 17 is more than k_proj can have, 16: lower it"):
        check_weights(stage(**lora(rank=17)), STABLE, from_scratch=False)
    check_weights(stage(**lora(rank=17, targets=["q_proj"])), STABLE, from_scratch=False)
    check_weights(stage(weights={"kind": "full", "frozen_layers": 1}), STABLE, from_scratch=False)
    with pytest.raises(UserError, match="frozen_layers: of 2 layers 2 frozen leave none to train"):
        check_weights(stage(weights={"kind": "full", "frozen_layers": 2}), STABLE, from_scratch=False)
    for fields in (lora(), {"weights": {"kind": "full", "frozen_layers": 1}}):
        with pytest.raises(UserError, match="from scratch all has to be learnt"):
            check_weights(stage(**fields), STABLE, from_scratch=True)
    check_weights(stage(), STABLE, from_scratch=True)


FIFTY = replace(STABLE, vocabulary_size=50)  # what `Counting` counts to


@pytest.mark.parametrize("fields", [lora(), {"weights": {"kind": "full", "frozen_layers": 1}}], ids=["lora", "frozen"])
@pytest.mark.parametrize("every", [0.0, 1e9])
def test_stopped_and_resumed_it_gives_the_same_bits_and_only_keeps_what_learns(
    fields: dict[str, Any], every: float, tmp_path: Path
) -> None:
    def new() -> Decoder:
        return started(FIFTY, tmp_path / "base", fields)

    before, whole, resumed = new().state_dict(), new(), new()
    train(whole, course(tmp_path / "whole", every=every), Counting(), HERE)
    for stop in (3, 4, 9, None):
        resumed = new()
        try:
            train(resumed, course(tmp_path / "parts", every=every), Counting(stop), HERE)
        except StoppedError:
            continue
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name])
        assert torch.equal(tensor, before[name]) != (name in trained_of(whole)), name
    assert [row["loss"] for row in rows_of(tmp_path / "whole")] == [row["loss"] for row in rows_of(tmp_path / "parts")]
    (checkpoint,) = (tmp_path / "whole" / "checkpoints").glob("step-*")
    kept = {key.removeprefix("model.") for key in names_in(checkpoint) if key.startswith("model.")}
    assert kept == trained_of(whole).keys()
    again = new()
    assert load_checkpoint(checkpoint.parent, again, make_optimizer(again, recipe.Optimizer()), HERE)
    assert all(map(torch.equal, again.state_dict().values(), whole.state_dict().values()))


def names_in(checkpoint: Path) -> Iterator[str]:
    from torch.distributed.checkpoint import FileSystemReader

    yield from FileSystemReader(checkpoint).read_metadata().state_dict_metadata


def test_of_frozen_blocks_nothing_is_kept_and_nothing_is_learnt(tmp_path: Path) -> None:
    decoder = started(FIFTY, tmp_path / "base", {"weights": {"kind": "full", "frozen_layers": 1}})
    kept: list[Tensor] = []
    counted: list[int] = []
    for block in decoder.layers:
        block.register_forward_hook(lambda *_: counted.append(len(kept)))
    (part,) = Counting().parts(0, HERE)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: (kept.append(tensor), tensor)[1], lambda one: one):
        loss, _ = Counting().loss(decoder, part)
    loss.backward()
    assert counted[0] == 0 < counted[1]
    without = {name for name, parameter in decoder.named_parameters() if parameter.grad is None}
    assert without == {name for name in dict(decoder.named_parameters()) if name.startswith(("embed_", "layers.0."))}


@pytest.mark.parametrize("fields", [lora(), {"weights": {"kind": "full", "frozen_layers": 1}}], ids=["lora", "frozen"])
def test_frozen_matrices_are_held_as_they_are_multiplied_and_handed_on_as_they_were(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    found = []
    for dtype in (torch.bfloat16, torch.float32):
        decoder = taught(started(FIFTY, tmp_path / "base", fields, dtype=dtype))
        frozen = [one.dtype for one in decoder.layers.parameters() if not one.requires_grad and one.dim() == 2]
        assert set(frozen) == {dtype}
        assert {one.dtype for one in trained_of(decoder).values()} == {torch.float32}
        (part,) = Counting().parts(0, HERE)
        loss = -batch_logprobs(decoder, part, torch.bfloat16).sum()
        loss.backward()
        found.append([loss, *(parameter.grad for parameter in decoder.parameters() if parameter.requires_grad)])
        handed_on = merged_decoder(decoder, tmp_path / "base", 2.0).state_dict()
        merged = {f"{name}weight" for name in (one.rpartition("lora_")[0] for one in trained_of(decoder)) if name}
        for name, tensor in load_decoder(tmp_path / "base").state_dict().items():
            if name not in trained_of(decoder) and name not in merged:
                assert torch.equal(handed_on[name], tensor), name
    assert all(map(torch.equal, *found))


def test_recomputed_it_has_the_same_gradients(tmp_path: Path) -> None:
    found = []
    started(FIFTY, tmp_path / "base", lora())
    for recompute in (False, True):
        decoder = prepare(stage(**lora()), FIFTY, tmp_path / "base", None, 5, recompute, torch.float32, RUNTIME, HERE)
        taught(decoder)
        (part,) = Counting().parts(0, HERE)
        Counting().loss(decoder, part)[0].backward()
        found.append([parameter.grad for parameter in decoder.parameters() if parameter.requires_grad])
    assert all(map(torch.equal, *found))


LARGE = replace(LLAMA, vocabulary_size=32_000, hidden_size=1024, intermediate_size=4096, num_layers=8)


def test_memory_counts_gradients_and_moments_of_what_learns() -> None:
    kinds: list[dict[str, Any]] = [{"kind": "full"}, {"kind": "lora"}, {"kind": "full", "frozen_layers": 6}]
    full, adapted, upper = (
        memory_of(stage(weights=weights), LARGE, torch.float32, HERE, 1, False) for weights in kinds
    )
    halved = memory_of(stage(weights=kinds[1]), LARGE, torch.bfloat16, HERE, 1, False)
    sizes = trainable(LARGE, recipe.Lora(), torch.float32)
    embeddings = 2 * LARGE.vocabulary_size * LARGE.hidden_size
    assert 0 < halved.weights - 2 * (sizes.total + embeddings + sizes.trained) < 100_000  # and the norms
    assert (adapted.weights, adapted.gradients) == (4 * sizes.total, 4 * sizes.trained)
    assert adapted.moments == 8 * sizes.trained
    assert adapted.fixed < full.fixed / 3
    assert full.gradients == full.weights == upper.weights > 2 * upper.gradients
    assert upper.activations == full.activations // 4


def test_the_refusal_names_lora_where_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_of(stage(**lora(rank=16)), LARGE, torch.float32, HERE, 1, False)
    enough = 2 * (needed.fixed + needed.activations)
    for free, helps in ((enough, True), (1000, False)):
        monkeypatch.setattr("midspan.train.memory.available_memory", lambda device, free=free: free)
        with pytest.raises(UserError, match="take a smaller model") as refused:
            fit(stage(), LARGE, torch.float32, HERE, RUNTIME)
        assert ("weights: {kind: lora}" in str(refused.value)) == helps
    monkeypatch.setattr("midspan.train.memory.available_memory", lambda device: enough)
    assert fit(stage(**lora(rank=16)), LARGE, torch.float32, HERE, RUNTIME).micro_rows >= 1


def test_a_recipe_names_what_is_adapted_and_by_how_much() -> None:
    weights = stage(**lora(rank=8, alpha=4, targets=["up_proj", "q_proj"])).weights
    assert isinstance(weights, recipe.Lora)
    assert (weights.scale, weights.layers) == (0.5, ("q_proj", "up_proj"))
    assert stage(**lora()).weights.layers == recipe.LINEAR_LAYERS  # type: ignore[union-attr]
    assert stage().weights == recipe.Full()
