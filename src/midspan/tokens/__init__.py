"""Text ↔ ids: the tokenizer, its special tokens, the chat format, the incremental detokenizer."""

from midspan.tokens.chat import Message, encode_chat
from midspan.tokens.detokenizer import Detokenizer
from midspan.tokens.infill import encode_infill
from midspan.tokens.special import SPECIAL_TOKENS, FimTokens
from midspan.tokens.tokenizer import Tokenizer
from midspan.tokens.training import train_tokenizer

__all__ = [
    "SPECIAL_TOKENS",
    "Detokenizer",
    "FimTokens",
    "Message",
    "Tokenizer",
    "encode_chat",
    "encode_infill",
    "train_tokenizer",
]
