"""The gain over the released model that training began with: in words that the figures support, and side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from page_reader import read_page
from synthetic_run import RECIPE, score, write, write_corpus, write_evaluation, write_stage

from midspan.report import render_report
from midspan.report.gain import gain_of
from midspan.report.record import read_run

STARTED = RECIPE.replace("name: base,", "name: base, start: owner/model,").partition("- {name: long")[0]


def fitted(run: Path, before: dict[str, float], after: dict[str, float]) -> Path:
    """A run of one stage from a released model, with the share of lines that each filled, and its bits per byte."""
    write(run / "recipe.yaml", STARTED)
    write_corpus(run)
    write_stage(run, "base")
    write(run / "models" / "start-1" / "midspan.json", {"start": "owner/model"})
    for model, values in (("start-1", before), ("base", after)):
        write_evaluation(run, model, "likelihood", [score("bits per byte", "", values["bits"], None)])
        write_evaluation(run, model, "infilling", [score("exact match", "lines", values["lines"], 200)])
    return run


def filled(run: Path, model: str, answers: dict[str, tuple[str, bool]]) -> None:
    """Rows of places, by name: what was written, and whether that is what stood there."""
    rows: list[dict[str, Any]] = [
        {"item": name, "group": "lines", "cluster": name, "expected": f"{name}()", "answer": answer, "passed": passed,
         "before": "def f():\n    ", "after": "\n\n\nf()\n"}
        for name, (answer, passed) in answers.items()
    ]  # fmt: skip
    file = run / "evaluation" / model / "infilling.jsonl"
    write(file, "".join(json.dumps(row) + "\n" for row in rows))


def test_what_is_clearly_better_is_said_with_its_interval(tmp_path: Path) -> None:
    run = fitted(tmp_path / "run", {"bits": 1.8, "lines": 0.1}, {"bits": 1.4, "lines": 0.4})
    gain = gain_of(read_run(run))
    assert gain is not None
    assert (gain.start, gain.model) == ("start-1", "base")
    lines, bits = gain.better
    assert (bits.label, bits.before, bits.after, bits.difference[:8]) == ("bits per byte", "1.800", "1.400", "−0.400 [")
    assert (lines.label, lines.before, lines.after) == ("exact match, lines", "10.0%", "40.0%")
    assert lines.difference.startswith("+30.0 points [+")
    assert not gain.worse
    page = read_page(render_report(run).read_text(encoding="utf-8"))
    assert "Better than the model it started from, on what neither has seen:" in page.text
    assert f"exact match, lines 10.0% → 40.0% {lines.difference}" in page.text
    assert "owner/model" in page.text


def test_where_there_is_no_gain_the_page_says_so_plainly(tmp_path: Path) -> None:
    run = fitted(tmp_path / "run", {"bits": 1.4, "lines": 0.40}, {"bits": 1.8, "lines": 0.41})
    gain = gain_of(read_run(run))
    assert gain is not None
    assert not gain.better
    assert [(one.label, one.before, one.after) for one in gain.worse] == [("bits per byte", "1.400", "1.800")]
    text = read_page(render_report(run).read_text(encoding="utf-8")).text
    assert "No gain over the model it started from can be shown on what neither has seen." in text
    assert "Worse: bits per byte 1.400 → 1.800" in text


def test_places_that_one_of_both_filled_stand_side_by_side(tmp_path: Path) -> None:
    run = fitted(tmp_path / "run", {"bits": 1.8, "lines": 0.1}, {"bits": 1.4, "lines": 0.4})
    places = {"won": ("wrong()\nmore", False), "lost": ("lost()", True), "both": ("both()", True)}
    filled(run, "start-1", places)
    filled(run, "base", {"won": ("won()", True), "lost": ("<b>bad</b>", False), "both": ("both()", True)})
    gain = gain_of(read_run(run))
    assert gain is not None
    assert (gain.won, gain.lost) == (1, 1)
    assert [(one.name, one.first, one.second) for one in gain.places] == [
        ("won", "wrong()\nmore", "won()"),
        ("lost", "lost()", "<b>bad</b>"),
    ]
    page = read_page(render_report(run).read_text(encoding="utf-8"))
    assert "1 were filled exactly by “base” alone and 1 by “start-1” alone" in page.text
    assert any("<b>bad</b>" in text for text in page.preformatted)


def test_training_from_scratch_has_no_gain_to_speak_of(run: Path) -> None:
    assert gain_of(read_run(run)) is None
