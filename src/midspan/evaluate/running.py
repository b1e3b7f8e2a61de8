"""Asking one model one benchmark: the step that writes its result, and every answer beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from midspan.evaluate.answers import ask
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict
from midspan.evaluate.benchmarks import BENCHMARKS
from midspan.evaluate.compare import with_error
from midspan.evaluate.made import made_by
from midspan.evaluate.places import AFTER, BEFORE
from midspan.evaluate.result import Example, Result, write_result
from midspan.evaluate.subject import Answer, Item, Subject
from midspan.evaluate.subjects.local import Local
from midspan.files import Kept, hash_path, write_jsonl
from midspan.inference import Chat, Completion, Fill, Plain, prompt_kinds
from midspan.inference.engine import WeightsFormat
from midspan.recipe import Recipe, Settings
from midspan.step import Tools
from midspan.tokens import Tokenizer

EXAMPLES = 12  # kept to be shown, half of them failures where there are as many of both

CANNOT = {
    "fill": "the tokenizer has no fill-in-the-middle tokens",
    "chat": "the tokenizer has no chat template",
    "score": "it does not say how likely it finds a text",
}
LACKING = {"documents": "no files are held out", "pairs": "no preference pairs are held out"}
NOTHING = "nothing of what is held out can be asked"
TOO_LONG = "longer than the model's positions"


def run_benchmark(
    *,
    benchmark: str,
    settings: dict[str, Any],
    context: int,
    seed: int,
    precision: WeightsFormat,
    model: Path,
    output: Path,
    key: str,
    tools: Tools,
    documents: Path | None = None,
    pairs: Path | None = None,
    reference: Path | None = None,
    data: Sequence[str] = (),
) -> None:
    """Ask the model in `model` what it can be asked of `benchmark`; write the result to `output`, rows to its .jsonl.

    Texts are read in windows of `context` tokens, the same for all models that are compared. `data` are the hashes of
    what the settings name.
    """
    subject = Local(output.parent.name, model, context, precision)
    held_out = HeldOut(seed, documents, pairs, reference)
    facts = {"context": context, "seed": seed, "data": list(data)}
    judge(subject, benchmark, settings, held_out, facts, output, key, tools)


def judge(
    subject: Subject,
    benchmark: str,
    settings: dict[str, Any],
    held_out: HeldOut,
    facts: dict[str, Any],
    output: Path,
    key: str,
    tools: Tools,
) -> None:
    """Ask any subject one benchmark, and write what came of it. A killed one goes on where it was.

    `facts` are what else must be alike for two results to be compared.
    """
    kind = BENCHMARKS[benchmark]
    chosen = kind.settings(**settings)
    documents = held_out.documents is not None and any(held_out.documents.glob("*.parquet"))
    lacking = _lacking(kind, documents=documents, pairs=held_out.pairs is not None)
    not_asked = _reasons(kind, subject.can, lacking)
    drawn = [] if lacking else kind.items(chosen, held_out)
    items = [_as_asked(item, subject) for item in drawn if _part(kind, item) not in not_asked]
    if kind.reads:
        parts = {_part(kind, item) for item in items}
        not_asked |= dict.fromkeys(kind.asks.keys() - not_asked.keys() - parts, NOTHING)
    kept, graded = Kept(output.with_suffix(".answers"), key), Kept(output.with_suffix(".verdicts"), key)
    answers = _ask(subject, kind, chosen, items, kept, f"{subject.name}: {benchmark}")
    there = [(item, answer) for item, answer in zip(items, answers, strict=True) if answer is not None]
    not_asked |= dict.fromkeys({item.group for item in items} - {item.group for item, _ in there}, TOO_LONG)
    more = kind.then(chosen, [item for item, _ in there], [answer for _, answer in there])
    answers += _ask(subject, kind, chosen, more, kept, f"{subject.name}: {benchmark}, next turn")
    items += more
    verdicts = _verdicts(kind, items, answers, replace(tools, verdicts=graded))
    rows = output.with_suffix(".jsonl")
    found = [_row(*one) for one in zip(items, answers, verdicts, strict=True)]
    write_jsonl(rows, found)
    result = Result(
        benchmark=benchmark,
        model=subject.name,
        about=kind.about,
        asked={"version": kind.version, "settings": settings, **facts},
        scores=[with_error(score, found) for score in kind.scores(items, verdicts)],
        not_asked=not_asked,
        not_measured=sum(verdict.outcome == "not measured" for verdict in verdicts),
        examples=_examples(items, answers, verdicts),
        rows=hash_path(rows),
        made=made_by(chosen),
    )
    write_result(output, result)
    kept.remove()
    graded.remove()


def _ask(
    subject: Subject, kind: Benchmark, settings: Settings, items: Sequence[Item], kept: Kept, title: str
) -> list[Answer | None]:
    return ask(subject, items, [kind.sampling(settings, item.group) for item in items], title, kept) if items else []


def why_not_asked(benchmark: str, recipe: Recipe, tokenizer: Tokenizer | None) -> str | None:
    """What of `benchmark` the recipe's models will not be asked, and why, in one line; None where they are asked all.

    `tokenizer` is theirs, with the tokens that the recipe adds; None stands for one of our own, which lacks nothing.
    """
    kind = BENCHMARKS[benchmark]
    documents = recipe.needs_corpus and (recipe.corpus.heldout.files > 0 or recipe.corpus.heldout.after is not None)
    pairs = any(part.kind == "pairs" for stage in recipe.stages for part in stage.data)
    can = prompt_kinds(tokenizer, "psm") | {"score"} if tokenizer else frozenset().union(*kind.asks.values())
    found = _reasons(kind, can, _lacking(kind, documents=documents, pairs=pairs))
    if not found:
        return None
    whole = len(found) == len(kind.asks)
    return "; ".join(dict.fromkeys(why if whole else f"{group}: {why}" for group, why in found.items()))


def _reasons(kind: Benchmark, can: frozenset[str], lacking: str | None) -> dict[str, str]:
    """Each group of items that is not asked, and why."""
    if lacking:
        return dict.fromkeys(kind.asks, lacking)
    unable = {group: sorted(needed - can) for group, needed in kind.asks.items()}
    return {group: CANNOT[needed[0]] for group, needed in unable.items() if needed}


def _part(kind: Benchmark, item: Item) -> str:
    """What of `asks` an item belongs to: "" stands for the groups that are not named there."""
    return item.group if item.group in kind.asks else ""


def _as_asked(item: Item, subject: Subject) -> Item:
    """The item as this subject can be asked it."""
    return replace(item, prompt=item.plain) if item.plain and "chat" not in subject.can else item


def _lacking(kind: Benchmark, **there: bool) -> str | None:
    return next((LACKING[what] for what in kind.reads if not there.get(what, True)), None)


def _verdicts(kind: Benchmark, items: Sequence[Item], answers: Sequence[Answer | None], tools: Tools) -> list[Verdict]:
    """A verdict for every item; what did not fit into the model is not measured."""
    answered = [(item, answer) for item, answer in zip(items, answers, strict=True) if answer is not None]
    graded = iter(kind.grade([item for item, _ in answered], [answer for _, answer in answered], tools))
    too_long = Verdict("not measured", TOO_LONG)
    return [too_long if answer is None else next(graded) for answer in answers]


def _row(item: Item, answer: Answer | None, verdict: Verdict) -> dict[str, Any]:
    text = answer.text if isinstance(answer, Completion) else None
    facts: dict[str, Any] = {
        "item": item.identifier,
        "cluster": item.cluster,
        "group": item.group,
        "expected": item.expected,
    }
    facts["sample"] = item.sample
    passed = {"passed": float(verdict.outcome == "passed")} if verdict.outcome in ("passed", "failed") else {}
    told = {"answer": text, "outcome": verdict.outcome, "detail": verdict.detail}
    around = {}
    if isinstance(item.prompt, Fill):
        around = {"before": item.prompt.prefix[-BEFORE:], "after": item.prompt.suffix[:AFTER]}
    return {**facts, **told, **passed, **verdict.values, **around, **_asked(item)}


def _asked(item: Item) -> dict[str, Any]:
    """The prompt, whole: a text, a conversation, or the two sides of what is to be filled in."""
    match item.prompt:
        case Plain(text):
            return {"prompt": text}
        case Chat(messages):
            return {"prompt": list(messages)}
        case Fill(prefix, suffix):
            return {"prompt": {"prefix": prefix, "suffix": suffix}}
        case _:
            return {}


def _examples(items: Sequence[Item], answers: Sequence[Answer | None], verdicts: Sequence[Verdict]) -> list[Example]:
    """The first that passed, the first that did not."""
    found = [
        _example(item, answer.text, verdict)
        for item, answer, verdict in zip(items, answers, verdicts, strict=True)
        if isinstance(answer, Completion)
    ]
    passed = [example for example in found if example.outcome == "passed"]
    others = [example for example in found if example.outcome != "passed"]
    half = EXAMPLES // 2
    passed = passed[: max(half, EXAMPLES - len(others))]
    return passed + others[: EXAMPLES - len(passed)]


def _example(item: Item, answer: str, verdict: Verdict) -> Example:
    prompt, question, before, after = item.prompt, "", "", ""
    if isinstance(prompt, Chat):
        question = prompt.messages[-1]["content"]
    elif isinstance(prompt, Fill):
        before, after = prompt.prefix, prompt.suffix
    elif isinstance(prompt, Plain):
        before = prompt.text
    return Example(
        identifier=item.identifier,
        outcome=verdict.outcome,
        detail=verdict.detail,
        question=question,
        before=before[-BEFORE:],
        answer=answer,
        after=after[:AFTER],
        expected=item.expected,
    )
