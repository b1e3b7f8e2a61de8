"""The page as a reader meets it: whole, self-contained, true to the run's files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from page_reader import Page, read_page
from synthetic_run import RECIPE, metrics, write, write_corpus, write_stage

from midspan.corpus import build_corpus
from midspan.errors import UserError
from midspan.recipe import Corpus
from midspan.report import write_report
from midspan.report.record import read_metrics


def written(run: Path, ablation: Path | None = None) -> Page:
    return read_page(write_report(run, ablation).read_text(encoding="utf-8"))


def change(path: Path, **fields: Any) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    write(path, value | fields)


def test_a_finished_run_gives_one_well_formed_page_in_the_run_directory(run: Path) -> None:
    path = write_report(run)
    assert path == run / "report.html"
    page = read_page(path.read_text(encoding="utf-8"))
    assert page.count("h1") == 1
    assert "Not there yet" not in page.text


def test_the_page_needs_nothing_from_elsewhere(run: Path, ablation: Path) -> None:
    html = write_report(run).read_text(encoding="utf-8")
    page = read_page(html)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not [values for _, values in page.tags if {"src", "href", "srcset", "xlink:href"} & set(values)]
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_no_missing_number_is_shown_as_none_or_nan(run: Path, ablation: Path) -> None:
    assert not re.search(r"\b(nan|none|inf|undefined|null|true|false)\b", written(run).text, re.IGNORECASE)


def test_headline_numbers_are_those_of_the_files(run: Path) -> None:
    text = written(run).text
    for shown in ("5.25 million", "1.5 million", "8 min 59 s", "2.114 → 2.047", "11.0%", "41.0% → 44.0%",
                  "61.0% → 83.0%"):  # fmt: skip
        assert shown in text


def test_the_table_has_a_row_for_every_model_with_intervals(run: Path) -> None:
    html = write_report(run).read_text(encoding="utf-8")
    row = re.search(r'<tr><th scope="row">dpo<.*?</tr>', html, re.DOTALL)
    assert row
    assert "34.7–53.8, n = 100" in row[0]
    for figure in ("2.402", "7.0%", "2.0%", "44.0%", "4.0%", "83.0%", "11 s"):
        assert f'<span class="figure">{figure}</span>' in row[0]


def test_the_data_card_counts_documents_licences_and_what_was_dropped(run: Path) -> None:
    text = written(run).text
    for shown in ("Files kept 1,543", "to train on 1,481", "4.31 million", "14.2 MB", "1,490 files, 14.3 MB (96.6%)",
                  "near-duplicate 143 files (43.2%)", "1 file (0.3%)", "and 4 more, with 54 files"):  # fmt: skip
        assert shown in text


def test_the_data_card_reads_what_the_corpus_builder_writes(tmp_path: Path) -> None:
    for index, name in enumerate(("first", "second")):
        for number in range(3 + index):
            code = "".join(
                f"def function_{index}_{number}_{line}(value):\n    return value * {line}\n\n\n" for line in range(30)
            )
            write(tmp_path / "source" / name / f"module_{number}.py", code)
        write(tmp_path / "source" / name / "LICENSE", "MIT License\n\nPermission is hereby granted, free of charge\n")
    run = tmp_path / "run"
    corpus = Corpus(source=str(tmp_path / "source"), heldout_fraction=0.2, licences=["permissive", "unknown"])
    build_corpus(corpus, run / "corpus")
    statistics = json.loads((run / "corpus" / "statistics.json").read_text())
    assert statistics["documents"] > 0
    text = written(run).text
    assert f"Files kept {statistics['documents']}" in text
    assert f"held out, never trained on {statistics['heldout']['documents']}" in text
    for group in ("by_language", "by_licence", "by_repository", "by_reason"):
        for label in statistics[group]:
            assert label in text


def test_every_direction_of_a_good_run_holds(run: Path, ablation: Path) -> None:
    html = write_report(run).read_text(encoding="utf-8")
    checks = html[html.index('<ul class="checks">') : html.index("</ul>")]
    assert checks.count('class="mark yes"') == 7
    assert 'class="mark no"' not in checks
    assert "trained without FIM" in checks


def test_a_direction_that_does_not_hold_is_said_with_both_numbers(run: Path) -> None:
    change(run / "evaluation" / "long.json", bits_per_byte=2.2, fim_exact_match=0.02)
    page = written(run)
    assert page.count("span", class_="mark no", title="does not hold") >= 2
    assert "after “base” 2.114 bits/byte → after “long” 2.200 bits/byte This does not hold in this run." in page.text
    assert "left-to-right 3.0% → fill-in-the-middle 2.0% This does not hold in this run." in page.text


def test_a_difference_within_chance_is_called_so(run: Path) -> None:
    assert "With 100 trials the two cannot be told apart at 95%." in written(run).text  # 41 and 44 of 100
    change(run / "evaluation" / "dpo.json", pass_at_1={"heldout-parameter": 0.9, "heldout-family": 0.04})
    assert "cannot be told apart" not in written(run).text


def test_the_ablation_is_found_beside_the_run_or_taken_as_given(run: Path, ablation: Path) -> None:
    assert "trained without FIM 0.5% → trained with FIM 11.0%" in written(run).text
    elsewhere = ablation.rename(ablation.with_name("other"))
    assert "trained without FIM" not in written(run).text
    assert "trained without FIM" in written(run, elsewhere).text
    elsewhere.rename(run.with_name("quickstart-no-fim"))
    assert "trained without FIM" in written(run).text


@pytest.mark.parametrize(
    ("field", "other"), [("seed: 1", "seed: 2"), ("rate: 0}", "rate: 0.9}"), ("stdlib", "elsewhere")]
)
def test_a_run_that_differs_in_more_than_fim_is_no_ablation(run: Path, ablation: Path, field: str, other: str) -> None:
    recipe = (ablation / "recipe.yaml").read_text()
    assert field in recipe
    write(ablation / "recipe.yaml", recipe.replace(field, other))
    assert "trained without FIM" not in written(run).text
    assert "trained without FIM" in written(run, ablation).text  # unless it is asked for


def test_the_ablation_is_not_compared_with_itself(ablation: Path) -> None:
    page = written(ablation)
    assert "trained without FIM" not in page.text
    assert "after SFT" not in page.text.partition("Every stage’s model")[0].partition("Did it do")[2]


HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'"


def test_hostile_texts_are_shown_as_text(run: Path) -> None:
    samples = {
        "infill": [dict.fromkeys(("path", "line", "prefix", "suffix", "expected", "got"), HOSTILE) | {"exact": False}],
        "exercises": [dict.fromkeys(("identifier", "instruction", "answer", "reason"), HOSTILE) | {"passed": False}],
        "completions": [{"prompt": HOSTILE, "text": HOSTILE}],
    }
    for name in ("long", "dpo"):
        change(run / "evaluation" / f"{name}.json", samples=samples)
    change(run / "corpus" / "statistics.json", by_repository={HOSTILE: 3}, by_licence={HOSTILE: 3})
    write(run / "recipe.yaml", RECIPE + f"# {HOSTILE}\n")
    write(run / "manifest.json", {"steps": {HOSTILE: {"status": HOSTILE, "seconds": 1}}})
    page = written(run)
    assert page.count("script") == page.count("img") == 0
    assert page.text.count(HOSTILE) >= 5
    assert sum(HOSTILE in text for text in page.preformatted) >= 5


def test_samples_show_successes_and_failures_of_the_right_model(run: Path) -> None:
    page = written(run)
    assert "Held-out files; model “long”" in page.text
    assert "Held-out exercises; model “dpo”" in page.text
    for reason in ("passed", "failed", "error", "timeout"):
        assert f"{reason} Write a function" in page.text
    assert any("colno = self.pos(lineno)" in text for text in page.preformatted)


def test_an_infilled_line_stands_on_its_own_line_in_its_surroundings(run: Path) -> None:
    wrong = next(text for text in written(run).preformatted if "self.pos" in text)
    assert (
        "\n    lineno = doc.count('\\n', 0, pos) + 1\n    colno = self.pos(lineno)\n    return lineno, colno" in wrong
    )


def test_a_check_that_says_little_says_so(run: Path) -> None:
    assert "Before preference training it was 61.0%: only what is above that came from it." in written(run).text
    assert "nothing to lose" not in written(run).text
    for name in ("sft", "dpo"):
        change(run / "evaluation" / f"{name}.json", pass_at_1={"heldout-parameter": 0.0, "heldout-family": 0.0})
    assert "None was solved before: there was nothing to lose." in written(run).text


def test_the_commands_name_the_export(run: Path) -> None:
    commands = next(text for text in written(run).preformatted if "midspan serve" in text)
    assert f"midspan serve {run}/models/release\n" in commands
    assert f"midspan report {run}" in commands
    odd = run.rename(run.with_name("a run; ls"))
    commands = next(text for text in written(odd).preformatted if "midspan serve" in text)
    assert f"midspan serve '{odd}/models/release'\n" in commands


def test_an_empty_run_says_what_is_not_there(tmp_path: Path) -> None:
    page = written(tmp_path)
    assert "Nothing has been evaluated yet." in page.text
    assert "Not there yet: the recipe, the corpus statistics, every training stage." in page.text
    assert "There is no model to serve yet." in page.text
    assert page.count("span", class_="mark yes") == page.count("span", class_="mark no") == 0


def test_a_run_killed_in_its_first_stage_shows_what_it_logged(tmp_path: Path) -> None:
    write(tmp_path / "recipe.yaml", RECIPE)
    write_corpus(tmp_path)
    write_stage(tmp_path, "base", finished=False, steps=57)
    with (tmp_path / "stages" / "base" / "metrics.jsonl").open("a") as stream:
        stream.write('{"step": 58, "lo')  # the process died here
    page = written(tmp_path)
    assert "There is no model to serve yet." in page.text
    assert "the end of stage base (57 steps logged so far), the evaluation of base, stage long" in page.text
    assert page.count("polyline") >= 2
    assert "not finished" in page.text


@pytest.mark.parametrize("part", ["recipe.yaml", "manifest.json", "corpus", "stages", "evaluation", "models",
                                  "stages/dpo", "evaluation/long.json", "stages/sft/summary.json"])  # fmt: skip
def test_any_part_may_be_missing(run: Path, part: str) -> None:
    (run / part).rename(run.parent / "away")
    text = written(run).text
    assert not re.search(r"\b(nan|none)\b", text, re.IGNORECASE)


def test_a_loss_that_is_not_finite_is_left_out_and_said(run: Path) -> None:
    rows = metrics("base")
    rows[10]["loss"] = float("nan")
    rows[11]["loss"] = float("inf")
    write(run / "stages" / "base" / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    page = written(run)
    assert "2 logged steps have no finite loss and are not drawn." in page.text
    assert not [values for _, values in page.tags if re.search(r"nan|inf", values.get("points") or "")]


def test_a_step_logged_again_after_a_resume_counts_as_logged_last(run: Path) -> None:
    path = run / "stages" / "dpo" / "metrics.jsonl"
    rows = metrics("dpo")
    write(path, "".join(json.dumps(row) + "\n" for row in [*rows[:9], *({**row, "loss": 0.25} for row in rows[7:])]))
    steps = read_metrics(path)
    assert [row["step"] for row in steps] == list(range(1, 17))
    assert [row["loss"] == 0.25 for row in steps] == [False] * 7 + [True] * 9


def test_a_step_that_is_not_done_shows_its_status_in_place_of_a_time(run: Path) -> None:
    steps = {"corpus": {"status": "done", "seconds": 75}, "tokenizer": {"status": "running", "seconds": 3}}
    write(run / "manifest.json", {"steps": steps})
    text = written(run).text
    assert "corpus 1 min 15 s" in text
    assert "tokenizer running" in text


def test_stages_stand_in_the_order_of_the_recipe(run: Path) -> None:
    (run / "stages" / "base").rename(run / "stages" / "zero")  # alphabetically last, first in the recipe
    (run / "evaluation" / "base.json").rename(run / "evaluation" / "zero.json")
    write(run / "recipe.yaml", RECIPE.replace("base:", "zero:"))
    assert "after “zero” 2.114 bits/byte → after “long” 2.047" in written(run).text


@pytest.mark.parametrize("name", ["manifest.json", "corpus/statistics.json", "evaluation/long.json", "recipe.yaml"])
def test_a_broken_file_is_named(run: Path, name: str) -> None:
    write(run / name, "{ broken: [")
    with pytest.raises(UserError, match=re.escape(name)):
        write_report(run)


def test_a_run_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        write_report(tmp_path / "nowhere")


def test_writing_again_gives_the_same_bytes(run: Path) -> None:
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
