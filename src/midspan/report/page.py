"""Writes a run as one self-contained HTML page."""

from __future__ import annotations

import shlex
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from midspan.files import write_text
from midspan.report import overview, samples
from midspan.report.checks import check_run
from midspan.report.corpus_card import corpus_card
from midspan.report.curves import stage_panels, time_bars
from midspan.report.record import find_ablation, read_run


def environment(autoescape: bool) -> Environment:
    """The templates of this folder; a name that a template misspells is an error, not an empty place."""
    return Environment(
        loader=PackageLoader("midspan.report"),
        autoescape=autoescape,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def write_report(run: Path, ablation: Path | None = None) -> Path:
    """Write `run/report.html` from what is in the run directory so far, and return its path.

    `ablation` is the run of the same recipe without FIM; where it is not given, `<run>-no-fim` or `no-fim` beside the
    run is taken, if that is what it is. Raises UserError where there is no such directory, or a file in it is broken.
    """
    record = read_run(run)
    without_fim = read_run(ablation) if ablation else find_ablation(record)
    final = record.final_model()
    page = environment(autoescape=True).get_template("report.html")
    text = page.render(
        run=record,
        honest_words=overview.honest_words(record),
        missing=overview.missing_parts(record),
        headlines=overview.headlines(record),
        checks=check_run(record, without_fim),
        models=overview.model_rows(record),
        panels=stage_panels(record),
        time_bars=time_bars(record),
        corpus=corpus_card(record),
        infills=samples.infills(record),
        answers=samples.answers(record),
        completions=samples.completions(record),
        run_path=shlex.quote(str(run)),
        final_model=shlex.quote(str(run / "models" / final)) if final else None,
        chat=bool(record.names("sft")),
        machine=overview.machine_facts(record),
    )
    path = run / "report.html"
    write_text(path, text)
    return path
