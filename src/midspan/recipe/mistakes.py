"""A recipe's first mistake in one line: where it is, and what was probably meant."""

from __future__ import annotations

import difflib
import types
from collections.abc import Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

# Fields of earlier recipes, and what takes their place.
FORMER = {
    "pretrain": "stages: [{name: base, data: [{tokens: corpus}], tokens: …, schedule: {learning_rate: …}}]",
    "sft": "a stage with data: [{conversations: exercises}], and exercises under alignment",
    "sft.replay": "a second part of the stage's data: {tokens: corpus, weight: …}",
    "sft.per_family": "alignment: [{name: exercises, kind: exercises, per_family: …}]",
    "dpo": "a stage with data: [{pairs: own-failures}], objective: {kind: dpo}, and own-failures under alignment",
    "dpo.beta": "stages.dpo.objective.beta",
    "dpo.nll_weight": "stages.dpo.objective.nll_weight",
    "dpo.pairs": "alignment: [{name: own-failures, kind: own-failures, pairs: …}]",
    "fim": "fim of a part of a stage's data: data: [{tokens: corpus, fim: {rate: …}}]",
    "optimizer": "optimizer of each stage",
    "corpus.heldout_fraction": "corpus.heldout: {files: …}",
    "model.start_from": "start of the first stage",
    "evaluate.heldout_bytes": "evaluate.likelihood.bytes",
    "evaluate.fim_lines": "evaluate.infilling.lines",
    "evaluate.exercises": "evaluate.exercises.count, or evaluate.exercises: false",
    "evaluate.preference_pairs": "evaluate.preferences.pairs",
    "evaluate.max_tokens": "evaluate.exercises.max_tokens",
}


NAMING_FIELDS = ("name", "tokens", "conversations", "pairs")  # the first that holds a text is what an entry is called


def name_of(entry: Any) -> str | None:
    """What an entry of a list of named things is called; None where it is not such an entry."""
    if not isinstance(entry, dict):
        return None
    return next((entry[field] for field in NAMING_FIELDS if isinstance(entry.get(field), str)), None)


def former_field(location: Sequence[str]) -> str | None:
    """What takes the place of an earlier recipe's field, as a sentence; None where it never was one."""
    dotted = ".".join(location)
    return f"{dotted} is no longer a field; write {FORMER[dotted]}" if dotted in FORMER else None


def explain(error: ValidationError, fields: type[BaseModel], values: Any) -> str:
    """The first mistake; list entries are called by their names, an unknown field comes with the nearest known one."""
    mistakes = error.errors()
    # A misspelt field is also a missing one: the misspelling says more.
    first = next((one for one in mistakes if one["type"] == "extra_forbidden"), mistakes[0])
    location = _without_tags(first["loc"], values)
    field = ".".join(_named(location, values)) or "the recipe"
    if former := former_field([str(part) for part in location]):
        return former
    if first["type"] == "extra_forbidden":
        known = sorted({*fields_at(fields, location[:-1]), *(["extends"] if len(location) == 1 else [])})
        near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return f"unknown field {field!r}; {hint}"
    if first["type"].startswith("union_tag"):  # an entry whose `kind` decides about its other fields
        return f"{field}: its kind is missing or unknown; known are {', '.join(_kinds_at(fields, location))}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{field}: {message[0].lower()}{message[1:]}" if location else message


def fields_at(fields: Any, location: Sequence[int | str]) -> list[str]:
    """The names of the fields that the groups at `location` may have."""
    return [name for group in _groups_at(fields, location) for name in group.model_fields]


def _kinds_at(fields: Any, location: Sequence[int | str]) -> list[str]:
    """The kinds that an entry at `location` may be of."""
    groups = _groups_at(fields, location)
    return [kind for group in groups for kind in get_args(group.model_fields["kind"].annotation)]


def _groups_at(fields: Any, location: Sequence[int | str]) -> list[type[BaseModel]]:
    """The groups of fields that may stand at `location`, found by walking the models' own annotations."""
    groups = [fields]
    for part in location:
        inner: list[Any] = []
        for group in groups:
            if isinstance(group, type) and issubclass(group, BaseModel):
                inner += _groups(group.model_fields[str(part)].annotation) if part in group.model_fields else []
            else:  # an entry of a list, or a value of a dict
                inner += _groups(get_args(group)[-1])
        groups = inner
    return [group for group in groups if isinstance(group, type) and issubclass(group, BaseModel)]


def _groups(annotation: Any) -> list[Any]:
    """The settings, lists and dicts that an annotation allows."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _groups(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [group for option in get_args(annotation) for group in _groups(option)]
    if origin in (list, dict):
        return [annotation]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def _without_tags(location: Sequence[int | str], values: Any) -> list[int | str]:
    """pydantic puts the chosen member of a union into the location: what `values` do not hold is left out."""
    kept: list[int | str] = []
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if isinstance(values, dict) and (part in values or last):
            kept.append(part)
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            kept.append(part)
            values = values[part]
    return kept


def _named(location: Sequence[int | str], values: Any) -> list[str]:
    names: list[str] = []
    for part in location:
        values = values.get(part) if isinstance(values, dict) else values[int(part)] if values else None
        names.append((name_of(values) if isinstance(part, int) else None) or str(part))
    return names
