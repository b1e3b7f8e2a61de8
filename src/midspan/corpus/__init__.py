"""Repositories → clean, licensed documents, each once → token shards."""

from midspan.corpus.documents import DOCUMENT_SCHEMA, Document, read_documents
from midspan.corpus.stages import build_corpus, corpus_fingerprint
from midspan.corpus.token_encoding import encode_documents, write_token_shard
from midspan.corpus.token_shards import TokenShard

__all__ = [
    "DOCUMENT_SCHEMA",
    "Document",
    "TokenShard",
    "build_corpus",
    "corpus_fingerprint",
    "encode_documents",
    "read_documents",
    "write_token_shard",
]
