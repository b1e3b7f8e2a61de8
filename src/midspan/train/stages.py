"""The stages of a recipe: what each learns from, and what it hands on."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from midspan import recipe
from midspan.batches import (
    Batch,
    CodeRows,
    ConversationRows,
    PairBatch,
    PairRows,
    PreferencePair,
    Rows,
    open_code_rows,
    pack_pairs,
    pack_rows,
)
from midspan.compute import best_device, compute_dtype, peak_flops
from midspan.corpus import TokenShard
from midspan.files import atomic_directory, atomic_file, require_space, write_json
from midspan.inference import check_tokenizer
from midspan.model import Decoder, DecoderConfig, load_config, load_decoder, save_decoder
from midspan.model.size import flops_per_token, parameter_count
from midspan.progress import progress, say
from midspan.tokens import Message, Tokenizer
from midspan.train.loop import Job, train
from midspan.train.objectives import causal_loss, dpo_loss, sequence_logprobs

MICRO_BATCH_TOKENS = 16_384  # positions in one forward and backward pass


@dataclass(frozen=True)
class Place:
    """Where one stage reads and writes."""

    key: str  # fingerprint of everything the stage depends on
    start: Path | None  # the model directory it starts from
    tokenizer: Path
    stage: Path  # stages/<name>
    model: Path  # models/<name>, written when the stage is done


def pretrain(plan: recipe.Recipe, name: str, shard: Path, place: Place) -> dict[str, Any]:
    """Train one pre-training stage on the token shard and write its model; returns the summary."""
    settings = plan.pretrain[name]
    tokenizer = Tokenizer.load(place.tokenizer)
    order = settings.repository_order if settings.repository_context else None
    rows = _code_rows(plan, name, shard, tokenizer, settings.context, order, place)
    decoder = starting_decoder(plan, settings, place.start, tokenizer)
    rows_per_step = settings.tokens_per_step // settings.context
    steps = math.ceil(settings.tokens / settings.tokens_per_step)
    say(f"{name}: {len(rows)} rows of {settings.context}, {steps * rows_per_step / len(rows):.2f} epochs")
    facts = {"rows": len(rows), "epochs": steps * rows_per_step / len(rows), "packing": rows.plan.utilisation}
    causal = CausalLosses(decoder, [(rows, rows_per_step)], settings.context, plan.runtime.precision)
    return _run(plan, name, "causal", settings, steps, settings.tokens_per_step, decoder, causal, place, facts)


def sft(plan: recipe.Recipe, conversations: Sequence[Sequence[Message]], shard: Path, place: Place) -> dict[str, Any]:
    """Fine-tune on conversations with loss on the answers and write the model; returns the summary.

    Some rows of each step may be pre-training's, cut anew from the token shard (`sft.replay`): tuned on answers alone,
    a small model forgets plain code and infilling.
    """
    settings = plan.sft
    assert settings is not None
    assert place.start is not None
    tokenizer, decoder = Tokenizer.load(place.tokenizer), load_decoder(place.start)
    rows = ConversationRows(conversations, tokenizer, context=settings.context, seed=plan.seed, stage="sft")
    rows_per_step = max(1, settings.tokens_per_step // settings.context)
    replayed = min(round(settings.replay * rows_per_step), rows_per_step - 1)
    sources: list[tuple[Rows, int]] = [(rows, rows_per_step - replayed)]
    if replayed:
        sources.append((_code_rows(plan, "sft-replay", shard, tokenizer, settings.context, None, place), replayed))
    steps = math.ceil(settings.epochs * len(rows) / (rows_per_step - replayed))
    say(f"sft: {len(rows.segments)} conversations in {len(rows)} rows, {settings.epochs} epochs")
    facts = {"conversations": len(rows.segments), "too_long": rows.too_long, "epochs": settings.epochs}
    facts["replayed_rows"] = steps * replayed
    causal = CausalLosses(decoder, sources, settings.context, plan.runtime.precision)
    tokens = rows_per_step * settings.context
    return _run(plan, "sft", "sft", settings, steps, tokens, decoder, causal, place, facts)


def dpo(plan: recipe.Recipe, pairs: Sequence[PreferencePair], place: Place) -> dict[str, Any]:
    """Optimise the preference of `pairs` against the starting model and write the model; returns the summary."""
    settings = plan.dpo
    assert settings is not None
    assert place.start is not None
    tokenizer, decoder = Tokenizer.load(place.tokenizer), load_decoder(place.start)
    losses = DpoLosses(plan, pairs, tokenizer, decoder, place)
    steps = math.ceil(settings.epochs * len(pairs) / settings.pairs_per_step)
    facts = {"pairs": len(pairs), "epochs": settings.epochs, "beta": settings.beta}
    facts["rejected_by_the_model"] = sum(pair.origin == "model" for pair in pairs)
    tokens = round(losses.answer_tokens.sum().item() / len(pairs) * settings.pairs_per_step)
    return _run(plan, "dpo", "dpo", settings, steps, tokens, decoder, losses, place, facts)


@dataclass
class CausalLosses:
    """Next-token losses of pre-training and SFT, divided by the step's supervised tokens."""

    decoder: Decoder
    sources: Sequence[tuple[Rows, int]]  # and how many rows of each a step has
    context: int
    precision: str

    def __call__(self, step: int, notes: dict[str, float]) -> Iterator[Tensor]:
        """Yield the micro-batches' shares of the step's mean loss."""
        device = next(self.decoder.parameters()).device
        dtype = compute_dtype(self.precision, device)
        drawn = [rows.row(step * count + index) for rows, count in self.sources for index in range(count)]
        batch = pack_rows(drawn, self.context)
        supervised = batch.loss_weight.sum().item()
        notes["supervised_tokens"] = supervised
        for part in _micro_batches(batch):
            yield causal_loss(self.decoder, part.to(device), dtype) / supervised


class DpoLosses:
    """DPO losses against reference log-probabilities, which are computed once, before the first step, and kept."""

    def __init__(
        self,
        plan: recipe.Recipe,
        pairs: Sequence[PreferencePair],
        tokenizer: Tokenizer,
        decoder: Decoder,
        place: Place,
    ) -> None:
        assert plan.dpo
        self.settings, self.precision = plan.dpo, plan.runtime.precision
        self.decoder = decoder
        self.rows = PairRows(pairs, tokenizer, context=plan.dpo.context, seed=plan.seed, stage="dpo")
        file = place.stage / f"reference-{place.key}.npy"
        if not file.exists():
            with atomic_file(file) as aside, aside.open("wb") as stream:
                np.save(stream, self._reference_logprobs())
        reference = np.load(file)  # [pairs, 2]
        self.reference = torch.from_numpy(reference)
        self.answer_tokens = self._packed(range(len(self.rows))).answer_tokens

    def __call__(self, step: int, notes: dict[str, float]) -> Iterator[Tensor]:
        """Yield the step's mean loss over its pairs."""
        device = next(self.decoder.parameters()).device
        dtype = compute_dtype(self.precision, device)
        drawn = self._drawn(step)
        packed = self._packed(drawn).to(device)
        reference = self.reference[drawn].flatten().to(device)  # [2 * pairs]
        logprobs = sequence_logprobs(self.decoder, packed, dtype)
        loss, margins = dpo_loss(
            logprobs, reference, packed.answer_tokens, self.settings.beta, self.settings.nll_weight
        )
        notes["accuracy"] = (margins > 0).float().mean().item()
        notes["margin"] = margins.mean().item()
        yield loss / len(drawn)

    def _drawn(self, step: int) -> list[int]:
        """The pairs of one step: every pair once an epoch, in a new order each; the last step of all may be smaller."""
        first = step * self.settings.pairs_per_step
        last = min(first + self.settings.pairs_per_step, self.settings.epochs * len(self.rows))
        return [self.rows.pair(k) for k in range(first, last)]

    def _packed(self, pairs: Sequence[int]) -> PairBatch:
        return pack_pairs([self.rows.segments[index] for index in pairs], self.settings.context)

    @torch.no_grad()
    def _reference_logprobs(self) -> np.ndarray[Any, Any]:
        device = next(self.decoder.parameters()).device
        dtype = compute_dtype(self.precision, device)
        parts: list[Tensor] = []
        size = self.settings.pairs_per_step
        count = len(self.rows)
        with progress("dpo: reference", count, "pairs") as line:
            for start in range(0, count, size):
                packed = self._packed(range(start, min(start + size, count)))
                parts.append(sequence_logprobs(self.decoder, packed.to(device), dtype).cpu())
                line.update(min(start + size, count))
        return torch.cat(parts).view(-1, 2).numpy()


def starting_decoder(
    plan: recipe.Recipe, stage: recipe.PretrainStage, start: Path | None, tokenizer: Tokenizer
) -> Decoder:
    """The decoder a pre-training stage begins with: drawn from the seed, or read from `start`.

    Its positions and rotary base become the stage's. Raises UserError for a checkpoint of another tokenizer.
    """
    if start is None:
        torch.manual_seed(plan.seed)
        decoder = Decoder(new_config(plan.model, tokenizer.vocabulary_size, stage))
        torch.nn.init.normal_(decoder.embed_tokens.weight, std=plan.model.embedding_std)
        return decoder
    config = load_config(start)
    check_tokenizer(start, config, tokenizer)
    weights = load_decoder(start).state_dict()
    base = config.rope_base if stage.rope_base is None else stage.rope_base
    decoder = Decoder(replace(config, max_positions=stage.context, rope_base=base))
    decoder.load_state_dict(weights)
    return decoder


def new_config(model: recipe.Model, vocabulary_size: int, stage: recipe.PretrainStage) -> DecoderConfig:
    """The decoder's shape for a recipe's `model` fields."""
    return DecoderConfig(
        family=model.family,
        vocabulary_size=vocabulary_size,
        hidden_size=model.hidden_size,
        intermediate_size=model.intermediate_size,
        num_layers=model.num_layers,
        num_heads=model.num_heads,
        num_key_value_heads=model.num_key_value_heads or model.num_heads,
        head_size=model.hidden_size // model.num_heads,
        max_positions=stage.context,
        norm="layernorm" if model.family == "stablelm" else "rmsnorm",
        rotary_fraction=model.rotary_fraction,
        rope_base=model.rope_base if stage.rope_base is None else stage.rope_base,
        qkv_bias=model.qkv_bias,
        tied_embeddings=model.tied_embeddings,
    )


def save_model(decoder: Decoder, tokenizer: Tokenizer, directory: Path) -> None:
    """Write weights and tokenizer as one HF-layout directory, whole or not at all."""
    weights = sum(parameter.numel() * parameter.element_size() for parameter in decoder.parameters())
    require_space(directory.parent, 2 * weights)
    with atomic_directory(directory) as aside:
        save_decoder(decoder, aside, end_of_text=tokenizer.end_of_text, chat_end=tokenizer.chat_end)
        tokenizer.save(aside)


def _run(
    plan: recipe.Recipe,
    name: str,
    objective: str,
    schedule: recipe.PretrainStage | recipe.Sft | recipe.Dpo,
    steps: int,
    tokens_per_step: int,
    decoder: Decoder,
    losses: CausalLosses | DpoLosses,
    place: Place,
    facts: dict[str, Any],
) -> dict[str, Any]:
    """Train, then hand the model on."""
    device = best_device()
    dtype = compute_dtype(plan.runtime.precision, device)
    wait = plan.runtime.checkpoint_seconds
    job = Job(name, place.stage, place.key, steps, tokens_per_step, schedule, plan.optimizer, wait)
    trained = train(decoder.to(device), job, losses)
    save_model(decoder.cpu(), Tokenizer.load(place.tokenizer), place.model)

    peak, source = peak_flops(dtype, device)
    flops = flops_per_token(decoder.config, schedule.context)
    summary = {**trained, "objective": objective, "context": schedule.context, **facts}
    summary |= {"parameters": parameter_count(decoder.config).total, "flops_per_token": flops}
    summary |= {"peak_flops": peak, "peak_source": source, "mfu": flops * trained["tokens"] / trained["seconds"] / peak}
    summary |= {"precision": str(dtype).removeprefix("torch."), "device": device.type, "torch": torch.__version__}
    summary["machine"] = {"platform": platform.platform(), "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    write_json(place.stage / "summary.json", summary)
    return summary


def _code_rows(
    plan: recipe.Recipe,
    stage: str,
    shard: Path,
    tokenizer: Tokenizer,
    context: int,
    order: Literal["dependency", "random"] | None,
    place: Place,
) -> CodeRows:
    return open_code_rows(
        TokenShard.open(shard),
        tokenizer,
        context=context,
        fim=plan.fim,
        repositories=order,
        seed=plan.seed,
        stage=stage,
        folder=place.stage / "packing",
    )


def _micro_batches(batch: Batch) -> list[Batch]:
    return batch.split(max(1, MICRO_BATCH_TOKENS // batch.tokens.shape[1]))
