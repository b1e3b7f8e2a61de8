"""The judgement of a text by the table of rules: why it is dropped, and an account of every rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from midspan.corpus.languages import LANGUAGES
from midspan.corpus.quality.generated import generated_claim
from midspan.corpus.quality.rules import RULES, Rule
from midspan.corpus.quality.text import Text
from midspan.errors import UserError

# A recipe's overrides: rule → threshold, true (on), false (off), or any of these by language.
Setting = float | bool | None
Overrides = Mapping[str, Setting | Mapping[str, Setting]]

NO_OVERRIDES: Overrides = MappingProxyType({})

NOT_JUDGED = "could not be judged"


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule says of a text. `value` is None where the signal could not be measured: `note` says why."""

    rule: str
    signal: str
    value: float | None
    comparison: str
    threshold: float | None  # None: the rule is off for this language
    source: str
    passed: bool
    note: str = ""


def why_not(text: str, path: str, language: str, overrides: Overrides = NO_OVERRIDES) -> tuple[str, str] | None:
    """The reason and its detail for which a text is dropped, None for a text to keep.

    The first rule that does not hold, in the order of RULES. A signal that fails on a text drops it as NOT_JUDGED: it
    is never passed over in silence. A language without a grammar is not parsed; see `missing_grammars`.
    """
    subject = Text(text, path, language)
    for rule, threshold in active_rules(language, overrides):
        try:
            value = rule.signal(subject)
        except Exception as error:  # whatever it is, the text is not to pass
            return NOT_JUDGED, f"{rule.name}: {type(error).__name__}: {error}"[:200]
        if value is not None and not rule.keeps(value, threshold):
            return rule.name, _detail(rule, value, threshold, subject)
    return None


def explain(text: str, path: str, language: str, overrides: Overrides = NO_OVERRIDES) -> list[RuleOutcome]:
    """What every rule says of a text, those that are off too."""
    subject = Text(text, path, language)
    outcomes = []
    for rule in RULES:
        threshold = threshold_of(rule, language, overrides)
        value, note = None, ""
        try:
            value = rule.signal(subject)
            note = "" if value is not None else f"cannot be measured for {language} here"
        except Exception as error:
            note = f"{NOT_JUDGED}: {type(error).__name__}: {error}"[:200]
        passed = threshold is None or (
            rule.keeps(value, threshold) if value is not None else not note.startswith(NOT_JUDGED)
        )
        outcomes.append(
            RuleOutcome(rule.name, rule.signal_name, value, rule.comparison, threshold, rule.source, passed, note)
        )
    return outcomes


def active_rules(language: str, overrides: Overrides = NO_OVERRIDES) -> list[tuple[Rule, float]]:
    """The rules that are on for a language, with their thresholds, in the order of the table."""
    if not overrides:
        return _default_rules(language)
    found = ((rule, threshold_of(rule, language, overrides)) for rule in RULES)
    return [(rule, threshold) for rule, threshold in found if threshold is not None]


@cache
def _default_rules(language: str) -> list[tuple[Rule, float]]:
    found = ((rule, rule.default(language)) for rule in RULES)
    return [(rule, threshold) for rule, threshold in found if threshold is not None]


def threshold_of(rule: Rule, language: str, overrides: Overrides = NO_OVERRIDES) -> float | None:
    """The threshold of a rule for a language: the recipe's, otherwise the table's; None where the rule is off."""
    setting: Setting | Mapping[str, Setting] = overrides.get(rule.name, True if rule.on else None)
    if isinstance(setting, Mapping):
        if language not in setting:
            return rule.default(language)
        setting = setting[language]
        if setting is True:  # for this language, whether the table has it or not
            return rule.by_language.get(language) or rule.threshold
    elif setting is True:
        made_for_it = rule.languages is None or language in rule.languages
        return rule.by_language.get(language, rule.threshold) if made_for_it else None
    elif rule.languages is not None and language not in rule.languages:
        return None
    return None if setting is None or setting is False else float(setting)


def check_overrides(overrides: Overrides) -> None:
    """UserError if a recipe overrides a rule or a language that there is not, or with what is no threshold."""
    names = {rule.name for rule in RULES}
    for name, setting in overrides.items():
        if name not in names:
            raise UserError(f"corpus.quality: no rule {name!r}; the rules are {', '.join(sorted(names))}")
        by_language = setting if isinstance(setting, Mapping) else {}
        if unknown := sorted(set(by_language) - set(LANGUAGES)):
            raise UserError(f"corpus.quality: {name}: unknown language {', '.join(unknown)}")
        for one in by_language.values() if isinstance(setting, Mapping) else [setting]:
            if one is not None and not isinstance(one, int | float):
                raise UserError(f"corpus.quality: {name}: {one!r} is no threshold; give a number, true or false")


def _detail(rule: Rule, value: float, threshold: float, text: Text) -> str:
    if rule.name == "generated" and (claim := generated_claim(text)):
        return f"says {' '.join(claim.split())[:100]!r}"
    opposite = ">" if rule.comparison == "<=" else "<"
    return f"{rule.signal_name} {value:.4g} {opposite} {threshold:g}"
