"""Nothing that later commits wrote is in what is trained on, nor nearly: brute force over every shard."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from small_corpus import module_text

from midspan.corpus.documents import read_documents, read_heldout
from midspan.corpus.stages import build_corpus
from midspan.corpus.token_shards import TokenShard
from midspan.corpus.token_writer import encode_documents
from midspan.engines import EngineChoice
from midspan.errors import UserError
from midspan.recipe import Corpus
from midspan.tokens import Tokenizer

CUT = "2024-06-01"


class History:
    """A repository that is written commit by commit, each with the dates it is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, date: str = "2024-01-01", authored: str | None = None) -> str:
        dates = {"GIT_COMMITTER_DATE": f"{date}T12:00:00Z", "GIT_AUTHOR_DATE": f"{authored or date}T12:00:00Z"}
        names = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-c", "commit.gpgsign=false", *arguments]
        environment = {**os.environ, **dates, **names}
        return subprocess.run(
            command, cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, date: str, files: dict[str, str | None], authored: str | None = None) -> str:
        """Write (or, with None, remove) files and commit them."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x", date=date, authored=authored)
        return self.git("rev-parse", "HEAD")


def functions(*seeds: int) -> str:
    return "".join(module_text(seed, 2).partition("\n")[2] for seed in seeds)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Before the cut and after it: new, changed, renamed, moved, reverted, rebased, merged, touched code."""
    made = History(tmp_path_factory.mktemp("repositories") / "project")
    made.commit("2024-01-01", {f"kept_{n}.py": functions(n, 20 + n) for n in range(4)})
    made.commit(
        "2024-02-01", {"renamed.py": functions(50), "moved_from.py": functions(51, 52), "gone.py": functions(53)}
    )
    made.commit("2024-03-01", {"reverted.py": functions(54, 55)})
    made.commit("2024-03-02", {"reverted.py": functions(54)})  # the second is taken out, and comes back later
    made.commit("2024-04-01", {"edited.py": functions(56, 57, 58), "branched.py": functions(59)})
    made.git("checkout", "-q", "-b", "side")
    made.commit("2024-05-01", {"on_branch.py": functions(70)})  # written before the cut, merged after it
    made.git("checkout", "-q", "main")
    made.commit("2024-05-15", {"gone.py": None})
    # The cut is here.
    made.commit("2024-07-01", {"new.py": functions(71, 72)})
    made.git("mv", "renamed.py", "package.py")
    made.commit("2024-07-02", {"moved_from.py": functions(51), "moved_to.py": functions(52, 73)})
    made.commit("2024-07-03", {"reverted.py": functions(54, 55)})
    edited = functions(56, 74, 57, 58).replace("    return ", "    return  ", 1)
    made.commit("2024-07-04", {"edited.py": edited})
    made.commit("2024-07-05", {"rebased.py": functions(75)}, authored="2024-01-15")  # an old author date
    made.git("merge", "-q", "--no-ff", "-m", "x", "side", date="2024-07-06")
    made.commit("2024-07-07", {"kept_0.py": functions(0, 20) + "\n\nONE_LINE = 1\n"})
    return made


def build(history: History, output: Path, **corpus: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "sources": [{"kind": "git", "path": str(history.folder)}],
        "licences": ["unknown"],
        "heldout": {"after": CUT},
        "shard_bytes": 2000,
    }
    build_corpus(Corpus.model_validate(given | corpus), output, EngineChoice(workers=1))
    found: dict[str, Any] = json.loads((output / "statistics.json").read_text())
    return found


def blocks(corpus: Path) -> dict[str, list[str]]:
    """The blocks of new lines by file."""
    return {
        document.path: ["\n".join(document.text.split("\n")[lines.start : lines.stop]) for lines in counted]
        for document, counted in read_heldout(corpus / "heldout")
    }


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def leaks(block: str, trained: list[str]) -> list[str]:
    """The trained texts that hold two lines of a block one after the other, or a stretch that is nearly the block."""
    lines = squeezed(block)
    pairs = set(pairwise(lines))
    found = []
    for text in trained:
        theirs = squeezed(text)
        near = any(
            difflib.SequenceMatcher(None, lines, theirs[at : at + len(lines)]).ratio() > 0.6
            for at in range(max(1, len(theirs) - len(lines) + 1))
        )
        if near or pairs & set(pairwise(theirs)):
            found.append(text)
    return found


def test_new_code_is_held_out_and_old_code_is_not(history: History, tmp_path: Path) -> None:
    statistics = build(history, tmp_path)
    found = blocks(tmp_path)
    assert set(found) == {"new.py", "moved_to.py", "reverted.py", "edited.py", "rebased.py", "on_branch.py"}
    wanted = {
        "new.py": (71, 72),
        "moved_to.py": (73,),  # what was moved into it is old
        "reverted.py": (55,),  # it was taken out before the cut: nothing that is trained on holds it
        "edited.py": (74,),
        "rebased.py": (75,),
        "on_branch.py": (70,),
    }
    for path, seeds in wanted.items():
        assert [squeezed(block) for block in found[path]] == [squeezed(functions(*seeds))]
    trained = {document.path for document in read_documents(tmp_path / "train")}
    assert trained == {*(f"kept_{n}.py" for n in range(4)), "renamed.py", "moved_from.py", "reverted.py", "edited.py",
                       "branched.py"}  # fmt: skip
    assert statistics["later"]["blocks"] == 6
    assert statistics["heldout"]["documents"] == 6
    assert statistics["sources"][0]["revisions"][0]["date"] == "2024-05-15T12:00:00Z"


def test_no_block_of_later_commits_nor_a_near_copy_is_in_the_training_shards(
    history: History, tmp_path: Path, code_tokenizer: Tokenizer
) -> None:
    build(history, tmp_path)
    code_tokenizer.save(tmp_path / "tokenizer")
    encode_documents(tmp_path / "train", tmp_path / "tokenizer", tmp_path / "tokens")
    shard = TokenShard.open(tmp_path / "tokens")
    spans = shard.documents().to_pylist()
    trained = [code_tokenizer.decode(shard.tokens[row["start"] : row["end"]].tolist()) for row in spans]
    assert len(trained) > 5
    for path, own in blocks(tmp_path).items():
        for block in own:
            assert not leaks(block, trained), path
    assert leaks(functions(0), trained)  # the check itself sees what is there


def test_copies_of_later_code_in_other_sources_are_not_trained_on(history: History, tmp_path: Path) -> None:
    other = tmp_path / "fork"
    other.mkdir()
    nearly = functions(71).replace("value", "content", 1)
    for name, text in {"copied.py": functions(72), "nearly.py": nearly, "own.py": functions(90, 91)}.items():
        (other / name).write_text(text)
    sources = [{"kind": "git", "path": str(history.folder)}, {"kind": "folder", "path": str(other)}]
    statistics = build(history, tmp_path / "corpus", sources=sources, heldout={"after": CUT, "files": 0})
    trained = {document.path for document in read_documents(tmp_path / "corpus" / "train")}
    assert "own.py" in trained
    assert not {"copied.py"} & trained
    assert statistics["by_reason"]["copy of held-out code"] >= 1
    texts = [document.text for document in read_documents(tmp_path / "corpus" / "train")]
    for own in blocks(tmp_path / "corpus").values():
        for block in own:
            assert not leaks(block, texts)


def test_of_sources_without_history_files_are_held_out(history: History, tmp_path: Path) -> None:
    (tmp_path / "loose").mkdir()
    for number in range(30):
        (tmp_path / "loose" / f"m{number}.py").write_text(functions(200 + number, 300 + number))
    sources = [{"kind": "git", "path": str(history.folder)}, {"kind": "folder", "path": str(tmp_path / "loose")}]
    build(history, tmp_path / "corpus", sources=sources, heldout={"after": CUT, "files": 0.3})
    held_out = {document.path: counted for document, counted in read_heldout(tmp_path / "corpus" / "heldout")}
    loose = [path for path in held_out if path.startswith("m") and path != "moved_to.py"]
    assert 3 < len(loose) < 15
    assert {"new.py", "rebased.py"} <= held_out.keys()
    assert not {"kept_0.py", "kept_1.py", "renamed.py"} & held_out.keys()


@pytest.mark.parametrize(
    ("kind", "files", "said"),
    [
        (
            "folder",
            0.3,
            "corpus.heldout.after: {name} is read without a history: a share of its files (0.3) is held out",
        ),
        ("folder", 0, "corpus.heldout.after: {name} is read without a history: nothing of it is held out"),
        ("git", 0.3, ""),
    ],
)
def test_what_has_a_history_that_is_not_read_is_said(
    history: History, tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, files: float, said: str
) -> None:
    (tmp_path / "loose").mkdir()
    for number in range(30):
        (tmp_path / "loose" / f"m{number}.py").write_text(functions(200 + number, 300 + number))
    around = history.folder.parent
    places = (("loose", tmp_path / "loose"), ("one", history.folder), ("many", around))
    for name, place in places:
        if kind == "git" and name == "loose":
            continue
        given = [{"kind": kind, "path": str(place), "name": name}]
        build(history, tmp_path / name, sources=given, heldout={"after": CUT, "files": files})
        told = capfd.readouterr().err
        assert ("corpus.heldout.after" in told) == bool(said)
        assert said.format(name=name) in told
        advised = "a source of kind git would hold out what the later commits of project wrote"
        assert (advised in told) == (bool(said) and name != "loose")


def test_one_loose_file_among_repositories_is_said_to_cost_their_histories(
    history: History, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "work").mkdir()
    history.git("clone", "-q", str(history.folder), str(tmp_path / "work" / "clone"))
    (tmp_path / "work" / "notes.txt").write_text("buy milk")
    given = {"source": str(tmp_path / "work"), "licences": ["unknown"], "heldout": {"after": CUT, "files": 0.3}}
    build_corpus(Corpus.model_validate(given), tmp_path / "corpus", EngineChoice(workers=1))
    told = capfd.readouterr().err
    assert "work is read without a history: a share of its files (0.3) is held out" in told
    assert "the later commits of clone wrote" in told


def test_a_share_of_the_commits_may_be_what_is_later(history: History, tmp_path: Path) -> None:
    commits = int(history.git("rev-list", "--first-parent", "--count", "HEAD"))
    statistics = build(history, tmp_path, heldout={"after": 2 / commits})
    base = statistics["sources"][0]["revisions"][0]["revision"]
    assert base == history.git("rev-parse", "HEAD~2")


def test_a_repository_named_in_short_has_its_history(history: History, tmp_path: Path) -> None:
    given = {"source": str(history.folder), "licences": ["unknown"], "heldout": {"after": CUT}}
    build_corpus(Corpus.model_validate(given), tmp_path / "one", EngineChoice(workers=1))
    assert "new.py" in blocks(tmp_path / "one")
    given["source"] = str(history.folder.parent)  # a folder of repositories
    build_corpus(Corpus.model_validate(given), tmp_path / "many", EngineChoice(workers=1))
    assert blocks(tmp_path / "many") == blocks(tmp_path / "one")


def test_a_clone_without_its_last_months_gives_the_same_up_to_there(history: History, tmp_path: Path) -> None:
    earlier = History(tmp_path / "project")
    earlier.git("pull", "-q", str(history.folder), "main")
    earlier.git("reset", "-q", "--hard", "HEAD~1")
    sources = [{"kind": "git", "path": str(earlier.folder)}]
    assert build(earlier, tmp_path / "corpus", sources=sources)["later"]["blocks"] == 6


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("2999-01-01", "2999-01-01 lies in the future"),
        ("2024-12-01", "project has no commit after 2024-12-01; its last is of 2024-07-07"),
        ("2020-01-01", "nothing is left to train on: project has no commit before 2020-01-01; its first is of 2024-01"),
        (0, r"heldout\.after"),
        (1.5, r"heldout\.after"),
    ],
)
def test_a_moment_that_parts_nothing_is_refused_in_one_line(
    history: History, tmp_path: Path, after: str | float, words: str
) -> None:
    with pytest.raises((UserError, ValueError), match=words):
        build(history, tmp_path, heldout={"after": after})
    assert not (tmp_path / "train").exists()


def test_one_commit_a_shallow_clone_and_code_that_is_only_moved_are_refused(history: History, tmp_path: Path) -> None:
    single = History(tmp_path / "single")
    single.commit("2024-01-01", {"a.py": functions(1, 2)})
    with pytest.raises(UserError, match="single has one commit, so nothing in it is later"):
        build(single, tmp_path / "one", heldout={"after": 0.2})
    address = f"file://{history.folder}"
    subprocess.run(["git", "clone", "-q", "--depth=1", address, str(tmp_path / "shallow")], check=True)
    sources = [{"kind": "git", "path": str(tmp_path / "shallow")}]
    with pytest.raises(UserError, match=r"has one commit.*shallow: git fetch --unshallow"):
        build(history, tmp_path / "two", sources=sources, heldout={"after": 0.2})
    with pytest.raises(UserError, match=r"no commit before.*shallow"):
        build(history, tmp_path / "two", sources=sources)
    single.git("mv", "a.py", "b.py")
    single.commit("2024-02-01", {})
    with pytest.raises(UserError, match="the later commits wrote nothing that can be judged"):
        build(single, tmp_path / "three", heldout={"after": 0.5})


def test_a_shallow_clone_with_enough_history_will_do(history: History, tmp_path: Path) -> None:
    address = f"file://{history.folder}"
    subprocess.run(["git", "clone", "-q", "--depth=4", address, str(tmp_path / "shallow")], check=True)
    sources = [{"kind": "git", "path": str(tmp_path / "shallow")}]
    statistics = build(history, tmp_path / "corpus", sources=sources, heldout={"after": 0.4})
    assert statistics["later"]["blocks"] >= 1
