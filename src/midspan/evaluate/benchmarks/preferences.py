"""Preferences: is the answer that passes likelier than the one that fails, and did training move it there?"""

from __future__ import annotations

from collections.abc import Sequence

from midspan import recipe
from midspan.alignment import read_pairs
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, shares
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Answer, Candidates, Item
from midspan.files import read_jsonl
from midspan.recipe.fields import Count
from midspan.step import Tools


class Settings(recipe.Settings):
    """How many pairs."""

    pairs: Count = 100


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """One for each pair; its source is what the model that training started from found, where that is known."""
    assert held_out.pairs is not None
    rows = read_jsonl(held_out.reference.with_suffix(".jsonl")) if held_out.reference else []
    before = {row["item"]: (row["chosen"], row["rejected"]) for row in rows if "chosen" in row}
    return [
        Item(
            pair.identifier,
            pair.identifier.partition("/")[0],
            Candidates(pair.prompt, (pair.chosen, pair.rejected)),
            source=before.get(pair.identifier),
        )
        for pair in read_pairs(held_out.pairs)[: settings.pairs]
    ]


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """Passed where the chosen answer is the likelier per token: a short answer has no advantage.

    `gain` is how much more the chosen answer gained over the model before (DPO's implicit reward, without its beta).
    """
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, tuple)
        chosen, rejected = answer
        values = {"chosen": chosen.logprob, "rejected": rejected.logprob}
        if item.source:
            before_chosen, before_rejected = item.source
            values["gain"] = (chosen.logprob - before_chosen) - (rejected.logprob - before_rejected)
            values["gained"] = float(values["gain"] > 0)
        likelier = chosen.per_token > rejected.per_token
        verdicts.append(Verdict("passed" if likelier else "failed", values=values))
    return verdicts


def scores(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Score]:
    """Preference accuracy, and reward accuracy where there is a model to compare with."""
    gains = [verdict.values["gain"] for verdict in verdicts if "gain" in verdict.values]
    rewarded = sum(gain > 0 for gain in gains) / max(1, len(gains))
    reward = (
        [Score("reward accuracy", "", rewarded, len(gains), "higher", chance=0.5, measure="gained")] if gains else []
    )
    return shares("preference accuracy", items, verdicts, chance=0.5) + reward


PREFERENCES = Benchmark(
    version=1,
    about="Preference accuracy is the share of held-out pairs whose passing answer is the likelier per token; reward "
    "accuracy is the share in which it gained more than the failing one over the model that the stage started from.",
    settings=Settings,
    asks={"": frozenset({"score", "chat"})},
    reads=("pairs", "reference"),
    items=items,
    grade=grade,
    scores=scores,
)
