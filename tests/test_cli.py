"""The command line: fast help, and one clear line with exit code 2 for every mistake a user can mend."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from midspan.cli import main
from midspan.tokens import Tokenizer

TINY = Path(__file__).parent / "tiny.yaml"
PROGRAM = [sys.executable, "-c", "from midspan.cli import main; main()"]
Run = Callable[..., subprocess.CompletedProcess[str]]


def program(*arguments: str | Path, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [*prefix, *PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def midspan(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in this process, which has imported torch already."""
    command, code = ["midspan", *map(str, arguments)], 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        patch.setattr(sys, "argv", command)
        patch.setattr(sys, "stdin", StringIO())
        try:
            main()
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def refusal(*arguments: str | Path, by: Run = midspan) -> str:
    """The one line that a mistake is answered with."""
    result = by(*arguments)
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    *before, last = result.stderr.strip().splitlines()
    assert not [line for line in before if "midspan:" in line]
    return last


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, code_tokenizer: Tokenizer) -> Path:
    """A small random model of 64 positions."""
    import torch

    from midspan.model import Decoder, DecoderConfig, save_decoder

    directory = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    config = DecoderConfig("stablelm", code_tokenizer.vocabulary_size, 32, 48, 2, 2, 2, 16, 64)
    save_decoder(Decoder(config), directory)
    code_tokenizer.save(directory)
    return directory


def test_help_answers_in_under_half_a_second() -> None:
    seconds = []
    for _ in range(5):
        started = time.monotonic()
        result = program("--help")
        seconds.append(time.monotonic() - started)
        assert "serve" in result.stdout
    assert min(seconds) < 0.5, seconds


def test_help_imports_neither_torch_nor_pydantic() -> None:
    probe = "import sys, midspan.cli, midspan; print([m for m in ('torch', 'pydantic', 'pyarrow') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True).stdout == "[]\n"


def test_an_unknown_recipe_field_names_the_nearest(tmp_path: Path) -> None:
    line = refusal("run", TINY, "--run", tmp_path / "run", "--set", "stages.base.data.corpus.fim.rat=0.5")
    assert "unknown field 'stages.base.data.corpus.fim.rat'; did you mean 'rate'?" in line
    assert not (tmp_path / "run").exists()


def test_an_earlier_recipes_field_is_answered_with_what_takes_its_place(tmp_path: Path) -> None:
    line = refusal("run", TINY, "--run", tmp_path / "run", "--set", "dpo.beta=0.3")
    assert line.endswith("dpo.beta is no longer a field; write stages.dpo.objective.beta")


def test_a_recipe_of_a_corpus_alone_is_built_but_not_run(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: x\n")
    assert "midspan corpus build" in refusal("run", recipe, "--run", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_missing_source_and_an_empty_one_are_told_apart(tmp_path: Path) -> None:
    assert "is no folder" in refusal("run", TINY, "--run", tmp_path / "run", "--source", tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert str(empty) in refusal("run", TINY, "--run", tmp_path / "run", "--source", empty)
    assert not (tmp_path / "run" / "corpus" / "train").exists()


def test_a_context_longer_than_the_models_is_refused(tmp_path: Path, model: Path) -> None:
    line = refusal("run", TINY, "--run", tmp_path / "run", "--set", "stages.sft.context=2048")
    assert "stages.sft.context 2048 is longer than the 512 positions of the model it starts from" in line
    assert not (tmp_path / "run").exists()
    line = refusal("chat", "word " * 200, "--model", model)
    assert "the model takes" in line


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    assert "no such file or directory" in refusal("chat", "hello", "--model", tmp_path / "nowhere")
    assert "holds no model" in refusal("serve", tmp_path)


def test_a_checkpoint_of_another_tokenizer_is_refused(tmp_path: Path, model: Path, code_texts: list[str]) -> None:
    from midspan.tokens import train_tokenizer

    mixed = Path(shutil.copytree(model, tmp_path / "mixed"))
    train_tokenizer(code_texts, 700).save(mixed)
    line = refusal("chat", "hello", "--model", mixed)
    assert "checkpoint of another tokenizer" in line
    assert "600 embedding rows" in line


def test_a_port_in_use_is_named(model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in refusal("serve", model, "--port", str(port))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("{file}", "write FILE:LINE"),
        ("{file}:99", "there is no line 99"),
        ("{file}:1:99", "no column 99"),
        ("no.py:1", "cannot be read"),
    ],
)
def test_a_place_outside_the_file_is_named(tmp_path: Path, model: Path, place: str, message: str) -> None:
    file = tmp_path / "file.py"
    file.write_text("x = 1\n")
    assert message in refusal("complete", place.format(file=file), "--model", model)


def test_text_that_is_not_unicode_is_refused_wherever_it_comes_from(tmp_path: Path, model: Path) -> None:
    file = tmp_path / "file.py"
    file.write_bytes(b"x = '\xff'\n")
    assert "is not UTF-8 text" in refusal("complete", f"{file}:1", "--model", model)
    assert "not Unicode" in refusal("chat", os.fsdecode(b"caf\xe9"), "--model", model, by=program)
    assert "cannot be read" in refusal("complete", os.fsdecode(b"caf\xe9.py:1"), "--model", model)
    command = [*PROGRAM, "chat", "--model", str(model)]
    for utf8 in ("0", "1"):  # strict, and bytes as surrogates
        environment = {**os.environ, "PYTHONUTF8": utf8}
        result = subprocess.run(command, input=b"caf\xe9\n", capture_output=True, env=environment, timeout=120)
        assert (result.returncode, result.stderr.count(b"\n")) == (2, 1), result.stderr
        assert b"Traceback" not in result.stderr


def test_a_terminal_that_cannot_show_a_character_is_no_error(tmp_path: Path, model: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [*PROGRAM, "chat", "hello", "--model", str(model), "--max-tokens", "40", "--temperature", "9"]
    result = subprocess.run(command, capture_output=True, env=environment, timeout=120)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("verb", ["complete", "chat", "serve"])
def test_every_verb_that_computes_takes_threads(verb: str) -> None:
    assert "--threads" in midspan(verb, "--help").stdout
    assert midspan(verb, "x:1", "--threads", "0").returncode == 2


def test_complete_and_chat_print_text(tmp_path: Path, model: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text("def f():\n    return\n")
    assert midspan("complete", f"{file}:2:11", "--model", model, "--max-tokens", "4", "--threads", "1").returncode == 0
    assert midspan("chat", "hello", "--model", model, "--max-tokens", "4").stdout.endswith("\n")


@pytest.mark.parametrize("size", ["100k", "700k", "1200k"])  # full in the corpus, in training, later
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path: Path, size: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"no small disk can be mounted here: {probe.stderr.strip()}")
    script = f'mount -t tmpfs -o size={size} tmpfs {disk} || exit 9; "$@"; code=$?; find {disk}; exit $code'
    result = program("run", TINY, "--run", disk / "run", prefix=("unshare", "-rm", "sh", "-c", script, "sh"))
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "no space left" in result.stderr.splitlines()[-1].lower()
    written = result.stdout.split()
    assert not [path for path in written if Path(path).suffix in (".part", ".old")]
    assert os.listdir(disk) == []  # the mount was the child's own


def test_as_python_the_three_lines_of_the_readme_work(model: Path) -> None:
    import midspan as package

    engine = package.load(model)
    import torch

    logits = engine.decoder(torch.tensor([engine.tokenizer.encode("def f(x):")]))
    assert logits.shape[-1] == engine.tokenizer.vocabulary_size
    text = package.generate(engine, "def f(x):\n", suffix="\n", max_tokens=4)
    assert isinstance(text, str)
