"""SPDX expressions: the worst of AND, the best of OR, exceptions, and nothing permissive by mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.licences import licence_class
from midspan.corpus.licences.expressions import ORDER, Outcome, all_of, worst

ONE: dict[str, Outcome] = {
    "MIT": "permissive",
    "Apache-2.0": "permissive",
    "GPL-3.0-or-later": "non-permissive",
    "LicenseRef-Ours": "unknown",
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", "permissive"),
        ("mit", "permissive"),
        ("CC0-1.0", "permissive"),
        ("Apache-2.0 WITH LLVM-exception", "permissive"),
        ("(MIT OR GPL-3.0-or-later)", "permissive"),
        ("MIT or GPL-3.0", "permissive"),
        ("MIT AND GPL-2.0", "non-permissive"),
        ("LGPL-2.1+", "non-permissive"),
        ("BSD-3-Clause+", "permissive"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "non-permissive"),
        ("MIT AND (GPL-2.0 OR Apache-2.0)", "permissive"),
        ("MIT OR GPL-2.0 AND LicenseRef-Ours", "permissive"),  # AND binds closer
        ("(MIT OR GPL-2.0) AND LicenseRef-Ours", "unknown"),
        ("((MIT))", "permissive"),
        ("GPL-2.0+ BSD-2-Clause", "non-permissive"),  # U-Boot's lists
        ("CC-BY-NC-4.0", "non-permissive"),
        ("CC-BY-SA-4.0", "non-permissive"),
        ("JSON", "non-permissive"),  # for good, not evil: a field of use
        ("SSPL-1.0", "non-permissive"),
        ("BUSL-1.1", "non-permissive"),
        ("Elastic-2.0", "non-permissive"),
        ("EUPL-1.2", "non-permissive"),
        ("MIT WITH LicenseRef-surprise", "unknown"),
        ("Apache-2.0 WITH LicenseRef-commons-clause", "non-permissive"),
        ("LicenseRef-NvidiaProprietary", "non-permissive"),
        ("UNLICENSED", "non-permissive"),
        ("LicenseRef-Ours", "unknown"),
        ("MIT AND LicenseRef-Ours", "unknown"),
        ("unknown", "unknown"),
        ("NOASSERTION", "unknown"),
        ("SEE LICENSE IN LICENSE.md", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_class_of_an_expression(expression: str, expected: str) -> None:
    assert licence_class(expression) == expected


@pytest.mark.parametrize(
    "broken",
    ["MIT OR", "OR MIT", "(MIT", "MIT)", "MIT AND AND MIT", "MIT WITH", "()", "MIT OR (", "MIT;DROP", "(" * 600],
)
def test_what_is_not_well_formed_is_unknown(broken: str) -> None:
    assert licence_class(broken) == "unknown"


# Pairs of an expression and its rank in ORDER, computed while it is put together.
EXPRESSIONS = st.recursive(
    st.sampled_from([(name, ORDER.index(outcome)) for name, outcome in ONE.items()]),
    lambda inner: st.builds(
        lambda left, how, right: (f"({left[0]} {how} {right[0]})", (min if how == "AND" else max)(left[1], right[1])),
        inner,
        st.sampled_from(["AND", "OR"]),
        inner,
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_and_is_the_worst_and_or_the_best_however_deep(made: tuple[str, int]) -> None:
    assert licence_class(made[0]) == ORDER[made[1]]


MALFORMED = st.sampled_from(["MIT) OR (MIT", "MIT OR", "(MIT", "OR", "()", ") OR MIT OR ("])


@given(st.lists(EXPRESSIONS.map(lambda made: made[0]) | MALFORMED, min_size=1, max_size=5))
def test_what_holds_together_is_as_good_as_the_worst_of_it(parts: list[str]) -> None:
    assert licence_class(all_of(parts)) == worst(map(licence_class, parts))


def test_a_choice_in_lower_case_does_not_turn_the_rest_into_a_choice() -> None:
    assert licence_class(all_of(["GPL-2.0", "BSD-2-Clause or ISC"])) == "non-permissive"
