"""Text ↔ ids: the tokenizer, its special tokens, the chat format, the incremental detokenizer."""

from midspan.tokens.chat import Message, chat_prefill_ids, chat_prompt_ids, encode_chat
from midspan.tokens.detokenizer import Detokenizer
from midspan.tokens.infill import LAYOUTS, encode_infill, split_prefix
from midspan.tokens.special import SPECIAL_TOKENS, FimTokens
from midspan.tokens.stored import open_tokenizer
from midspan.tokens.tokenizer import Tokenizer
from midspan.tokens.vocabulary import train_tokenizer

__all__ = [
    "LAYOUTS",
    "SPECIAL_TOKENS",
    "Detokenizer",
    "FimTokens",
    "Message",
    "Tokenizer",
    "chat_prefill_ids",
    "chat_prompt_ids",
    "encode_chat",
    "encode_infill",
    "open_tokenizer",
    "split_prefix",
    "train_tokenizer",
]
