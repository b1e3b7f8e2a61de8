"""Text to ids and back: a tokenizer whose special ids no text can produce."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import tokenizers

from midspan.errors import UserError
from midspan.files import hash_text
from midspan.tokens.definition import (
    fallback_bytes,
    puts_space_before,
    puts_space_before_every_part,
    special_ids,
    spelled,
    token_bytes,
    white_space_taken,
    with_special_tokens,
    with_specials_flagged,
    without_shortcuts,
    without_space_before,
)
from midspan.tokens.directory import (
    TokenizerFiles,
    TokenizerTexts,
    files_of,
    named,
    read_texts,
    write_tokenizer_files,
)
from midspan.tokens.fast import FastEncoder, UnprovenError
from midspan.tokens.special import CHAT_END, CHAT_START, ENDS, ENDS_OF_TEXT, UNNAMED_ENDS, find_fim, find_repository

# ChatML, the format of Stable Code Instruct (reference/stable-code.md, 2.7).
CHATML_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

# Characters that Hugging Face tokenizers encodes in about the time that making the fast encoder takes.
FAST_AFTER = 200_000


class Tokenizer:
    """A Hugging Face tokenizer in which only `special` gives special ids, never `encode`.

    Built by `train_tokenizer` or `Tokenizer.load`; `definition` is the text of a tokenizer.json, `configuration`
    the content of a tokenizer_config.json, `generation` that of a generation_config.json.
    """

    def __init__(
        self,
        definition: str,
        configuration: dict[str, Any],
        chat_template: str | None,
        generation: dict[str, Any] | None = None,
    ) -> None:
        self._definition = definition
        parsed = json.loads(definition)
        self.configuration = configuration
        self.generation = generation  # the content of the generation_config.json beside it, if there was one
        self.special_ids = special_ids(parsed)
        self._flagged = with_specials_flagged(parsed)
        self._backend = _backend_of(self._flagged)
        self._fast: FastEncoder | None = None
        self._slow_because = ""  # why there will be no fast encoder
        self._characters = 0  # encoded so far
        # What the family puts before every text (`<s>` of Mistral, Llama, DeepSeek), in prompts and in training alike.
        self.opening = self._find_opening()
        self._backend.post_processor = None  # it trims the places of tokens, and has said all else it can say
        vocabulary = self._backend.get_vocab(with_added_tokens=True)
        self.vocabulary_size = max(vocabulary.values()) + 1
        self.end_of_text = self.special(self._end_of_text_name())
        self.chat_end = self.special_ids.get(CHAT_END)
        self.fim = find_fim(self.special_ids, self.end_of_text)
        self.repository = find_repository(self.special_ids)
        self.fingerprint = hash_text(json.dumps(sorted(vocabulary.items(), key=lambda item: item[1])))
        if chat_template is None and CHAT_START in self.special_ids:
            chat_template = CHATML_TEMPLATE
        self.chat_template = chat_template

    def _end_of_text_name(self) -> str:
        names = [*ENDS_OF_TEXT, self.named("eos"), *UNNAMED_ENDS]
        name = next((name for name in names if name in self.special_ids), None)
        if name is None:
            raise UserError("the tokenizer names no end of text: write its eos_token into tokenizer_config.json")
        return name

    def _find_opening(self) -> list[int]:
        begin = self.special_ids.get(self.named("bos"))
        if "add_bos_token" in self.configuration:
            return [begin] if self.configuration["add_bos_token"] and begin is not None else []
        around = self._backend.encode("x", add_special_tokens=True).ids
        return [token for token in around[:1] if token in self.special_ids.values()]

    @functools.cached_property
    def ends(self) -> frozenset[int]:
        """Every special id that ends a completion: of a text, of a turn, of a middle, of a file, and those that
        generation_config.json lists."""
        names = [*ENDS, self.named("eos")]
        listed = (self.generation or {}).get("eos_token_id")
        ids = {self.end_of_text, *(self.special_ids.get(name) for name in names)}
        ids |= set(listed if isinstance(listed, list) else [listed])
        ids |= {self.fim.prefix, self.fim.suffix, self.fim.middle, self.fim.end} if self.fim else set()
        return frozenset(self.special_ids.values()) & ids

    def named(self, role: str) -> str:
        """The text of the "bos", "eos", "unk" or "pad" token of the configuration, "" if it has none."""
        return named(self.configuration, role)

    def special(self, name: str) -> int:
        """The id of the special token `name`; UserError if this tokenizer has none of that name."""
        if name not in self.special_ids:
            known = ", ".join(self.special_ids)
            raise UserError(f"the tokenizer has no special token {name!r}; it has: {known}")
        return self.special_ids[name]

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; special tokens spelled in it are ordinary text. UserError for half a surrogate pair."""
        fast = self._fast_encoder(len(text))
        ids = fast.encode(text) if fast else None
        if ids is None:
            with _unicode_only(text):
                ids = list(self._backend.encode(text, add_special_tokens=False).ids)
        return ids

    def encode_continuation(self, text: str) -> list[int]:
        """The ids of a text that goes on from other text: no space is put before it, as SentencePiece tokenizers do."""
        if not self._puts_space_before:
            return self.encode(text)
        with _unicode_only(text):
            return list(self._continuing.encode(text, add_special_tokens=False).ids)

    @functools.cached_property
    def _puts_space_before(self) -> bool:
        return puts_space_before(self._flagged)

    @functools.cached_property
    def _continuing(self) -> tokenizers.Tokenizer:
        if not self._puts_space_before:
            return self._backend
        return _backend_of(without_space_before(self._flagged) | {"post_processor": None})

    def encode_pieces(self, text: str) -> list[list[int]]:
        """`encode_continuation(text)` in the pieces (words, numbers, runs of spaces) that no merge reaches across."""
        encoding = self._continuing.encode(text, add_special_tokens=False)
        numbers = encoding.word_ids
        starts = [place for place, number in enumerate(numbers) if place == 0 or number != numbers[place - 1]]
        return [encoding.ids[start:end] for start, end in pairwise([*starts, len(numbers)])]

    def encode_piece(self, data: bytes) -> list[int]:
        """The ids that merging alone makes of `data`, the beginning of a longer piece."""
        return [token.id for token in self._merges.tokenize(spelled(self._flagged, data))] if data else []

    @functools.cached_property
    def _merges(self) -> tokenizers.models.Model:
        definition = without_shortcuts(self._flagged)
        backend = self._backend if definition is self._flagged else _backend_of(definition)
        model: tokenizers.models.Model = backend.model
        return model

    def encode_at(self, text: str, continues: bool = False) -> list[tuple[int, int, int]]:
        """(id, start, end) of each token of `encode`, or of `encode_continuation`; places count characters."""
        return _placed(self._continuing if continues and self._puts_space_before else self._backend, text)

    def encode_markup_at(self, text: str) -> list[tuple[int, int, int]]:
        """(id, start, end) of each token, where special tokens spelled in the text are what they spell.

        The ids of transformers' `encode(text, add_special_tokens=False)`; never for text that a stranger wrote.
        """
        return _placed(self._marking, text)

    @functools.cached_property
    def _marking(self) -> tokenizers.Tokenizer:
        backend = _backend_of(self._flagged | {"post_processor": None})
        backend.encode_special_tokens = False
        return backend

    @functools.cached_property
    def white_space_taken(self) -> dict[str, tuple[str, str]]:
        """What white space a special token takes along before and after it, as regular expressions, where it does."""
        return white_space_taken(self._flagged)

    @functools.cached_property
    def puts_space_after_special(self) -> bool:
        """Whether the text after a special token is encoded as one by itself (SentencePiece as Llama 2 had it)."""
        return self._puts_space_before and puts_space_before_every_part(self._flagged)

    def bytes_of(self, token: int) -> bytes:
        """The exact bytes a token stands for in the middle of a text: "▁x" is a space and an x, <0xE2> its byte.

        b"" for special tokens and for ids that the tokenizer does not have. The bytes of `encode_continuation(text)`
        together are the text's, where the tokenizer has no normaliser that changes it and no unknown character.
        """
        return self._token_bytes[token] if 0 <= token < len(self._token_bytes) else b""

    @functools.cached_property
    def _token_bytes(self) -> list[bytes]:
        return token_bytes(self._flagged)

    @functools.cached_property
    def fallback_bytes(self) -> frozenset[int]:
        """The ids that stand for one byte of a character that has no token; of SentencePiece tokenizers only."""
        return fallback_bytes(self._flagged)

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, as `encode` gives them."""
        fast = self._fast_encoder(sum(map(len, texts)))
        found = [fast.encode(text) if fast else None for text in texts]
        rest = [text for text, ids in zip(texts, found, strict=True) if ids is None]
        with _unicode_only(*rest):
            slow = iter(self._backend.encode_batch_fast(rest, add_special_tokens=False) if rest else [])
        return [next(slow).ids if ids is None else ids for ids in found]

    @property
    def slow_because(self) -> str:
        """Why long texts go through Hugging Face tokenizers instead of tiktoken; "" where they need not."""
        self._fast_encoder(FAST_AFTER)
        return self._slow_because

    def _fast_encoder(self, characters: int) -> FastEncoder | None:
        """The fast encoder, made as soon as there has been enough to encode to be worth it."""
        self._characters += characters
        if self._fast is None and not self._slow_because and self._characters >= FAST_AFTER:
            try:
                self._fast = FastEncoder(self._flagged, self._backend)
            except UnprovenError as error:
                self._slow_because = str(error)
        return self._fast

    def decode(self, ids: Sequence[int], skip_special: bool = False) -> str:
        """The text of `ids`; bytes that are not UTF-8 become U+FFFD."""
        text: str = self._backend.decode(list(ids), skip_special_tokens=skip_special)
        return text

    def extended(self, names: Sequence[str]) -> Tokenizer:
        """A tokenizer that has special tokens of these names too: those it lacks at the next free ids, in their order.

        All other ids stay. ChatML is the chat template of one that had none and gets `<|im_start|>`.
        """
        if self.special_ids.keys() >= set(names):
            return self
        definition = with_special_tokens(json.loads(self._definition), names)
        configuration = self.configuration
        if "added_tokens_decoder" in configuration:  # transformers believes it more than the tokenizer.json
            tokens = {str(token["id"]): _without_id(token) for token in definition["added_tokens"]}
            configuration = configuration | {"added_tokens_decoder": tokens}
        text = json.dumps(definition, ensure_ascii=False)
        return Tokenizer(text, configuration, self.chat_template, self.generation)

    def save(self, directory: Path) -> None:
        """Write the files that `transformers.AutoTokenizer` reads, so that it gives the same ids."""
        files = TokenizerFiles(self._definition, self.configuration, self.chat_template, self.generation)
        write_tokenizer_files(directory, files)

    @staticmethod
    def load(directory: Path) -> Tokenizer:
        """Read the tokenizer of any HF-layout directory; UserError if it has none or a damaged one.

        The same contents give the same object: a vocabulary of 150,000 takes more than a second to parse.
        """
        try:
            return _opened(read_texts(directory))
        except UserError:
            raise
        except Exception as error:  # tokenizers raises bare Exception for a file it cannot parse
            place, reason = directory / "tokenizer.json", " ".join(str(error).split())
            raise UserError(f"{place} cannot be read ({reason}): download or build the tokenizer again") from error


@functools.lru_cache(maxsize=3)
def _opened(texts: TokenizerTexts) -> Tokenizer:
    files = files_of(texts)
    return Tokenizer(files.definition, files.configuration, files.chat_template, files.generation)


def _without_id(token: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in token.items() if key != "id"}


def _placed(backend: tokenizers.Tokenizer, text: str) -> list[tuple[int, int, int]]:
    with _unicode_only(text):
        encoding = backend.encode(text, add_special_tokens=False)
    return [(token, start, end) for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)]


@contextlib.contextmanager
def _unicode_only(*texts: str) -> Iterator[None]:
    """UserError for half a surrogate pair, which Python makes of a terminal's bytes that are not UTF-8."""
    try:
        yield
    except (TypeError, UnicodeEncodeError) as error:
        half = next((character for text in texts for character in text if "\ud800" <= character <= "\udfff"), None)
        if half is None:
            raise
        raise UserError(f"the text is not Unicode (it holds {half!r}): send it as UTF-8") from error


def _backend_of(definition: dict[str, Any]) -> tokenizers.Tokenizer:
    """A tokenizer to which special tokens spelled in a text are ordinary text."""
    backend = tokenizers.Tokenizer.from_str(json.dumps(definition))
    backend.encode_special_tokens = True  # "<|endoftext|>" in a text is seven ordinary tokens
    backend.no_padding()
    backend.no_truncation()
    return backend
