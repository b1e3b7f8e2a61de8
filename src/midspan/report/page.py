"""Writes a run as one self-contained HTML page."""

from __future__ import annotations

import shlex
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from midspan.files import write_text
from midspan.report import overview
from midspan.report.ablations import find_ablations
from midspan.report.comparisons import comparisons_of
from midspan.report.corpus_card import corpus_card
from midspan.report.curves import stage_panels, time_bars
from midspan.report.examples import examples_of
from midspan.report.gain import gain_of
from midspan.report.record import read_run


def environment(autoescape: bool) -> Environment:
    """The templates of this folder; a name that a template misspells is an error, not an empty place."""
    return Environment(
        loader=PackageLoader("midspan.report"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def render_report(run: Path, ablation: Path | None = None) -> Path:
    """Write `run/report.html` from what is in the run directory so far, and return its path.

    `ablation` is a run to compare with; where none is given, those beside this one that differ from it in the data of
    their stages alone are taken. Raises UserError where there is no such directory, or a file in it is broken.
    """
    record = read_run(run)
    ablations = [read_run(ablation)] if ablation else find_ablations(record)
    final = record.final_model()
    page = environment(autoescape=True).get_template("report.html")
    text = page.render(
        run=record,
        honest_words=overview.honest_words(record),
        missing=overview.missing_parts(record),
        headlines=overview.headlines(record),
        gain=gain_of(record),
        comparisons=comparisons_of(record, ablations),
        table=overview.score_table(record),
        abouts=overview.abouts(record),
        gaps=overview.gaps(record),
        panels=stage_panels(record),
        time_bars=time_bars(record),
        corpus=corpus_card(record),
        examples=examples_of(record),
        run_path=shlex.quote(str(run)),
        final_model=shlex.quote(str(run / "models" / final)) if final else None,
        chat=overview.can_chat(record.stages),
        machine=overview.machine_facts(record),
    )
    path = run / "report.html"
    write_text(path, text)
    return path
