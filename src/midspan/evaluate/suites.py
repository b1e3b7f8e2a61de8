"""Suites: benchmarks that are asked together, in the manner of what was published for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from midspan.errors import UserError

# The BigCode leaderboard's way, by which Stable Code's scores were made: 50 samples, temperature 0.2, top_p 0.95.
SAMPLED = {"samples": 50, "temperature": 0.2, "top_p": 0.95}
# The model card of the instruct model does not say how often; greedy answers are the usual way.
SUITES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "stable-code": {
        "humaneval": SAMPLED,
        "multipl-e": {**SAMPLED, "languages": ("cpp", "js", "java", "php", "rs", "lua")},
        "santacoder-fim": {},
        "humaneval-infilling": {},
    },
    "stable-code-instruct": {
        "humaneval-instruct": {},
        "multipl-e-instruct": {},
        "text-to-sql": {"server": "postgres", "data": "questions_gen_postgres.csv"},
        "mt-bench": {},
    },
}


def suite(name: str) -> dict[str, dict[str, Any]]:
    """The settings of each benchmark of a suite. Raises UserError where there is none of this name."""
    if name not in SUITES:
        raise UserError(f"there is no suite {name!r}; there are {', '.join(SUITES)}")
    return {benchmark: dict(settings) for benchmark, settings in SUITES[name].items()}
