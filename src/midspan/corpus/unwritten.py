"""A recipe that nobody wrote: of the paths that a build is given, with names that can be told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from midspan.corpus.sources.kinds import sources_at
from midspan.errors import UserError
from midspan.files import write_text

RECIPE = "corpus.yaml"  # in the run: the recipe that the paths stood for
LARGEST_RECIPE = 1_000_000  # bytes
ENDINGS = (".yaml", ".yml")
Values = dict[str, Any]

if TYPE_CHECKING:
    from midspan.recipe import Recipe


def recipe_for(paths: Sequence[str], overrides: Values) -> tuple[Recipe, Values | None]:
    """The recipe that is given, or the one that `paths` stand for with its fields, which are to be kept in the run.

    UserError for what is not there or not clear, before any work.
    """
    from midspan.recipe import load_recipe, recipe_of

    if (file := _recipe_at(paths)) is not None:
        return load_recipe(file, overrides), None
    values = _unwritten(paths)
    return recipe_of(values, overrides, "the command line"), values


def _recipe_at(paths: Sequence[str]) -> Path | None:
    """The recipe, if that is what is given; None for paths of sources. UserError for one among other paths."""
    recipes = [path for path in paths if path.lower().endswith(ENDINGS) or _is_json_recipe(Path(path))]
    if recipes and len(paths) > 1:
        raise UserError(f"{recipes[0]} is a recipe: give it alone, its sources are in it")
    return Path(recipes[0]) if recipes else None


def _is_json_recipe(path: Path) -> bool:
    """Whether a JSON file is a recipe, which JSON is fit for, and no table."""
    if path.suffix.lower() != ".json" or not path.is_file() or path.stat().st_size > LARGEST_RECIPE:
        return False
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(fields, dict) and any(isinstance(fields.get(name), dict | str) for name in ("corpus", "extends"))


def _unwritten(paths: Sequence[str]) -> Values:
    """The fields of the recipe that `paths` stand for. UserError for what is not there or not clear."""
    sources = sources_at(paths)
    name = re.sub(r"[^\w.-]+", "-", "-".join(source["name"] for source in sources[:2])).strip("-.") or "corpus"
    return {
        "name": name + (f"-and-{len(sources) - 2}-more" if len(sources) > 2 else ""),
        "corpus": {"sources": sources},
    }


def keep_recipe(values: Values, run: Path, named: bool) -> None:
    """Write the recipe into the run; UserError if the run is another's and nobody `named` it."""
    file = run / RECIPE
    lines = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    if not named and run.exists():
        known = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
        own = known is None and not any(run.iterdir())
        before = known.get("corpus") if isinstance(known, dict) else None
        if not own and (not isinstance(before, dict) or before.get("sources") != values["corpus"]["sources"]):
            raise UserError(f"{run} holds something else than the corpus of these paths: name another place with --run")
    run.mkdir(parents=True, exist_ok=True)
    write_text(
        file, f"# What `midspan corpus build` was given; edit it, and build it again: `… build {file}`.\n{lines}"
    )
