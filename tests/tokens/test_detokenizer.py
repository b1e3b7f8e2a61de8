"""The incremental detokenizer: the same text as decoding at once, and never half a character."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import decoders, models

from midspan.tokens import Detokenizer, Tokenizer, train_tokenizer

SOURCE = (Path(sysconfig.get_paths()["stdlib"]) / "argparse.py").read_text(encoding="utf-8")
OURS = train_tokenizer([SOURCE], 400)


def byte_fallback_tokenizer() -> Tokenizer:
    """Code Llama's shape: `▁` for a space, bytes as <0x..> tokens, the first space stripped when decoding."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "▁def", "x", "é"]
    backend = tokenizers.Tokenizer(
        models.BPE(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[], byte_fallback=True)
    )
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    backend.add_special_tokens(["<s>", "</s>"])
    return Tokenizer(backend.to_str(), {"eos_token": "</s>"}, None)


LLAMA = byte_fallback_tokenizer()


def pieces(tokenizer: Tokenizer, prompt: list[int], ids: list[int]) -> list[str]:
    stream = Detokenizer(tokenizer, prompt)
    return [*(stream.push(one) for one in ids), stream.flush()]


def assert_streams_as_decode(tokenizer: Tokenizer, prompt: list[int], ids: list[int]) -> None:
    assert "".join(pieces(tokenizer, prompt, ids)) == tokenizer.decode(prompt + ids)[len(tokenizer.decode(prompt)) :]


our_ids = st.lists(st.integers(0, OURS.vocabulary_size - 1))


@given(our_ids, our_ids)
def test_pushes_and_flush_are_what_any_ids_add_to_the_text_of_any_prompt(prompt: list[int], ids: list[int]) -> None:
    assert_streams_as_decode(OURS, prompt, ids)


def byte_ids(text: str) -> list[int]:
    return [3 + byte for byte in text.encode()]


words = st.sampled_from([[1], [2], *([3 + 256 + index] for index in range(4)), [3 + 0xE2], [3 + 0xA9]])
utf8_bytes = st.text(alphabet=st.characters(exclude_categories=["Cs"])).map(byte_ids)
llama_ids = st.lists(st.one_of(words, utf8_bytes)).map(lambda parts: [one for part in parts for one in part])


@given(llama_ids, llama_ids)
def test_so_they_are_for_a_byte_fallback_tokenizer_even_where_the_bytes_are_no_text(
    prompt: list[int], ids: list[int]
) -> None:
    assert_streams_as_decode(LLAMA, prompt, ids)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_push_of_a_text_is_a_whole_part_of_it(text: str) -> None:
    done = ""
    for piece in pieces(OURS, [], OURS.encode(text)):
        done += piece
        assert text.startswith(done)
    assert done == text


def test_text_comes_out_as_soon_as_it_is_certain() -> None:
    stream = Detokenizer(OURS)
    assert [stream.push(one) for one in OURS.encode("é")] == ["", "é"]
    assert stream.push(OURS.encode("x")[0]) == "x"


def test_what_is_held_back_comes_out_with_the_flush_and_only_once() -> None:
    stream = Detokenizer(OURS)
    assert stream.push(OURS.encode("é")[0]) == ""
    assert [stream.flush(), stream.flush()] == ["\ufffd", ""]


def test_a_word_keeps_its_space_after_a_prompt_and_loses_it_where_a_text_begins(tmp_path: Path) -> None:
    space_def = 3 + 256 + 1
    assert "".join(pieces(LLAMA, [3 + 256 + 2], [space_def])) == " def"
    assert "".join(pieces(LLAMA, [], [space_def])) == "def"
    LLAMA.save(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": true}')
    opened = Tokenizer.load(tmp_path)
    assert opened.opening == [1]
    assert "".join(pieces(opened, [1], [space_def])) == "def"
