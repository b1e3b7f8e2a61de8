"""Results in the files that users of other harnesses read: what one wrote here, their viewers and tables open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from midspan.errors import UserError
from midspan.evaluate.exports.evaluated import Evaluated, read_evaluated
from midspan.evaluate.exports.inspect_log import write_inspect_log
from midspan.evaluate.exports.lm_eval_files import write_lm_eval_files

FORMATS: dict[str, Callable[[list[Evaluated], Path], list[Path]]] = {  # of one model's results
    "inspect": write_inspect_log,
    "lm-eval": write_lm_eval_files,
}


def export_evaluation(folder: Path, form: str, output: Path) -> list[Path]:
    """Write the results in `folder`, one model's or several models' folders, to `output`; the files that were written.

    A file is written once for a result: exported again, it is replaced. Raises UserError where there is no result, for
    an unknown format, and for a result whose rows are not beside it.
    """
    if form not in FORMATS:
        raise UserError(f"--as {form}: there are {', '.join(FORMATS)}")
    models = [found for place in (folder, *sorted(folder.glob("*/"))) if (found := read_evaluated(place))]
    if not models:
        raise UserError(f"{folder}: no results of an evaluation; give the folder that `midspan evaluate -o` wrote")
    return [file for model in models for file in FORMATS[form](model, output)]
