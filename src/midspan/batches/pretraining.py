"""Token shards → packed pre-training rows, cut anew for fill-in-the-middle in every epoch.

Row k is a pure function of (seed, stage, k): any process can make any row, so resuming is a matter of counting.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from midspan.batches.batch import Batch, Segment, pack_rows
from midspan.batches.fim import cut, fim_tokens
from midspan.batches.packing import best_fit
from midspan.batches.randomness import generator, shuffled
from midspan.corpus import TokenShard
from midspan.tokens import Tokenizer

FIM_RESERVE = 16  # positions kept free for sentinels and for the tokens that the two cuts add
PLAIN_RESERVE = 2  # `<|endoftext|>` before and after
CUT_ATTEMPTS = 4  # cuts tried before a piece that grew too long stays plain
SHORTEST_PIECE = 64  # a file is not split to fill a smaller rest of a repository sample


@dataclass(frozen=True)
class Piece:
    """Tokens [start, end) of the shard, all of one document."""

    document: int
    start: int
    end: int
    ends_document: bool


@dataclass(frozen=True)
class Sample:
    """What one segment is made of: one piece, or pieces of several files of `repository`."""

    pieces: tuple[Piece, ...]
    length: int  # the most positions it can take
    repository: str | None = None
    continues: bool = False  # an earlier sample holds the repository's first files


class PretrainingRows:
    """The packed rows of one stage; `row(k)` and `batch(step, rows)` are all that training asks for.

    With `repository_order`, samples join the files of one repository, each after its `<filename>`, and FIM stays within
    one file: "dependency" in the order of the shard, which is the corpus's, "random" in seeded random order.
    """

    def __init__(
        self,
        shard: TokenShard,
        tokenizer: Tokenizer,
        *,
        stage: str,
        context: int,
        seed: int,
        fim_rate: float,
        spm_share: float,
        repository_order: Literal["dependency", "random"] | None,
    ) -> None:
        self.shard, self.tokenizer, self.context = shard, tokenizer, context
        self.stage, self.seed = stage, seed
        self.fim_rate, self.spm_share = fim_rate, spm_share
        self.reserve = FIM_RESERVE if fim_rate > 0 else PLAIN_RESERVE
        self.samples = self._repository_samples(repository_order) if repository_order else self._single_samples()
        self.rows = best_fit([sample.length for sample in self.samples], context)

    def __len__(self) -> int:
        """Rows in one epoch."""
        return len(self.rows)

    @property
    def utilisation(self) -> float:
        """The share of positions that the packing plan fills."""
        return sum(sample.length for sample in self.samples) / (len(self.rows) * self.context)

    def batch(self, step: int, rows: int) -> Batch:
        """The rows of optimiser step `step` (from 0): [rows, context]."""
        return pack_rows([self.row(step * rows + index) for index in range(rows)], self.context)

    def row(self, k: int) -> list[Segment]:
        """Row `k`, counted through all epochs."""
        epoch, index = shuffled(k, len(self.rows), self.seed, self.stage)
        return [Segment(self._tokens(self.samples[sample], epoch)) for sample in self.rows[index]]

    def _pieces(self, document: int, longest: int) -> list[Piece]:
        start, end = self.shard.boundaries[document], self.shard.boundaries[document + 1]
        starts = range(start, end, longest)
        return [Piece(document, at, min(at + longest, end), at + longest >= end) for at in starts]

    def _single_samples(self) -> list[Sample]:
        longest = self.context - self.reserve
        documents = range(len(self.shard.boundaries) - 1)
        pieces = [piece for document in documents for piece in self._pieces(document, longest)]
        return [Sample((piece,), piece.end - piece.start + self.reserve) for piece in pieces]

    def _repository_samples(self, order: Literal["dependency", "random"]) -> list[Sample]:
        # A mixture may hold a repository several times: each of its passes is a repository to be read by itself.
        by_repository: dict[tuple[str, int], list[int]] = {}
        passes: Counter[tuple[str, str]] = Counter()
        for document, file in enumerate(zip(self.shard.repositories, self.shard.paths, strict=True)):
            by_repository.setdefault((file[0], passes[file]), []).append(document)
            passes[file] += 1
        samples: list[Sample] = []
        for (repository, number), documents in sorted(by_repository.items()):
            if order == "random":
                generator(self.seed, self.stage, "files", repository, number).shuffle(documents)
            samples += self._join(repository, documents)
        return samples

    def _join(self, repository: str, documents: list[int]) -> list[Sample]:
        """Fill samples with the files one after the other; a file goes on in the next sample where it must."""
        samples: list[Sample] = []
        pieces: list[Piece] = []
        used = opening = len(self._opening(repository, False)) + PLAIN_RESERVE

        def close() -> None:
            nonlocal pieces, used
            if pieces:
                samples.append(Sample(tuple(pieces), used, repository, continues=bool(samples)))
            pieces, used = [], opening

        for document in documents:
            header = len(self._file_header(document)) + self.reserve
            at, end = int(self.shard.boundaries[document]), int(self.shard.boundaries[document + 1])
            while at < end:
                room = self.context - used - header
                if pieces and room < min(end - at, SHORTEST_PIECE):
                    close()
                    continue
                assert room > 0, f"a context of {self.context} has no room for {self.shard.paths[document]}"
                taken = min(room, end - at)
                pieces.append(Piece(document, at, at + taken, at + taken == end))
                used += header + taken
                at += taken
        close()
        return samples

    def _opening(self, repository: str, continues: bool) -> list[int]:
        mark = "<repo_continuation>" if continues else "<reponame>"
        return [self.tokenizer.special(mark), *self.tokenizer.encode(repository)]

    def _file_header(self, document: int) -> list[int]:
        return [self.tokenizer.special("<filename>"), *self.tokenizer.encode(self.shard.paths[document] + "\n")]

    def _tokens(self, sample: Sample, epoch: int) -> list[int]:
        if sample.repository is None:
            (piece,) = sample.pieces
            cut_piece = self._cut(piece, epoch)
            return cut_piece or [self.tokenizer.end_of_text, *self._plain(piece, last=True)]
        tokens = self._opening(sample.repository, sample.continues)
        for piece in sample.pieces:
            last = piece is sample.pieces[-1]
            tokens += self._file_header(piece.document)
            tokens += self._cut(piece, epoch) or self._plain(piece, last)
        return tokens

    def _plain(self, piece: Piece, last: bool) -> list[int]:
        closing = [self.tokenizer.end_of_text] if last and piece.ends_document else []
        return [*self.shard.tokens[piece.start : piece.end].tolist(), *closing]

    def _cut(self, piece: Piece, epoch: int) -> list[int] | None:
        """The piece cut for FIM, or None where chance leaves it whole or no cut fits."""
        draw = generator(self.seed, self.stage, "fim", epoch, piece.document, piece.start)
        if draw.random() >= self.fim_rate:
            return None
        ids = self.shard.tokens[piece.start : piece.end]
        text = self.tokenizer.decode(ids.tolist())
        if "\ufffd" in text:  # the piece begins or ends inside a character, or the file holds one: it stays as it is
            return None
        spm = bool(draw.random() < self.spm_share)
        for _ in range(CUT_ATTEMPTS):
            tokens = fim_tokens(self.tokenizer, *cut(text, draw), spm)
            if len(tokens) - 1 <= len(ids) + self.reserve:
                return tokens
        return None


def held_out_rows(shard: TokenShard, tokenizer: Tokenizer, context: int, most_bytes: int) -> tuple[Batch, int]:
    """Held-out documents as plain packed rows and the UTF-8 bytes they stand for: what bits per byte are measured on.

    Whole documents are taken in shard order until `most_bytes` are reached; every byte of them is predicted.
    """
    pieces: list[list[int]] = []
    total = 0
    for document in range(len(shard.boundaries) - 1):
        ids = shard.tokens[shard.boundaries[document] : shard.boundaries[document + 1]].tolist()
        pieces += [[tokenizer.end_of_text, *ids[at : at + context]] for at in range(0, len(ids), context)]
        total += len(tokenizer.decode(ids).encode())
        if total >= most_bytes:
            break
    rows = best_fit([len(piece) - 1 for piece in pieces], context)
    return pack_rows([[Segment(pieces[index]) for index in row] for row in rows], context), total
