"""Every command of the README is run as it stands, in a checkout whose quickstart recipe is the tests' tiny one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pytest
from small_starts import STARTS, write_start

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
SERVE = ".venv/bin/midspan serve runs/quickstart"
# The shipped recipe on a model of two layers, with little of everything.
QUICKSTART = """
extends: adapt.yaml
name: quickstart
corpus: {max_bytes: 60000, heldout: {after: 0.5, files: 0.3}}
alignment: [{name: exercises, kind: exercises, per_family: 1}]
stages: [{name: adapted, start: start, tokens: 4096, context: 256, tokens_per_step: 512}]
evaluate:
  likelihood: {bytes: 2000}
  infilling: {lines: 4, blocks: 1, nodes: 1, left: 1, max_tokens: 8}
  exercises: {count: 2, per_family: 1, max_tokens: 4}
runtime: {threads: 1, workers: 1}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, repositories: Path) -> Path:
    """The files that the commands need, in git, with this environment as its .venv and small models and recipes."""
    directory = tmp_path_factory.mktemp("checkout")
    (directory / "src").mkdir()
    for name in ("Makefile", "pyproject.toml", "recipes", "README.md", "src/midspan"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, directory / name)
    (directory / "start").symlink_to(write_start(STARTS["llama-3.1"], tmp_path_factory.mktemp("released")))
    (directory / "recipes" / "quickstart.yaml").write_text(QUICKSTART)
    scratch = (ROOT / "tests" / "tiny.yaml").read_text().replace("name: tiny", "name: scratch")
    scratch = scratch.replace("checkpoint_seconds: 0", "checkpoint_seconds: 600")
    (directory / "recipes" / "scratch.yaml").write_text(scratch)
    corpus = (ROOT / "recipes" / "corpus.yaml").read_text()
    assert "    - {kind: stdlib}\n" in corpus
    library = shutil.copytree(Path(json.__file__).parent, directory / "library" / "json").parent
    (directory / "recipes" / "corpus.yaml").write_text(
        corpus.replace("{kind: stdlib}", f"{{kind: folder, path: {library}, licence: PSF-2.0}}")
    )
    bin_directory = directory / ".venv" / "bin"
    bin_directory.mkdir(parents=True)
    for name in ("python", "midspan"):
        (bin_directory / name).write_text(f'#!/bin/sh\nexec {shlex.quote(str(_program(name)))} "$@"\n')
        (bin_directory / name).chmod(0o755)
    for stamp in (".runtime", ".dev", ".smollm2"):
        (directory / ".venv" / stamp).touch()
    yours = directory / "path" / "to" / "your" / "repositories"
    shutil.copytree(repositories, yours)
    for folder in (directory, *yours.iterdir()):
        first, second = ("src/midspan/train/*.py", "src/midspan/tokens/*.py") if folder == directory else ("*0.py", "*")
        commit(folder, "2025-06-01", folder.glob(first))
        commit(folder, "2026-03-01", folder.glob(second))
    return directory


def commit(folder: Path, date: str, files: Iterable[Path]) -> None:
    """Commit some files as of a date, in a repository that is made if it is not there."""
    names = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {f"GIT_{who}_DATE": f"{date}T12:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    environment = {**os.environ, **names, **dates}
    for arguments in (["init", "-q"], ["add", *map(str, files)], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def _program(name: str) -> Path:
    return Path(sys.executable).parent / name


def run(command: str, directory: Path) -> str:
    environment = {**os.environ, "MAKEFLAGS": ""}
    result = subprocess.run(
        command, shell=True, cwd=directory, env=environment, capture_output=True, text=True, timeout=280
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) < 200
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.timeout(900)  # many walks over small recipes
def test_its_commands_in_order(checkout: Path) -> None:
    assert COMMANDS[:2] == ["make quickstart", "make test"]
    assert SERVE in COMMANDS
    for command in COMMANDS:
        if command in ("make test", SERVE):
            continue  # this is `make test`; the other one has its own test
        run(command, checkout)
    assert (checkout / "runs" / "mine" / "report.html").exists()
    sources = (checkout / "runs" / "mine" / "corpus" / "statistics.json").read_text()
    assert "project-0" in sources
    assert (checkout / "runs" / "scratch-no-fim" / "report.html").exists()


def test_its_python_lines(checkout: Path) -> None:
    if not (checkout / "runs" / "quickstart" / "models" / "release").exists():
        run("make quickstart", checkout)
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    subprocess.run([sys.executable, "-c", lines], cwd=checkout, check=True, timeout=120)


def test_its_recipe_fits_another_model(checkout: Path) -> None:
    (recipe,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert "start: Qwen/Qwen2.5-Coder-0.5B" in recipe
    (checkout / "ours.yaml").write_text(recipe.replace("recipes/adapt.yaml", "recipes/quickstart.yaml"))
    here = "--set stages.adapted.start=start --set stages.adapted.weights.rank=4"
    run(f".venv/bin/midspan run ours.yaml --threads 1 {here}", checkout)
    assert (checkout / "runs" / "ours" / "stages" / "adapted" / "adapter" / "adapter_config.json").exists()
    later = json.loads((checkout / "runs" / "ours" / "corpus" / "statistics.json").read_text())["later"]
    assert later["blocks"] > 0


def test_its_server_answers_at_the_address_it_names(checkout: Path) -> None:
    if not (checkout / "runs" / "quickstart" / "models" / "release").exists():
        run("make quickstart", checkout)
    address = re.search(r"http://127\.0\.0\.1:(\d+)/", README)
    assert address
    port = "8765"  # the default may be taken on a developer's machine
    server = subprocess.Popen([*shlex.split(SERVE), "--port", port], cwd=checkout, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read().decode()
                break
            except OSError:
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.3)
    finally:
        server.terminate()
        server.wait(10)
    assert "<html" in page
    help_text = subprocess.run([_program("midspan"), "serve", "--help"], capture_output=True, text=True).stdout
    assert address[1] in help_text
