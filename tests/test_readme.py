"""Every command of the README is run as it stands, in a checkout whose quickstart recipe is the tests' tiny one."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
SERVE = ".venv/bin/midspan serve runs/quickstart"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, repositories: Path) -> Path:
    """The files that the commands need, with this environment as its .venv."""
    directory = tmp_path_factory.mktemp("checkout")
    for name in ("Makefile", "pyproject.toml", "src", "recipes", "README.md"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, directory / name)
    recipe = (ROOT / "tests" / "tiny.yaml").read_text().replace("name: tiny", "name: quickstart")
    (directory / "recipes" / "quickstart.yaml").write_text(recipe)
    bin_directory = directory / ".venv" / "bin"
    bin_directory.mkdir(parents=True)
    for name in ("python", "midspan"):
        (bin_directory / name).write_text(f'#!/bin/sh\nexec {shlex.quote(str(_program(name)))} "$@"\n')
        (bin_directory / name).chmod(0o755)
    for stamp in (".runtime", ".dev"):
        (directory / ".venv" / stamp).touch()
    shutil.copytree(repositories, directory / "path" / "to" / "your" / "repositories")
    return directory


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


@pytest.mark.timeout(900)  # six walks over the tiny recipe
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
    assert "recipe changed" not in run("make quickstart", checkout)


def test_its_python_lines(checkout: Path) -> None:
    if not (checkout / "runs" / "quickstart" / "models" / "release").exists():
        run("make quickstart", checkout)
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    subprocess.run([sys.executable, "-c", lines], cwd=checkout, check=True, timeout=120)


def test_its_recipe_takes_a_released_model_further(checkout: Path) -> None:
    if not (checkout / "runs" / "quickstart" / "models" / "release").exists():
        run("make quickstart", checkout)
    (recipe,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert "start: HuggingFaceTB/SmolLM2-135M" in recipe
    (checkout / "recipes" / "ours.yaml").write_text(recipe)
    here = {"stages.ours.start": "runs/quickstart/models/release", "stages.ours.tokens": 4096}
    quick = {"evaluate.exercises": "{count: 2, max_tokens: 4}", "evaluate.infilling.lines": 4}
    given = " ".join(f"--set {shlex.quote(f'{field}={value}')}" for field, value in (here | quick).items())
    run(f".venv/bin/midspan run recipes/ours.yaml --threads 1 {given}", checkout)
    assert (checkout / "runs" / "ours" / "models" / "release" / "config.json").exists()


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
