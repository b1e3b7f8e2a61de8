"""What transformers makes of a tokenizer.json: some of its classes read the vocabulary and the merges only."""

from __future__ import annotations

from typing import Any

from midspan.tokens.definition import WORD_START, steps

AS_IT_IS = "PreTrainedTokenizerFast"  # the class that takes a tokenizer.json as it is

# Models that transformers opens with the tokenizer.json as it is, though they name a class that would not.
_MODELS_AS_IT_IS = frozenset({"mistral", "mixtral", "stablelm"})


def as_transformers_opens(
    definition: dict[str, Any], configuration: dict[str, Any], model_type: str | None = None
) -> dict[str, Any]:
    """The definition that `AutoTokenizer` encodes with, for a directory whose config.json says `model_type`.

    Llama's classes put the space before a text by a pre-tokenizer, and so not where the text starts with one
    (transformers 5, models/llama/tokenization_llama.py); every other class is taken to do as the file says.
    """
    name = _class_of(configuration)
    byte_level = any(step["type"] == "ByteLevel" for step in steps(definition, "decoder"))
    if name not in ("LlamaTokenizer", "CodeLlamaTokenizer") or byte_level or model_type in _MODELS_AS_IT_IS:
        return definition
    puts_space = configuration.get("add_prefix_space") is not False
    every_part = name == "LlamaTokenizer" and bool(configuration.get("legacy"))  # also after each special token
    scheme = ("always" if every_part else "first") if puts_space else "never"
    return definition | sentence_piece_steps(scheme)


def sentence_piece_steps(scheme: str) -> dict[str, Any]:
    """What stands around a SentencePiece model; `scheme` says where a space is put before a text: "always" (and after
    each special token), "first" or "never"."""
    before = {"type": "Metaspace", "replacement": WORD_START, "prepend_scheme": scheme, "split": False}
    decoders: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"String": WORD_START}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    if scheme != "never":
        decoders.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {"normalizer": None, "pre_tokenizer": before, "decoder": {"type": "Sequence", "decoders": decoders}}


def class_to_save(definition: dict[str, Any], configuration: dict[str, Any]) -> str:
    """The class under which transformers encodes with `definition`, whatever model stands beside it."""
    name = _class_of(configuration)
    is_gpt2 = [step["type"] for step in steps(definition, "pre_tokenizer")] == ["ByteLevel"]
    if as_transformers_opens(definition, configuration) != definition or (name == "GPT2Tokenizer" and not is_gpt2):
        return AS_IT_IS
    return str(configuration.get("tokenizer_class") or AS_IT_IS)


def _class_of(configuration: dict[str, Any]) -> str:
    return str(configuration.get("tokenizer_class") or "").removesuffix("Fast")
