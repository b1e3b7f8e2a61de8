"""Which texts are worth training on: one table of rules, each a signal and a threshold with its source."""

from midspan.corpus.quality.grammars import grammar_versions, missing_grammars
from midspan.corpus.quality.judge import RuleOutcome, check_overrides, explain, why_not
from midspan.corpus.quality.rules import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "RuleOutcome",
    "check_overrides",
    "explain",
    "grammar_versions",
    "missing_grammars",
    "why_not",
]
