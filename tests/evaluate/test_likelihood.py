"""Bits per byte equal what a plain loop over the documents gives."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from small_models import ask, write_documents, write_model

from midspan.evaluate.subject import Item, Text
from midspan.evaluate.subjects.local import Local
from midspan.evaluate.subjects.transformers import Transformers
from midspan.inference import Sampling
from midspan.model import load_decoder
from midspan.tokens import Tokenizer

TEXTS = ["def f(x):\n    return x\n" * 9, "naïve = 'é'\n" * 5, "x = 1\n"]


def test_it_is_the_loss_of_every_token_over_every_byte(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    model, held_out = write_model(tmp_path / "base", code_tokenizer), write_documents(tmp_path / "heldout", TEXTS)
    result, rows = ask(model, "likelihood", tmp_path, documents=held_out)
    decoder, bits = load_decoder(model, torch.float32), []
    for text in TEXTS:
        ids = code_tokenizer.encode(text)
        nats = 0.0
        for start in range(0, len(ids), 32):
            window = torch.tensor([[code_tokenizer.end_of_text, *ids[start : start + 32]]])
            table = torch.log_softmax(decoder(window[:, :-1])[0], -1)
            nats -= table.gather(1, window[0, 1:, None]).sum().item()
        bits.append(nats / math.log(2))
    size = sum(len(text.encode()) for text in TEXTS)
    assert [row["bits"] for row in rows] == pytest.approx(bits, rel=1e-5)
    assert sum(row["bytes"] for row in rows) == size
    (score,) = result.scores
    assert score.value == pytest.approx(sum(bits) / size, rel=1e-5)
    assert (score.name, score.trials, score.better) == ("bits per byte", None, "lower")


def test_whole_files_are_read_until_there_are_enough_bytes(tmp_path: Path, code_tokenizer: Tokenizer) -> None:
    model, held_out = write_model(tmp_path / "base", code_tokenizer), write_documents(tmp_path / "heldout", TEXTS)
    _, rows = ask(model, "likelihood", tmp_path, documents=held_out, settings={"bytes": len(TEXTS[0]) + 1})
    assert [row["item"] for row in rows] == ["r/0.py", "r/1.py"]


def test_transformers_finds_a_text_as_likely_in_the_same_windows(
    tmp_path: Path, code_texts: list[str], code_tokenizer: Tokenizer
) -> None:
    place = write_model(tmp_path / "model", code_tokenizer, positions=64)
    text = code_texts[0][:2000] + "é€"
    spans = ((0, 300), (700, len(text)))
    mine = Local("model", place, None, "fp32")
    theirs = Transformers("model", str(place), "fp32")
    item = Item("1", "1", Text(text, spans))
    (mine_found,) = mine.answer([item], Sampling(), lambda done: None)
    (theirs_found,) = theirs.answer([item], Sampling(), lambda done: None)
    assert len(mine_found) == len(theirs_found) == 2  # type: ignore[arg-type]
    for first, second in zip(mine_found, theirs_found, strict=True):  # type: ignore[arg-type]
        assert first.tokens == second.tokens > 50
        assert first.logprob == pytest.approx(second.logprob, rel=1e-4)
