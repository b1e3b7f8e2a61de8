"""Why a file was kept or dropped: the account says of every file what the build did, and for the same reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from small_corpus import MAIL, SECRET, build_small_corpus, module_text

from midspan.corpus.documents import read_documents
from midspan.corpus.inspection import account_of, samples_of, summary
from midspan.corpus.quality import RULES
from midspan.errors import UserError
from midspan.files import read_json


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_small_corpus(tmp_path_factory.mktemp("accounts"))


def account(run: Path, name: str) -> list[str]:
    return list(account_of(run, name))


def lines_of(run: Path, name: str, label: str) -> list[str]:
    return [line.split(None, 1)[1] for line in account(run, name) if line.split()[0] == label]


def failing_rules(run: Path, name: str) -> list[str]:
    return [line[6:36].strip() for line in account(run, name) if line.startswith("    ✗ ")]


def test_the_first_rule_that_fails_is_the_reason_that_was_recorded(run: Path) -> None:
    rows = [json.loads(line) for line in (run / "corpus/excluded.jsonl").read_text().splitlines()]
    by_rule = [row for row in rows if row["reason"] in {rule.name for rule in RULES}]
    assert {row["reason"] for row in by_rule} == {"generated", "too short", "overlong line", "text of another name"}
    for row in by_rule:
        assert failing_rules(run, f"{row['repository']}/{row['path']}")[0] == row["reason"]


def test_no_rule_fails_for_a_document_that_was_kept(run: Path) -> None:
    documents = [one for side in ("train", "heldout") for one in read_documents(run / "corpus" / side)]
    assert len(documents) >= 5
    for document in documents:
        name = f"{document.repository}/{document.path}"
        assert failing_rules(run, name) == []
        (fate,) = lines_of(run, name, "kept")
        assert document.id in fate
        (licence,) = lines_of(run, name, "licence")[:1]
        assert licence == f"{document.licence}, permissive; {document.licence_evidence}"


def test_every_rule_is_shown_with_its_value_threshold_and_source(run: Path) -> None:
    shown = [line for line in account(run, "long.py") if line[:6] in ("    ✓ ", "    ✗ ", "    · ")]
    assert [line[6:36].strip() for line in shown] == [rule.name for rule in RULES]
    (overlong,) = (line for line in shown if "overlong line" in line)
    longest = max(map(len, (run.parent / "repositories/one/package/long.py").read_text().splitlines()))
    assert f"{longest:,} ≤ 1,100" in " ".join(overlong.split())  # the recipe's threshold, not the table's
    assert overlong.endswith("StarCoder: 1000; StarCoder2: 100k")
    (off,) = (line for line in shown if "few letters" in line)
    assert " off " in off


def test_copies_name_their_survivor_and_survivors_their_copies(run: Path) -> None:
    assert lines_of(run, "two/copied.py", "copies") == [
        "the text is that of one: package/first.py, which is kept (similarity 1.00)"
    ]
    (near,) = lines_of(run, "two/changed.py", "copies")
    assert near.startswith("it is like one: package/second.py, which is kept (similarity 0.9")
    assert lines_of(run, "first.py", "copies") == ["two: copied.py was dropped in its favour (similarity 1.00)"]
    (one,) = lines_of(run, "second.py", "copies")
    assert one.startswith("two: changed.py was dropped in its favour (similarity 0.9")
    assert lines_of(run, "own.py", "copies") == ["none was dropped in its favour"]


def test_redactions_are_told_by_place_and_never_shown(run: Path) -> None:
    text = (run.parent / "repositories/one/package/secret.py").read_text()
    key, mail = lines_of(run, "secret.py", "secrets")
    for told, secret in ((key, SECRET), (mail, MAIL)):
        before = text[: text.index(secret)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        assert told.startswith(f"line {line}, column {column}: ")
        assert f"of {len(secret)} characters" in told
    assert not [line for line in account(run, "secret.py") if SECRET in line or MAIL in line]


def test_contamination_names_the_item(run: Path) -> None:
    (dropped,) = lines_of(run, "planted.py", "dropped")
    (found,) = lines_of(run, "planted.py", "evaluation")
    assert dropped.startswith("when judging: contaminated (evaluation/problems.jsonl, item Spiral/0")
    assert found.startswith("evaluation/problems.jsonl, item Spiral/0: ")
    assert lines_of(run, "own.py", "evaluation") == ["nothing of problems.jsonl"]


def test_the_evidence_of_a_licence_is_shown(run: Path) -> None:
    (dropped,) = lines_of(run, "mentions.py", "dropped")
    assert dropped.startswith("when reading: licence not permissive")
    licence = lines_of(run, "mentions.py", "licence")[0]
    assert licence.startswith("GPL-3.0-only, non-permissive; ")


def test_a_file_is_found_by_the_end_of_its_path_and_never_guessed(run: Path) -> None:
    for name in ("two/own.py", "two: own.py", "own.py", "/own.py"):
        assert account(run, name)[0].startswith("two: own.py ")
    assert account(run, "package/first.py") == account(run, "first.py")
    for name in ("nowhere.py", "irst.py", ""):
        with pytest.raises(UserError, match="knows no file"):
            account(run, name)


def test_files_of_one_name_are_told_apart(run: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(run / "corpus", corpus)
    row = {"repository": "three", "path": "own.py", "reason": "too short", "detail": "", "stage": "judge"}
    with (corpus / "excluded.jsonl").open("a") as lines:
        lines.write(json.dumps(row | {"source": "other", "language": "", "bytes": 0}) + "\n")
    with pytest.raises(
        UserError, match=r"2 files are called 'own.py': (two|three)/own.py, (two|three)/own.py; give more"
    ):
        account(corpus, "own.py")
    assert account(corpus, "three/own.py")[0].startswith("three: own.py")


def test_without_its_source_a_document_is_judged_as_it_is_kept(tmp_path: Path) -> None:
    run = build_small_corpus(tmp_path)
    own = tmp_path / "repositories/two/own.py"
    own.write_text("# Automatically generated by a tool\n" + module_text(99))
    changed = account(run, "own.py")
    assert any("the source has changed" in line for line in changed)
    assert failing_rules(run, "own.py") == ["generated"]
    shutil.rmtree(tmp_path / "repositories")
    (tmp_path / "evaluation/problems.jsonl").unlink()
    assert failing_rules(run, "own.py") == []
    told = " ".join(account(run, "own.py"))
    assert "judged as the corpus holds it" in told
    assert "cannot be looked up again" in told
    dropped = account(run, "made.py")
    assert "cannot be judged again" in dropped[-1]
    assert any("generated" in line for line in dropped)


def test_samples_are_of_the_reason_and_always_the_same(run: Path) -> None:
    statistics = read_json(run / "corpus/statistics.json")
    for reason, dropped in statistics["dropped"].items():
        lines = list(samples_of(run, reason, 3))
        assert lines == list(samples_of(run, reason, 3))
        assert lines[0].startswith(f"{reason}: {dropped['documents']} dropped")
        assert sum("(source " in line for line in lines) == min(dropped["documents"], 3)
    assert any("automatically generated" in line for line in samples_of(run, "generated", 1))
    assert "dropped nothing" in next(samples_of(run, "encoded run", 3))
    with pytest.raises(UserError, match=r"nothing was dropped for 'boredom'; the reasons here are .*too short"):
        list(samples_of(run, "boredom", 3))


def test_the_summary_counts_every_reason(run: Path) -> None:
    statistics = read_json(run / "corpus/statistics.json")
    lines = list(summary(run))
    counted = {line.split(None, 1)[1]: int(line.split()[0]) for line in lines[1:-1]}
    assert counted == {reason: one["documents"] for reason, one in statistics["dropped"].items()}


@pytest.mark.parametrize("broken", ["excluded.jsonl", "statistics.json"])
def test_a_corpus_that_is_not_whole_is_a_user_error(run: Path, tmp_path: Path, broken: str) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(run / "corpus", corpus)
    (corpus / broken).write_text('{"repository": "one", "path": "own.py", "reas')
    with pytest.raises(UserError, match=broken):
        account(corpus, "own.py")
    (corpus / broken).unlink()
    with pytest.raises(UserError, match="build"):
        account(corpus, "own.py")
