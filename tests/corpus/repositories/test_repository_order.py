"""The order of a repository's files: each after what it needs, whatever order they come in."""

from __future__ import annotations

import itertools
import random
import sysconfig
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.repositories import order_files
from midspan.corpus.repositories.modules import ModuleIndex
from midspan.corpus.repositories.order import dependencies_first

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """For each node the nodes it needs."""
    count = draw(st.integers(0, 9))
    pairs = [(one, other) for one in range(count) for other in range(count) if one != other]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []
    return [sorted(other for one, other in edges if one == node) for node in range(count)]


def reaches(needs: list[list[int]]) -> list[set[int]]:
    """For each node all that it needs, near and far (itself only on a cycle)."""
    far = [set(near) for near in needs]
    for middle, start in itertools.product(range(len(needs)), repeat=2):
        if middle in far[start]:
            far[start] |= far[middle]
    return far


def ordered_by_definition(needs: list[list[int]], firm: list[set[int]]) -> list[int]:
    """Quadratic and plain: parts by first node; the ready cycle with the smallest node; in it the fewest needs left."""

    def open_needs(node: int) -> tuple[int, int, int]:
        return len(remaining & firm[node]), len(remaining & set(needs[node])), node

    count = len(needs)
    far = reaches(needs)
    cycle = [{node} | {other for other in far[node] if node in far[other]} for node in range(count)]
    both_ways = reaches([sorted({*needs[n], *(m for m in range(count) if n in needs[m])}) for n in range(count)])
    ordered: list[int] = []
    while len(ordered) < count:
        left = [node for node in range(count) if node not in ordered]
        first = min(left, key=lambda node: min({node} | both_ways[node]))
        part = [node for node in left if node == first or node in both_ways[first]]
        ready = [node for node in part if all(far[one] - cycle[node] <= set(ordered) for one in cycle[node])]
        remaining = set(cycle[min(ready, key=lambda node: min(cycle[node]))])
        while remaining:
            best = min(remaining, key=open_needs)
            ordered.append(best)
            remaining.remove(best)
    return ordered


@given(graphs(), st.randoms())
def test_the_order_is_the_one_of_the_definition(needs: list[list[int]], chance: random.Random) -> None:
    firm = [{other for other in others if chance.random() < 0.5} for others in needs]
    found = dependencies_first(needs, firm)
    assert found == ordered_by_definition(needs, firm)
    far = reaches(needs)
    for node, others in enumerate(needs):
        for other in others:
            assert node in far[other] or found.index(other) < found.index(node)  # on a cycle, or respected


def test_a_cycle_does_not_pull_in_what_depends_on_it() -> None:
    """DeepSeek-Coder's algorithm as printed takes the fewest open needs of all files: node 3 before all it needs."""
    needs = [[1, 2], [0, 2], [0, 1], [0]]
    assert dependencies_first(needs, needs) == [0, 1, 2, 3]


def test_a_cycle_is_broken_at_an_import_inside_a_function() -> None:
    files = [("a.py", "import b\n", "python"), ("b.py", "def f():\n    import a\n", "python")]
    assert order_files(files, 0, "dependency") == [1, 0]
    assert order_files(
        [("a.py", "def f():\n    import b\n", "python"), ("b.py", "import a\n", "python")], 0, "dependency"
    ) == [0, 1]


names = st.sampled_from(["a", "b", "c", "pkg/__init__", "pkg/a", "pkg/b", "pkg/sub/__init__", "pkg/sub/a", "tests/a"])
IMPORTS = """import a;import pkg.a, b as c;from . import a;from .. import b;from pkg import (a,
 b);from .a import *;from pkg.sub import a;import pkg.sub.a.x;from .sub.a import x;pass;import ;from . import ("""
statements = st.sampled_from(IMPORTS.split(";"))
python_files = st.dictionaries(names, st.lists(statements).map("\n".join), max_size=8).map(
    lambda texts: [(f"{name}.py", text, "python") for name, text in texts.items()]
)


@given(files=python_files, chance=st.randoms(), seed=st.integers(0, 3), how=st.sampled_from(["dependency", "random"]))
def test_the_order_is_a_permutation_that_does_not_depend_on_the_order_given(
    files: list[tuple[str, str, str]], chance: random.Random, seed: int, how: str
) -> None:
    shuffled = list(files)
    chance.shuffle(shuffled)
    first, second = order_files(files, seed, how), order_files(shuffled, seed, how)  # type: ignore[arg-type]
    assert sorted(first) == list(range(len(files)))
    assert [files[place] for place in first] == [shuffled[place] for place in second]


LANGUAGES = """python javascript c java c# go rust ruby php scala kotlin swift elixir lua shell css html dart perl
 haskell zig sql klingon"""
WORDS = (
    """import use from { } ( ) :: . .. / * \\ " ' ; a A crate super self mod package namespace #include require( as"""
)
soup = st.lists(st.sampled_from([" ", "\n", *WORDS.split()]) | st.text(max_size=3)).map(" ".join)
languages = st.sampled_from(LANGUAGES.split())


@given(st.lists(st.tuples(st.text(min_size=1, max_size=6) | st.sampled_from(["src/a.rs", "a/b.c"]), soup, languages)))
def test_any_text_under_any_path_in_any_language_is_put_in_order(files: list[tuple[str, str, str]]) -> None:
    assert sorted(order_files(files, 0, "dependency")) == list(range(len(files)))


def test_random_order_depends_on_the_seed_alone() -> None:
    files = [(f"{number}.py", "", "python") for number in range(30)]
    assert order_files(files, 1, "random") == order_files(files, 1, "random")
    assert order_files(files, 1, "random") != order_files(files, 2, "random")


def test_asyncio_is_read_from_its_foundations_to_its_event_loops() -> None:
    paths = sorted((STANDARD_LIBRARY / "asyncio").glob("*.py"))
    files = [(f"asyncio/{path.name}", path.read_text(encoding="utf-8"), "python") for path in paths]
    order = [paths[place].name for place in order_files(files, 0, "dependency")]
    chain = ["constants.py", "events.py", "base_events.py", "selector_events.py", "unix_events.py", "__init__.py"]
    assert [name for name in order if name in chain] == chain


def test_at_least_nineteen_in_twenty_imports_of_the_standard_library_come_after_what_they_import() -> None:
    paths = [path for path in STANDARD_LIBRARY.rglob("*.py") if not {"site-packages", "test"} & set(path.parts)]
    files = [
        (path.relative_to(STANDARD_LIBRARY).as_posix(), path.read_text(encoding="utf-8", errors="replace"), "python")
        for path in sorted(paths)
    ]
    place_of = {place: position for position, place in enumerate(order_files(files, 0, "dependency"))}
    by_parts = sorted(range(len(files)), key=lambda place: files[place][0].split("/"))
    index = ModuleIndex([files[place] for place in by_parts])
    edges = [(one, other) for one in range(len(files)) for other in index.imported_by(one)]
    kept = sum(place_of[by_parts[other]] < place_of[by_parts[one]] for one, other in edges)
    assert len(edges) > 2500
    assert kept / len(edges) > 0.95


def seconds_for(count: int) -> float:
    """Every file imports two others, one of them by a name that a hundredth of all files have."""
    files = [
        (f"d{n % 100}/m{n // 100}.py", f"import d{n % 99}.m{n // 200}\nfrom . import m{n // 150}\n", "python")
        for n in range(count)
    ]
    started = time.process_time()
    order_files(files, 0, "dependency")
    return time.process_time() - started


def test_time_grows_with_the_files_and_not_with_their_square() -> None:
    """DeepSeek-Coder's algorithm compares every file with every other."""
    small, large = (min(seconds_for(files) for _ in range(3)) for files in (1000, 16_000))
    assert large < 40 * small  # 16 times the files; the square would be 256 times


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("python", "from a import ("),
        ("python", "import \\\n"),
        ("javascript", "import("),
        ("javascript", "from "),
        ("rust", "use a::{"),
        ("rust", "use a\n"),
        ("php", "use A\\{"),
        ("scala", "import a.{"),
        ("kotlin", "a fun "),
        ("html", "<script "),
        ("c#", "delegate "),
        ("shell", ". ${x}/"),
        ("perl", "use parent qw("),
        ("elixir", "alias A.{\n"),
        ("java", "\n"),
        ("go", '"a" '),
    ],
)
def test_a_text_made_to_be_slow_is_not(language: str, unit: str) -> None:
    started = time.perf_counter()
    order_files([("a", unit * (400_000 // len(unit)), language), ("b", "", language)], 0, "dependency")
    assert time.perf_counter() - started < 5
