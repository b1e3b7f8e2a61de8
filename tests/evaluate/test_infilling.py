"""Infilling: which lines are taken out, and when an answer counts as exact."""

from __future__ import annotations

import pytest
import torch

from midspan.corpus import Document
from midspan.evaluate.infilling import choose_blanks, infill
from midspan.inference import Completion, Engine
from midspan.model import Decoder, DecoderConfig
from midspan.tokens import Tokenizer


def documents(texts: list[str]) -> list[Document]:
    blank = dict.fromkeys(("language", "licence", "licence_evidence", "source", "revision", "date"), "")
    return [Document(id=f"{n}", text=text, path=f"{n}.py", repository="r", **blank) for n, text in enumerate(texts)]


def test_a_blank_put_back_is_the_file(code_texts: list[str]) -> None:
    blanks = choose_blanks(documents(code_texts), 15, seed=1)
    assert len(blanks) == 15
    for blank in blanks:
        text = code_texts[int(blank.path.split(".")[0])]
        line = text.split("\n")[blank.line - 1]
        assert blank.prefix + line.lstrip() + blank.suffix == text
        assert line.strip() == blank.expected
        assert len(blank.expected) >= 4
        assert not blank.expected.startswith("#")


def test_the_choice_depends_on_the_seed_and_not_on_the_order_of_files(code_texts: list[str]) -> None:
    files = documents(code_texts)
    first = {(blank.path, blank.line) for blank in choose_blanks(files, 1000, seed=1)}
    assert first == {(blank.path, blank.line) for blank in choose_blanks(files[::-1], 1000, seed=1)}
    assert first != {(blank.path, blank.line) for blank in choose_blanks(files, 1000, seed=2)}


@pytest.mark.parametrize(
    ("answer", "exact"),
    [
        ("return x", True),
        ("return x  ", True),
        ("return xs", False),
        ("  return x", False),
        ("", False),
    ],
)
def test_an_answer_is_exact_when_it_is_the_line(
    monkeypatch: pytest.MonkeyPatch, code_tokenizer: Tokenizer, answer: str, exact: bool
) -> None:
    blanks = choose_blanks(documents(["def f(x):\n    return x\nf(1)\n"]), 1, seed=0)
    given = [Completion(answer, [], "stop", 1)]
    monkeypatch.setattr(Engine, "complete", lambda *arguments: given)
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig("stablelm", code_tokenizer.vocabulary_size, 32, 48, 1, 2, 2, 16, 128))
    result = infill(Engine(decoder, code_tokenizer), blanks, 128, "base")
    assert result["fim_exact_match"] == float(exact)
    assert result["samples"][0]["expected"] == "return x"
