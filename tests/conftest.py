"""What several rooms' tests share: a little real code, a tokenizer and a shard of it."""

from __future__ import annotations

import inspect
import json
import signal
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from midspan.errors import UserError
from midspan.recipe import Runtime
from midspan.sandbox import Sandbox
from midspan.step import Tools
from midspan.tokens import Tokenizer, train_tokenizer

# How long one example takes says something about the machine, not about the property.
hypothesis.settings.register_profile("midspan", deadline=None)
hypothesis.settings.load_profile("midspan")

# A shell lets jobs that it starts with "&" ignore Ctrl-C, and every process that the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What takes longest is begun first, so that two processes end together (`make test`).
LONGEST = (
    "test_run_from_starts.py",
    "test_parallel.py",
    "test_readme.py",
    "test_run.py",
    "test_gold.py",
    "test_against_multipl_e.py",
    "test_session.py",
    "test_resume.py",
    "test_cli.py",
    "test_decoder.py",
    "test_gguf_weights.py",
    "test_fast_encoder.py",
    "test_tasks_on_engines.py",
    "test_build_poison.py",
    "test_hostile_programs.py",
    "test_contract_examples.py",
)

MODULES = (json, json.decoder, json.encoder, textwrap, inspect)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, else in their order."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def _denormals() -> Iterator[None]:
    """Training flushes them for the whole process, which hypothesis takes for a broken machine."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """What isolates here; skipped, with the sandbox's own words, where nothing does."""
    try:
        return Sandbox()
    except UserError as reason:
        pytest.skip(f"nothing isolates here: {reason}")


@pytest.fixture(scope="session")
def tools(sandbox: Sandbox) -> Tools:
    """What a step works with: two programs at a time."""
    return Tools(Runtime(workers=2))


@pytest.fixture(scope="session")
def code_texts() -> list[str]:
    """A few files of the standard library."""
    return [inspect.getsource(module) for module in MODULES]


@pytest.fixture(scope="session")
def code_tokenizer(code_texts: list[str]) -> Tokenizer:
    """A tokenizer of 600 ids, trained on `code_texts`."""
    return train_tokenizer(code_texts, 600)


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory, code_texts: list[str]) -> Path:
    """A folder of three small repositories of real code."""
    home = tmp_path_factory.mktemp("repositories")
    for index, (module, text) in enumerate(zip(MODULES, code_texts, strict=True)):
        folder = home / f"project-{index % 3}"
        folder.mkdir(exist_ok=True)
        parts = text.split("\ndef ")
        for number in range(0, len(parts), 4):  # enough files for a held-out one
            body = "\ndef ".join(parts[number : number + 4])
            name = module.__name__.replace(".", "_")
            (folder / f"{name}_{number}.py").write_text(("def " if number else "") + body, encoding="utf-8")
    return home
