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


def pieces(tokenizer: Tokenizer, ids: list[int], skip_special: bool) -> list[str]:
    stream = Detokenizer(tokenizer, skip_special)
    return [*(stream.push(one) for one in ids), stream.flush()]


@given(st.lists(st.integers(0, OURS.vocabulary_size - 1)), st.booleans())
def test_pushes_and_flush_equal_decode_for_any_ids(ids: list[int], skip_special: bool) -> None:
    assert "".join(pieces(OURS, ids, skip_special)) == OURS.decode(ids, skip_special)


def byte_ids(text: str) -> list[int]:
    return [3 + byte for byte in text.encode()]


words = st.sampled_from([[1], [2], *([3 + 256 + index] for index in range(4))])
utf8_bytes = st.text(alphabet=st.characters(exclude_categories=["Cs"])).map(byte_ids)


@given(st.lists(st.one_of(words, utf8_bytes)), st.booleans())
def test_pushes_and_flush_equal_decode_for_a_byte_fallback_tokenizer(
    parts: list[list[int]], skip_special: bool
) -> None:
    # Only for bytes that are UTF-8: that decoder spoils a whole run of bytes for one that is not.
    ids = [one for part in parts for one in part]
    assert "".join(pieces(LLAMA, ids, skip_special)) == LLAMA.decode(ids, skip_special)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_push_of_a_text_is_a_whole_part_of_it(text: str) -> None:
    done = ""
    for piece in pieces(OURS, OURS.encode(text), skip_special=False):
        done += piece
        assert text.startswith(done)
    assert done == text


def test_a_detokenizer_can_be_used_again_after_flush() -> None:
    stream = Detokenizer(OURS)
    for one in OURS.encode("é")[:1]:
        assert stream.push(one) == ""
    assert stream.flush() == "\ufffd"
    assert "".join([*(stream.push(one) for one in OURS.encode("é")), stream.flush()]) == "é"


def test_text_comes_out_as_soon_as_it_is_certain() -> None:
    stream = Detokenizer(OURS)
    assert [stream.push(one) for one in OURS.encode("é")] == ["", "é"]
    assert stream.push(OURS.encode("x")[0]) == "x"
