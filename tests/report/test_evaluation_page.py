"""The page of an evaluation: every score, what is published marked as such, and two models item by item."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from page_reader import Page, read_page

from midspan.errors import UserError
from midspan.evaluate.result import Example, Result, Score, write_result
from midspan.files import write_jsonl
from midspan.report import render_evaluation

COUNT = 20


def evaluated(folder: Path, passed: set[int], name: str = "multipl-e", group: str = "Rust") -> Path:
    """A model's folder with one benchmark, whose items of these numbers passed."""
    folder.mkdir(parents=True)
    rows = [
        {
            "item": f"problem {n}",
            "cluster": f"{n}",
            "group": group,
            "sample": 0,
            "answer": f"answer {n} <b>",
            "detail": "",
            "outcome": "passed" if n in passed else "failed",
            "passed": float(n in passed),
        }
        for n in range(COUNT)
    ]
    write_jsonl(folder / f"{name}.jsonl", rows)
    score = Score("pass@1", group, len(passed) / COUNT, COUNT, "higher", error=0.1, clusters=COUNT)
    example = Example("problem 0", "failed", "why", "", "before", "the <answer>", "after", "expected")
    result = Result(
        name,
        folder.name,
        "About it.",
        {"version": 1, "settings": {"samples": 1}},
        [score],
        {"Lua": "no reason"},
        2,
        [example],
        made={"torch": "2.13.0"},
    )
    write_result(folder / f"{name}.json", result)
    return folder


@pytest.fixture
def page(tmp_path: Path) -> Page:
    folders = [evaluated(tmp_path / "one", {0, 1, 2}), evaluated(tmp_path / "two", set(range(2, 14)))]
    return read_page(render_evaluation(folders, tmp_path / "page.html").read_text(encoding="utf-8"))


def test_every_score_stands_beside_what_is_published_and_marked_so(page: Page) -> None:
    assert "15.0 %" in page.text
    assert "60.0 %" in page.text
    assert "stable-code-3b, model card 23.0" in page.text
    assert "stable-code-3b, BigCode leaderboard 22.1" in page.text
    assert "codellama-7b, model card 26.3" in page.text
    assert page.count("td", class_="published") == 1
    assert "What is published was not measured here" in page.text


def test_two_models_are_paired_and_the_very_items_shown(page: Page) -> None:
    assert "+45.0 points" in page.text
    assert "multipl-e: passed by two alone" in page.text
    assert "11 items that one does not pass" in page.text
    assert "multipl-e: passed by one alone" in page.text
    assert "problem 13" in page.text
    assert "20 of 20 answers are alike to the letter." in page.text


def test_what_was_not_asked_or_measured_and_how_it_was_made_is_said(page: Page) -> None:
    assert "one: multipl-e, Lua was not asked, for no reason." in page.text
    assert "2 items were not measured" in page.text
    assert "2.13.0" in page.text
    assert "About it." in page.text


def test_the_page_stands_alone_and_takes_no_answer_for_markup(page: Page, tmp_path: Path) -> None:
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "http" not in text.replace("http://www.w3.org", "")
    assert "<b>13" not in text
    assert "the <answer>" in "".join(page.preformatted)


def test_results_that_were_asked_differently_stand_side_by_side_but_are_not_compared(tmp_path: Path) -> None:
    folders = [evaluated(tmp_path / "one", {0}), evaluated(tmp_path / "two", {1})]
    file = folders[1] / "multipl-e.json"
    values = json.loads(file.read_text())
    values["asked"]["settings"]["samples"] = 5
    file.write_text(json.dumps(values))
    text = render_evaluation(folders, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Item by item" not in text


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="has no results"):
        render_evaluation([tmp_path / "empty"], tmp_path / "page.html")
