"""The whole road: one step after the other, each a function and all that it may know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from midspan.alignment import SOURCES
from midspan.corpus.run_steps import learn_tokenizer, write_corpus, write_tokens
from midspan.corpus.stages import corpus_fingerprint
from midspan.errors import UserError
from midspan.evaluate import BENCHMARKS, benchmarks_of, hashes_of, run_benchmark
from midspan.export import export_hf
from midspan.model import resolve
from midspan.recipe import CORPUS, Data, Recipe, Stage
from midspan.report import write_card, write_corpus_card, write_report
from midspan.step import Paths, Step
from midspan.train import average, take_released, take_tokenizer, train_stage


def steps_of(recipe: Recipe, run: Path) -> list[Step]:
    """All steps of `recipe`, carried out in the directory `run`, in order."""
    return [
        *_data_steps(recipe, run),
        *(step for stage in recipe.stages for step in _stage_steps(recipe, stage, run)),
        *_evaluation_steps(recipe, run),
        *_closing_steps(recipe, run),
    ]


def starts_of(recipe: Recipe, stage: Stage) -> list[str | Path]:
    """What a stage starts from: names of earlier stages, and paths of released models; nothing means from scratch."""
    earlier = [one.name for one in recipe.stages[: recipe.stages.index(stage)]]
    named = [(earlier[-1:] or ["scratch"])[0] if start == "previous" else start for start in stage.starts]
    try:
        return [start if start in earlier else resolve(start) for start in named if start != "scratch"]
    except UserError as error:
        raise UserError(f"stages.{stage.name}.start: {error}") from None


def released_of(recipe: Recipe, run: Path) -> dict[Path, Path]:
    """Each released model that a stage starts from, and where it lies once it has the run's layout and tokenizer."""
    starts = dict.fromkeys(start for stage in recipe.stages for start in starts_of(recipe, stage))
    places = [start for start in starts if isinstance(start, Path)]
    return {place: run / "models" / f"start-{number}" for number, place in enumerate(places, 1)}


def tokenizer_of(recipe: Recipe, run: Path) -> Path:
    """The released model whose tokenizer the run takes."""
    return resolve(recipe.tokenizer.of) if recipe.tokenizer.of else next(iter(released_of(recipe, run)))


def _data_steps(recipe: Recipe, run: Path) -> Iterator[Step]:
    corpus, tokens, tokenizer = run / "corpus", run / "corpus" / "tokens", run / "tokenizer"
    documents = [corpus / "train", corpus / "heldout"]
    if recipe.needs_corpus:
        listing = corpus_fingerprint(recipe.corpus, recipe.seed)
        settings = {"corpus": recipe.corpus, "seed": recipe.seed, "listing": listing}
        yield Step("corpus", write_corpus, settings, {}, {"train": documents[0], "heldout": documents[1]})
    released = released_of(recipe, run)
    if released or recipe.tokenizer.of:
        reads = {"start": tokenizer_of(recipe, run)}
        yield Step("tokenizer", take_tokenizer, {"needs": recipe.needs}, reads, {"tokenizer": tokenizer})
    elif recipe.stages:
        size = {"vocabulary_size": recipe.tokenizer.vocabulary_size}
        yield Step("tokenizer", learn_tokenizer, size, {"documents": documents[0]}, {"tokenizer": tokenizer})
    for start, output in released.items():
        yield Step(output.name, take_released, {}, {"start": start, "tokenizer": tokenizer}, {"output": output})
    if recipe.needs_corpus:
        writes = {"train": tokens / "train", "heldout": tokens / "heldout"}
        yield Step("tokens", write_tokens, {}, {"documents": documents, "tokenizer": tokenizer}, writes)
        cards = {"page": corpus / "card.html", "readme": corpus / "README.md"}
        yield Step("data-card", write_corpus_card, {}, {"documents": documents, "tokens": [*writes.values()]}, cards)


def _stage_steps(recipe: Recipe, stage: Stage, run: Path) -> Iterator[Step]:
    starts = starts_of(recipe, stage)
    released = released_of(recipe, run)
    models = [run / "models" / one if isinstance(one, str) else released[one] for one in starts]
    if len(models) > 1:
        output = run / "models" / f"start-of-{stage.name}"
        yield Step(output.name, average, {}, {"models": models}, {"output": output})
        models = [output]
    start = {"start": models[0]} if models else {}
    for part in stage.data:
        if part.kind != "tokens":
            yield _alignment_step(recipe, part.label, start, run)
    settings = {"stage": _without_places(stage), "seed": recipe.seed, "precision": recipe.runtime.precision}
    settings |= {} if models else {"model": recipe.model}
    data = [data_of(recipe, part, run) for part in stage.data]
    reads: dict[str, Paths] = {**start, "tokenizer": run / "tokenizer", "data": data}
    writes = {"output": run / "models" / stage.name, "summary": run / "stages" / stage.name / "summary.json"}
    writes |= {"adapter": run / "stages" / stage.name / "adapter"} if stage.weights.kind == "lora" else {}
    yield Step(stage.name, train_stage, settings, reads, writes)


def _without_places(stage: Stage) -> Stage:
    """The stage without paths: what lies there is read, and known by its contents."""
    data = [part.model_copy(update={"tokens": CORPUS}) if part.tokens else part for part in stage.data]
    return stage.model_copy(update={"start": "previous", "data": data})


def _alignment_step(recipe: Recipe, name: str, start: Mapping[str, Path], run: Path) -> Step:
    source = next(source for source in recipe.alignment if source.name == name)
    kind = SOURCES[source.kind]
    settings = {"settings": source.fields, "seed": recipe.seed}
    reads = {"model": start["start"]} if kind.samples_model else {}
    return Step(name, kind.function, settings, reads, files_of(recipe, name, run), kind.version)


def files_of(recipe: Recipe, name: str, run: Path) -> dict[str, Path]:
    """What the alignment source `name` writes; the first is what is learnt from."""
    kind = next(SOURCES[source.kind] for source in recipe.alignment if source.name == name)
    return {file: run / "alignment" / name / f"{file}.jsonl" for file in kind.files}


def data_of(recipe: Recipe, part: Data, run: Path) -> Path:
    """Where a part of a stage's data lies."""
    if part.tokens == CORPUS:
        return run / "corpus" / "tokens" / "train"
    if part.tokens is not None:
        given = Path(part.tokens).expanduser()
        return given if (given / "shard.json").exists() else given / "train"
    return next(iter(files_of(recipe, part.label, run).values()))


def _evaluation_steps(recipe: Recipe, run: Path) -> Iterator[Step]:
    """One for each model and benchmark. All models are judged in windows of the shortest context of any stage."""
    context = min((stage.context for stage in recipe.stages), default=0)
    held_out = _held_out(recipe, run)
    for model in models_of(recipe, run):
        for name, settings in benchmarks_of(recipe).items():
            given = {"benchmark": name, "settings": settings.model_dump(), "context": context}
            given |= {"seed": recipe.seed, "precision": recipe.runtime.precision, "data": hashes_of(settings)}
            reads = {what: held_out[what] for what in BENCHMARKS[name].reads if what in held_out}
            reads |= {"model": run / "models" / model, **_reference(recipe, model, name, run)}
            writes = {"output": evaluation_of(run, model, name)}
            yield Step(f"{model}: {name}", run_benchmark, given, reads, writes, BENCHMARKS[name].version)


def models_of(recipe: Recipe, run: Path) -> list[str]:
    """The models that are judged, by name: those that training starts from, then each stage's."""
    return [*(place.name for place in released_of(recipe, run).values()), *(stage.name for stage in recipe.stages)]


def _held_out(recipe: Recipe, run: Path) -> dict[str, Path]:
    """What no model has seen, by what benchmarks call it."""
    found = {"documents": run / "corpus" / "heldout"} if recipe.needs_corpus else {}
    for part in (part for stage in recipe.stages for part in stage.data if part.kind == "pairs"):
        files = files_of(recipe, part.label, run)
        found |= {"pairs": files["heldout"]} if "heldout" in files else {}
    return found


def _reference(recipe: Recipe, model: str, benchmark: str, run: Path) -> dict[str, Path]:
    """The same benchmark's result of the model that a stage on pairs started from."""
    stage = next((stage for stage in recipe.stages if stage.name == model), None)
    if stage is None or "reference" not in BENCHMARKS[benchmark].reads or stage.data[0].kind != "pairs":
        return {}
    first, released = starts_of(recipe, stage)[0], released_of(recipe, run)
    return {"reference": evaluation_of(run, first if isinstance(first, str) else released[first].name, benchmark)}


def evaluation_of(run: Path, model: str, benchmark: str) -> Path:
    """Where a benchmark's result is written."""
    return run / "evaluation" / model / f"{benchmark}.json"


def _closing_steps(recipe: Recipe, run: Path) -> Iterator[Step]:
    if not recipe.stages:
        return
    last = recipe.stages[-1].name
    results = [evaluation_of(run, model, name) for model in models_of(recipe, run) for name in benchmarks_of(recipe)]
    summaries = [run / "stages" / stage.name / "summary.json" for stage in recipe.stages]
    reads = {"results": results, "summaries": summaries}
    yield Step("card", write_card, {"name": recipe.name}, reads, {"output": run / "card.md"})
    model = {"model": run / "models" / last, "card": run / "card.md"}
    yield Step("export", export_hf, {}, model, {"output": run / "models" / "release"})
    told: dict[str, Paths] = {**reads, "card": run / "card.md"}
    yield Step("report", write_report, {"recipe": recipe}, told, {"output": run / "report.html"})
