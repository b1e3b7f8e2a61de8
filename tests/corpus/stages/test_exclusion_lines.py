"""The list of what was left out is for people: it holds no secrets."""

from __future__ import annotations

import json

from midspan.corpus.stages.exclusions import EXCERPT, Exclusions


def test_excerpts_are_redacted_even_where_they_cut_a_secret() -> None:
    address = "jane.doe" + "@" + "corp.example-mail.org"
    for start in (0, EXCERPT - 10):
        exclusions = Exclusions("judge")
        exclusions.add("repository", "file.py", "too short", text="# " * (start // 2) + address + "\n")
        (line,) = exclusions.lines
        assert "jane" not in json.loads(line)["excerpt"]
        assert len(json.loads(line)["excerpt"]) <= EXCERPT


def test_names_from_outside_are_spelled_so_that_they_can_be_written() -> None:
    exclusions = Exclusions("read")
    exclusions.add("o/\ud800", "a\udcffb.py", "bad field", "x" * 10**6, text="\ud83d", count=7)
    (line,) = exclusions.lines
    row = json.loads(line.encode())
    assert (row["repository"], row["path"], row["count"]) == ("o/\\ud800", "a\\udcffb.py", 7)
    assert len(line) < 10_000
    assert exclusions.dropped == {"bad field": {"documents": 7, "bytes": 0}}
