"""`midspan corpus build PATH…`: from paths to a corpus with its card, which data sets open; a scorer on the way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from small_corpus import MIT, module_text

from midspan.cli import main
from midspan.corpus.documents import DOCUMENT_SCHEMA
from midspan.corpus.stages.pipeline import LAST_WORDS
from midspan.files import read_json

Typed = Callable[..., tuple[int, str, str]]  # words of the command → exit code, output, errors


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Typed:
    monkeypatch.chdir(tmp_path)

    def typed(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["midspan", "corpus", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return end.value.code, *capsys.readouterr()

    return typed


def project(folder: Path, files: int = 12, first: int = 0) -> Path:
    folder.mkdir(parents=True)
    (folder / "LICENSE").write_text(MIT)
    for number in range(first, first + files):
        (folder / f"module_{number}.py").write_text(module_text(number))
    return folder


def commit(folder: Path, when: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    moment = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when, "PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": "/"}
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True, env=moment)


def test_two_folders_become_a_corpus_with_its_card_and_its_recipe(corpus: Typed, tmp_path: Path) -> None:
    project(tmp_path / "one")
    project(tmp_path / "two", first=50)
    code, _, errors = corpus("build", "one", "two", "--workers", "1", "--languages", "python", "--set", "seed=3")
    assert code == 0, errors
    built = tmp_path / "runs" / "one-two" / "corpus"
    for name in LAST_WORDS:
        assert (built / name).is_file()
    assert read_json(built / "statistics.json")["documents"] == 24
    kept = tmp_path / "runs" / "one-two" / "corpus.yaml"
    fields = yaml.safe_load(kept.read_text())
    assert fields["corpus"]["languages"] == ["python"]
    before = {name: (built / name).read_bytes() for name in LAST_WORDS}
    code, _, errors = corpus("build", kept, "--run", "runs/one-two")  # the recipe stands for the same corpus
    assert (code, errors.strip().endswith("is up to date")) == (0, True)
    assert {name: (built / name).read_bytes() for name in LAST_WORDS} == before


def test_a_card_that_a_kill_prevented_is_written_by_the_same_command(corpus: Typed, tmp_path: Path) -> None:
    project(tmp_path / "one")
    corpus("build", "one", "--workers", "1")
    built = tmp_path / "runs" / "one" / "corpus"
    (built / "README.md").unlink()
    (built / "card.html").write_text("of another corpus")
    assert corpus("build", "one", "--workers", "1")[0] == 0
    assert "split: train" in (built / "README.md").read_text()
    assert "of another corpus" not in (built / "card.html").read_text()


def test_no_card_stands_beside_a_corpus_that_is_not_whole(corpus: Typed, tmp_path: Path) -> None:
    project(tmp_path / "one")
    corpus("build", "one", "--workers", "1")
    code, _, errors = corpus("build", "one", "--workers", "1", "--languages", "cobol")
    assert (code, "can be kept" in errors) == (2, True)
    assert not any((tmp_path / "runs" / "one" / "corpus" / name).exists() for name in LAST_WORDS)


def test_a_dry_run_writes_nothing(corpus: Typed, tmp_path: Path) -> None:
    project(tmp_path / "one")
    code, said, _ = corpus("build", "one", "--dry-run")
    assert code == 0
    assert "Judged: 13 files, all of them" in said  # the licence's file too
    assert "permissive 100%" in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "nothing is at nowhere"),
        (("one", "nowhere"), "nothing is at nowhere"),
        (("one", "a.yaml"), "a.yaml is a recipe: give it alone"),
        (("a.yaml",), "no recipe at a.yaml"),
        (("one", "--licences", "permissve"), "corpus.licences"),
        (("one", "--languages", "pythn"), "pythn"),
        (("one", "--set", "corpus.sekrets=1"), "secrets"),
    ],
)
def test_what_is_unclear_is_refused_before_any_work(
    corpus: Typed, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    project(tmp_path / "one")
    code, _, errors = corpus("build", *words)
    assert code == 2
    (line,) = errors.strip().splitlines()
    assert message in line
    assert not list(tmp_path.glob("runs/*/corpus/statistics.json"))


def test_another_corpus_of_the_same_default_name_is_not_overwritten(corpus: Typed, tmp_path: Path) -> None:
    project(tmp_path / "a" / "src")
    project(tmp_path / "b" / "src", first=50)
    assert corpus("build", "a/src", "--workers", "1")[0] == 0
    code, _, errors = corpus("build", "b/src", "--workers", "1")
    assert (code, "--run" in errors) == (2, True)
    assert corpus("build", "b/src", "--workers", "1", "--output", "runs/src")[0] == 0  # asked for


def test_datasets_opens_train_and_heldout_and_nothing_else(corpus: Typed, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="opens corpora: pip install 'midspan[hub]'")
    project(tmp_path / "one", files=30)
    commit(tmp_path / "one", "2020-01-01T00:00:00Z")
    project(tmp_path / "later", files=6, first=100)
    for file in (tmp_path / "later").glob("*.py"):
        file.rename(tmp_path / "one" / f"new_{file.name}")
    commit(tmp_path / "one", "2022-01-01T00:00:00Z")
    project(tmp_path / "two", first=200)
    words = ("one", "two", "--workers", "1", "--set", "corpus.heldout={after: 2021-01-01, files: 0.2}")
    code, _, errors = corpus("build", *words)
    assert code == 0, errors
    built = tmp_path / "runs" / "one-two" / "corpus"
    cache = {"cache_dir": str(tmp_path / "cache")}
    found = datasets.load_dataset(str(built), **cache)
    assert list(found) == ["train", "heldout"]
    for side in found:
        assert found[side].column_names == DOCUMENT_SCHEMA.names
        ids = [
            one for file in sorted((built / side).glob("*.parquet")) for one in pq.read_table(file)["id"].to_pylist()
        ]
        assert found[side]["id"][:] == ids
    later = datasets.load_dataset(str(built), "later", **cache)
    assert list(later) == ["heldout"]
    assert all(later["heldout"]["blocks"][:])


def test_a_scorer_is_learnt_from_drawn_files_and_judges_the_next_build(corpus: Typed, tmp_path: Path) -> None:
    folder = project(tmp_path / "one", files=60)
    for number in range(60):
        lines = "".join(f"    self.assertEqual(first_{n}({number}), {n * number})\n" for n in range(12))
        (folder / f"check_{number}.py").write_text(
            f"{module_text(1000 + number, 2)}\n\ndef test_{number}(self):\n{lines}"
        )
    assert corpus("build", "one", "--workers", "1")[0] == 0
    code, said, _ = corpus("label", "runs/one", "--count", "80")
    assert (code, "80 files" in said) == (0, True)
    code, _, errors = corpus("label", "runs/one")
    assert (code, "is there already" in errors) == (2, True)  # it may hold labels
    rows = [json.loads(line) for line in Path("labels.jsonl").read_text().splitlines()]
    assert len({row["id"] for row in rows}) == 80
    assert all(row["label"] is None for row in rows)
    named = [{"id": row["id"], "label": "bad" if "check" in row["path"] else "good"} for row in rows]
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in named))
    code, said, errors = corpus("learn-scorer", "labels.jsonl", "--corpus", "runs/one")
    assert code == 0, errors
    assert "On labels that the scorer had not seen" in said
    assert corpus("build", "one", "--workers", "1", "--set", "corpus.scorer.path=scorer")[0] == 0
    excluded = [json.loads(line) for line in Path("runs/one/corpus/excluded.jsonl").read_text().splitlines()]
    dropped = [row["path"] for row in excluded if row["reason"] == "own scorer"]
    assert len([path for path in dropped if "check" in path]) >= 57
    assert len([path for path in dropped if "module" in path]) <= 3
    card = Path("runs/one/corpus/README.md").read_text()
    assert "## Own scorer" in card
    assert "It was learnt from 80 labels" in card
    _, account, _ = corpus("inspect", "runs/one", dropped[0])
    assert "own scorer (score 0." in account
    assert "by scorer" in account
    code, _, errors = corpus("build", "one", "--set", "corpus.scorer.path=nowhere")
    assert (code, "no scorer in nowhere" in errors) == (2, True)
