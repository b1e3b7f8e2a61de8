"""The fast encoder: the ids of Hugging Face tokenizers, or none."""

from __future__ import annotations

import functools
import itertools
import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import models, normalizers, pre_tokenizers, trainers

from midspan.errors import UserError
from midspan.tokens import SPECIAL_TOKENS, Tokenizer, train_tokenizer
from midspan.tokens import fast as fast_module
from midspan.tokens.fast import LONGEST_RUN, FastEncoder, UnprovenError
from midspan.tokens.patterns import CL100K, GPT2, PATTERN, QWEN2, uncertain_characters

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
NEOX = Path("/work/shared/data/tokenizer/20B_tokenizer.json")
TEXTS = [file.read_text(encoding="utf-8") for file in sorted(STANDARD_LIBRARY.glob("[a-c]*.py"))]
PROSE = ["It's we'll I'M 123 4567 don'T\u0301 naïve Ⅷ 十二 ½\r\n\r\n  \t x\u00a0y   z\n\n\n   e\u0301 \u3000…"] * 20


def split_by(pattern: str) -> list[Any]:
    cut = pre_tokenizers.Split(tokenizers.Regex(pattern), behavior="isolated")
    return [cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


by_gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
STYLES: dict[str, list[Any]] = {
    "midspan": split_by(PATTERN),
    "gpt2": [by_gpt2],
    "gpt2 spelt out": split_by(GPT2),
    "starcoder": [pre_tokenizers.Digits(individual_digits=True), by_gpt2],
    "qwen2": split_by(QWEN2),
    "llama3": split_by(CL100K),
}


@functools.cache
def definition_in_style(style: str) -> dict[str, Any]:
    """A tokenizer.json of 900 tokens, cut as another family cuts; Qwen's has its normaliser."""
    backend = tokenizers.Tokenizer(models.BPE())
    steps = STYLES[style]
    backend.pre_tokenizer = steps[0] if len(steps) == 1 else pre_tokenizers.Sequence(steps)
    if style == "qwen2":
        backend.normalizer = normalizers.NFC()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator([*TEXTS, *PROSE], trainer)
    definition: dict[str, Any] = json.loads(backend.to_str())
    return definition


def backend_of(definition: dict[str, Any]) -> tokenizers.Tokenizer:
    backend = tokenizers.Tokenizer.from_str(json.dumps(definition))
    backend.encode_special_tokens = True
    return backend


@functools.cache
def encoders(style: str) -> tuple[FastEncoder, tokenizers.Tokenizer]:
    if style == "neox":
        if not NEOX.is_file():
            pytest.skip(f"{NEOX} is not on this machine")
        definition = json.loads(NEOX.read_text(encoding="utf-8"))
    else:
        definition = definition_in_style(style)
    backend = backend_of(definition)
    return FastEncoder(definition, backend), backend


ALL_STYLES = [*STYLES, "neox"]
any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
telling = st.sampled_from(
    [
        "'s",
        "'LL",
        "'ſ",
        "7",
        "½",
        "Ⅷ",
        "x",
        "é",
        "é",
        "ﬁ",
        "=",
        "_",
        "\x00",
        "👩\u200d👩\u200d👧",
        "\ud7ff",
        "\uffff",
        "\ue000",
        "𑷡",
        " ",
        "  ",
        " " * 23,
        " " * 30,
        "\n",
        "\r\n",
        "\t",
        "\xa0",
        "\u3000",
        "\x1c",
        "\x85",
        *SPECIAL_TOKENS[:3],
    ]
)
hostile_text = st.lists(st.one_of(telling, telling, any_text)).map("".join)


@pytest.mark.parametrize("style", ALL_STYLES)
@settings(max_examples=150)
@given(text=hostile_text)
def test_on_any_text_the_ids_are_those_of_tokenizers_or_none(style: str, text: str) -> None:
    fast, backend = encoders(style)
    ids = fast.encode(text)
    assert ids is None or ids == backend.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("style", ALL_STYLES)
def test_every_string_of_up_to_five_kinds_of_character_is_cut_alike(style: str) -> None:
    fast, backend = encoders(style)
    kinds = "a7 \n'." if style != "midspan" else "a7 \n\r."
    texts = ["".join(text) for length in range(6) for text in itertools.product(kinds, repeat=length)]
    texts += ["".join(text) for text in itertools.product("sé½ \t\r\n\u00a0'", repeat=4)]
    expected = backend.encode_batch_fast(texts, add_special_tokens=False)
    assert all(fast.encode(text) == one.ids for text, one in zip(texts, expected, strict=True))


@pytest.mark.parametrize("style", ALL_STYLES)
def test_the_standard_library_is_encoded_fast_and_alike(style: str) -> None:
    fast, backend = encoders(style)
    files = sorted((STANDARD_LIBRARY / "encodings").glob("*.py"))[:40] + sorted(STANDARD_LIBRARY.glob("s*.py"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    found = [fast.encode(text) for text in texts]
    expected = [one.ids for one in backend.encode_batch_fast(texts, add_special_tokens=False)]
    assert sum(ids is not None for ids in found) > 0.95 * len(texts)
    assert all(ids is None or ids == other for ids, other in zip(found, expected, strict=True))


def test_an_empty_text_and_special_tokens_in_a_text_are_ordinary() -> None:
    fast, backend = encoders("midspan")
    assert fast.encode("") == []
    ids = fast.encode("<|endoftext|>" * 3)
    assert ids == backend.encode("<|endoftext|>" * 3).ids
    assert ids is not None
    assert 0 not in ids


PATHOLOGICAL = {
    "letters": "a" * 400_000,
    "words": "abcde" * 80_000,
    "spaces": " " * 1_500_000 + "x",
    "newlines": "\n" * 400_000 + "x",
    "punctuation": "=-" * 100_000,
    "accents": "é" * 120_000,
    "controls": "\x1c" * 300_000,  # a space to Python, none to the pattern
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_long_runs_end_well_and_give_the_ids_of_tokenizers(name: str) -> None:
    """tiktoken issues 15 and 245: such runs made it panic with a BaseException, and hung the pools around it."""
    tokenizer = Tokenizer(json.dumps(definition_in_style("midspan")), {"eos_token": "<|endoftext|>"}, None)
    text = PATHOLOGICAL[name]
    assert tokenizer.slow_because == ""
    assert tokenizer.encode(text) == backend_of(definition_in_style("midspan")).encode(text).ids


@pytest.mark.parametrize("style", ALL_STYLES)
def test_runs_as_long_as_the_fast_encoder_takes_do_not_make_it_give_up(style: str) -> None:
    fast, _ = encoders(style)
    for character in (" ", "\n", "\t", "a", "7", "."):
        assert fast.encode("x " + character * (LONGEST_RUN - 2) + "y") is not None


def tampered(change: Callable[[dict[str, Any]], object], style: str = "midspan") -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(json.dumps(definition_in_style(style)))
    change(definition)
    return definition


def swap_two_ids(definition: dict[str, Any]) -> None:
    vocabulary = definition["model"]["vocab"]
    first, second = ("".join(merge) for merge in definition["model"]["merges"][100:102])
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]


UNPROVEN: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "another normaliser": ("Lowercase", lambda d: d.update(normalizer={"type": "Lowercase"})),
    "another pattern": ("pre-tokenizer", lambda d: d["pre_tokenizer"]["pretokenizers"][0]["pattern"].update(Regex=".")),
    "another way of cutting": ("pre-tokenizer", lambda d: d["pre_tokenizer"]["pretokenizers"][0].update(invert=True)),
    "no pre-tokenizer": ("pre-tokenizer", lambda d: d.update(pre_tokenizer=None)),
    "a space before": ("pre-tokenizer", lambda d: d["pre_tokenizer"]["pretokenizers"][1].update(add_prefix_space=True)),
    "dropout": ("dropout", lambda d: d["model"].update(dropout=0.1)),
    "byte fallback": ("byte_fallback", lambda d: d["model"].update(byte_fallback=True)),
    "ignored merges": ("ignore_merges", lambda d: d["model"].update(ignore_merges=True)),
    "another order of ids": ("order", swap_two_ids),
    "a missing byte that is merged": ("no earlier merge", lambda d: d["model"]["vocab"].pop("A")),
}


@pytest.mark.parametrize("case", UNPROVEN)
def test_what_could_change_an_id_is_refused_with_its_reason(case: str) -> None:
    reason, change = UNPROVEN[case]
    with pytest.raises(UnprovenError, match=reason):
        FastEncoder(tampered(change), encoders("midspan")[1])


MISSING = [chr(0x104), chr(0x11D)]  # how GPT-2 writes the bytes 4 and 29, as SmolLM2 lacks them


@pytest.mark.parametrize("style", ["gpt2", "starcoder"])
@settings(max_examples=100)
@given(parts=st.lists(st.one_of(telling, st.sampled_from(["\x04", "\x1d", "\x05", "-"]), any_text)))
def test_where_the_vocabulary_lacks_bytes_only_texts_with_such_bytes_go_the_slow_way(
    style: str, parts: list[str]
) -> None:
    definition = tampered(lambda d: [d["model"]["vocab"].pop(one) for one in MISSING], style)
    fast, backend = FastEncoder(definition, backend_of(definition)), backend_of(definition)
    text = "".join(parts)
    ids = fast.encode(text)
    if "\x04" in text or "\x1d" in text:
        assert ids is None
    else:
        assert ids is None or ids == backend.encode(text, add_special_tokens=False).ids
    assert fast.encode("a - b\x05") == backend.encode("a - b\x05", add_special_tokens=False).ids


def test_an_unproven_tokenizer_still_encodes_and_says_why_it_is_slow() -> None:
    definition = tampered(lambda d: d.update(normalizer={"type": "Lowercase"}))
    tokenizer = Tokenizer(json.dumps(definition), {"eos_token": "<|endoftext|>"}, None)
    assert tokenizer.encode("ABC " * 100_000) == tokenizer.encode("abc " * 100_000)
    assert "Lowercase" in tokenizer.slow_because


def test_a_token_that_no_text_yields_is_left_out() -> None:
    """A merge whose token other merges always forestall: tiktoken, given its rank, would yield it."""

    def forestall(definition: dict[str, Any]) -> None:
        vocabulary, merges = definition["model"]["vocab"], definition["model"]["merges"]
        first = next(merge for merge in merges if len("".join(merge)) == 2)
        token = "".join(first) + "q"  # of (x, yq) although (x, y) comes first
        tail = first[1] + "q"
        assert tail not in vocabulary
        vocabulary |= {tail: 900, token: 901}
        merges += [[first[1], "q"], [first[0], tail]]

    definition = tampered(forestall)
    backend = backend_of(definition)
    fast = FastEncoder(definition, backend)
    text = "".join(definition["model"]["merges"][-1])
    assert 901 not in backend.encode(text).ids
    assert fast.encode(text) == backend.encode(text).ids


def test_ordinary_added_tokens_leave_their_texts_to_tokenizers() -> None:
    flags = {"single_word": False, "lstrip": True, "rstrip": False, "normalized": False, "special": False}
    definition = tampered(lambda d: d["added_tokens"].append({"id": 900, "content": "→→"} | flags))
    fast = FastEncoder(definition, backend_of(definition))
    assert fast.encode("a →→ b") is None
    assert fast.encode("a → b") == backend_of(definition).encode("a → b").ids


def test_characters_that_python_does_not_know_and_lone_surrogates_are_left_to_tokenizers() -> None:
    uncertain = uncertain_characters(True, False)
    assert all(uncertain.search(one) for one in ("\ue000", "\U0010ffff", "\U000e1000", "\ud800", "\u017f", "\u212a"))
    assert not any(uncertain.search(one) for one in ("é", "\u3000", "十", "👩", "\U000e0100", "\x00"))
    tokenizer = train_tokenizer(TEXTS[:3], 400)
    for prepare in ("", "x" * 200_000):  # before and after the fast encoder is made
        tokenizer.encode(prepare)
        with pytest.raises(UserError, match="not Unicode"):
            tokenizer.encode("a\ud800b")


def test_a_tokenizer_gives_the_same_ids_before_and_after_it_has_become_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = train_tokenizer(TEXTS, 700)
    mixed = [*TEXTS[:4], "", "\ue000", " " * (LONGEST_RUN + 1), "<|endoftext|>"]
    before = [tokenizer.encode(text) for text in mixed]
    assert tokenizer.slow_because == ""
    made: list[str] = []
    monkeypatch.setattr(fast_module.FastEncoder, "encode", lambda self, text: made.append(text))
    tokenizer.encode("x")
    assert made == ["x"]  # it is fast now
    monkeypatch.undo()
    assert [tokenizer.encode(text) for text in mixed] == before
    assert tokenizer.encode_batch(mixed) == before


def test_importing_the_tokens_does_not_import_tiktoken() -> None:
    program = "import sys, midspan.tokens; sys.exit('tiktoken' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
