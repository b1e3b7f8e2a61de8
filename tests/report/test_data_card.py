"""The data card against a recount of the corpus it describes."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
import yaml
from page_reader import read_page
from small_corpus import SOURCE_NAME, build_small_corpus

from midspan.corpus.quality import RULES
from midspan.corpus.token_writer import encode_documents
from midspan.errors import UserError
from midspan.files import read_json
from midspan.report.data_card import write_data_card
from midspan.report.data_card.contents import content_sections
from midspan.report.data_card.filters import filter_sections, rule_threshold
from midspan.report.data_card.page import count_fates
from midspan.report.data_card.record import DataRecord, read_data
from midspan.report.data_card.section import Section
from midspan.tokens import Tokenizer


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, code_tokenizer: Tokenizer) -> Path:
    """A corpus that is tokenised."""
    run = build_small_corpus(tmp_path_factory.mktemp("card"))
    code_tokenizer.save(run / "tokenizer")
    for side in ("train", "heldout"):
        encode_documents(run / "corpus" / side, run / "tokenizer", run / "corpus" / "tokens" / side)
    return run / "corpus"


@pytest.fixture(scope="module")
def data(corpus: Path) -> DataRecord:
    return read_data(corpus)


def section(data: DataRecord, title: str) -> Section:
    found = [one for one in [*content_sections(data), *filter_sections(data)] if one.title == title]
    assert len(found) == 1
    return found[0]


def column(table: Section, header: str) -> dict[str, str]:
    position = table.headers.index(header)
    return {row[0]: row[position] for row in table.rows}


def excluded(corpus: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (corpus / "excluded.jsonl").read_text().splitlines()]


def kept(corpus: Path) -> list[dict[str, Any]]:
    files = [str(file) for side in ("train", "heldout") for file in (corpus / side).glob("*.parquet")]
    rows: list[dict[str, Any]] = ds.dataset(files).to_table().to_pylist()
    return rows


def test_every_rule_says_how_many_documents_it_dropped(corpus: Path, data: DataRecord) -> None:
    dropped = Counter(row["reason"] for row in excluded(corpus))
    on, off = section(data, "Rules"), section(data, "Rules that were off")
    assert {row[0] for row in on.rows} | {row[0] for row in off.rows} == {rule.name for rule in RULES}
    assert not {row[0] for row in on.rows} & {row[0] for row in off.rows}
    found = column(on, "Dropped")
    assert {name: int(number) for name, number in found.items()} == {name: dropped[name] for name in found}
    assert sum(map(int, found.values())) >= 3


def test_thresholds_are_those_of_the_recipe(data: DataRecord) -> None:
    asked = column(section(data, "Rules"), "Keeps")
    assert asked["overlong line"].startswith("longest_line ≤ 1,100")  # changed
    assert asked["few words"].startswith("words ≥ 25")  # turned on
    by_name = {rule.name: rule for rule in RULES}
    assert "prose: ≤ 8,000,000" in rule_threshold(by_name["too large"], {})
    assert rule_threshold(by_name["overlong line"], {"overlong line": False}) == ""
    assert "html: off" in rule_threshold(by_name["too large"], {"too large": {"html": False}})
    assert rule_threshold(by_name["few words"], {"few words": {"lua": 3}}) == "words ≥ 3 (lua)"


def test_what_is_kept_is_counted_as_it_lies_on_disk(corpus: Path, data: DataRecord) -> None:
    rows = kept(corpus)
    languages, licences = (Counter(row[name] for row in rows) for name in ("language", "licence"))
    assert {name: int(number) for name, number in column(section(data, "Languages"), "Documents").items()} == languages
    assert {
        name: int(number) for name, number in column(section(data, "Licences kept"), "Documents").items()
    } == licences
    tokens = sum(read_json(corpus / "tokens" / side / "shard.json")["tokens"] for side in ("train", "heldout"))
    assert sum(int(row[2].replace(",", "")) for row in section(data, "Tokens").rows) == tokens > 0


def test_copies_contamination_and_secrets_are_counted(data: DataRecord) -> None:
    assert column(section(data, "Duplicates"), "Documents") == {"Exact copies": "1", "Near copies": "1"}
    assert column(section(data, "Decontamination"), "Documents dropped") == {"evaluation/problems.jsonl": "1"}
    assert sum(int(number) for number in column(section(data, "Secrets and personal data"), "Redacted").values()) == 2
    outcomes = column(section(data, "Licences found"), "Policy")
    assert outcomes["non-permissive"] == "dropped"
    assert outcomes["permissive"].startswith("kept")


def test_every_listed_file_has_one_fate(data: DataRecord) -> None:
    fates = dict(count_fates(data))
    assert sum(fates.values()) == data.statistics["listed"]
    assert fates["contaminated"] == fates["licence"] == fates["exact copy"] == fates["near copy"] == 1
    assert fates["quality"] == 5
    assert fates["to train on"] + fates["held out"] == data.statistics["documents"]


def test_every_stage_says_its_seconds_and_its_rate(data: DataRecord) -> None:
    table = section(data, "Stages")
    assert [row[0] for row in table.rows] == [stage["stage"] for stage in data.statistics["stages"]]
    for name, documents in column(table, "Documents in").items():
        assert int(documents) > 0, name
    for seconds, rate in zip(column(table, "Seconds").values(), column(table, "MB/s per worker").values(), strict=True):
        assert float(seconds) >= 0
        assert rate == "–" or float(rate) >= 0


def test_the_page_stands_alone_and_takes_no_name_for_markup(corpus: Path) -> None:
    page_path, _ = write_data_card(corpus)
    html = page_path.read_text()
    page = read_page(html)  # fails where tags do not balance
    assert SOURCE_NAME in page.text
    assert not re.search(r"(src|href)\s*=|@import|url\(|<script|https?://", html)
    assert page.count("svg") > 20
    for rule in RULES:
        assert rule.name in page.text
    for title in ("Sources", "Licences found", "Mixture", "Duplicates", "Decontamination", "Stages", "Tokens"):
        assert title in page.text


def test_the_readme_is_what_a_dataset_hub_reads(corpus: Path) -> None:
    _, readme = write_data_card(corpus.parent)  # the run that holds the corpus will do
    assert readme.parent == corpus
    _, front, body = readme.read_text().split("---\n", 2)
    facts = yaml.safe_load(front)
    assert facts["size_categories"] == ["n<1K"]
    for one in facts["configs"][0]["data_files"]:
        assert list(corpus.glob(one["path"])), one
    tables = re.findall(r"((?:^\|.*\n)+)", body, re.M)
    assert len(tables) >= 6
    for table in tables:
        lines = table.splitlines()
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in lines}) == 1, table
        assert len(lines) >= 3
    assert "<b>" not in body


def test_a_card_is_the_same_however_often_it_is_written(corpus: Path) -> None:
    first = [path.read_bytes() for path in write_data_card(corpus)]
    assert [path.read_bytes() for path in write_data_card(corpus)] == first


@pytest.mark.parametrize("content", [None, "{", "{}", "[]", '{"sources": []}'])
def test_what_is_no_corpus_is_a_user_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "statistics.json").write_text(content)
    with pytest.raises(UserError, match=re.escape(str(tmp_path))):
        write_data_card(tmp_path)
    assert not list(tmp_path.glob("card.html"))
