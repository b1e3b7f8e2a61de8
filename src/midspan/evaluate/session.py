"""Several models on several benchmarks: what was asked already is not asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks import BENCHMARKS, benchmark
from midspan.evaluate.data import hashes_of
from midspan.evaluate.result import Result, read_result
from midspan.evaluate.running import judge
from midspan.evaluate.subject import Subject
from midspan.evaluate.subjects import contents_of, open_subject
from midspan.evaluate.subjects.server import Server
from midspan.evaluate.suites import SUITES, suite
from midspan.files import hash_path, only_one, read_json, write_json
from midspan.inference.engine import WeightsFormat
from midspan.progress import say
from midspan.recipe import Settings, fingerprint, parse_fields, parse_overrides
from midspan.step import Tools

Asked = dict[str, dict[str, Any]]  # benchmark → the settings that are given
KEYS = "keys.json"  # of each result, by its path: what it was made from


def settings_of(names: Sequence[str], changes: Sequence[str], together: str | None = None) -> Asked:
    """The benchmarks of these names and of a suite, with what BENCHMARK.SETTING=VALUE sets.

    Raises UserError where there is no such suite, for a benchmark that is not asked, and where none is.
    """
    chosen: Asked = (suite(together) if together else {}) | {name.strip(): {} for name in names}
    if not chosen:
        raise UserError(f"name benchmarks (--on {', '.join(BENCHMARKS)}) or a suite (--suite {', '.join(SUITES)})")
    for dotted, value in parse_overrides(list(changes)).items():
        name, _, field = dotted.partition(".")
        if name not in chosen or not field:
            raise UserError(f"--set {dotted}: write BENCHMARK.SETTING=VALUE, of {', '.join(chosen)}")
        chosen[name][field] = value
    return chosen


def evaluate(
    models: Sequence[str],
    benchmarks: Mapping[str, Mapping[str, Any]],
    output: Path,
    *,
    seed: int = 0,
    precision: WeightsFormat = "auto",
    prices: tuple[float, float] | None = None,
    run: Path | None = None,
    tools: Tools,
) -> dict[str, list[Result]]:
    """The results of every model, by its name; each is also in `output` as MODEL/BENCHMARK.json, its rows beside it.

    `prices` are a server's of a million tokens read, and written: what asking it took is said. What `run` holds out
    is asked by those benchmarks that need it. Raises UserError for an unknown model or benchmark, and where nothing is
    held out, before anything is asked.
    """
    settings = {
        name: parse_fields(benchmark(name).settings, dict(given), f"evaluate.{name}")
        for name, given in benchmarks.items()
    }
    documents = _held_out(settings, run)
    subjects = {given: open_subject(given, precision) for given in models}
    names = [subject.name for subject in subjects.values()]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UserError(f"two models are called {twice.pop()!r}: evaluate them into different folders")
    output.mkdir(parents=True, exist_ok=True)
    with only_one(output):
        keys = read_json(output / KEYS) if (output / KEYS).exists() else {}
        hashes = {given: contents_of(given) for given in models}
        held_out = {name: HeldOut(seed, documents if benchmark(name).reads else None) for name in settings}
        facts = {name: _facts(chosen, held_out[name]) for name, chosen in settings.items()}
        asked = [
            Asking(subjects[given], name, chosen, held_out[name], facts[name], contents, precision)
            for given, contents in hashes.items()
            for name, chosen in settings.items()
        ]
        _look_at(one for one in asked if not one.done(output, keys))
        for one in asked:
            if one.done(output, keys):
                say(f"done already: {one.subject.name}: {one.benchmark}")
            else:
                one.run(output, tools)
                keys[one.place] = one.key
                write_json(output / KEYS, keys)
    for subject in subjects.values():
        if isinstance(subject, Server) and subject.usage.requests:
            say(f"{subject.name}: {subject.usage.text(prices)}")
    return {name: [read_result(one.file(output)) for one in asked if one.subject.name == name] for name in names}


@dataclass(frozen=True)
class Asking:
    """One model and one benchmark."""

    subject: Subject
    benchmark: str
    settings: Settings
    held_out: HeldOut
    facts: dict[str, Any]  # what else must be alike for two results to be compared
    contents: str  # of the model, hashed
    precision: WeightsFormat

    @property
    def place(self) -> str:
        """What it is called in the file of keys."""
        return f"{self.subject.name}/{self.benchmark}"

    @cached_property
    def key(self) -> str:
        """All that its result hangs on."""
        asked = self.settings.model_dump(mode="json")
        version = benchmark(self.benchmark).version
        return fingerprint(self.contents, self.benchmark, version, asked, self.facts, self.precision)

    def file(self, output: Path) -> Path:
        """Where its result is written."""
        return output / self.subject.name / f"{self.benchmark}.json"

    def done(self, output: Path, keys: Mapping[str, str]) -> bool:
        """Whether its result is there, of the same model, asked the same."""
        return self.file(output).exists() and keys.get(self.place) == self.key

    def run(self, output: Path, tools: Tools) -> None:
        """Ask, and write what came of it."""
        file = self.file(output)
        file.parent.mkdir(exist_ok=True)
        asked = self.settings.model_dump(mode="json")
        judge(self.subject, self.benchmark, asked, self.held_out, self.facts, file, self.key, tools)


def _facts(settings: Settings, held_out: HeldOut) -> dict[str, Any]:
    documents = held_out.documents
    return {"seed": held_out.seed, "data": hashes_of(settings) + ([hash_path(documents)] if documents else [])}


def _look_at(asked: Iterable[Asking]) -> None:
    """Make the items of each benchmark once, before any model is asked: what is wrong with its data is said now."""
    for name, one in {one.benchmark: one for one in asked}.items():
        benchmark(name).items(one.settings, one.held_out)


def _held_out(settings: Mapping[str, Settings], run: Path | None) -> Path | None:
    """The files that `run` holds out, where a benchmark is made of them."""
    needing = [name for name in settings if benchmark(name).reads]
    if alone := [name for name in needing if benchmark(name).reads != ("documents",)]:
        raise UserError(f"{', '.join(alone)}: made of a run's pairs, so a recipe asks it; see `midspan run`")
    if not needing:
        return None
    if run is None:
        raise UserError(f"{', '.join(needing)}: made of what a run holds out; name the run: --run RUN")
    documents = run / "corpus" / "heldout"
    if not any(documents.glob("*.parquet")):
        raise UserError(
            f"{run}: holds no files out (there is nothing in {documents}); see corpus.heldout in its recipe"
        )
    return documents
