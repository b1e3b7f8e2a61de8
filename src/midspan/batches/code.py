"""Token shards → packed rows of code, cut anew for fill-in-the-middle in every epoch."""

from __future__ import annotations

from pathlib import Path

from midspan import recipe
from midspan.batches.batch import Segment
from midspan.batches.cuts import CUTS
from midspan.batches.fim import fim_tokens
from midspan.batches.plan import PackingPlan, write_packing_plan
from midspan.batches.randomness import drawn, generator, shuffled
from midspan.batches.repositories import Joining, file_header, repository_opening
from midspan.batches.rows import beginning
from midspan.batches.samples import Sample, Span
from midspan.corpus.repositories import RepositoryOrder
from midspan.corpus.token_shards import TokenShard
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.tokens import Tokenizer

FIM_RESERVE = 16  # positions kept free for sentinels and for the tokens that the two cuts add
CUT_ATTEMPTS = 4  # cuts tried before a span that grew too long stays plain


def open_code_rows(
    shard: TokenShard,
    tokenizer: Tokenizer,
    *,
    context: int,
    fim: recipe.Fim | None,
    repositories: RepositoryOrder | None,
    seed: int,
    stage: str,
    folder: Path,
    engine: EngineChoice | None = None,
) -> CodeRows:
    """The rows of `context` positions of a shard, by the packing plan in `folder`, which is made if it is not there.

    With `repositories`, samples join the files of one repository, each after its `<filename>`, in the order of the
    shard or in a random one.
    """
    joining = Joining(repositories, tokenizer, seed, stage) if repositories else None
    write_packing_plan(shard, context, reserve_of(tokenizer, fim), joining, folder, engine)
    return CodeRows(shard, tokenizer, PackingPlan.open(folder), fim=fim, seed=seed, stage=stage)


def reserve_of(tokenizer: Tokenizer, fim: recipe.Fim | None) -> int:
    """The positions that a stretch of a document may take beside its tokens."""
    return len(beginning(tokenizer)) + (FIM_RESERVE if fim and fim.rate > 0 else 0)


class CodeRows:
    """The rows of a packing plan, in another order and with other FIM cuts in every epoch.

    FIM stays within one file. UserError for a shard of another tokenizer, a plan of another shard, or FIM without
    tokens for it.
    """

    def __init__(
        self,
        shard: TokenShard,
        tokenizer: Tokenizer,
        plan: PackingPlan,
        *,
        fim: recipe.Fim | None,
        seed: int,
        stage: str,
    ) -> None:
        self.shard, self.tokenizer, self.plan = shard, tokenizer, plan
        self.fim = fim if fim and fim.rate > 0 else None
        self.seed, self.stage = seed, stage
        self.reserve: int = plan.made_of["reserve"]
        self.joined = plan.made_of["repositories"] is not None
        if shard.fingerprint != tokenizer.fingerprint:
            raise UserError(f"{shard.directory} was encoded with another tokenizer: encode its documents with this one")
        if plan.made_of["documents"] != shard.contents or self.reserve < reserve_of(tokenizer, fim):
            raise UserError(f"the packing plan is not that of {shard.directory}: make it anew")
        if self.fim and tokenizer.fim is None:
            raise UserError("the tokenizer has no fill-in-the-middle tokens: set the rate of fim to 0")

    def __len__(self) -> int:
        """The rows of one epoch."""
        return len(self.plan)

    def row(self, k: int) -> list[Segment]:
        """The samples of row `k`."""
        epoch, index = shuffled(k, len(self.plan), self.seed, self.stage)
        return [self._segment(self._tokens(sample, epoch)) for sample in self.plan.samples_of(index)]

    def _segment(self, tokens: list[int]) -> Segment:
        """A sample with its loss weights: those of the tokens that end a middle may differ."""
        if self.fim is None or self.fim.end_weight == 1:
            return Segment(tokens)
        marks, within = self.tokenizer.fim, False
        assert marks is not None
        weights = []
        for token in tokens:
            weights.append(self.fim.end_weight if within and token == marks.end else 1.0)
            within = token == marks.middle or (within and token != marks.end)
        return Segment(tokens, weights[1:])

    def _tokens(self, sample: Sample, epoch: int) -> list[int]:
        if self.joined:
            return self._joined_tokens(sample, epoch)
        (span,) = sample.spans
        if cut_span := self._cut(span, epoch):
            return [*self.tokenizer.opening, *cut_span]
        return [*beginning(self.tokenizer), *self._plain(span, last=True)]

    def _joined_tokens(self, sample: Sample, epoch: int) -> list[int]:
        repository, *_ = self.shard.file(sample.spans[0].document)
        tokens = repository_opening(self.tokenizer, repository, sample.continues)
        for span in sample.spans:
            _, path, _ = self.shard.file(span.document)
            tokens += file_header(self.tokenizer, path)
            tokens += self._cut(span, epoch) or self._plain(span, last=span is sample.spans[-1])
        return tokens

    def _plain(self, span: Span, last: bool) -> list[int]:
        closing = [self.tokenizer.end_of_text] if last and span.ends_document else []
        return [*self.shard.tokens[span.start : span.end].tolist(), *closing]

    def _cut(self, span: Span, epoch: int) -> list[int] | None:
        """The span cut for FIM, or None where chance leaves it whole or no cut fits."""
        if self.fim is None:
            return None
        draw = generator(self.seed, self.stage, "fim", epoch, span.document, span.start)
        if draw.random() >= self.fim.rate:
            return None
        ids = self.shard.tokens[span.start : span.end].tolist()
        text = self._text(ids, span)
        if text is None:
            return None
        layout, cut = drawn(self.fim.layouts, draw), CUTS[drawn(self.fim.cuts, draw)]
        _, path, language = self.shard.file(span.document)
        for _ in range(CUT_ATTEMPTS):
            if parts := cut(text, path, language, draw):
                tokens = fim_tokens(self.tokenizer, *parts, layout, self.fim.parts == "joined")
                if len(tokens) - 1 <= len(ids) + FIM_RESERVE:
                    return tokens
        return None

    def _text(self, ids: list[int], span: Span) -> str | None:
        """What a span says; None where it begins or ends inside a character: it then stays as it is."""
        if span.begins_document:
            text = self.tokenizer.decode(ids)
            return None if "\ufffd" in text else text
        try:
            return b"".join(map(self.tokenizer.bytes_of, ids)).decode()
        except UnicodeDecodeError:
            return None
