"""Writing the card and the report, as steps of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from midspan.files import write_text
from midspan.progress import say
from midspan.report.card import model_card
from midspan.report.page import render_report
from midspan.report.record import RELEASE

if TYPE_CHECKING:
    from midspan.recipe import Recipe
    from midspan.step import Tools


def write_card(
    *, name: str, results: Sequence[Path], summaries: Sequence[Path], output: Path, key: str, tools: Tools
) -> None:
    """Write the card of the model that the run hands on; `name` stands in its title."""
    write_text(output, model_card(output.parent, RELEASE))


def write_corpus_card(
    *, documents: Sequence[Path], tokens: Sequence[Path], page: Path, readme: Path, key: str, tools: Tools
) -> None:
    """Write the data card of the corpus that holds `documents`: a page, and a README by which data sets are opened."""
    from midspan.report.data_card import write_data_card  # with the corpus's rooms, of which no other page has need

    assert write_data_card(page.parent) == (page, readme)


def write_report(
    *,
    recipe: Recipe,
    results: Sequence[Path],
    summaries: Sequence[Path],
    card: Path,
    output: Path,
    key: str,
    tools: Tools,
) -> None:
    """Write the run's report, in which the whole recipe stands."""
    say(f"report: {render_report(output.parent)}")
