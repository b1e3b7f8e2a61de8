"""Writes a model's card (README.md) from what happened in its run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from midspan.errors import UserError
from midspan.files import read_json
from midspan.report import overview
from midspan.report.ablations import find_ablations
from midspan.report.comparisons import comparisons_of
from midspan.report.corpus_card import corpus_card, tallies
from midspan.report.figures import ABSENT, amount, count, decimal, duration
from midspan.report.page import environment
from midspan.report.record import RELEASE, RunRecord, Stage, number, read_run

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

# Fields of config.json, as Hugging Face checkpoints spell them.
ARCHITECTURE = {
    "model_type": "Family",
    "num_hidden_layers": "Layers",
    "hidden_size": "Hidden size",
    "intermediate_size": "Feed-forward size",
    "num_attention_heads": "Attention heads",
    "num_key_value_heads": "Key/value heads",
    "vocab_size": "Vocabulary",
    "max_position_embeddings": "Positions",
    "rope_theta": "Rotary base",
    "partial_rotary_factor": "Rotary share of a head",
    "use_qkv_bias": "Bias on queries, keys and values",
    "tie_word_embeddings": "Tied embeddings",
}


def markdown(text: object) -> str:
    """Text as it stands, in one line: nothing in it is taken for Markdown, a table's border or HTML."""
    flat = " ".join(str(text).split())
    escaped = re.sub(r"([\\`*_\[\]|#~])", r"\\\1", flat)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _origin(run: RunRecord, model: str) -> str | None:
    """The stage whose model this is: its own, or for an export the last stage that was finished."""
    if run.stage(model):
        return model
    finished = [stage.name for stage in run.stages if stage.summary]
    return finished[-1] if finished else None


def _architecture(run: RunRecord, names: list[str | None]) -> list[tuple[str, str]]:
    """The shape from the first config.json there is among these models."""
    files = [run.path / "models" / name / "config.json" for name in names if name]
    config: dict[str, Any] = next((read_json(file) for file in files if file.is_file()), {})
    rope = config.get("rope_parameters")
    values = {**config, **(rope if isinstance(rope, dict) else {})}
    facts = [("Parameters", amount(run.parameters))] if run.parameters is not None else []
    for key, label in ARCHITECTURE.items():
        value = values.get(key)
        if isinstance(value, bool):
            facts.append((label, "yes" if value else "no"))
        elif isinstance(value, str):
            facts.append((label, value))
        elif isinstance(value, int | float):
            facts.append((label, f"{value:,.6g}" if isinstance(value, float) else count(value)))
    return facts


def _stage_row(stage: Stage) -> list[str]:
    summary = stage.summary
    return [
        stage.name,
        ", ".join(part for part in (stage.objective, stage.frozen) if part) or ABSENT,
        count(number(summary, "steps")),
        amount(number(summary, "tokens")),
        count(number(summary, "context")),
        decimal(number(summary, "final_loss")),
        duration(number(summary, "seconds")),
    ]


def _front_matter(start: dict[str, Any], fim: bool) -> str:
    """What a hub reads: the licence and the name are those of the model that training started from."""
    names = str(start.get("start") or "").split(", ")
    tags = ["code", *(["fill-in-the-middle"] if fim else []), "midspan"]
    fields = {
        "license": start.get("licence"),
        "license_name": start.get("licence_name"),
        "license_link": start.get("licence_link"),
        "base_model": (names if names[1:] else names[0]) if all(map(HUB_ID.fullmatch, names)) else None,
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": tags,
    }
    return yaml.safe_dump({name: value for name, value in fields.items() if value}, sort_keys=False)


def model_card(run: Path, model: str) -> str:
    """The README.md of the model directory `model` of a run (a stage's name, or "release"), as Markdown.

    Everything in it is read from the run; what the run does not hold is left out. Raises UserError where the run has
    neither such a stage nor such a model.
    """
    record = read_run(run)
    origin = _origin(record, model)
    if origin is None:
        raise UserError(
            f"{run}: no stage is finished, so there is no model {model!r} to describe; run the recipe first"
        )
    if record.stage(model) is None and model not in record.models and model != RELEASE:
        raise UserError(f"{run}: no model {model!r}; there are: {', '.join(record.names_of_models())}")
    names = [stage.name for stage in record.stages]
    stages = record.stages[: names.index(origin) + 1]
    released = [record.models.get(name, {}) for name in (model, origin)]
    starts = [facts for facts in released if facts.get("start") or facts.get("licence")]
    template_environment = environment(autoescape=False)
    template_environment.filters["markdown"] = markdown
    return template_environment.get_template("model_card.md.jinja").render(
        title=f"{record.recipe.get('name', record.name)}, {model}",
        front=_front_matter(starts[0] if starts else {}, fim=overview.fills_in(stages)),
        origin=None if origin == model else origin,
        words=overview.honest_words(replace(record, stages=stages)),
        architecture=_architecture(record, [model, origin]),
        corpus=corpus_card(record),
        licences=tallies(record, "by_licence"),
        stages=[_stage_row(stage) for stage in stages],
        table=overview.score_table(record),
        abouts=overview.abouts(record),
        gaps=overview.gaps(record),
        described=origin,
        comparisons=comparisons_of(record, find_ablations(record)),
        machine=overview.machine_facts(record),
        fim=overview.fills_in(stages),
        own_tokenizer=overview.fills_in(stages) and not overview.started_from(record),
        chat=overview.can_chat(stages),
    )
