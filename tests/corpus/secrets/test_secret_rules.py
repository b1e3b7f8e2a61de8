"""Every rule of every table fires on an example of its own, so that none can be written that never does."""

from __future__ import annotations

import random

import pytest
from pattern_examples import example_of
from secret_kinds import Draw

from midspan.corpus.secrets import redact
from midspan.corpus.secrets.anchored import AnchoredRule, by_anchor, find_anchored
from midspan.corpus.secrets.assigned import NAMES, Name
from midspan.corpus.secrets.command_lines import COMMAND_RULES
from midspan.corpus.secrets.framework_keys import FRAMEWORK_RULES, HASHES
from midspan.corpus.secrets.headers import HEADER_RULES
from midspan.corpus.secrets.issuers import ENDINGS
from midspan.corpus.secrets.source import PASSWORD, Anchors, Source
from midspan.corpus.secrets.tokens import RULES, TokenRule, find_tokens
from midspan.corpus.secrets.urls import URL_RULES
from midspan.corpus.secrets.values import is_basic

DRAWS = 8
MOST_MISSED = 2  # by chance a word, an example, or no digit
UNUSED = Anchors([b"anchor"])
ANCHORED = [*URL_RULES, *HEADER_RULES, *FRAMEWORK_RULES, *COMMAND_RULES]


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule.kind} {rule.mark}{rule.head}" for rule in RULES])
def test_a_prefix_of_an_issuer_is_found_with_what_follows_it(rule: TokenRule) -> None:
    missed = []
    for seed in range(DRAWS):
        token = rule.head + example_of(rule.rest, random.Random(seed))
        text = f'send("{rule.mark}{token}")'
        found = {(one.kind, text[one.start : one.end]) for one in find_tokens(Source(text, UNUSED))}
        if (rule.kind, token) not in found:
            missed.append(text)
    assert len(missed) <= MOST_MISSED, missed


@pytest.mark.parametrize(("kind", "pattern"), ENDINGS)
def test_a_key_told_by_its_end_is_found(kind: str, pattern: str) -> None:
    texts = [example_of(pattern, random.Random(seed)) for seed in range(DRAWS)]
    found = [[one.kind for one in find_tokens(Source(f"({text})", UNUSED))] for text in texts]
    assert found.count([kind]) >= DRAWS - MOST_MISSED


@pytest.mark.parametrize("rule", ANCHORED, ids=[f"{number}-{rule.kind}" for number, rule in enumerate(ANCHORED)])
def test_a_rule_with_an_anchor_finds_its_example(rule: AnchoredRule) -> None:
    missed = []
    for seed in range(DRAWS):
        draw = random.Random(seed)
        text = f" {example_of(rule.before, draw)}{example_of(rule.pattern, draw)} "
        if rule.is_secret is is_basic:
            pattern, _ = rule.compiled
            match = pattern.search(text)
            assert match
            text = text[: match.start(1)] + Draw(seed).encoded("jane") + text[match.end(1) :]
        if not list(find_anchored(Source(text, Anchors([rule.anchor])), by_anchor([rule]))):
            missed.append(text)
    assert len(missed) <= MOST_MISSED + 1, missed


@pytest.mark.parametrize("pattern", HASHES)
def test_a_hash_of_a_password_is_found(pattern: str) -> None:
    texts = [f"jane:{example_of(pattern, random.Random(seed))}:1" for seed in range(DRAWS)]
    assert sum([one.kind for one in redact(text)[1]] == ["password-hash"] for text in texts) >= DRAWS - MOST_MISSED


@pytest.mark.parametrize("name", NAMES, ids=[name.anchor.decode() for name in NAMES])
def test_each_name_of_a_secret_is_heeded_in_each_of_its_forms(name: Name) -> None:
    for before in name.after or (b"",):
        for joint in ("_", "") if before and not name.anchor.startswith(b"_") else ("",):
            secret = Draw(7).password(24)
            text = f'x.{before.decode()}{joint}{name.anchor.decode()} = "{secret}"'
            assert secret not in redact(text)[0], text


@pytest.mark.parametrize("name", [name for name in NAMES if name.not_after], ids=lambda name: name.anchor.decode())
def test_what_is_public_is_no_secret(name: Name) -> None:
    for before in name.not_after:
        text = f'x = {{"{before.decode()}{name.anchor.decode()}": "{Draw(7).password(24)}"}}'
        assert redact(text) == (text, []) or name.placeholder == PASSWORD
