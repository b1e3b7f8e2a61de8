"""Every benchmark there is. A new one is one file here and one row of the table."""

from __future__ import annotations

import difflib

from midspan.errors import UserError
from midspan.evaluate.benchmark import Benchmark
from midspan.evaluate.benchmarks.bits_per_byte import BITS_PER_BYTE
from midspan.evaluate.benchmarks.completions import COMPLETIONS
from midspan.evaluate.benchmarks.crosscodeeval import CROSSCODEEVAL
from midspan.evaluate.benchmarks.exercises import EXERCISES
from midspan.evaluate.benchmarks.explanation import EXPLANATION
from midspan.evaluate.benchmarks.humaneval import HUMANEVAL
from midspan.evaluate.benchmarks.humaneval_infilling import HUMANEVAL_INFILLING
from midspan.evaluate.benchmarks.humaneval_instruct import HUMANEVAL_INSTRUCT
from midspan.evaluate.benchmarks.humanevalpack import HUMANEVALPACK
from midspan.evaluate.benchmarks.infilling import INFILLING
from midspan.evaluate.benchmarks.likelihood import LIKELIHOOD
from midspan.evaluate.benchmarks.livecodebench import LIVECODEBENCH
from midspan.evaluate.benchmarks.mbpp import MBPP
from midspan.evaluate.benchmarks.mt_bench import MT_BENCH
from midspan.evaluate.benchmarks.multipl_e import MULTIPL_E
from midspan.evaluate.benchmarks.multipl_e_instruct import MULTIPL_E_INSTRUCT
from midspan.evaluate.benchmarks.preferences import PREFERENCES
from midspan.evaluate.benchmarks.retrieval import RETRIEVAL
from midspan.evaluate.benchmarks.safim import SAFIM
from midspan.evaluate.benchmarks.santacoder_fim import SANTACODER_FIM
from midspan.evaluate.benchmarks.text_to_sql import TEXT_TO_SQL
from midspan.evaluate.benchmarks.translation import TRANSLATION
from midspan.recipe import Recipe, Settings, parse_fields

BENCHMARKS: dict[str, Benchmark] = {
    "likelihood": LIKELIHOOD,
    "infilling": INFILLING,
    "exercises": EXERCISES,
    "preferences": PREFERENCES,
    "completions": COMPLETIONS,
    "humaneval": HUMANEVAL,
    "mbpp": MBPP,
    "multipl-e": MULTIPL_E,
    "humaneval-instruct": HUMANEVAL_INSTRUCT,
    "multipl-e-instruct": MULTIPL_E_INSTRUCT,
    "translation": TRANSLATION,
    "humanevalpack": HUMANEVALPACK,
    "explanation": EXPLANATION,
    "humaneval-infilling": HUMANEVAL_INFILLING,
    "santacoder-fim": SANTACODER_FIM,
    "mt-bench": MT_BENCH,
    "text-to-sql": TEXT_TO_SQL,
    "livecodebench": LIVECODEBENCH,
    "safim": SAFIM,
    "crosscodeeval": CROSSCODEEVAL,
    "bits-per-byte": BITS_PER_BYTE,
    "retrieval": RETRIEVAL,
}


def benchmark(name: str) -> Benchmark:
    """The benchmark of this name. Raises UserError where there is none, naming the nearest."""
    if name not in BENCHMARKS:
        near = difflib.get_close_matches(name, BENCHMARKS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(BENCHMARKS)}"
        raise UserError(f"evaluate: there is no benchmark {name!r}; {hint}")
    return BENCHMARKS[name]


def benchmarks_of(recipe: Recipe) -> dict[str, Settings]:
    """The benchmarks that the recipe does not switch off, with their settings.

    Raises UserError for an unknown benchmark, naming the nearest, or an unknown setting of one.
    """
    for name in recipe.evaluate:
        benchmark(name)
    given = {name: recipe.evaluate.get(name, kind.always) for name, kind in BENCHMARKS.items()}
    return {
        name: parse_fields(BENCHMARKS[name].settings, {} if fields is True else fields, f"evaluate.{name}")
        for name, fields in given.items()
        if fields is not False
    }
