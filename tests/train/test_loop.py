"""The loop learns, resumes bit for bit, and refuses what is not its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from midspan import recipe
from midspan.batches import Segment, pack_rows
from midspan.errors import UserError
from midspan.model import Decoder, DecoderConfig
from midspan.train.loop import Job, make_optimizer, train
from midspan.train.objectives import causal_loss

SCHEDULE = recipe.Schedule(learning_rate=1e-2)


class StoppedError(Exception):
    """Stands for a kill."""


def new_decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(DecoderConfig("stablelm", 50, 32, 48, 2, 2, 2, 16, 64, qkv_bias=True))


def job(directory: Path, key: str = "key", steps: int = 12, every: float = 0.0) -> Job:
    return Job("base", directory, key, steps, 40, SCHEDULE, recipe.Optimizer(), every)


class Losses:
    """A small learnable task; stops like a kill before step `stop`."""

    def __init__(self, decoder: Decoder, stop: int | None = None) -> None:
        self.decoder, self.stop = decoder, stop

    def __call__(self, step: int, notes: dict[str, float]) -> Iterator[Tensor]:
        if step == self.stop:
            raise StoppedError
        draw = torch.Generator().manual_seed(step)
        starts = torch.randint(0, 50, (4,), generator=draw).tolist()
        rows = [[Segment([(start + i) % 50 for i in range(11)])] for start in starts]
        yield causal_loss(self.decoder, pack_rows(rows, 10), torch.float32) / 40


def weights(decoder: Decoder) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in decoder.parameters()])


def test_the_loss_falls(tmp_path: Path) -> None:
    decoder = new_decoder()
    train(decoder, job(tmp_path, steps=60, every=1e9), Losses(decoder))
    losses = [json.loads(line)["loss"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert losses[0] > 3.5
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_stopped_and_resumed_it_gives_the_same_bits_and_the_same_log(tmp_path: Path, every: float) -> None:
    whole = new_decoder()
    train(whole, job(tmp_path / "whole", every=every), Losses(whole))
    for stop in (3, 4, 9, None):
        resumed = new_decoder()
        try:
            train(resumed, job(tmp_path / "parts", every=every), Losses(resumed, stop))
        except StoppedError:
            continue
    assert torch.equal(weights(whole), weights(resumed))
    logs = [
        [(row["step"], row["loss"], row["gradient_norm"]) for row in map(json.loads, file.read_text().splitlines())]
        for file in (tmp_path / "whole" / "metrics.jsonl", tmp_path / "parts" / "metrics.jsonl")
    ]
    assert logs[0] == logs[1]


def test_a_torn_last_line_of_the_log_is_mended(tmp_path: Path) -> None:
    decoder = new_decoder()
    with pytest.raises(StoppedError):
        train(decoder, job(tmp_path), Losses(decoder, stop=5))
    with (tmp_path / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 6, "lo')
    decoder = new_decoder()
    train(decoder, job(tmp_path), Losses(decoder))
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 13))


def test_a_checkpoint_of_another_key_is_not_resumed(tmp_path: Path) -> None:
    decoder = new_decoder()
    with pytest.raises(StoppedError):
        train(decoder, job(tmp_path, key="old"), Losses(decoder, stop=6))
    other = new_decoder()
    summary = train(other, job(tmp_path, key="new"), Losses(other))
    fresh = new_decoder()
    train(fresh, job(tmp_path / "fresh"), Losses(fresh))
    assert torch.equal(weights(other), weights(fresh))
    assert summary["steps"] == 12


def test_a_loss_that_is_no_number_stops_with_advice_and_saves_nothing(tmp_path: Path) -> None:
    decoder = new_decoder()

    def broken(step: int, notes: dict[str, float]) -> Iterator[Tensor]:
        yield causal_loss(decoder, pack_rows([[Segment([1, 2, 3])]], 2), torch.float32) * float("nan")

    with pytest.raises(UserError, match="lower its learning_rate"):
        train(decoder, job(tmp_path), broken)
    assert not list((tmp_path / "checkpoints").glob("*")) if (tmp_path / "checkpoints").exists() else True


def test_norms_and_biases_are_not_decayed() -> None:
    decoder = new_decoder()
    decayed, others = make_optimizer(decoder, recipe.Optimizer(weight_decay=0.3)).param_groups
    assert decayed["weight_decay"] == 0.3
    assert others["weight_decay"] == 0.0
    names = {id(parameter): name for name, parameter in decoder.named_parameters()}
    assert all("norm" in names[id(p)] or "bias" in names[id(p)] for p in others["params"])
    assert len(decayed["params"]) + len(others["params"]) == len(names)
