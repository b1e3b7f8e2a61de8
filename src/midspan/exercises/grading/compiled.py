"""Every other language: answer and tests in one program, which is run a second time with the opposite tests."""

from __future__ import annotations

import secrets
from dataclasses import replace

from midspan.exercises.grading.endings import ended_by
from midspan.exercises.grading.languages import NOT_COMPILED
from midspan.exercises.grading.program import Program, Verdict
from midspan.exercises.grading.toolchains import Installed
from midspan.sandbox import Outcome, Sandbox


def grade_whole(sandbox: Sandbox, program: Program, installed: Installed) -> Verdict:
    """It passes if its tests reach their end, and if the same tests, each turned into its opposite, do not.

    So neither a patched assertion nor an early exit nor a result that equals everything passes.
    """
    language = installed.language
    outcome, ended = _run(sandbox, program, program.tests, installed)
    official = None if outcome.status == "infra" else outcome.status == "ok"
    if outcome.status != "ok" or not ended:
        return replace(ended_by(outcome), official=official)
    against, evaded = _run(sandbox, program, language.opposite(program.tests), installed)
    if against.status == "infra":
        return replace(ended_by(against), official=official)
    if evaded:
        return Verdict(False, "evaded", "tests that say the opposite pass as well", official)
    return Verdict(True, "passed", "", official)


def _run(sandbox: Sandbox, program: Program, tests: str, installed: Installed) -> tuple[Outcome, bool]:
    """Run the program with these tests; whether they came to their end."""
    language, word = installed.language, secrets.token_hex(16)
    text = f"{program.answer}\n{language.ending(tests, word)}"
    files = {language.file: text, **language.beside(text, word)}
    build = f"{installed.compile} || exit {NOT_COMPILED}\n" if installed.compile else ""
    command = ["/bin/sh", "-c", f"{build}exec {language.run} </dev/null"]
    outcome = sandbox.run(files, command, "", language.policy, installed.toolchain)
    return outcome, word in outcome.stdout
