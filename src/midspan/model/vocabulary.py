"""A larger vocabulary: rows for tokens that the model has never seen."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from midspan.model.decoder import Decoder

ROWS = 64  # tables are padded to a multiple: what matrix products like


def grow_vocabulary(decoder: Decoder, vocabulary_size: int, known: int | None = None) -> None:
    """Give `decoder` rows for the tokens from `known` up to `vocabulary_size`, drawn as its first `known` rows lie.

    A head's own rows are the mean of the others, so that no new token is likely (Hewitt 2021, "Initializing New Word
    Embeddings for Pretrained Language Models"); an embedding's differ, or a short training could not tell them apart.
    known: how many tokens the model was trained with; None: as many as its table has rows, which may be padded.
    A table that is too short grows to a multiple of 64; the embedding and an untied head alike.
    """
    rows = decoder.config.vocabulary_size
    known = rows if known is None else known
    if vocabulary_size > rows:
        rows = -(-vocabulary_size // ROWS) * ROWS
    elif vocabulary_size <= known:
        return
    decoder.embed_tokens.weight = _grown(decoder.embed_tokens.weight, known, vocabulary_size, rows, spread=1.0)
    decoder.embed_tokens.num_embeddings = rows
    if not decoder.config.tied_embeddings:
        decoder.lm_head.weight = _grown(decoder.lm_head.weight, known, vocabulary_size, rows, spread=0.0)
        decoder.lm_head.out_features = rows
    decoder.config = replace(decoder.config, vocabulary_size=rows)


@torch.no_grad()
def _grown(table: Tensor, known: int, used: int, rows: int, spread: float) -> nn.Parameter:
    trained = table[:known].float()
    deviation = trained.std(dim=0, correction=0)  # [hidden]
    drawn = torch.randn((rows, table.shape[1]), generator=torch.Generator().manual_seed(known))
    grown = (trained.mean(dim=0) + spread * deviation * drawn.to(table.device)).to(table.dtype)  # [rows, hidden]
    grown[:known] = table[:known]
    grown[max(known, used) : len(table)] = table[max(known, used) :]  # padding that stays padding
    return nn.Parameter(grown, requires_grad=table.requires_grad)
