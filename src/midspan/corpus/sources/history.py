"""The moment in a repository's history that parts what is trained on from what was written later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from midspan.corpus.sources.commits import Commit, GitFolders, find_commit, references, utc
from midspan.corpus.sources.items import UnreadableError
from midspan.corpus.sources.objects import ObjectStore, last_line, start_git
from midspan.errors import UserError

Moment = float | date | datetime  # the share of the latest commits, or a time after which they are later


@dataclass(frozen=True)
class Parting:
    """The last commit that is trained on, the newest one, and how many there are after the former."""

    base: Commit | None  # None: all of it is later
    head: Commit
    later: int
    why: str = ""  # one of the sides has nothing


def part(folders: GitFolders, revision: str, after: Moment, store: ObjectStore) -> Parting:
    """Part the history of `revision`.

    The history is its line of first parents with the dates of committing: what was merged or rebased later is later,
    whenever it was written. UnreadableError if there is no such revision.
    """
    head = find_commit(folders, revision, store)
    line = mainline(folders, head)
    shallow = ", for the clone is shallow: git fetch --unshallow brings the rest" if is_shallow(folders) else ""
    if isinstance(after, float):
        if len(line) == 1:
            return Parting(head, head, 0, f"has one commit, so nothing in it is later{shallow}")
        later = min(max(1, round(after * len(line))), len(line) - 1)
    else:
        moment = moment_of(after)
        later = next((place for place, (_, seconds) in enumerate(line) if seconds <= moment), len(line))
        if later == 0:
            return Parting(head, head, 0, f"has no commit after {after}; its last is of {head.date}")
        if later == len(line):
            first = utc(line[-1][1])
            return Parting(None, head, later, f"has no commit before {after}; its first is of {first}{shallow}")
    return Parting(find_commit(folders, line[later][0], store), head, later)


def check_moment(after: Moment | None, where: str) -> None:
    """UserError for a date that lies in the future."""
    if after is not None and not isinstance(after, float) and moment_of(after) > datetime.now(UTC).timestamp():
        raise UserError(f"{where} {after} lies in the future: nothing can have been written after it")


def moment_of(after: date) -> float:
    """A date as seconds since 1970; of a day, its end in UTC: commits of the day itself are not after it."""
    moment = after if isinstance(after, datetime) else datetime.combine(after, time.max, UTC)
    return moment.timestamp()


def mainline(folders: GitFolders, head: Commit) -> list[tuple[str, int]]:
    """(id, seconds since 1970 of committing) of `head` and its first parents, newest first, as far as they are here."""
    with references(folders) as environment:
        output, complaint = start_git(
            ["rev-list", "--first-parent", "--timestamp", head.object_id], environment
        ).communicate()
    line = [(object_id, int(seconds)) for seconds, object_id in map(str.split, output.decode().splitlines())]
    if not line:
        raise UnreadableError("history cannot be read", last_line(complaint))
    return line


def is_shallow(folders: GitFolders) -> bool:
    """Whether the clone lacks the commits before some of its own."""
    return (folders.common / "shallow").is_file()
