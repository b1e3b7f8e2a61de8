"""A step is a function and its arguments: it sees nothing else, so their fingerprint says whether it must run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from midspan import recipe
from midspan.engines import EngineChoice
from midspan.files import Kept
from midspan.recipe import fingerprint
from midspan.sandbox import Sandbox

Paths = Path | Sequence[Path]


@dataclass(frozen=True)
class Step:
    """One step of a run: `function(**settings, **reads, **writes, key=…, tools=…)`.

    What reads a path that another step writes follows it. `format` is raised by hand when the code changes what comes
    out.
    """

    name: str
    function: Callable[..., None]
    settings: Mapping[str, Any]  # all that it may know of the recipe; no paths, which differ from machine to machine
    reads: Mapping[str, Paths]  # what earlier steps wrote, or the user gave: known by contents
    writes: Mapping[str, Path]
    format: int = 1

    @property
    def inputs(self) -> list[Path]:
        """All paths that it reads, in order."""
        return [path for value in self.reads.values() for path in _listed(value)]

    def run(self, key: str, tools: Tools) -> None:
        """Call the function."""
        self.function(**self.settings, **self.reads, **self.writes, key=key, tools=tools)


@dataclass(frozen=True)
class Tools:
    """What a step works with. It changes nothing in the result, and is no part of a key."""

    runtime: recipe.Runtime = field(default_factory=recipe.Runtime)
    verdicts: Kept | None = None  # on programs that were graded before

    @property
    def workers(self) -> int:
        """Processes for the corpus, programs in the sandbox."""
        return self.runtime.workers or os.cpu_count() or 1

    @property
    def engine(self) -> EngineChoice:
        """Where tasks run."""
        return EngineChoice(self.runtime.engine, self.workers, self.runtime.address)

    @cached_property
    def sandbox(self) -> Sandbox:
        """Made when first asked for; raises UserError where nothing can isolate."""
        return Sandbox()


def key_of(step: Step, hash_of: Callable[[Path], str]) -> str:
    """The step's key: its function, format, settings and the contents of what it reads."""
    contents = {name: [hash_of(path) for path in _listed(value)] for name, value in step.reads.items()}
    return fingerprint(f"{step.function.__module__}.{step.function.__name__}", step.format, step.settings, contents)


def _listed(paths: Paths) -> Iterator[Path]:
    yield from [paths] if isinstance(paths, Path) else paths
