"""The steps of a run: what each depends on, writes and does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from midspan import recipe
from midspan.corpus import TokenShard, build_corpus, corpus_fingerprint, encode_documents, read_documents
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.evaluate import HeldOut, choose_exercises, evaluate_model
from midspan.exercises import Exercise, generate_exercises, messages
from midspan.export import export_hf
from midspan.files import atomic_directory
from midspan.inference import Engine
from midspan.progress import say
from midspan.report import model_card, write_report
from midspan.sandbox import Sandbox
from midspan.tokens import Tokenizer, train_tokenizer
from midspan.train import Place, build_preferences, dpo, pretrain, read_pairs, sft


@dataclass(frozen=True)
class Step:
    """One step: it is done when the manifest holds a row with its key, made of its settings and its inputs' hashes."""

    name: str
    settings: tuple[Any, ...]  # what of the recipe it depends on
    inputs: tuple[str, ...]  # steps whose outputs it reads
    outputs: tuple[Path, ...]  # what it leaves
    action: Callable[[str], None]  # called with the key


@dataclass
class Run:
    """A recipe and the directory it is carried out in."""

    plan: recipe.Recipe
    directory: Path

    @property
    def workers(self) -> int:
        """Processes for the corpus, threads for the sandbox."""
        return self.plan.runtime.workers or os.cpu_count() or 1

    @cached_property
    def sandbox(self) -> Sandbox:
        """Made once; raises UserError where nothing can isolate."""
        return Sandbox()

    @cached_property
    def exercises(self) -> list[Exercise]:
        """All exercises of the recipe's seed."""
        per_family = self.plan.sft.per_family if self.plan.sft else recipe.Sft.model_fields["per_family"].default
        return generate_exercises(self.plan.seed, per_family)

    def model(self, name: str) -> Path:
        """The model directory of a stage."""
        return self.directory / "models" / name

    @property
    def models(self) -> list[str]:
        """The stages that hand on a model, in order."""
        return [*self.plan.pretrain, *(["sft"] if self.plan.sft else []), *(["dpo"] if self.plan.dpo else [])]


def steps_of(run: Run) -> list[Step]:
    """All steps of the run, in order."""
    steps = _data_steps(run) + _training_steps(run)
    evaluated = [_evaluation_step(run, name) for name in run.models]
    return [*steps, *evaluated, *_closing_steps(run)]


def _data_steps(run: Run) -> list[Step]:
    plan, home = run.plan, run.directory
    corpus = home / "corpus"
    files = (corpus / "train", corpus / "heldout")
    shards = (corpus / "tokens" / "train", corpus / "tokens" / "heldout")

    engine = EngineChoice(plan.runtime.engine, run.workers, plan.runtime.address)

    def build(key: str) -> None:
        build_corpus(plan.corpus, corpus, engine, plan.seed)

    def learn(key: str) -> None:
        if plan.model.start_from:
            tokenizer = Tokenizer.load(Path(plan.model.start_from))
        else:
            say(f"tokenizer: learning {plan.tokenizer.vocabulary_size} tokens")
            texts = (document.text for document in read_documents(files[0]))
            tokenizer = train_tokenizer(texts, plan.tokenizer.vocabulary_size)
        if plan.fim.rate > 0 and tokenizer.fim is None:
            raise UserError(f"{plan.model.start_from} has no fill-in-the-middle tokens; set fim.rate to 0")
        with atomic_directory(home / "tokenizer") as aside:
            tokenizer.save(aside)

    def tokenise(key: str) -> None:
        for documents, shard in zip(files, shards, strict=True):
            encode_documents(documents, home / "tokenizer", shard, engine)
            say(f"tokens: {len(TokenShard.open(shard).tokens):,} in {shard.relative_to(home)}")

    listing = corpus_fingerprint(plan.corpus, plan.seed)
    return [
        Step("corpus", (listing,), (), files, build),
        Step("tokenizer", (plan.tokenizer, plan.model.start_from), ("corpus",), (home / "tokenizer",), learn),
        Step("tokens", (), ("corpus", "tokenizer"), shards, tokenise),
    ]


def _training_steps(run: Run) -> list[Step]:
    plan = run.plan
    shared = (plan.seed, plan.optimizer, plan.runtime.precision)
    steps: list[Step] = []
    before: str | None = None
    for name, stage in plan.pretrain.items():
        settings = (*shared, plan.fim, stage, plan.model if before is None else None)
        inputs = ("tokens", "tokenizer", *([before] if before else []))
        steps.append(Step(name, settings, inputs, (run.model(name),), _pretraining(run, name, before)))
        before = name
    if plan.sft and before:
        replayed = ("tokens",) if plan.sft.replay else ()
        tuned = (*shared, plan.sft, plan.fim if replayed else None)
        steps.append(Step("sft", tuned, (before, "tokenizer", *replayed), (run.model("sft"),), _tuning(run, before)))
    if plan.dpo:
        pairs = run.directory / "stages" / "preferences"
        files = (pairs / "train.jsonl", pairs / "heldout.jsonl")
        sampling = plan.dpo.model_copy(update=dict.fromkeys(("beta", "learning_rate", "nll_weight", "epochs"), 0))
        asked = (plan.seed, sampling, plan.evaluate.preference_pairs)
        steps.append(Step("preferences", asked, ("sft",), files, _preferring(run, pairs)))
        dpo_inputs = ("sft", "preferences", "tokenizer")
        steps.append(Step("dpo", (*shared, plan.dpo), dpo_inputs, (run.model("dpo"),), _aligning(run, pairs)))
    return steps


def _place(run: Run, name: str, start: Path | None, key: str) -> Place:
    return Place(key, start, run.directory / "tokenizer", run.directory / "stages" / name, run.model(name))


def _pretraining(run: Run, name: str, before: str | None) -> Callable[[str], None]:
    def action(key: str) -> None:
        given = run.plan.model.start_from
        start = run.model(before) if before else Path(given) if given else None
        pretrain(run.plan, name, run.directory / "corpus" / "tokens" / "train", _place(run, name, start, key))

    return action


def _tuning(run: Run, before: str) -> Callable[[str], None]:
    def action(key: str) -> None:
        learnt = [exercise for exercise in run.exercises if exercise.split == "train"]
        conversations = [messages(exercise, exercise.solution) for exercise in learnt]
        shard = run.directory / "corpus" / "tokens" / "train"
        sft(run.plan, conversations, shard, _place(run, "sft", run.model(before), key))

    return action


def _preferring(run: Run, directory: Path) -> Callable[[str], None]:
    def action(key: str) -> None:
        settings = run.plan.dpo
        assert settings
        marker = directory / f"key-{key}"
        if not marker.exists():  # what an earlier recipe's run left is not this one's
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            marker.touch()
        engine = Engine.open(run.model("sft"), weights="stored")
        sizes = {"train": settings.pairs, "heldout": run.plan.evaluate.preference_pairs}
        for name, count in sizes.items():
            split = "train" if name == "train" else "heldout-parameter"
            build_preferences(
                [exercise for exercise in run.exercises if exercise.split == split],
                count,
                settings=settings,
                seed=run.plan.seed,
                name=name,
                engine=engine,
                sandbox=run.sandbox,
                workers=run.workers,
                directory=directory,
            )

    return action


def _aligning(run: Run, pairs: Path) -> Callable[[str], None]:
    def action(key: str) -> None:
        dpo(run.plan, read_pairs(pairs / "train.jsonl"), _place(run, "dpo", run.model("sft"), key))

    return action


def _evaluation_step(run: Run, name: str) -> Step:
    plan, home = run.plan, run.directory
    pairs = home / "stages" / "preferences" / "heldout.jsonl"

    def action(key: str) -> None:
        held_out = HeldOut(
            documents=home / "corpus" / "heldout",
            shard=home / "corpus" / "tokens" / "heldout",
            exercises=choose_exercises(run.exercises, plan.evaluate.exercises, plan.seed),
            pairs=read_pairs(pairs) if plan.dpo else [],
        )
        evaluate_model(
            plan,
            name,
            run.model(name),
            held_out,
            sandbox=run.sandbox,
            workers=run.workers,
            reference=home / "evaluation" / "sft.json" if name == "dpo" else None,
            output=home / "evaluation" / f"{name}.json",
        )

    settings = (plan.seed, plan.evaluate, plan.sft and plan.sft.per_family, plan.dpo and plan.dpo.context)
    inputs = ("tokens", name, *(["preferences"] if plan.dpo else []), *(["evaluate-sft"] if name == "dpo" else []))
    return Step(f"evaluate-{name}", settings, inputs, (home / "evaluation" / f"{name}.json",), action)


def _closing_steps(run: Run) -> list[Step]:
    home, last = run.directory, run.models[-1]

    def export(key: str) -> None:
        export_hf(run.model(last), run.model("release"), model_card(home, last))

    def report(key: str) -> None:
        say(f"report: {write_report(home)}")

    evaluations = tuple(f"evaluate-{name}" for name in run.models)
    return [
        Step("export", (run.plan.name,), (last, *evaluations), (run.model("release"),), export),
        Step("report", (), ("export", *evaluations), (home / "report.html",), report),
    ]
