"""Which compilers and interpreters are installed, and what of the host a program in their language is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from midspan.exercises.grading.humaneval_x import HUMANEVAL_X
from midspan.exercises.grading.languages import LANGUAGES, Language
from midspan.files import atomic_directory, cache_folder, hash_text
from midspan.sandbox import Sandbox, Toolchain

PREPARING = Lock()  # programs are graded by several threads
SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")  # where programs in the sandbox look for commands


@dataclass(frozen=True)
class Installed:
    """A language whose tools are here."""

    language: Language
    version: str
    toolchain: Toolchain
    compile: str  # as a shell command, "" where nothing is to be compiled
    run: str


@cache
def find(name: str) -> Installed | str:
    """The installed tools of the language `name`, or what is missing and how to get it."""
    language = (LANGUAGES | HUMANEVAL_X)[name]
    places = {tool: shutil.which(tool) for tool in language.tools}
    if lacking := [tool for tool, place in places.items() if place is None]:
        return f"{language.name} needs {', '.join(lacking)}: apt-get install {language.packages}"
    version = _told(language.tools[0], *language.version)
    homes = [home for tool in language.tools if (home := _home(language, tool))]
    environment = dict(language.environment)
    if homes:
        environment["PATH"] = ":".join([*(f"{home}/bin" for home in homes), *SYSTEM])
    prepared = str(_prepared(language, version)) if language.prepare else ""
    shown = (*language.readonly, *homes, *([prepared] if prepared else []))
    toolchain = Toolchain(shown, tuple(environment.items()))
    compiling, running = (command.replace("PREPARED", prepared) for command in (language.compile, language.run))
    return Installed(language, version, toolchain, compiling, running)


@cache
def has(sandbox: Sandbox, name: str, package: str) -> bool:
    """Whether programs of the language `name`, whose tools are here, can use a package in the sandbox."""
    installed = find(name)
    assert isinstance(installed, Installed)
    command = ["/bin/sh", "-c", installed.language.has.replace("PACKAGE", package)]
    return sandbox.run({}, command, "", installed.language.policy, installed.toolchain).status == "ok"


def _told(*command: str) -> str:
    """The first line that a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def _home(language: Language, tool: str) -> str | None:
    """Where a tool is installed that is not the system's own: what must be shown for it to run."""
    place = shutil.which(tool)
    assert place is not None
    if language.home:
        place = f"{_told(tool, *language.home)}/bin/{tool}"
    real = Path(os.path.realpath(place))
    home = real.parent.parent
    return None if real.is_relative_to("/usr") or home in (Path("/"), Path.home()) else str(home)


def _prepared(language: Language, version: str) -> Path:
    """The folder with what spares each compilation some time; made once for a version."""
    folder = cache_folder("toolchains") / hash_text(f"{language.prepare} {dict(language.prepared)} {version}")[:16]
    with PREPARING:
        if not folder.exists():
            with atomic_directory(folder) as aside:
                for name, text in language.prepared.items():
                    (aside / name).write_text(text)
                subprocess.run(language.prepare, cwd=aside, check=True, capture_output=True)
    return folder
