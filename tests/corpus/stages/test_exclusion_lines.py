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
