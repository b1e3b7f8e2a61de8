"""MT-Bench (Zheng et al. 2023, arXiv 2306.05685): two questions, the second on the first's answer, rated by a judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from midspan import recipe
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict, means
from midspan.evaluate.data import DataRow, rows_of
from midspan.evaluate.judge import Judge
from midspan.evaluate.subject import Answer, Item
from midspan.inference import Chat, Completion, Sampling
from midspan.recipe.fields import Count
from midspan.step import Tools
from midspan.tokens import Message

Category = Literal["writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities"]


class Settings(recipe.Settings):
    """`judge` is URL#MODEL; the files are FastChat's (fastchat/llm_judge/data)."""

    judge: str = ""
    data: str = "mt_bench/question.jsonl"
    references: str = "mt_bench/reference_answer/gpt-4.jsonl"
    prompts: str = "judge_prompts.jsonl"
    categories: tuple[Category, ...] = ("coding",)
    max_tokens: Count = 1024


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """The first questions; the group is the category."""
    judge = Judge.named(settings.judge, settings.prompts, settings.references)
    rows = rows_of(settings.data, ("question_id", "category", "turns"))
    return [_item(row, [], judge) for row in rows if row["category"] in settings.categories]


def _item(row: DataRow, before: Sequence[Message], judge: Judge) -> Item:
    name, turn = str(row["question_id"]), len(before) // 2
    prompt = Chat([*before, Message(role="user", content=row["turns"][turn])])
    return Item(f"{name}, turn {turn + 1}", name, prompt, row["category"], source=(row, judge))


def then(settings: Settings, items: Sequence[Item], answers: Sequence[Answer]) -> list[Item]:
    """The second questions, after what was answered to the first."""
    return [_item(item.source[0], _told(item, one), item.source[1]) for item, one in zip(items, answers, strict=True)]


def _told(item: Item, answer: Answer) -> list[Message]:
    assert isinstance(answer, Completion)
    assert isinstance(item.prompt, Chat)
    return [*item.prompt.messages, Message(role="assistant", content=answer.text)]


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """What the judge rates each answer; where it gives no rating, the answer is not measured."""
    if not items:
        return []
    told = [[one["content"] for one in _told(item, answer)] for item, answer in zip(items, answers, strict=True)]
    right = [item.source[1].references.get(item.cluster, ()) for item in items]
    asked = list(zip([item.group for item in items], told, right, strict=True))
    rated = items[0].source[1].rates(asked, tools.verdicts) if items else []
    return [Verdict("measured" if one else "not measured", said, {"score": one} if one else {}) for one, said in rated]


MT_BENCH = Benchmark(
    version=1,
    about="MT-Bench: two questions of a conversation, each answer rated from 1 to 10 by another model. A judge differs "
    "by 0.2 from itself, and 13 of the 30 reference answers are wrong (FastChat, pull request 3158).",
    settings=Settings,
    asks=dict.fromkeys(get_args(Category), frozenset({"chat"})),
    reads=(),
    items=items,
    grade=grade,
    scores=lambda items, verdicts: means("score", "score", items, verdicts, share=False),
    sampling=lambda settings, group: Sampling(settings.max_tokens),
    then=then,
    always=False,
)
