"""Released families' tokenizers: the ids of transformers, the bytes of every token, a completion that goes on."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from families import FAMILIES, directory_of, ours, peer, real_files
from hypothesis import given, settings
from hypothesis import strategies as st

from midspan.errors import UserError
from midspan.tokens import Detokenizer, Tokenizer, encode_infill

SENTENCE_PIECE = ["mistral", "code-llama"]
WHITE_SPACE = [
    "",
    " ",
    "    return",
    " return x",
    "\n\n",
    "\treturn",
    "x ",
    "  ▁ x",
    "é👍🏽十\n 二",
    "\u00a0 x",
    "a\x00b",
]

any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
code_like = st.lists(st.one_of(any_text, st.sampled_from(["    ", " ", "\n", "return", "▁", "(", "é", "👍"]))).map(
    "".join
)


def streamed(tokenizer: Tokenizer, prompt: list[int], answer: list[int]) -> str:
    stream = Detokenizer(tokenizer, prompt)
    return "".join([*map(stream.push, answer), stream.flush()])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_by_itself_has_the_ids_of_transformers_and_so_has_what_opens_it(family: str) -> None:
    tokenizer, other = ours(family), peer(family)
    for text in [*WHITE_SPACE, *real_files(4)]:
        assert tokenizer.encode(text) == other.encode(text, add_special_tokens=False)
        assert tokenizer.opening + tokenizer.encode(text) == other.encode(text)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=100)
@given(text=code_like)
def test_on_any_text_so_it_has(family: str, text: str) -> None:
    assert ours(family).encode(text) == peer(family).encode(text, add_special_tokens=False, split_special_tokens=True)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=100)
@given(text=code_like)
def test_the_bytes_of_a_continuations_tokens_are_the_bytes_of_its_text(family: str, text: str) -> None:
    tokenizer = ours(family)
    together = b"".join(map(tokenizer.bytes_of, tokenizer.encode_continuation(text)))
    if family in SENTENCE_PIECE:
        assert together == text.replace("▁", " ").encode()  # SentencePiece takes its own mark for a space
    else:
        assert together.decode() == tokenizer.decode(tokenizer.encode(text))  # NFC aside, the text


@pytest.mark.parametrize("family", FAMILIES)
def test_every_token_of_real_code_has_the_bytes_of_its_part_of_the_text(family: str) -> None:
    tokenizer = ours(family)
    for text in real_files(12):
        assert b"".join(map(tokenizer.bytes_of, tokenizer.encode_continuation(text))).decode() == text


def test_special_tokens_and_ids_that_no_token_has_stand_for_no_bytes() -> None:
    tokenizer = ours("code-llama")
    assert [tokenizer.bytes_of(token) for token in (1, 32007, -1, 10**9)] == [b""] * 4
    assert tokenizer.bytes_of(3 + 0xE2) == b"\xe2"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_completion_of_real_code_is_streamed_as_the_text_that_goes_on_from_the_prompt(family: str) -> None:
    tokenizer, other = ours(family), peer(family)
    draw = random.Random(family)
    for text in real_files(30):
        ids = tokenizer.opening + tokenizer.encode(text)
        cut = draw.randrange(len(ids))
        prompt, answer = ids[:cut], ids[cut : cut + 60]
        expected = other.decode(prompt + answer)[len(other.decode(prompt)) :]
        if cut > len(tokenizer.opening):
            assert streamed(tokenizer, prompt, answer) == expected
    prompt = tokenizer.opening + tokenizer.encode("def f(x):\n    return")
    assert streamed(tokenizer, prompt, tokenizer.encode_continuation(" x + 1")) == " x + 1"


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=60)
@given(data=st.data())
def test_any_ids_after_any_prompt_are_streamed_as_decode_gives_them(family: str, data: st.DataObject) -> None:
    tokenizer = ours(family)
    some_id = st.one_of(st.integers(0, tokenizer.vocabulary_size - 1), st.integers(3, 258))
    prompt, answer = data.draw(st.lists(some_id, min_size=1)), data.draw(st.lists(some_id))
    if prompt == tokenizer.opening:
        return
    expected = peer(family).backend_tokenizer.decode(prompt + answer, skip_special_tokens=False)
    before = peer(family).backend_tokenizer.decode(prompt, skip_special_tokens=False)
    assert streamed(tokenizer, prompt, answer) == expected[len(before) :]


@pytest.mark.parametrize("family", SENTENCE_PIECE)
def test_the_first_word_of_an_empty_file_has_no_space_before_it(family: str) -> None:
    tokenizer = ours(family)
    assert streamed(tokenizer, tokenizer.opening, tokenizer.encode("def f")) == "def f"


@pytest.mark.parametrize("model_type", [None, "llama", "mistral", "stablelm"])
@pytest.mark.parametrize("legacy", [None, True, False])
def test_llamas_classes_are_opened_as_transformers_opens_them_and_saved_so(
    tmp_path: Path, model_type: str | None, legacy: bool | None
) -> None:
    transformers = pytest.importorskip("transformers")
    place, again = tmp_path / "start", tmp_path / "saved"
    place.mkdir()
    source = directory_of("mistral")
    (place / "tokenizer.json").symlink_to((source / "tokenizer.json").resolve())
    configuration = json.loads((source / "tokenizer_config.json").read_text())
    configuration = {key: value for key, value in configuration.items() if key != "legacy"}
    configuration |= {} if legacy is None else {"legacy": legacy}
    (place / "tokenizer_config.json").write_text(json.dumps(configuration))
    if model_type:
        (place / "config.json").write_text(json.dumps({"model_type": model_type}))
    tokenizer = Tokenizer.load(place)
    tokenizer.save(again)
    for directory in (place, again):
        other = transformers.AutoTokenizer.from_pretrained(directory)
        for text in WHITE_SPACE:
            assert tokenizer.opening + tokenizer.encode(text) == other.encode(text)
    assert Tokenizer.load(again).encode("    x") == tokenizer.encode("    x")


def test_code_llamas_infill_parts_are_those_of_its_published_format() -> None:
    tokenizer, other = (
        ours("code-llama"),
        peer.__wrapped__("code-llama"),
    )  # asked to fill, it encodes otherwise ever after
    fim = tokenizer.fim
    assert fim is not None
    for prefix, suffix in [("def f(x):\n    ", "\n    return y"), ("  x", "return"), ("x", " y"), ("(a", ")\n")]:
        before, after, rest = encode_infill(tokenizer, prefix, suffix)
        assert rest == []
        theirs = other(prefix + other.fill_token + suffix).input_ids
        asked = [*tokenizer.opening, fim.prefix, *before, fim.suffix]
        assert asked == theirs[: len(asked)]
        # transformers 5 puts a space before the suffix, which the model was not trained with (llama.cpp#3503).
        assert b"".join(map(tokenizer.bytes_of, after)).decode() == suffix
        assert theirs[-1] == fim.middle
    assert fim.end == tokenizer.special("▁<EOT>")


def test_qwens_infill_prompt_is_the_published_text_as_transformers_encodes_it() -> None:
    tokenizer, other = ours("qwen"), peer("qwen")
    fim = tokenizer.fim
    assert fim is not None
    for prefix, suffix in [("def f(x):\n    ", "\n    return y"), ("", "return"), ("  x", ""), ("é", " y")]:
        before, after, rest = encode_infill(tokenizer, prefix, suffix)
        assert rest == []
        published = f"<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"
        assert [fim.prefix, *before, fim.suffix, *after, fim.middle] == other.encode(published)


def test_a_tokenizer_without_fim_tokens_says_so_in_one_line() -> None:
    with pytest.raises(UserError, match="no fill-in-the-middle tokens"):
        encode_infill(ours("mistral"), "a", "b")


def test_the_ends_are_the_familys_and_those_of_generation_config_that_are_special(tmp_path: Path) -> None:
    assert ours("code-llama").special("▁<EOT>") in ours("code-llama").ends
    assert {ours("qwen").special(name) for name in ("<|endoftext|>", "<|im_end|>", "<|fim_pad|>")} <= ours("qwen").ends
    assert ours("qwen").special("<think>") not in ours("qwen").ends
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).symlink_to((directory_of("qwen") / name).resolve())
    listed = {"eos_token_id": [151643, 151668, 13, 10**6], "temperature": 0.6}
    (tmp_path / "generation_config.json").write_text(json.dumps(listed))
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.ends == ours("qwen").ends | {151668}


@pytest.mark.parametrize("name", ["tokenizer_config.json", "special_tokens_map.json", "generation_config.json"])
@pytest.mark.parametrize("content", [b'{"eos_token":', b"[]", b"\xff\xfe"])
def test_a_damaged_file_beside_the_tokenizer_is_one_line_that_names_it(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / "tokenizer.json").symlink_to((directory_of("mistral") / "tokenizer.json").resolve())
    (tmp_path / "tokenizer_config.json").write_text('{"eos_token": "</s>"}')
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=name) as failure:
        Tokenizer.load(tmp_path)
    assert "\n" not in str(failure.value)


def test_a_tokenizer_without_configuration_ends_as_its_special_tokens_say(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").symlink_to((directory_of("mistral") / "tokenizer.json").resolve())
    tokenizer = Tokenizer.load(tmp_path)
    assert (tokenizer.end_of_text, tokenizer.opening) == (2, [1])
