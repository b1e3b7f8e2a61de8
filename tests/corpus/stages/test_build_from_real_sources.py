"""One build from what a team has: installed packages under many licences, git repositories, a table of The Stack."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_corpus import MIT

from midspan.corpus.documents import Document, read_documents
from midspan.corpus.licences import is_licence_file, licence_class
from midspan.corpus.stages import build_corpus
from midspan.engines import EngineChoice
from midspan.files import read_json
from midspan.recipe import Corpus

PACKAGES = (
    *("certifi", "click", "filelock", "fsspec", "hypothesis", "idna", "jinja2", "packaging", "pathspec", "pip"),
    *("pydantic", "pygments", "pyyaml", "requests", "tqdm", "typing_extensions", "urllib3"),
)
MOZILLA = {"certifi", "hypothesis", "pathspec"}  # MPL-2.0: copyleft by file
MOST_FILES = 25  # of a package
STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
IN_GIT = {"mailer": "email", "fetcher": "http", "notation": "json"}  # repository → package of the standard library
IN_TABLE = {"ast.py": ["PSF-2.0"], "bdb.py": ["GPL-3.0-only"], "calendar.py": ["MIT", "GPL-2.0-only"], "cmd.py": []}


def lay_out_package(name: str, target: Path) -> bool:
    """Copy some files of an installed package, its licence files on top, as its repository has them."""
    try:
        files = importlib.metadata.distribution(name).files or []
    except importlib.metadata.PackageNotFoundError:
        return False
    code = sorted(file for file in files if file.suffix == ".py" and ".." not in file.parts)[:MOST_FILES]
    licences = [file for file in files if is_licence_file(file.name) and ".dist-info" in file.parts[0]]
    for file, place in [*((file, Path(*file.parts)) for file in code), *((file, Path(file.name)) for file in licences)]:
        (target / name / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), target / name / place)
    return bool(code and licences)


def git(folder: Path, *words: str) -> str:
    identity = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, env=os.environ | identity, check=True, capture_output=True, text=True).stdout.strip()


def make_repositories(clones: Path) -> dict[str, str]:
    """Commit packages of the standard library, one repository bare; the commit of each."""
    commits = {}
    for name, package in IN_GIT.items():
        shutil.copytree(STANDARD_LIBRARY / package, clones / name, ignore=shutil.ignore_patterns("__pycache__"))
        (clones / name / "LICENSE").write_text(MIT)
        git(clones / name, "init", "--quiet")
        git(clones / name, "add", ".")
        git(clones / name, "commit", "--quiet", "-m", "Begin")
        commits[name] = git(clones / name, "rev-parse", "HEAD")
    git(clones, "clone", "--quiet", "--bare", "mailer", "bare.git")
    shutil.rmtree(clones / "mailer")
    (clones / "bare.git").rename(clones / "mailer.git")
    return commits


def write_table(path: Path) -> None:
    """The Stack's columns; the last row is a file that a git repository holds too."""
    rows = [(name, licences, (STANDARD_LIBRARY / name).read_text()) for name, licences in IN_TABLE.items()]
    rows.append(("copied.py", ["MIT"], (STANDARD_LIBRARY / "json/decoder.py").read_text()))
    table = {
        "content": [text for *_, text in rows],
        "lang": ["Python"] * len(rows),
        "max_stars_repo_path": [name for name, *_ in rows],
        "max_stars_repo_name": ["stack/one"] * len(rows),
        "max_stars_repo_licenses": [licences for _, licences, _ in rows],
        "max_stars_count": [float(number) for number in range(len(rows))],
    }
    pq.write_table(pa.table(table), path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The corpus and the commits of its git repositories."""
    root = tmp_path_factory.mktemp("real")
    packages = [name for name in PACKAGES if lay_out_package(name, root / "packages")]
    if len(packages) < 10 or shutil.which("git") is None:
        pytest.skip(f"needs git and ten of {', '.join(PACKAGES)}; here are {len(packages)}")
    (root / "clones").mkdir()
    commits = make_repositories(root / "clones")
    write_table(root / "stack.parquet")
    sources = [
        {"kind": "folder", "name": "folder", "path": str(root / "packages")},
        {"kind": "git", "name": "git", "path": str(root / "clones")},
        {"kind": "parquet", "name": "parquet", "path": str(root / "stack.parquet")},
    ]
    build_corpus(Corpus.model_validate({"sources": sources}), root / "corpus", EngineChoice("local", 2))
    return root / "corpus", commits


def documents_of(corpus: Path) -> list[Document]:
    return [document for side in ("train", "heldout") for document in read_documents(corpus / side)]


def excluded_from(corpus: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (corpus / "excluded.jsonl").read_text().splitlines()]


def test_every_kind_of_source_is_in_the_corpus(built: tuple[Path, dict[str, str]]) -> None:
    corpus, commits = built
    documents = documents_of(corpus)
    statistics = read_json(corpus / "statistics.json")
    assert statistics["listed"] == len(documents) + len(excluded_from(corpus))
    assert {entry["source"] for entry in statistics["mixture"]} == {"folder", "git", "parquet"}
    assert {one.repository: one.revision for one in documents if one.source == "git"} == commits
    assert len({one.repository for one in documents if one.source == "folder"}) >= 8
    assert len({one.licence for one in documents}) >= 4


def test_what_is_kept_is_permissive_and_says_why(built: tuple[Path, dict[str, str]]) -> None:
    corpus, _ = built
    for document in documents_of(corpus):
        assert licence_class(document.licence) == "permissive", document.path
        assert document.licence_evidence, document.path
        assert document.repository not in MOZILLA
    reasons = Counter((one["repository"], one["reason"]) for one in excluded_from(corpus))
    for name in MOZILLA:
        assert reasons[name, "licence not permissive"] > 0, name
    refused = {one["path"]: one["reason"] for one in excluded_from(corpus) if one["repository"] == "stack/one"}
    assert refused["bdb.py"] == refused["calendar.py"] == "licence not permissive"
    assert refused["cmd.py"] == "licence unknown"


def test_a_copy_in_another_source_goes_and_the_rest_is_word_for_word(built: tuple[Path, dict[str, str]]) -> None:
    corpus, _ = built
    decoder = (STANDARD_LIBRARY / "json/decoder.py").read_text()
    (kept,) = (document for document in documents_of(corpus) if document.text == decoder)
    (copy,) = (one for one in excluded_from(corpus) if one["path"] in ("decoder.py", "copied.py"))
    assert copy["reason"] == "exact copy"
    assert f"{kept.repository}: {kept.path}" in copy["detail"]
    assert {kept.path, copy["path"]} == {"decoder.py", "copied.py"}
