"""What holds for every text: redacting twice changes nothing, and only what the findings say is changed."""

from __future__ import annotations

import re
import unittest.mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from midspan.corpus.secrets import redact, source
from midspan.corpus.secrets.source import Anchors, Source
from midspan.corpus.secrets.tokens import LEAST_RUN, _long_runs
from midspan.corpus.secrets.values import entropy, is_placeholder

# Pieces of secrets, whole ones, and what stands around them: joined at random they touch and overlap.
_SIGNS = [" = ", ": ", '"', "'", "=", ":", "//", "://", "@", "/", "\n", " ", "\\n", "(", ")", "-", ".", "::"]
_NAMES = ["password", "_token", "api_key", "sha256", "version ", "Bearer ", "AccountKey=", "8Q~", "S" + "G."]
_SECRETS = [
    "AK" + "IA2E4Q7RTYUPLKJHGF",
    "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "xo" + "xb-1234567890-abcdefGHIJ12345",
    "h" + "f_" + "AbCdEfGhIjKlMnOpQrStUvWxYzabcdefgh",
    *("Tr0ub4dor&3", "ada", "lovelace.org", "52.214.37.198", "2a01:4f8:c17::2"),
    *("-----BEGIN " + "PRIVATE KEY-----", "-----END " + "PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"),
    *("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxMjM0NTY3ODkwIn0", "wJalrXUtnFEMIK7MDENGbPxRfiCYzq8R2nT5uV1w"),
    *("x" * 20, "0123456789abcdef0123456789abcdef"),
]
PIECES = [*_SIGNS, *_NAMES, *_SECRETS, "<KEY>", "<PASSWORD>", "<EMAIL>", "192.0.2.7", "é", "İ", "𝒳"]
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=2)), max_size=24).map("".join)


@settings(max_examples=600, deadline=None)
@given(texts)
@example('password="2a01:4f8:c17::2"')
def test_redacting_twice_changes_nothing(text: str) -> None:
    redacted, _ = redact(text)
    assert redact(redacted)[0] == redacted


@settings(max_examples=300, deadline=None)
@given(texts)
def test_the_findings_are_in_order_apart_and_tell_all_that_changed(text: str) -> None:
    redacted, findings = redact(text)
    rebuilt, position = [], 0
    for one in findings:
        assert position <= one.start < one.end <= len(text)
        assert one.placeholder != text[one.start : one.end]
        rebuilt += [text[position : one.start], one.placeholder]
        position = one.end
    assert "".join([*rebuilt, text[position:]]) == redacted


@settings(deadline=None)
@given(texts)
def test_the_answer_does_not_depend_on_what_was_redacted_before(text: str) -> None:
    before = redact(text)
    redact('password = "Tr0ub4dor' + '&3"  52.214' + ".37.198")
    assert redact(text) == before


@given(st.text(alphabet="aZ0_- .é/+", max_size=80))
def test_the_gate_sees_every_run_that_a_regular_expression_sees(text: str) -> None:
    expected = [match.span() for match in re.finditer(rf"[A-Za-z0-9_+/-]{{{LEAST_RUN},}}", text)]
    assert list(_long_runs(Source(text, Anchors([b"a"])).lowered)) == expected


LITERALS = st.sets(st.sampled_from([b"a", b"ab", b"aba", b"b", b"```", b"ba"]), min_size=1)


@pytest.mark.parametrize("window", [3, 8, 1 << 20])
@given(text=st.text(alphabet="aAbB`é–", max_size=40), literals=LITERALS)
def test_one_pass_finds_what_a_search_for_each_anchor_finds(window: int, text: str, literals: set[bytes]) -> None:
    lowered = re.sub("[^a-z`]", "?", text.lower())
    expected = {one: [found.start() for found in re.finditer(one.decode(), lowered)] for one in literals}
    with unittest.mock.patch.object(source, "_WINDOW", window):
        assert Source(text, Anchors(literals)).positions == expected


def test_entropy_is_that_of_shannon() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd" * 3) == 2
    assert entropy("aaab") == -(0.75 * -0.41503749927884376 + 0.25 * -2) == 0.8112781244591328


def test_placeholders_are_told_from_values() -> None:
    assert all(map(is_placeholder, ["changeme", "<token>", "${TOKEN}", "xxxxxxxx", "aaaa", "12345678", "%(password)s"]))
    assert not any(map(is_placeholder, ["Tr0ub4dor&3", "9f86d081884c7d65", "correct horse"]))


@pytest.mark.timeout(20)  # a rule that is quadratic in such a run takes minutes
def test_a_long_run_of_anything_takes_no_longer_than_its_length() -> None:
    anchors = ["-----BEGIN PRIVATE KEY-----", "password=", "secret=", "://", "AKIA-", "sk-", "Bearer ", "a@b.", "eyJa."]
    anchors += [
        " -p x",
        "+1 ",
        "$1$",
        "api_key",
        "<password>",
        "DE12 3456",
        "mysql -p",
        "kind: Secret\n",
        '"kty"{',
        "```",
    ]
    anchors += [
        "password='aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#' ",
        "token: aAaAaAaAaAaAaAaAaA\\ ",
    ]
    for piece in ["@", ":", "a", "1", ".", "-", "=", '"', "\n", "//", "1.", "1:", *anchors]:
        text = piece * (100_000 // len(piece))
        assert redact(text)[0]
