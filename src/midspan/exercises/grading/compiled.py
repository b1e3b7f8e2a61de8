"""Every other language: answer and tests in one program, which is run a second time with the opposite tests."""

from __future__ import annotations

import secrets
from dataclasses import replace

from midspan.exercises.grading.endings import ended_by
from midspan.exercises.grading.languages import NOT_COMPILED, Language
from midspan.exercises.grading.program import Program, Verdict
from midspan.exercises.grading.toolchains import Installed
from midspan.sandbox import Outcome, Sandbox


def grade_whole(sandbox: Sandbox, program: Program, installed: Installed) -> Verdict:
    """It passes if its tests reach their end, and if the same tests, each turned into its opposite, do not.

    So neither a patched assertion nor an early exit nor a result that equals everything passes. Where no test can be
    turned, the end alone counts, and the verdict says so.
    """
    language = installed.language
    outcome, ended = _run(sandbox, program, program.tests, installed)
    official = None if outcome.status == "infra" else _officially(outcome, language)
    if not ended:
        return replace(ended_by(outcome), official=official)
    opposite = language.opposite(program.tests)
    if opposite == program.tests:
        return Verdict(True, "passed", "its tests have no opposite: that they came to their end is all", official)
    against, evaded = _run(sandbox, program, opposite, installed)
    if against.status == "infra":
        return replace(ended_by(against), official=official)
    if evaded:
        return Verdict(False, "evaded", "tests that say the opposite pass as well", official)
    return Verdict(True, "passed", "", official)


def _run(sandbox: Sandbox, program: Program, tests: str, installed: Installed) -> tuple[Outcome, bool]:
    """Run the program with these tests; whether they came to their end, and nothing went wrong on the way."""
    language, word = installed.language, secrets.token_hex(16)
    text = f"{program.answer}\n{language.ending(tests, word)}"
    files = {language.file: text, **language.beside(text, word)}
    build = f"{installed.compile} || exit {NOT_COMPILED}\n" if installed.compile else ""
    command = ["/bin/sh", "-c", f"{build}exec {installed.run} </dev/null"]
    outcome = sandbox.run(files, command, "", language.policy, installed.toolchain)
    told = replace(outcome, stdout=outcome.stdout.replace(word, "").removesuffix("\n"))
    return told, word in outcome.stdout and outcome.status == "ok" and _officially(told, language)


def _officially(outcome: Outcome, language: Language) -> bool:
    """Whether it passes by its harness's rule."""
    if language.silent:
        return outcome.status != "limit" and not outcome.stdout and not outcome.stderr
    return outcome.status == "ok"
