"""The loop learns, resumes bit for bit, and refuses what is no number."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from midspan import recipe
from midspan.batches import Batch, Segment, pack_rows
from midspan.errors import UserError
from midspan.model import Decoder, DecoderConfig
from midspan.train.loop import Course, train, train_step
from midspan.train.objectives.causal import batch_logprobs
from midspan.train.optimizer import make_optimizer
from midspan.train.world import World

SCHEDULE = recipe.Schedule(learning_rate=1e-2)
HERE = World(0, 1, torch.device("cpu"))


class StoppedError(Exception):
    """Stands for a kill."""


def new_decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(DecoderConfig("stablelm", 50, 32, 48, 2, 2, 2, 16, 64, qkv_bias=True))


def course(folder: Path, steps: int = 12, every: float = 0.0) -> Course:
    folder.mkdir(parents=True, exist_ok=True)
    return Course("base", folder, steps, 40, SCHEDULE, recipe.Optimizer(), every)


class Counting:
    """A small learnable task, to count on; stops like a kill before step `stop`."""

    def __init__(self, stop: int | None = None, rows_per_part: int = 4, factor: float = 1.0) -> None:
        self.stop, self.rows_per_part, self.factor = stop, rows_per_part, factor
        self.facts: dict[str, Any] = {}

    def parts(self, step: int, world: World) -> list[Batch]:
        if step == self.stop:
            raise StoppedError
        draw = torch.Generator().manual_seed(step)
        starts = torch.randint(0, 50, (4,), generator=draw).tolist()
        rows = [[Segment([(start + i) % 50 for i in range(11)])] for start in starts]
        return pack_rows(rows, 10).split(self.rows_per_part)

    def weight(self, part: Batch) -> float:
        return part.loss_weight.sum().item()

    def loss(self, decoder: Decoder, part: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        logprobs = batch_logprobs(decoder, part, torch.float32)
        return -logprobs.sum() * self.factor, {"sure": (logprobs > -0.7).float().sum()}


def weights(decoder: Decoder) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in decoder.parameters()])


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_loss_falls_and_the_objectives_own_sums_are_logged_as_means(tmp_path: Path) -> None:
    train(new_decoder(), course(tmp_path, steps=60, every=1e9), Counting(), HERE)
    rows = rows_of(tmp_path)
    assert rows[0]["loss"] > 3.5
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
    assert rows[0]["sure"] < 0.1 < rows[-1]["sure"] <= 1
    assert {row["weight"] for row in rows} == {40}


def test_a_step_is_the_same_in_one_micro_batch_or_in_four() -> None:
    found = []
    for rows_per_part in (4, 2, 1):
        decoder = new_decoder()
        optimizer = make_optimizer(decoder, recipe.Optimizer())
        measured = train_step(decoder, optimizer, Counting(rows_per_part=rows_per_part), 0, 1e-2, HERE, clip=1.0)
        found.append((measured["loss"], measured["gradient_norm"], weights(decoder)))
    for other in found[1:]:
        assert other[0] == pytest.approx(found[0][0], rel=1e-6)
        assert other[1] == pytest.approx(found[0][1], rel=1e-5)
        # A first step of AdamW is the sign of the gradient: where that is next to 0, rounding decides.
        assert ((other[2] - found[0][2]).abs() > 1e-5).float().mean() < 0.01


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_stopped_and_resumed_it_gives_the_same_bits_and_the_same_log(tmp_path: Path, every: float) -> None:
    whole = new_decoder()
    train(whole, course(tmp_path / "whole", every=every), Counting(), HERE)
    for stop in (3, 4, 9, None):
        resumed = new_decoder()
        try:
            train(resumed, course(tmp_path / "parts", every=every), Counting(stop), HERE)
        except StoppedError:
            continue
    assert torch.equal(weights(whole), weights(resumed))
    logs = [
        [(row["step"], row["loss"], row["gradient_norm"]) for row in rows_of(tmp_path / name)]
        for name in ("whole", "parts")
    ]
    assert logs[0] == logs[1]


def test_a_torn_last_line_of_the_log_is_mended(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(new_decoder(), course(tmp_path), Counting(stop=5), HERE)
    with (tmp_path / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 6, "lo')
    train(new_decoder(), course(tmp_path), Counting(), HERE)
    assert [row["step"] for row in rows_of(tmp_path)] == list(range(1, 13))


def test_a_loss_that_is_no_number_stops_with_advice_and_saves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lower its learning_rate"):
        train(new_decoder(), course(tmp_path), Counting(factor=math.nan), HERE)
    assert not list(tmp_path.glob("checkpoints/*"))


def test_norms_and_biases_are_not_decayed() -> None:
    decoder = new_decoder()
    decayed, others = make_optimizer(decoder, recipe.Optimizer(weight_decay=0.3)).param_groups
    assert decayed["weight_decay"] == 0.3
    assert others["weight_decay"] == 0.0
    names = {id(parameter): name for name, parameter in decoder.named_parameters()}
    assert all("norm" in names[id(p)] or "bias" in names[id(p)] for p in others["params"])
    assert len(decayed["params"]) + len(others["params"]) == len(names)
