"""Reading a recipe: YAML that may extend other YAML, fields set from outside, mistakes named in one line.

Lists of named things (stages, their data, sources) are addressed by name, by `extends` and `--set` alike: a child's
list says which there are and in what order, and an entry takes what it does not give from the parent's of that name.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from midspan.errors import UserError
from midspan.recipe.mistakes import explain, former_field, name_of
from midspan.recipe.recipe import Recipe

Values = dict[str, Any]
Fields = TypeVar("Fields", bound=BaseModel)


def load_recipe(path: Path, overrides: Values | None = None) -> Recipe:
    """Read the recipe at `path`; `overrides` maps dotted fields (`stages.long.context`) to values.

    Raises UserError for a missing file, broken YAML, an unknown field (naming the nearest one) or an impossible value.
    """
    return recipe_of(_read(path, seen=()), overrides or {}, str(path))


def recipe_of(values: Values, overrides: Values, where: str) -> Recipe:
    """The recipe of `values`, in which `overrides` are set; UserError, which says `where`, as of `load_recipe`."""
    for dotted, value in overrides.items():
        _set(values, dotted, value, where)
    return parse_fields(Recipe, values, where)


def parse_overrides(assignments: list[str]) -> Values:
    """`["corpus.secrets=false"]` as `{"corpus.secrets": False}`; values are YAML. UserError for one without "="."""
    overrides: Values = {}
    for assignment in assignments:
        field, equals, value = assignment.partition("=")
        if not equals:
            raise UserError(f"--set {assignment}: write field=value, such as --set stages.base.context=1024")
        try:
            overrides[field] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"--set {assignment}: {value!r} is not a YAML value; quote it") from None
    return overrides


def parse_fields(fields: type[Fields], values: Values, where: str) -> Fields:
    """Validate `values` as `fields`. Raises UserError with `where` and the first mistake in one line."""
    try:
        return fields.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{where}: {explain(error, fields, values)}") from None


def fingerprint(*settings: Any) -> str:
    """A hash of pydantic settings or plain JSON values: equal when and only when they are."""

    def plain(item: Any) -> Any:
        return item.model_dump(mode="json") if isinstance(item, BaseModel) else str(item)

    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=plain).encode()).hexdigest()[:16]


def _read(path: Path, seen: tuple[Path, ...]) -> Values:
    if not path.is_file():
        raise UserError(f"no recipe at {path}; the shipped ones are in recipes/")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no fields; start from recipes/quickstart.yaml")
    parent = values.pop("extends", None)
    if parent is None:
        return values
    parent_path = (path.parent / str(parent)).resolve()
    if parent_path in seen:
        raise UserError(f"{path} extends itself through {parent_path}")
    merged: Values = _merge(_read(parent_path, (*seen, parent_path)), values, str(path))
    return merged


def _merge(base: Any, changes: Any, where: str) -> Any:
    """`changes` over `base`: groups field by field, lists of named things entry by entry, all else replaced."""
    if isinstance(base, dict) and isinstance(changes, dict):
        return base | {key: _merge(base.get(key), value, where) for key, value in changes.items()}
    if isinstance(changes, list) and _is_named(base):
        by_name = {name_of(entry): entry for entry in base}
        entries = []
        for entry in changes:
            name = entry if isinstance(entry, str) else name_of(entry)
            if isinstance(entry, str) and name not in by_name:
                raise UserError(
                    f"{where}: the recipe it extends has no {name!r}; it has {', '.join(map(str, by_name))}"
                )
            entries.append(by_name[name] if isinstance(entry, str) else _merge(by_name.get(name), entry, where))
        return entries
    return changes


def _is_named(entries: Any) -> bool:
    return isinstance(entries, list) and bool(entries) and all(name_of(entry) is not None for entry in entries)


def _set(values: Values, dotted: str, value: Any, where: str) -> None:
    """Set the field that `dotted` names; groups on the way are made where they are absent."""
    group: Any = values
    *parents, last = dotted.split(".")
    if former_field(parents[:1]):
        raise UserError(f"{where}: {former_field([*parents, last]) or former_field(parents[:1])}")
    for parent in parents:
        if isinstance(group, list):
            names = [name_of(entry) for entry in group]
            if parent not in names:
                known = ", ".join(str(name) for name in names)
                raise UserError(f"{where}: {dotted} cannot be set: there is no {parent!r} here, only {known}")
            group = group[names.index(parent)]
        elif isinstance(group, dict):
            group[parent] = {} if group.get(parent) is None or group[parent] is True else group[parent]
            group = group[parent]
        else:
            break
    if not isinstance(group, dict):
        raise UserError(f"{where}: {dotted} cannot be set: {parents[-1]} is not a group of fields")
    group[last] = value
