"""Several models on several benchmarks: what was asked already is not asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks import BENCHMARKS, benchmark
from midspan.evaluate.result import Result, read_result
from midspan.evaluate.running import judge
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
    found: dict[str, list[Result]] = {}
    with only_one(output):
        keys = read_json(output / KEYS) if (output / KEYS).exists() else {}
        for given, subject in subjects.items():
            contents = contents_of(given)
            for name, chosen in settings.items():
                file = output / subject.name / f"{name}.json"
                reads = documents if benchmark(name).reads else None
                hashes = hashes_of(chosen) + ([hash_path(reads)] if reads else [])
                asked, facts = chosen.model_dump(mode="json"), {"seed": seed, "data": hashes}
                key = fingerprint(contents, name, benchmark(name).version, asked, facts, precision)
                if file.exists() and keys.get(f"{subject.name}/{name}") == key:
                    say(f"done already: {subject.name}: {name}")
                else:
                    file.parent.mkdir(exist_ok=True)
                    judge(subject, name, asked, HeldOut(seed, reads), facts, file, key, tools)
                    keys[f"{subject.name}/{name}"] = key
                    write_json(output / KEYS, keys)
                found.setdefault(subject.name, []).append(read_result(file))
            if isinstance(subject, Server) and subject.usage.requests:
                say(f"{subject.name}: {subject.usage.text(prices)}")
    return found


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


def hashes_of(settings: Settings) -> list[str]:
    """The contents of the files that a benchmark's settings name."""
    values = [value for one in settings.model_dump().values() for value in (one if isinstance(one, tuple) else (one,))]
    paths = [Path(value).expanduser() for value in values if isinstance(value, str) and value]
    return [hash_path(path) for path in paths if path.exists()]
