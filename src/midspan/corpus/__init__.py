"""Repositories → clean, licensed documents, each once → token shards."""

from midspan.corpus.documents import DOCUMENT_SCHEMA, Document, read_documents, read_heldout
from midspan.corpus.forecast import forecast
from midspan.corpus.languages import PROSE_AND_SETTINGS, detect_language
from midspan.corpus.quality.grammars import syntax_tree
from midspan.corpus.quality.syntax import error_bytes
from midspan.corpus.run_steps import learn_tokenizer, write_corpus, write_tokens
from midspan.corpus.sources.trees import SKIPPED_FOLDERS
from midspan.corpus.stages import build_corpus, corpus_fingerprint
from midspan.corpus.token_shards import TokenShard
from midspan.corpus.token_writer import encode_documents, write_token_shard
from midspan.corpus.unwritten import keep_recipe, recipe_for

__all__ = [
    "DOCUMENT_SCHEMA",
    "PROSE_AND_SETTINGS",
    "SKIPPED_FOLDERS",
    "Document",
    "TokenShard",
    "build_corpus",
    "corpus_fingerprint",
    "detect_language",
    "encode_documents",
    "error_bytes",
    "forecast",
    "keep_recipe",
    "learn_tokenizer",
    "read_documents",
    "read_heldout",
    "recipe_for",
    "syntax_tree",
    "write_corpus",
    "write_token_shard",
    "write_tokens",
]
