"""A tokenizer rebuilt from the vocabulary and merges of a GGUF file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.tokens.directory import ROLES
from midspan.tokens.gguf_metadata import read_gguf_metadata
from midspan.tokens.patterns import CL100K, QWEN2, TEKKEN
from midspan.tokens.rebuilt import AS_IT_IS, sentence_piece_steps
from midspan.tokens.tokenizer import Tokenizer

# Token types of ggml.
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED = 1, 2, 3, 4, 5

_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
_GPT2 = _BYTES | {"use_regex": True}
_DIGITS = {"type": "Digits", "individual_digits": True}


def _split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


@dataclass(frozen=True)
class ByteLevelKind:
    """What a `tokenizer.ggml.pre` stands for beside the vocabulary (llama.cpp, src/llama-vocab.cpp)."""

    cuts: Sequence[dict[str, Any]] = (_GPT2,)
    composes: bool = False  # NFC before all else
    ignores_merges: bool = False  # a piece that is a token needs no merges
    begins: bool = False  # a beginning of text, where the file does not say


_LLAMA3 = ByteLevelKind((_split(CL100K), _BYTES), ignores_merges=True, begins=True)
_QWEN2 = ByteLevelKind((_split(QWEN2), _BYTES), composes=True)
_STARCODER = ByteLevelKind((_DIGITS, _GPT2))
_DEEPSEEK_CODER = ByteLevelKind(
    (
        _split(r"[\r\n]"),
        _split(r"\s?\p{L}+"),
        _split(r"\s?\p{P}+"),
        _split("[一-龥ࠀ-一가-퟿]+"),
        _DIGITS,
        _BYTES,
    ),
    begins=True,
)
BYTE_LEVEL_KINDS: dict[str, ByteLevelKind] = {
    "default": ByteLevelKind(),
    "gpt-2": ByteLevelKind(),
    "gpt2": ByteLevelKind(),
    "olmo": ByteLevelKind(),
    "mpt": ByteLevelKind(),
    # Its models were trained with digits cut out, as llama.cpp does. transformers does not, and is what we are held
    # against: on texts where the ids differ SmolLM2 finds them 0.5 % less likely.
    "smollm": ByteLevelKind(),
    "starcoder": _STARCODER,
    "refact": _STARCODER,
    "command-r": _STARCODER,
    "codeshell": _STARCODER,
    "llama3": _LLAMA3,
    "llama-v3": _LLAMA3,
    "llama-bpe": _LLAMA3,
    "tekken": ByteLevelKind((_split(TEKKEN), _BYTES), ignores_merges=True, begins=True),
    "qwen2": _QWEN2,
    "deepseek-r1-qwen": _QWEN2,
    "stablelm2": ByteLevelKind((_split(QWEN2), _BYTES)),
    "deepseek-coder": _DEEPSEEK_CODER,
}


def tokenizer_of_gguf(path: Path) -> Tokenizer:
    """The tokenizer of a GGUF file, with the ids that transformers reads from it.

    Byte-level BPE ("gpt2") of the kinds of `BYTE_LEVEL_KINDS`, and SentencePiece ("llama"), whose merges come from the
    scores. UserError for another kind, for a file without a tokenizer, and for one that is cut short.
    """
    fields = read_gguf_metadata(path)
    kind = fields.get("tokenizer.ggml.model")
    tokens: list[str] = fields.get("tokenizer.ggml.tokens", [])
    if kind not in ("gpt2", "llama") or not tokens:
        found = f"a tokenizer of the kind {kind!r}" if kind else "no tokenizer"
        raise UserError(f"{path} holds {found}; those that can be read are 'gpt2' and 'llama'")
    types: list[int] = fields.get("tokenizer.ggml.token_type") or [_NORMAL] * len(tokens)
    while types[-1] == _UNUSED and len(types) == len(tokens):  # the table's padding
        tokens, types = tokens[:-1], types[:-1]
    parts, begins = _sentence_piece(fields, tokens, types) if kind == "llama" else _byte_level(path, fields, tokens)
    configuration = _configuration(fields, tokens, begins)
    definition = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added_tokens(tokens, types),
        "post_processor": _opening_of(configuration, tokens),
    }
    try:
        return Tokenizer(
            json.dumps(definition | parts, ensure_ascii=False),
            configuration,
            fields.get("tokenizer.chat_template"),
            _generation(fields),
        )
    except UserError:
        raise
    except Exception as error:  # tokenizers raises bare Exception for a vocabulary it cannot take
        raise UserError(f"{path} holds a damaged tokenizer ({error}): download it again") from error


def _byte_level(path: Path, fields: dict[str, Any], tokens: list[str]) -> tuple[dict[str, Any], bool]:
    name = fields.get("tokenizer.ggml.pre", "default")
    if name not in BYTE_LEVEL_KINDS:
        known = ", ".join(BYTE_LEVEL_KINDS)
        raise UserError(f"{path} cuts its text as {name!r}, which is not known; known are {known}")
    kind = BYTE_LEVEL_KINDS[name]
    parts = {
        "normalizer": {"type": "NFC"} if kind.composes else None,
        "pre_tokenizer": kind.cuts[0] if len(kind.cuts) == 1 else {"type": "Sequence", "pretokenizers": kind.cuts},
        "decoder": _GPT2,
        "model": _bpe(tokens, _merges(fields), ignore_merges=kind.ignores_merges),
    }
    return parts, kind.begins


def _sentence_piece(fields: dict[str, Any], tokens: list[str], types: list[int]) -> tuple[dict[str, Any], bool]:
    scores = fields.get("tokenizer.ggml.scores") or [0.0] * len(tokens)
    merges = _merges(fields) or _merges_of_scores(tokens, types, scores)
    scheme = "first" if fields.get("tokenizer.ggml.add_space_prefix", True) else "never"
    unknown = next((token for token, kind in zip(tokens, types, strict=True) if kind == _UNKNOWN), None)
    model = _bpe(tokens, merges, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    return sentence_piece_steps(scheme) | {"model": model}, True


def _bpe(tokens: list[str], merges: list[tuple[str, str]], **settings: Any) -> dict[str, Any]:
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
    }
    return model | settings | {"vocab": {token: place for place, token in enumerate(tokens)}, "merges": merges}


def _merges(fields: dict[str, Any]) -> list[tuple[str, str]]:
    cuts = ((merge, merge.index(" ", 1)) for merge in fields.get("tokenizer.ggml.merges") or [])
    return [(merge[:cut], merge[cut + 1 :]) for merge, cut in cuts]


def _merges_of_scores(tokens: list[str], types: list[int], scores: list[float]) -> list[tuple[str, str]]:
    """Each way of joining two pieces to a third, the piece with the best score first (SentencePiece's own order)."""
    ids = {token: place for place, token in enumerate(tokens)}
    made = sorted((place for place, kind in enumerate(types) if kind == _NORMAL), key=lambda place: -scores[place])
    merges: list[tuple[str, str]] = []
    for token in (tokens[place] for place in made):
        pairs = ((token[:cut], token[cut:]) for cut in range(1, len(token)))
        known = [(left, right) for left, right in pairs if left in ids and right in ids]
        merges += sorted(known, key=lambda pair: (ids[pair[0]], ids[pair[1]]))
    return merges


def _added_tokens(tokens: list[str], types: list[int]) -> list[dict[str, Any]]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return [
        {"id": place, "content": token} | flags | {"special": kind != _USER_DEFINED}
        for place, (token, kind) in enumerate(zip(tokens, types, strict=True))
        if kind in (_UNKNOWN, _CONTROL, _USER_DEFINED)
    ]


def _configuration(fields: dict[str, Any], tokens: list[str], begins: bool) -> dict[str, Any]:
    keys = dict(zip(ROLES, ("bos", "eos", "unknown", "padding"), strict=True))
    ids = {role: fields.get(f"tokenizer.ggml.{key}_token_id") for role, key in keys.items()}
    named = {f"{role}_token": tokens[token] for role, token in ids.items() if token is not None and token < len(tokens)}
    begins = fields.get("tokenizer.ggml.add_bos_token", begins) and "bos_token" in named
    return {
        "tokenizer_class": AS_IT_IS,
        **named,
        "add_bos_token": begins,
        "clean_up_tokenization_spaces": False,
    }


def _opening_of(configuration: dict[str, Any], tokens: list[str]) -> dict[str, Any] | None:
    if not configuration["add_bos_token"]:
        return None
    name = configuration["bos_token"]
    begin = {"SpecialToken": {"id": name, "type_id": 0}}
    first, second = ({"Sequence": {"id": part, "type_id": 0}} for part in "AB")
    return {
        "type": "TemplateProcessing",
        "single": [begin, first],
        "pair": [begin, first, begin, second],
        "special_tokens": {name: {"id": name, "ids": [tokens.index(name)], "tokens": [name]}},
    }


def _generation(fields: dict[str, Any]) -> dict[str, Any] | None:
    """The ends of text, turn and message, where the file has more than one."""
    ends = [fields.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")]
    known = list(dict.fromkeys(end for end in ends if end is not None))
    return {"eos_token_id": known} if len(known) > 1 else None
