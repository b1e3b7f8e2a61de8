"""Issues and discussions: StarCoder's rules for what is kept, and names that no longer appear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_sources import read_source

from midspan.corpus.sources import Excluded, Raw, SourceTask
from midspan.corpus.sources.issues import (
    MAX_LINES,
    Comment,
    Conversation,
    conversation_text,
    issue_of_row,
    shorten,
    without_email,
)

LONG = "The parser fails when the file ends without a line end. " * 5


def text_of(*comments: tuple[str, str], title: str = "") -> str | tuple[str, str]:
    return conversation_text(Conversation(title, [Comment(*comment) for comment in comments]))


def issue(row: dict[str, Any]) -> Raw | Excluded:
    return issue_of_row(row, "part:7", SourceTask("source", "issues", ()))


def test_a_conversation_becomes_a_text_with_counters_for_names() -> None:
    text = text_of(
        ("dev-42", LONG + "\nThanks, @Ann-Other! dev-42 was here; @dev-42s is another."),
        ("ann-other", "As ann-other I say: @DEV-42 is right, mail ann-other@example.org"),
        ("dev-42", "Closing."),
        title="Broken by dev-42",
    )
    assert text == (
        f"Title: Broken by username_0\nusername_0: {LONG}"
        "\nThanks, @username_1! username_0 was here; @dev-42s is another."
        "\n\nusername_1: As username_1 I say: @username_0 is right, mail username_1@example.org"
        "\n\nusername_0: Closing.\n"
    )


def test_a_name_that_is_a_word_is_replaced_only_where_it_is_mentioned() -> None:
    text = text_of(("python", LONG + "python is slow, @python"), ("bob", "ask @Bob or bob"))
    assert text == f"username_0: {LONG}python is slow, @username_0\n\nusername_1: ask @username_1 or bob\n"


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        ([("ann", "x" * 199)], ("too short", "199 characters")),
        ([("ann", "x" * 200)], None),
        ([("ann", "x" * 100), ("bob", "y" * 99)], ("too short", "199 characters")),
        ([("ann", "x" * 7000)], None),
        ([("ann", "x" * 7001)], ("one user", "7001 characters")),
        ([("ann", "x" * 7001), ("bob", "y")], None),  # the longer, the better, once two people talk
        ([("ann", "x" * 30)] * 10, None),
        ([("ann", "x" * 30)] * 11, ("one user", "11 comments")),
        ([("ann", "x" * 30)] * 11 + [("bob", "y")], None),
        ([("ann", "x" * 300), ("ci-bot", "y" * 9000)], None),
        ([("ann", "x" * 100), ("ci-bot", "y" * 9000)], ("too short", "100 characters")),
        ([("ci-bot", "y" * 300)], ("only bots", "")),
        ([], ("no conversation", "no comments")),
    ],
)
def test_conversations_are_kept_by_length_and_users(
    comments: list[tuple[str, str]], expected: tuple[str, str] | None
) -> None:
    outcome = text_of(*comments)
    assert outcome == expected if expected else isinstance(outcome, str)


@pytest.mark.parametrize(
    "name",
    [
        "dependabot[bot]",
        "codecov-io",
        "CLAassistant",
        "k8s-robot",
        "my-ci",
        "Acme-Service-Account",
        "travis-x",
        "Renovate-Bot",
    ],
)
def test_programs_are_left_out(name: str) -> None:
    text = text_of(("ann", LONG), (name, "Automatic message"), ("bob", "thanks"))
    assert isinstance(text, str)
    assert "Automatic" not in text
    assert "username_1: thanks" in text


@pytest.mark.parametrize("name", ["circe", "botanist", "testy", "builder", "cloudy"])
def test_people_are_kept(name: str) -> None:
    text = text_of(("ann", LONG), (name, "By hand"))
    assert isinstance(text, str)
    assert "By hand" in text


@given(st.lists(st.sampled_from(["", "a", "log line", "\t"]), min_size=1, max_size=300))
def test_a_long_comment_keeps_its_beginning_and_its_last_lines(lines: list[str]) -> None:
    short = shorten("\n".join(lines)).split("\n")
    if len(lines) <= MAX_LINES:
        assert short == lines
    else:
        assert len(short) == MAX_LINES + 1
        assert short[:80] + short[81:] == lines[:80] + lines[-20:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "I agree.\n\nOn Mon, Jan 1, 2018 Ann <notifications@github.com> wrote:\n\n> Is it so?\n>\n> —\n"
            "> Reply to this email directly, view it on GitHub",
            "I agree.",
        ),
        ("Yes\r\n________________________________\r\nFrom: Ann\r\nReply to this email directly or", "Yes"),
        ("> quoted by hand\n\nOn Monday he wrote:\nnothing", "> quoted by hand\n\nOn Monday he wrote:\nnothing"),
    ],
)
def test_what_came_by_email_loses_what_it_quotes(text: str, expected: str) -> None:
    assert without_email(text) == expected


REST = {
    "number": 12,
    "title": "It fails",
    "html_url": "https://github.com/owner/name/issues/12",
    "user": {"login": "ann-1", "type": "User"},
    "body": LONG,
    "created_at": "2020-01-01T00:00:00Z",
    "comments": [
        {"user": {"login": "bob-2", "type": "User"}, "body": "Me too, @ann-1"},
        {"user": {"login": "helper", "type": "Bot"}, "body": "I am a program"},
        {"user": None, "body": "from a deleted account"},
        {"user": {"login": "empty"}, "body": None},
    ],
}
GRAPHQL = {
    "number": 3,
    "title": "How do I?",
    "url": "https://github.com/owner/name/discussions/3",
    "author": {"login": "ann-1"},
    "body": LONG,
    "createdAt": "2021-01-01T00:00:00Z",
    "comments": {
        "nodes": [
            {"author": {"login": "bob-2"}, "body": "So", "replies": {"nodes": [{"author": None, "body": "Or so"}]}}
        ]
    },
}
STACK = {
    "repo": "owner/name",
    "issue_number": 7,
    "pull_request": None,
    "events": [
        {"action": "opened", "author": "ann-1", "title": "It fails", "text": LONG, "type": "issue"},
        {"action": "created", "author": "bob-2", "title": None, "text": "Fixed by @ann-1", "type": "comment"},
        {"action": "closed", "author": "bob-2", "title": None, "text": None, "type": "issue"},
    ],
}
STARCODERDATA = {
    "repo": "owner/name",
    "content": f"<issue_start><issue_comment>Title: It fails\nusername_0: {LONG}\n"
    "<issue_comment>username_1: Fixed\n<issue_closed>",
}


@pytest.mark.parametrize(
    ("row", "path", "title", "end"),
    [
        (REST, "issues/12", "It fails", "username_1: Me too, @username_0\n\nusername_2: from a deleted account\n"),
        (GRAPHQL, "discussions/3", "How do I?", "username_1: So\n\nusername_2: Or so\n"),
        (STACK, "issues/7", "It fails", "username_1: Fixed by @username_0\n"),
        ({**STACK, "pull_request": {"number": 7}}, "pull/7", "It fails", "username_1: Fixed by @username_0\n"),
        (STARCODERDATA, "part:7", "It fails", "username_1: Fixed\n"),
    ],
)
def test_every_layout_gives_the_same_kind_of_text(row: dict[str, Any], path: str, title: str, end: str) -> None:
    outcome = issue(row)
    assert isinstance(outcome, Raw)
    assert (outcome.repository, outcome.path, outcome.kind, outcome.language) == ("owner/name", path, "issues", "prose")
    assert outcome.data == f"Title: {title}\nusername_0: {LONG.strip()}\n\n{end}"
    assert outcome.date == str(row.get("created_at") or row.get("createdAt") or "")


@pytest.mark.parametrize(
    "row",
    [
        *(
            {},
            {"events": []},
            {"events": [1]},
            {"body": 3},
            {"comments": 5},
            {"comments": [3]},
            {"user": 7, "body": "x"},
        ),
        *({"content": None}, {"content": 7}, {"title": "only a title"}, {"events": [{"text": 5, "author": "a"}]}),
    ],
)
def test_a_row_without_a_conversation_is_excluded(row: dict[str, Any]) -> None:
    outcome = issue(row)
    assert isinstance(outcome, Excluded)
    assert outcome.reason in ("no conversation", "too short")


def test_issues_are_read_from_json_lines_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (REST, {"title": "x"}, GRAPHQL)))
    raws, excluded, _ = read_source(kind="jsonl", path=str(tmp_path / "a.jsonl"), content="issues", licence="CC0-1.0")
    assert [raw.path for raw in raws] == ["issues/12", "discussions/3"]
    assert {raw.declared_licence for raw in raws} == {"CC0-1.0"}
    assert len(excluded) == 1
    pq.write_table(pa.Table.from_pylist([STACK] * 3), tmp_path / "b.parquet")
    raws, excluded, _ = read_source(kind="parquet", path=str(tmp_path / "b.parquet"), content="issues")
    assert ([raw.path for raw in raws], excluded) == (["issues/7"] * 3, [])
