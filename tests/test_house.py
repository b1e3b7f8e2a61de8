"""The house keeps the rules of its design: sizes, names, and imports that only go down.

A room that still breaks a rule stands in PENDING. An entry that is no longer needed is an error too, so that the list
only shrinks.
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "src" / "midspan"

FLOORS = (
    *(
        "cli",
        "run",
        "check",
        "steps",
        "report",
        "serve",
        "evaluate",
        "export",
        "train",
        "alignment",
        "inference",
        "batches",
    ),
    *("exercises", "corpus", "model", "tokens", "manifest", "step", "recipe", "compute", "sandbox", "engines"),
    *("progress", "files", "errors"),
)
LONGEST_FILE = 400
GENERATED: dict[str, str] = {}  # a longer file → what writes it
LONGEST_FUNCTION = 120
ORDINARY_FUNCTION = 45  # of ten functions nine are shorter
LIMITS = {
    "steps.py": 180,
    "train/loop.py": 130,
    "train/parallel.py": 150,
    "train/objectives/*.py": 100,
    "train/sinks/*.py": 100,
    "evaluate/subjects/*.py": 100,
    "evaluate/benchmarks/*.py": 80,
    "serve/protocols/*.py": 200,
}
ONE_MEANING = ("Job", "Piece", "Place", "Plan", "Row", "Sample")
# What ends in -ing and names a thing all the same; else it says what is being done, by whatever the file is about.
NOUNS = {
    "batches/packing": "sequence packing, the method's name",
    "evaluate/benchmarks/humaneval_infilling": "the benchmark's name",
    "evaluate/benchmarks/infilling": "fill-in-the-middle as a benchmark, the field's word",
    "evaluate/running": "from a benchmark to its result; DESIGN's name",
    "exercises/grading": "the room of program, grade and toolchains; DESIGN's name",
    "inference/healing": "token healing, the method's name",
    "inference/sampling": "how the next token is drawn; the field's word",
    "inference/stopping": "where a completion ends; DESIGN's name",
    "recipe/loading": "from a file to a recipe; DESIGN's name",
}
PENDING: dict[str, set[str]] = {}


def files() -> dict[str, Path]:
    """Every file of the house by its place in it."""
    return {path.relative_to(HOUSE).as_posix(): path for path in sorted(HOUSE.rglob("*.py"))}


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in files().items()}


def functions() -> dict[str, int]:
    """The length of every function, by where it is."""
    return {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def check(rule: str, broken: set[str]) -> None:
    """Only what is pending breaks the rule, and all that is pending does."""
    pending = PENDING.get(rule, set())
    assert not broken - pending, f"{rule}: {sorted(broken - pending)}"
    assert not pending - broken, f"{rule}: no longer pending, take it off the list: {sorted(pending - broken)}"


def test_no_file_has_two_jobs() -> None:
    check("files", {name for name, path in files().items() if lines_of(path) > LONGEST_FILE and name not in GENERATED})


def test_what_is_read_first_stays_short() -> None:
    limits = {name: limit for name in files() for pattern, limit in LIMITS.items() if fnmatch(name, pattern)}
    check("limits", {name for name, limit in limits.items() if lines_of(files()[name]) > limit})


def test_functions_are_short() -> None:
    lengths = functions()
    check("functions", {name for name, length in lengths.items() if length > LONGEST_FUNCTION})
    short = sum(length < ORDINARY_FUNCTION for length in lengths.values())
    assert short >= 0.9 * len(lengths)


def definitions(tree: ast.Module) -> Iterator[str]:
    """The names of a module's classes and aliases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_a_word_means_one_thing_in_the_whole_house() -> None:
    defined = Counter(name for _, tree in trees().items() for name in definitions(tree))
    check("doubles", {word for word in ONE_MEANING if defined[word] > 1})


def test_classes_and_aliases_are_found() -> None:
    found = definitions(ast.parse("class Row: ...\nPiece = int | str\nJob: TypeAlias = str\ndef Place(): ..."))
    assert list(found) == ["Row", "Piece", "Job"]


def recipes_called_plan(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            name, source = node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign):
            name, source = ast.unparse(node.target), node.annotation
        elif isinstance(node, ast.Assign):
            name, source = ast.unparse(node.targets[0]), node.value
        else:
            continue
        if name.split(".")[-1] == "plan" and source is not None and "recipe" in ast.unparse(source).lower():
            yield node


def test_a_recipe_is_never_called_a_plan() -> None:
    check("plans", {name for name, tree in trees().items() if any(recipes_called_plan(tree))})


def test_recipes_are_told_from_other_plans() -> None:
    for text in ("def run(plan: recipe.Recipe): ...", "plan = load_recipe(path)", "class A:\n    plan: Recipe"):
        assert len(list(recipes_called_plan(ast.parse(text)))) == 1
    for text in ("plan = plan_corpus(settings)", "def read(plan: SourcePlan): ..."):
        assert not list(recipes_called_plan(ast.parse(text)))


def test_files_are_named_by_the_thing_in_them() -> None:
    def is_gerund(name: str) -> bool:
        places = [Path(name).with_suffix(""), *Path(name).parents]
        return any(place.name.endswith("ing") and place.as_posix() not in NOUNS for place in places)

    check("gerunds", {name for name in files() if is_gerund(name)})


def test_every_room_has_its_floor() -> None:
    rooms = {Path(name).parts[0].removesuffix(".py") for name in files()} - {"__init__", "__main__"}
    assert rooms <= set(FLOORS)


def test_import_linter_and_the_contracts_know_the_floors() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers")
    there = {name for name in FLOORS if (HOUSE / name).is_dir() or (HOUSE / f"{name}.py").is_file()}
    assert layers == [f"midspan.{name}" if name in there else f"(midspan.{name})" for name in FLOORS]
    listed = " > ".join(FLOORS)
    assert listed in " ".join((ROOT / "docs" / "contracts.md").read_text(encoding="utf-8").split())
