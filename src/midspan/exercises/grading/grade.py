"""Grade programs in the sandbox, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import astuple, replace

from midspan.exercises.grading.compiled import grade_whole
from midspan.exercises.grading.isolated import grade_isolated, passes_in_one_process
from midspan.exercises.grading.program import NOT_MEASURED, Program, Verdict
from midspan.exercises.grading.toolchains import find, has
from midspan.files import Kept, hash_text
from midspan.sandbox import Sandbox


def grade(sandbox: Sandbox, program: Program) -> Verdict:
    """What becomes of one program; by the official rule too, where it has one."""
    if program.language == "python":
        verdict = grade_isolated(sandbox, program)
        return replace(verdict, official=passes_in_one_process(sandbox, program)) if program.official else verdict
    installed = find(program.language)
    if isinstance(installed, str):
        return Verdict(False, "not installed", installed)
    if lacking := [package for package in program.needs if not has(sandbox, program.language, package)]:
        return Verdict(False, "not installed", f"{installed.language.name} lacks the package {', '.join(lacking)}")
    return grade_whole(sandbox, program, installed)


def grade_all(
    sandbox: Sandbox,
    programs: Sequence[Program],
    workers: int,
    on_progress: Callable[[int], None] | None = None,
    kept: Kept | None = None,
) -> list[Verdict]:
    """The verdicts of programs in their order, `workers` at a time; equal programs run once.

    `on_progress` is told how many programs have their verdict. A verdict that `kept` has is taken from there; others
    are put there, but for those that say nothing of the program.
    """
    places: dict[Program, list[int]] = {}
    for place, program in enumerate(programs):
        places.setdefault(program, []).append(place)
    verdicts: dict[int, Verdict] = {}
    for program in [one for one in places if kept and name_of(one) in kept.values]:
        assert kept is not None
        verdicts.update(dict.fromkeys(places.pop(program), Verdict(*kept.values[name_of(program)])))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running = {pool.submit(grade, sandbox, program): program for program in places}
        for future in as_completed(running):
            verdict, program = future.result(), running[future]
            verdicts.update(dict.fromkeys(places[program], verdict))
            if kept and verdict.reason not in NOT_MEASURED:
                kept.put(name_of(program), astuple(verdict))
            if on_progress:
                on_progress(len(verdicts))
    return [verdicts[place] for place in range(len(programs))]


def name_of(program: Program) -> str:
    """What a program's verdict is kept under."""
    return hash_text(repr(program))
