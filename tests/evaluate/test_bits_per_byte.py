"""Bits per byte of code on disk: by language and by place in the file, as a plain loop finds them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from judged import items_of
from small_models import TOOLS, write_model

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.bits import parts_of
from midspan.evaluate.result import Result, read_result
from midspan.evaluate.running import judge
from midspan.evaluate.subject import Text
from midspan.evaluate.subjects.answers import Answers
from midspan.evaluate.subjects.local import Local
from midspan.files import read_jsonl
from midspan.model import load_decoder
from midspan.tokens import Tokenizer


def ask(model: Path, tmp_path: Path, data: Path) -> tuple[Result, list[dict[str, float]]]:
    output = tmp_path / "out.json"
    subject = Local("base", model, None, "fp32")
    judge(subject, "bits-per-byte", {"data": [str(data)]}, HeldOut(0), {}, output, "k", TOOLS)
    return read_result(output), read_jsonl(output.with_suffix(".jsonl"))


def test_each_part_of_a_file_costs_what_its_tokens_cost(
    tmp_path: Path, code_tokenizer: Tokenizer, code_texts: list[str]
) -> None:
    model = write_model(tmp_path / "base", code_tokenizer, positions=96)
    texts = {"long.py": code_texts[0][:5000].replace("e", "é"), "short.py": "x = 1\n", "c/main.c": "int x;\n" * 200}
    for name, text in texts.items():
        (tmp_path / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "code" / name).write_text(text, encoding="utf-8")
    result, rows = ask(model, tmp_path, tmp_path / "code")
    decoder = load_decoder(model, torch.float32)
    totals: dict[str, list[float]] = {}
    for name, text in texts.items():
        placed = code_tokenizer.encode_at(text)
        ids, nats = [token for token, _, _ in placed], []
        for start in range(0, len(ids), 96):
            window = torch.tensor([[code_tokenizer.end_of_text, *ids[start : start + 96]]])
            table = torch.log_softmax(decoder(window[:, :-1])[0], -1)
            nats += table.gather(1, window[0, 1:, None])[:, 0].tolist()
        size = len(text.encode())
        for logprob, (_, begin, _) in zip(nats, placed, strict=True):
            place = len(text[:begin].encode())
            part = next((f"{low}k to {2 * low}k" for low in (4, 2, 1) if place >= low << 10), "first 1k")
            for group in ("", "c" if name.endswith(".c") else "python", part):
                totals.setdefault(group, [0.0, 0])[0] -= logprob / math.log(2)
        for low, high in ((0, 1), (1, 2), (2, 4), (4, 8)):
            part = f"{low}k to {high}k" if low else "first 1k"
            if size > low << 10:
                totals[part][1] += min(size, high << 10) - (low << 10)
        for group in ("", "c" if name.endswith(".c") else "python"):
            totals[group][1] += size
    expected = {f"bits per byte{f', {group}' if group else ''}": bits / size for group, (bits, size) in totals.items()}
    assert {score.label: score.value for score in result.scores} == pytest.approx(expected, rel=2e-3)  # é at an edge
    assert sorted(row["item"] for row in rows) == ["code/c/main.c", "code/long.py", "code/short.py"]
    assert [score.clusters for score in result.scores if score.name == "bits per byte"] == [3, 1, 2]


def test_parts_cover_a_text_and_its_bytes() -> None:
    for text in ("a" * 5000, "é" * 3000, "a" * 1023 + "😀" * 500, "x", "a" * 1024):
        parts = list(parts_of(text))
        assert [start for start, _, _ in parts] == [0, *(end for _, end, _ in parts[:-1])]
        assert parts[-1][1] == len(text)
        assert sum(size for _, _, size in parts) == len(text.encode())
        for number, (start, _, _) in enumerate(parts[1:]):
            edge = 1024 << number
            assert edge <= len(text[:start].encode()) < edge + 4
    assert list(parts_of("")) == []


def test_files_are_drawn_until_there_are_enough_bytes_of_each_language(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.py").write_text(f"x = {number}\n" * 10)
        (tmp_path / f"{number}.go").write_text("package a\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "hook.py").write_text("x")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a.js").write_text("x")
    (tmp_path / "README.md").write_text("text")
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    everything = items_of("bits-per-byte", data=(str(tmp_path),))
    assert sorted({item.group for item in everything}) == ["go", "python"]
    assert len(everything) == 40
    some = items_of("bits-per-byte", data=(str(tmp_path),), bytes=150)
    assert [item.group for item in some] == ["go"] * 15 + ["python"] * 3
    assert some == items_of("bits-per-byte", data=(str(tmp_path),), bytes=150)
    assert some != items_of("bits-per-byte", seed=1, data=(str(tmp_path),), bytes=150)
    assert all(isinstance(item.prompt, Text) for item in some)


def test_where_there_is_no_code_that_is_said_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match=r"bits-per-byte.data: there is no .*gone"):
        items_of("bits-per-byte", data=(str(tmp_path / "gone"),))
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    with pytest.raises(UserError, match=r"bits-per-byte.data: no code in"):
        items_of("bits-per-byte", data=(str(tmp_path),))
    assert "1 files are not UTF-8" in capsys.readouterr().err


def test_who_cannot_say_how_likely_a_text_is_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    subject = Answers("made elsewhere", tmp_path / "answers", {})
    output = tmp_path / "out.json"
    judge(subject, "bits-per-byte", {"data": [str(tmp_path)]}, HeldOut(0), {}, output, "k", TOOLS)
    result = read_result(output)
    assert result.not_asked == {"": "it does not say how likely it finds a text"}
    assert result.scores == []
