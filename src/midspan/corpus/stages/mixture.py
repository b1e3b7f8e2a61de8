"""The mixture: how many passes over the documents of each source and language, from the recipe's weights and epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from midspan.corpus.stages.amounts import Amount
from midspan.corpus.stages.survey import Group
from midspan.errors import UserError

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import Share, Source


def epochs_of(sources: Sequence[Source], available: Mapping[Group, Amount]) -> dict[Group, float]:
    """Passes over each (source, language) that is there, from the bytes `available`.

    Epochs are taken as they stand. Weights are shares of the bytes of all that has a weight: the source that is
    scarcest for its weight is taken once and whole, the others in part. What has neither is taken once. UserError if
    a language that has a share of its own is not there.
    """
    weighted: dict[Group, list[Group]] = {}  # the name of a share → what it covers
    weights: dict[Group, float] = {}
    epochs = dict.fromkeys(available, 1.0)
    for source in sources:
        own = {language.lower(): share for language, share in source.by_language.items()}
        found = [group for group in available if group[0] == source.label]
        if absent := sorted(set(own) - {language for _, language in found}):
            raise UserError(
                f"corpus.sources.{source.label}.by_language: no document in {absent[0]} is left to share out"
            )
        rest: list[Group] = [group for group in found if group[1] not in own]
        shares: list[tuple[Group, Share, list[Group]]] = [((source.label, ""), source, rest)]
        shares += [((source.label, language), share, [(source.label, language)]) for language, share in own.items()]
        for name, share, covered in shares:
            if share.epochs is not None:
                epochs |= dict.fromkeys(covered, share.epochs)
            if share.weight is not None and covered:
                weighted[name], weights[name] = covered, share.weight
    sizes = {name: sum(available[group]["bytes"] for group in covered) for name, covered in weighted.items()}
    scale = min((sizes[name] / weights[name] for name in weighted), default=0.0)  # bytes of a weight of 1
    for name, covered in weighted.items():
        epochs |= dict.fromkeys(covered, scale * weights[name] / sizes[name])
    return epochs
