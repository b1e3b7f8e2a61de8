"""Training a byte-level BPE vocabulary for code."""

from __future__ import annotations

from collections.abc import Iterable

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from midspan.errors import UserError
from midspan.tokens.patterns import PATTERN
from midspan.tokens.special import END_OF_TEXT, SPECIAL_TOKENS
from midspan.tokens.tokenizer import CHATML_TEMPLATE, Tokenizer

CONFIGURATION = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": END_OF_TEXT,
    "eos_token": END_OF_TEXT,
    "unk_token": END_OF_TEXT,
    "pad_token": END_OF_TEXT,
    "clean_up_tokenization_spaces": False,
    "add_prefix_space": False,
}


def train_tokenizer(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Learn byte-level BPE merges (Sennrich et al., arXiv 1508.07909) from `texts`.

    The same texts give the same bytes whatever the number of threads. There is no normaliser and every byte is
    in the vocabulary, so decoding restores any text exactly. The result is smaller than `vocabulary_size` where the
    texts hold no more pairs that occur twice. UserError if the size cannot hold the bytes and the special tokens.
    """
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    smallest = len(alphabet) + len(SPECIAL_TOKENS)
    if vocabulary_size < smallest:
        raise UserError(
            f"vocabulary_size {vocabulary_size} is too small: {len(alphabet)} bytes and {len(SPECIAL_TOKENS)} special"
            f" tokens need {smallest}, and code reads well from 2048 on"
        )
    backend = tokenizers.Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=alphabet,
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return Tokenizer(backend.to_str(pretty=False), dict(CONFIGURATION), CHATML_TEMPLATE)
