"""The table of docs/results/corpus-field.md names reports and tests that are there, and counts its verdicts right."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "results" / "corpus-field.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| \[(?P<report>\S+#\d+)\]\(https://github\.com/(?P<link>\S+)\) \|.*"
    r"\| (?P<verdict>[^|]+) \| `(?P<test>\w+)` \|$",
    re.M,
)


def test_every_report_of_the_page_is_replayed_by_the_test_that_it_names() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in HERE.glob("test_field_*.py")}
    rows = list(ROW.finditer(PAGE))
    assert len(rows) >= 50
    assert len({row["report"] for row in rows}) == len(rows)
    for row in rows:
        assert row["link"] == row["report"].replace("#", "/issues/")
        (file,) = [file for file, text in texts.items() if f"def {row['test']}(" in text]
        assert row["report"] in texts[file], row["report"]


def test_the_page_counts_its_verdicts_right() -> None:
    verdicts = Counter(row["verdict"] for row in ROW.finditer(PAGE))
    wrong = verdicts["**wrong**"]
    (totals,) = re.findall(r"^\| \*\*all\*\* (.*) \|$", PAGE, re.M)
    counts = [int(number) for number in re.findall(r"\d+", totals)]
    assert counts == [verdicts.total() - wrong, verdicts["wrong then, right now"], wrong, verdicts.total()]
