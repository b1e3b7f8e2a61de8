"""The page as a reader meets it: whole, self-contained, true to the run's files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from page_reader import Page, read_page
from synthetic_run import RECIPE, metrics, score, write, write_corpus, write_evaluation, write_evaluations, write_stage

from midspan.corpus.stages import build_corpus
from midspan.errors import UserError
from midspan.recipe import Corpus
from midspan.report import render_report
from midspan.report.record import read_metrics


def written(run: Path, ablation: Path | None = None) -> Page:
    return read_page(render_report(run, ablation).read_text(encoding="utf-8"))


def change(path: Path, **fields: Any) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    write(path, value | fields)


def test_a_finished_run_gives_one_well_formed_page_in_the_run_directory(run: Path) -> None:
    path = render_report(run)
    assert path == run / "report.html"
    page = read_page(path.read_text(encoding="utf-8"))
    assert page.count("h1") == 1
    assert "Not there yet" not in page.text


def test_the_page_needs_nothing_from_elsewhere(run: Path, ablation: Path) -> None:
    html = render_report(run).read_text(encoding="utf-8")
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
    for shown in ("5.25 million", "2.18 million", "8 min 59 s", "2.114 → 2.402", "4.5% → 7.0%", "41.0% → 44.0%",
                  "61.0% → 83.0%", "likelihood; base → dpo; lower is better", "preferences; sft → dpo"):  # fmt: skip
        assert shown in text


def test_the_table_has_a_column_for_every_model_with_intervals(run: Path) -> None:
    html = render_report(run).read_text(encoding="utf-8")
    cells = re.findall(r'<td data-header="dpo">.*?</td>', html, re.DOTALL)
    assert any("34.7–53.8, n = 100" in cell for cell in cells)
    for figure in ("2.402", "7.0%", "2.0%", "44.0%", "4.0%", "83.0%", "11 s"):
        assert any(f'<span class="figure">{figure}</span>' in cell for cell in cells)


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
    corpus = Corpus(source=str(tmp_path / "source"), heldout={"files": 0.2}, licences=["permissive", "unknown"])
    build_corpus(corpus, run / "corpus")
    statistics = json.loads((run / "corpus" / "statistics.json").read_text())
    assert statistics["documents"] > 0
    text = written(run).text
    assert f"Files kept {statistics['documents']}" in text
    assert f"held out, never trained on {statistics['heldout']['documents']}" in text
    for group in ("by_language", "by_licence", "by_repository", "by_reason"):
        for label in statistics[group]:
            assert label in text


def comparisons(html: str) -> dict[str, str]:
    """The text of every comparison, by its title."""
    section = html[html.index('<section id="comparisons">') : html.index('<section id="curves">')]
    figures = re.findall(r"<figure>.*?</figure>", section, re.DOTALL)
    return {re.findall(r"<h3>(.*?)</h3>", figure)[0]: figure for figure in figures}


def changes(figure: str) -> dict[str, tuple[str, str]]:
    """Label → verdict and numbers."""
    found = re.findall(r'title="(\w+)".*?class="claim">(.*?)</span>.*?<b>(.*?)</b> → <b>(.*?)</b>', figure, re.DOTALL)
    return {label: (verdict, f"{before} → {after}") for verdict, label, before, after in found}


def test_every_score_is_followed_from_one_stage_to_the_next(run: Path, ablation: Path) -> None:
    found = comparisons(render_report(run).read_text(encoding="utf-8"))
    assert list(found) == [
        "base → long",
        "long → sft",
        "sft → dpo",
        "guessing → dpo",
        "no-fim → quickstart, after long",
    ]
    assert changes(found["base → long"]) == {
        "bits per byte": ("better", "2.114 → 2.047"),
        "exact match, both sides": ("better", "4.5% → 12.0%"),
        "exact match, left side alone": ("unclear", "2.5% → 3.0%"),
    }
    assert changes(found["long → sft"])["bits per byte"] == ("worse", "2.047 → 2.391")
    assert changes(found["sft → dpo"])["preference accuracy"] == ("better", "61.0% → 83.0%")
    assert changes(found["guessing → dpo"]) == {"preference accuracy": ("better", "50.0% → 83.0%")}
    assert changes(found["no-fim → quickstart, after long"])["exact match, both sides"] == ("better", "0.5% → 12.0%")


def test_a_difference_within_chance_is_called_so(run: Path) -> None:
    assert "no difference can be shown at 95%." in written(run).text  # 41 and 44 of 100
    for name in ("sft", "dpo"):
        write_evaluation(
            run, name, "exercises", [score("pass@1", "new parameters", 0.9 if name == "dpo" else 0.4, 100)]
        )
    found = comparisons(render_report(run).read_text(encoding="utf-8"))["sft → dpo"]
    assert changes(found)["pass@1, new parameters"] == ("better", "40.0% → 90.0%")
    assert "+50.0 points [" in found


def test_a_benchmark_that_nobody_knew_is_drawn_as_all_others_are(run: Path) -> None:
    for name, value in (("sft", 12.0), ("dpo", 10.0)):
        write_evaluation(run, name, "edits", [score("keystrokes", "to the end", value, None)])
    found = comparisons(render_report(run).read_text(encoding="utf-8"))
    assert changes(found["sft → dpo"])["keystrokes, to the end"] == ("better", "12.000 → 10.000")
    text = written(run).text
    assert "edits; sft → dpo; lower is better" in text
    assert "What edits means." in text


def test_what_is_not_comparable_is_not_compared(run: Path) -> None:
    path = run / "evaluation" / "long" / "infilling.json"
    change(path, asked={"version": 2, "settings": {}, "context": 512, "seed": 1})
    found = comparisons(render_report(run).read_text(encoding="utf-8"))
    assert list(changes(found["base → long"])) == ["bits per byte"]


def test_a_stage_is_compared_with_the_one_it_started_from(run: Path) -> None:
    write(run / "recipe.yaml", RECIPE.replace("name: sft,", "name: sft, start: base,"))
    assert "base → sft" in comparisons(render_report(run).read_text(encoding="utf-8"))
    write(run / "recipe.yaml", RECIPE.replace("name: sft,", "name: sft, start: some/model,"))
    assert not [title for title in comparisons(render_report(run).read_text(encoding="utf-8")) if "→ sft" in title]


def test_what_was_not_asked_is_said_of_every_model_with_its_reason(run: Path) -> None:
    text = written(run).text
    assert "exercises: not asked of base, long: the tokenizer has no chat template." in text
    assert "preferences: not asked of base, long: the tokenizer has no chat template." in text
    left = [score("exact match", "left side alone", 0.1, 200)]
    write_evaluation(run, "base", "infilling", left, not_asked={"both sides": "no FIM"}, not_measured=1)
    text = written(run).text
    assert "infilling (both sides): not asked of base: no FIM." in text
    assert "infilling: not measured of base: 1 item" in text


def test_added_tokens_are_named(run: Path) -> None:
    write(run / "models" / "base" / "midspan.json", {"start": None, "added_tokens": ["<fim_prefix>", "<fim_middle>"]})
    assert "lacked were added: <fim_prefix>, <fim_middle>." in written(run).text


def test_the_ablation_is_found_beside_the_run_or_taken_as_given(run: Path, ablation: Path) -> None:
    assert "no-fim → quickstart, after long" in written(run).text
    elsewhere = ablation.rename(ablation.parent.parent / "other")
    assert "after long" not in written(run).text
    assert "other → quickstart, after long" in written(run, elsewhere).text


@pytest.mark.parametrize(
    ("field", "other"), [("seed: 1", "seed: 2"), ("context: 512", "context: 256"), ("stdlib", "elsewhere"),
                         ("rate: 0}", "rate: 0.5}")]
)  # fmt: skip
def test_a_run_that_differs_in_more_than_its_data_or_not_at_all_is_no_ablation(
    run: Path, ablation: Path, field: str, other: str
) -> None:
    recipe = (ablation / "recipe.yaml").read_text()
    assert field in recipe
    write(ablation / "recipe.yaml", recipe.replace(field, other))
    assert "no-fim →" not in written(run).text
    assert "no-fim →" in written(run, ablation).text  # unless it is asked for


def test_a_broken_run_beside_it_does_no_harm(run: Path, ablation: Path) -> None:
    write(ablation / "recipe.yaml", "{ broken: [")
    write_evaluations(run.with_name("odd"), "base", 1, 0, 0)
    assert "no-fim" not in written(run).text


HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'"


def test_hostile_texts_are_shown_as_text(run: Path) -> None:
    example = dict.fromkeys(("identifier", "detail", "question", "before", "answer", "after", "expected"), HOSTILE)
    for benchmark in ("infilling", "exercises", "completions"):
        path = run / "evaluation" / "dpo" / f"{benchmark}.json"
        change(path, examples=[{**example, "outcome": "failed"}], about=HOSTILE, not_asked={HOSTILE: HOSTILE})
    change(run / "corpus" / "statistics.json", by_repository={HOSTILE: 3}, by_licence={HOSTILE: 3})
    write(run / "recipe.yaml", RECIPE + f"# {HOSTILE}\n")
    write(run / "manifest.json", {"steps": {HOSTILE: {"status": HOSTILE, "seconds": 1}}})
    page = written(run)
    assert page.count("script") == page.count("img") == 0
    assert page.text.count(HOSTILE) >= 5
    assert sum(HOSTILE in text for text in page.preformatted) >= 5


def test_examples_show_successes_and_failures_of_the_last_model(run: Path) -> None:
    page = written(run)
    assert page.text.count("Model “dpo”; 6 of 8 recorded answers") == 1
    assert "Model “dpo”; 6 of 7 recorded answers" in page.text
    for reason in ("passed", "failed", "error", "timeout"):
        assert f"{reason} Write a function" in page.text
    assert any("colno = self.pos(lineno)" in text for text in page.preformatted)


def test_an_infilled_line_stands_in_its_surroundings(run: Path) -> None:
    wrong = next(text for text in written(run).preformatted if "self.pos" in text)
    assert (
        "\n    lineno = doc.count('\\n', 0, pos) + 1\n    colno = self.pos(lineno)\n    return lineno, colno" in wrong
    )


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
                                  "stages/dpo", "evaluation/long", "evaluation/dpo/likelihood.json",
                                  "stages/sft/summary.json"])  # fmt: skip
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


def test_the_benchmarks_of_a_model_are_one_bar_of_the_time(run: Path) -> None:
    text = written(run).text
    assert "evaluation of sft 26 s" in text
    assert "sft: infilling" not in text


def test_stages_stand_in_the_order_of_the_recipe(run: Path) -> None:
    (run / "stages" / "base").rename(run / "stages" / "zero")  # alphabetically last, first in the recipe
    (run / "evaluation" / "base").rename(run / "evaluation" / "zero")
    write(run / "recipe.yaml", RECIPE.replace("name: base", "name: zero"))
    assert next(iter(comparisons(render_report(run).read_text(encoding="utf-8")))) == "zero → long"


@pytest.mark.parametrize(
    "name", ["manifest.json", "corpus/statistics.json", "evaluation/long/infilling.json", "recipe.yaml"]
)
def test_a_broken_file_is_named(run: Path, name: str) -> None:
    write(run / name, "{ broken: [")
    with pytest.raises(UserError, match=re.escape(name)):
        render_report(run)


def test_a_run_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        render_report(tmp_path / "nowhere")


def test_writing_again_gives_the_same_bytes(run: Path) -> None:
    first = render_report(run).read_bytes()
    assert render_report(run).read_bytes() == first
