"""What a parsed tokenizer.json says: its special tokens, the space it puts before a text, the bytes of its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

WORD_START = "▁"  # SentencePiece's mark for a space

# Qwen's and DeepSeek's FIM tokens are not flagged special in their tokenizer.json: told by their looks.
_MARKUP = re.compile(r"▁?(<[^\s<>]+>|\[/?[A-Z_]+\])")
_PLURALS = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "decoder": "decoders"}
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def special_ids(definition: dict[str, Any]) -> dict[str, int]:
    """The ids of the added tokens that mark something, by name."""
    added = definition.get("added_tokens") or []
    return {token["content"]: token["id"] for token in added if token["special"] or _is_markup(token["content"])}


def with_specials_flagged(definition: dict[str, Any]) -> dict[str, Any]:
    """The same, every token of `special_ids` flagged special, so that no text need yield it."""
    added = definition.get("added_tokens") or []
    flagged = [token | {"special": token["special"] or _is_markup(token["content"])} for token in added]
    return definition | {"added_tokens": flagged}


def _is_markup(content: str) -> bool:
    return _MARKUP.fullmatch(content) is not None


def puts_space_before(definition: dict[str, Any]) -> bool:
    """Whether a text by itself is encoded with a space before it ("▁", SentencePiece's dummy prefix)."""
    return without_space_before(definition) != definition


def without_space_before(definition: dict[str, Any]) -> dict[str, Any]:
    """The same tokenizer for a text that goes on from another, before which no space is put."""
    normalizers = [step for step in steps(definition, "normalizer") if step["type"] != "Prepend"]
    pre_tokenizers = []
    for step in steps(definition, "pre_tokenizer"):
        changes: dict[str, Any] = {"add_prefix_space": False} if step.get("add_prefix_space") else {}
        if step["type"] == "Metaspace":
            changes = {"prepend_scheme": "never"} | changes
        pre_tokenizers.append(step | changes)
    return definition | {
        "normalizer": _of_steps(definition, "normalizer", normalizers),
        "pre_tokenizer": _of_steps(definition, "pre_tokenizer", pre_tokenizers),
    }


def steps(definition: dict[str, Any], part: str) -> list[dict[str, Any]]:
    """The steps of the "normalizer", the "pre_tokenizer" or the "decoder"."""
    step = definition.get(part)
    return [] if step is None else list(step.get(_PLURALS[part], [step]))


def _of_steps(definition: dict[str, Any], part: str, of: list[dict[str, Any]]) -> dict[str, Any] | None:
    before = definition.get(part)
    if before is None or _PLURALS[part] in before:
        return before and before | {_PLURALS[part]: of}
    return of[0] if of else None


def without_shortcuts(definition: dict[str, Any]) -> dict[str, Any]:
    """The same tokenizer where merges alone decide, even on a word that is a token as it is (Llama 3)."""
    model = definition["model"]
    return definition | {"model": model | {"ignore_merges": False}} if model.get("ignore_merges") else definition


def spelled(definition: dict[str, Any], data: bytes) -> str:
    """`data` as the model's merges spell it."""
    if "ByteLevel" in {step["type"] for step in steps(definition, "decoder")}:
        characters = {value: character for character, value in byte_values().items()}
        return "".join(characters[value] for value in data)
    return data.decode().replace(" ", WORD_START)


def token_bytes(definition: dict[str, Any]) -> list[bytes]:
    """What each id stands for in the middle of a text; b"" for special tokens and for ids that are not used."""
    vocabulary: dict[str, int] = dict(_vocabulary(definition["model"]["vocab"]))
    added = {token["content"]: token["id"] for token in definition.get("added_tokens") or []}
    table = [b""] * (1 + max((vocabulary | added).values()))
    decoders = {step["type"] for step in steps(definition, "decoder")}
    byte_level, values = "ByteLevel" in decoders, byte_values()
    for content, token in (vocabulary | added).items():
        byte = _BYTE.fullmatch(content)
        if byte_level and values.keys() >= set(content):
            table[token] = bytes(values[character] for character in content)
        elif "ByteFallback" in decoders and byte:
            table[token] = bytes.fromhex(byte[1])
        else:
            table[token] = (content if byte_level else content.replace(WORD_START, " ")).encode()
    for token in special_ids(definition).values():
        table[token] = b""
    return table


def fallback_bytes(definition: dict[str, Any]) -> frozenset[int]:
    """The ids that stand for one byte of a character that has no token (`<0xE2>`)."""
    if "ByteFallback" not in {step["type"] for step in steps(definition, "decoder")}:
        return frozenset()
    return frozenset(token for content, token in _vocabulary(definition["model"]["vocab"]) if _BYTE.fullmatch(content))


def _vocabulary(vocabulary: Any) -> Iterator[tuple[str, int]]:
    """(content, id) of a model's tokens; Unigram lists [content, score] in the order of ids."""
    if isinstance(vocabulary, dict):
        yield from vocabulary.items()
    else:
        yield from ((entry[0], token) for token, entry in enumerate(vocabulary))


def byte_values() -> dict[str, int]:
    """The characters that stand for bytes in a byte-level vocabulary (GPT-2): printable Latin-1 for itself, the others
    from U+0100 on in their order."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = (value for value in range(256) if value not in printable)
    return {chr(value): value for value in printable} | {chr(256 + place): value for place, value in enumerate(others)}
