"""Issues, pull requests and discussions to texts, by the rules of StarCoder.

Li et al. 2023, arXiv 2305.06161, section 3.4, and bigcode-dataset's filtering_issues.py: e-mail replies stripped, long
comments cut in the middle, bots' comments dropped, conversations of one user kept only if short, names replaced by
counters. StarCoder2 (arXiv 2402.19173, section 2.2) does the same with comments of up to 100 lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as date_type
from typing import Any

from midspan.corpus.sources.columns import unfit
from midspan.corpus.sources.items import Excluded, Raw, SourceTask
from midspan.corpus.sources.prose import PROSE
from midspan.corpus.writable import END_OF_INTEGERS, printable, why_unwritable

MIN_CHARACTERS = 200  # of all comments together
MAX_CHARACTERS_OF_ONE_USER, MAX_EVENTS_OF_ONE_USER = 7_000, 10  # if nobody else takes part
MAX_LINES, LAST_LINES = 100, 20  # of a comment, and how many of its last are kept when it is cut

# Accounts that are programs (bigcode-dataset, utils_issues.py), in lower case.
BOTS = frozenset(
    {"apache-hbase", "autorestci", "claassistant", "claassistantio", "cmsbuild", "codecov-commenter", "codecov-io"}
    | {"coveralls", "danger-public", "dnfclas", "karma-pr-reporter", "msftclas", "probot-stale", "pydocteur", "sparkqa"}
)
BOT_PARTS = ("[bot]", "botmanager", "bors-", "jenkins", "k8s-", "-test-", "travis")
BOT_ENDINGS = (
    *("bot", "-automation", "-automaton", "-benchmark", "-build", "-ci", "-cloud", "-deployer", "-linter"),
    *("-service-account", "-teamcity", "-test", "-testing"),
)
_EMAIL_REPLY = re.compile(
    r"^(?:On\b.{5,300}\bwrote:|From: .*|_{20,}|-+ ?Original Message ?-+|.*Reply to this email directly.*)\s*$",
    re.MULTILINE,
)
_SENT_BY_EMAIL = ("Reply to this email directly", "notifications@github.com", "@reply.github.com")
_MARKS = re.compile(r"<issue_(?:start|comment|closed)>")  # StarCoderData's way of writing a conversation
_MARKED = re.compile(r"\s*(?:Title: (?P<title>[^\n]*)\n)?(?:(?P<author>username_\d+): )?(?P<text>.*)", re.DOTALL)


@dataclass(frozen=True)
class Comment:
    """What one user wrote; the first comment is the issue itself."""

    author: str
    text: str
    by_program: bool = False


@dataclass(frozen=True)
class Conversation:
    """An issue, pull request or discussion."""

    title: str
    comments: list[Comment]


def issue_of_row(row: Mapping[str, Any], place: str, task: SourceTask) -> Raw | Excluded:
    """The conversation of one row as a text, or why it is left out.

    Rows as GitHub's REST and GraphQL interfaces give them (with `comments` as a list), and of the-stack-github-issues.
    """
    repository = _repository(row) or task.given.get("repository") or task.source
    path = _path(row) or place
    text = conversation_text(_conversation(row))
    if why := text if isinstance(text, tuple) else unfit(text):
        return Excluded(printable(repository), printable(path), *why)
    assert isinstance(text, str)
    dates = (row.get(name) for name in ("created_at", "createdAt", "date"))
    when = next((date for date in dates if date and isinstance(date, str | date_type)), "")
    when = when if isinstance(when, str) else when.isoformat()
    if bad := why_unwritable({"path": path, "repository": repository, "date": when}):
        return Excluded(printable(repository), printable(path), "bad field", bad)
    return Raw(text, path, repository, date=when, language=PROSE, kind="issues")


def conversation_text(conversation: Conversation) -> str | tuple[str, str]:
    """The text of a conversation without bots and names, or (reason, detail) why it is not worth having."""
    people = [comment for comment in conversation.comments if not _is_bot(comment)]
    if not people:
        return ("only bots", "") if conversation.comments else ("no conversation", "no comments")
    comments = [Comment(one.author, shorten(without_email(one.text))) for one in people]
    comments = [comment for comment in comments if comment.text]
    size, users = sum(len(comment.text) for comment in comments), {comment.author for comment in comments}
    if size < MIN_CHARACTERS:
        return "too short", f"{size} characters"
    if len(users) == 1 and size > MAX_CHARACTERS_OF_ONE_USER:
        return "one user", f"{size} characters"
    if len(users) == 1 and len(comments) > MAX_EVENTS_OF_ONE_USER:
        return "one user", f"{len(comments)} comments"
    names = {author: f"username_{index}" for index, author in enumerate(dict.fromkeys(one.author for one in people))}
    lines = [f"{names[comment.author]}: {comment.text}" for comment in comments]
    title = [f"Title: {conversation.title}"] if conversation.title else []
    return _without_names("\n".join(title) + "\n" * len(title) + "\n\n".join(lines) + "\n", names)


def shorten(text: str) -> str:
    """A comment of at most MAX_LINES lines: the middle of a longer one, mostly a log, is cut out."""
    lines = text.split("\n")
    if len(lines) <= MAX_LINES:
        return text
    return "\n".join([*lines[: MAX_LINES - LAST_LINES], "[Truncated]", *lines[-LAST_LINES:]])


def without_email(text: str) -> str:
    """A comment without the message it quotes, if it came by e-mail."""
    text = text.replace("\r\n", "\n").strip()
    if any(mark in text for mark in _SENT_BY_EMAIL) and (reply := _EMAIL_REPLY.search(text)):
        return text[: reply.start()].strip()
    return text


def _is_bot(comment: Comment) -> bool:
    name = comment.author.lower()
    return comment.by_program or name in BOTS or name.endswith(BOT_ENDINGS) or any(part in name for part in BOT_PARTS)


def _without_names(text: str, names: Mapping[str, str]) -> str:
    """`text` with the users' names replaced: "@name" always, the bare name where it is no everyday word."""
    bare = [name for name in names if len(name) >= 4 and not name.isalpha()]
    for_mentions = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    for_words = "|".join(re.escape(name) for name in sorted(bare, key=len, reverse=True))
    lower = {name.lower(): counter for name, counter in names.items()}
    pattern = rf"(?<![\w@])@({for_mentions})(?![\w-])" + (rf"|(?<![\w-])({for_words})(?![\w-])" if bare else "")

    def counter(match: re.Match[str]) -> str:
        mention = match.group(1)
        return f"@{lower[mention.lower()]}" if mention else lower[match.group().lower()]

    return re.sub(pattern, counter, text, flags=re.IGNORECASE) if for_mentions else text


def _conversation(row: Mapping[str, Any]) -> Conversation:
    """The conversation of a row in any of the known forms."""
    title = _string(row.get("title"))
    if isinstance(row.get("events"), list):  # the-stack-github-issues
        events = [event for event in row["events"] if isinstance(event, dict)]
        title = title or next((name for event in events if (name := _string(event.get("title")))), "")
        texts = [_string(event.get("text") or event.get("comment") or event.get("description")) for event in events]
        authors = [_string(event.get("author")) for event in events]
        return Conversation(title, [Comment(*both) for both in zip(authors, texts, strict=True) if both[1]])
    if "comments" in row or "body" in row:  # GitHub's interfaces
        return Conversation(title, list(_posts([row])))
    marked = _string(row.get("content") or row.get("text"))
    parts = [match for part in _MARKS.split(marked) if part.strip() and (match := _MARKED.match(part))]
    title = title or next((part["title"].strip() for part in parts if part["title"]), "")
    return Conversation(title, [Comment(part["author"] or "", part["text"].strip()) for part in parts])


def _posts(posts: Sequence[Any]) -> Iterator[Comment]:
    """An issue's or discussion's own text, its comments, and their replies, in this order."""
    for post in posts:
        if not isinstance(post, dict):
            continue
        user = post.get("user") or post.get("author")
        user = user if isinstance(user, dict) else {"login": user}
        program = user.get("type") == "Bot" or user.get("__typename") == "Bot" or user.get("is_bot") is True
        if text := _string(post.get("body")):
            yield Comment(_string(user.get("login")) or "ghost", text, program)
        for answers in (post.get("comments"), post.get("replies")):
            nodes = answers.get("nodes") if isinstance(answers, dict) else answers
            yield from _posts(nodes if isinstance(nodes, list) else [])


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _repository(row: Mapping[str, Any]) -> str:
    """The "owner/name" of a row, "" where it does not say."""
    named = row.get("repository") or row.get("repo") or row.get("repo_name") or ""
    if isinstance(named, dict):
        named = named.get("full_name") or named.get("nameWithOwner") or ""
    if not named:
        address = row.get("repository_url") or row.get("html_url") or row.get("url") or ""
        found = re.search(r"github\.com/(?:repos/)?([\w.-]+/[\w.-]+)", address if isinstance(address, str) else "")
        named = found.group(1) if found else ""
    return _string(named)


def _path(row: Mapping[str, Any]) -> str:
    """Such as "issues/12", "" where the row has no number."""
    number = row.get("number") or row.get("issue_number")
    if not isinstance(number, int | float) or not 0 < number < END_OF_INTEGERS:
        return ""
    address = str(row.get("html_url") or row.get("url") or "")
    kind = "pull" if "/pull/" in address or row.get("pull_request") else "issues"
    return f"{'discussions' if '/discussions/' in address else kind}/{int(number)}"
