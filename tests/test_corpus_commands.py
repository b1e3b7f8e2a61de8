"""`midspan corpus build`, `card` and `inspect` as they are typed: what they print, and one line for every mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_corpus import write_recipe

from midspan.cli import main
from midspan.corpus.documents import read_documents
from midspan.corpus.token_shards import TokenShard
from midspan.tokens import train_tokenizer

Typed = Callable[..., tuple[int, str, str]]  # words of the command → exit code, output, errors


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    def typed(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["midspan", "corpus", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return end.value.code, *capsys.readouterr()

    return typed


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture
def run(root: Path, corpus: Typed) -> Path:
    """A run with a corpus; built by the first test that needs it."""
    if not (root / "run").exists():
        code, _, errors = corpus("build", write_recipe(root), "--run", root / "run", "--workers", "1")
        assert code == 0, errors
    return root / "run"


def test_card_writes_both_files_and_prints_where(run: Path, corpus: Typed) -> None:
    code, output, _ = corpus("card", run)
    assert code == 0
    assert output.splitlines() == [str(run / "corpus" / name) for name in ("card.html", "README.md")]
    assert (run / "corpus/card.html").read_text().startswith("<!doctype html>")
    _, _, errors = corpus("build", run.parent / "recipe.yaml", "--run", run)
    assert errors.strip().endswith("is up to date")


def test_build_writes_token_shards_once(run: Path, corpus: Typed) -> None:
    documents = list(read_documents(run / "corpus/train"))
    train_tokenizer((document.text for document in documents), 400).save(run / "tokenizer")
    words = ("build", run.parent / "recipe.yaml", "--run", run, "--workers", "1", "--tokenizer", run / "tokenizer")
    code, _, errors = corpus(*words)
    assert code == 0, errors
    shards = {side: TokenShard.open(run / "corpus/tokens" / side) for side in ("train", "heldout")}
    paths = shards["train"].documents(columns=["path"])["path"].to_pylist()
    assert paths == [document.path for document in documents]
    assert shards["train"].total("tokens") == len(shards["train"].tokens)
    assert "heldout is up to date" in corpus(*words)[2]
    tokens = run / "corpus/tokens/train/000000/tokens.bin"
    whole = tokens.read_bytes()
    tokens.write_bytes(whole[:-2])  # damaged: the same command mends it, and what a killed one left behind goes
    left = run / "corpus/tokens/.train.0000.part"
    left.mkdir()
    assert corpus(*words)[0] == 0
    assert tokens.read_bytes() == whole
    assert not left.exists()
    corpus("card", run)
    assert f"As tokenised with {shards['train'].fingerprint}" in (run / "corpus/card.html").read_text()


def test_inspect_accounts_for_a_file_and_samples_a_rule(run: Path, corpus: Typed) -> None:
    _, account, _ = corpus("inspect", run, "package/made.py")
    assert "dropped      when judging: generated" in account
    assert "✗ generated" in account
    _, samples, _ = corpus("inspect", run / "corpus", "--rule", "generated", "--samples", "1")
    assert "one: package/made.py" in samples
    assert "documents kept of" in corpus("inspect", run)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["card", "nowhere"], "nowhere holds no corpus"),
        (["build", "RECIPE", "--run", "RUN", "--tokenizer", "nowhere"], "no tokenizer.json in nowhere"),
        (["inspect", "nowhere"], "nowhere holds no corpus"),
        (["inspect", "RUN", "nothing.py"], "knows no file 'nothing.py'"),
        (["inspect", "RUN", "--rule", "boredom"], "nothing was dropped for 'boredom'"),
        (["inspect", "RUN", "own.py", "--rule", "generated"], "not both"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run: Path, corpus: Typed, arguments: list[str], message: str) -> None:
    places = {"RUN": run, "RECIPE": run.parent / "recipe.yaml"}
    code, _, errors = corpus(*(places.get(word, word) for word in arguments))
    assert code == 2
    (line,) = errors.strip().splitlines()
    assert line.startswith("midspan: ")
    assert message in line
