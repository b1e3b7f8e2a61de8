"""One revision of a git repository at an address, into a cache of bare repositories that never change."""

from __future__ import annotations

import os
import re
from pathlib import Path

from midspan.corpus.sources.items import MAX_FILE_BYTES
from midspan.corpus.sources.objects import git_environment, last_line, start_git
from midspan.errors import UserError
from midspan.files import atomic_directory, cache_folder, hash_text, write_text

TRANSPORTS = "https:http:ssh:git"
SETTINGS = (
    *("gc.auto=0", "maintenance.auto=false", "core.fsmonitor=false", f"core.hooksPath={os.devnull}"),
    *("http.lowSpeedLimit=1000", "http.lowSpeedTime=60"),  # bytes per second, seconds: a dead connection ends
)
FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"),
    f"--filter=blob:limit={MAX_FILE_BYTES + 1}",  # where the server can leave out what is too large
)
FETCHED = "refs/midspan/fetched"


def fetch(url: str, revision: str | None, history: bool = False) -> tuple[Path, str]:
    """Fetch a branch, tag or commit (None: HEAD): the bare repository, and the reference to it.

    Its `history` comes along only where it is asked for.

    What is in the cache (`files.cache_folder`) is not fetched again; what a branch or tag
    is, is asked each time, and where that fails stays as it was. UserError if it was never fetched and cannot be.
    """
    wanted = revision or "HEAD"
    if url.startswith("-") or re.search(r"^-|[:+*?\s\\^~\[]|\.\.", wanted):
        shown = without_password(url)
        raise UserError(
            f"corpus.sources: cannot fetch {wanted!r} of {shown}; name a branch, a tag or a whole commit id"
        )
    folder = cache_folder("git") / f"{re.sub(r'[^A-Za-z0-9._-]', '-', repository_name(url))}-{hash_text(url)}"
    object_id = wanted if _is_object_id(wanted) else _object_of(url, wanted, folder / f"{hash_text(wanted)}.latest")
    place = folder / f"{object_id}{'-history' if history else ''}.git"
    if not place.exists():
        with atomic_directory(place) as aside:
            sha256 = ["--object-format=sha256"] if len(object_id) == 64 else []
            _run(["init", "--quiet", "--bare", "--template=", *sha256], aside, url)
            _run([*FETCH, *([] if history else ["--depth=1"]), "origin", f"+{object_id}:{FETCHED}"], aside, url)
    return place, FETCHED


def _object_of(url: str, revision: str, memory: Path) -> str:
    """The object that a branch or tag of the remote repository is now, or was when `memory` was written."""
    try:
        listed = [line.split("\t") for line in _run(["ls-remote", "origin", revision], memory.parent, url).splitlines()]
        found = {name: object_id for object_id, name in listed if _is_object_id(object_id)}
        names = (revision, f"refs/tags/{revision}", f"refs/heads/{revision}", f"refs/{revision}")
        object_id = next((found[name] for name in names if name in found), None)
        if object_id is None:
            raise UserError(
                f"corpus.sources: {without_password(url)} has no branch or tag {revision!r}; "
                "check the revision, or name a whole commit id"
            )
    except UserError:
        if not memory.is_file():
            raise
        return memory.read_text().strip()
    write_text(memory, f"{object_id}\n")
    return object_id


def _is_object_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text) is not None


def _run(arguments: list[str], place: Path, url: str) -> str:
    """Run git in the cache, with the user's own settings as well, for they hold proxies and credentials."""
    environment = git_environment(GIT_DIR=str(place), GIT_ALLOW_PROTOCOL=TRANSPORTS, GIT_ASKPASS="true")
    del environment["GIT_CONFIG_GLOBAL"], environment["GIT_CONFIG_NOSYSTEM"]
    connection = {name: value for name, value in os.environ.items() if name.startswith(("GIT_SSH", "GIT_SSL"))}
    environment |= {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"} | connection
    settings = [part for setting in (*SETTINGS, f"remote.origin.url={url}") for part in ("-c", setting)]
    process = start_git([*settings, *arguments], environment)
    output, complaint = process.communicate()
    if process.returncode:
        raise UserError(
            f"corpus.sources: cannot fetch {without_password(url)} ({without_password(last_line(complaint))}); "
            "check the address, the revision and your access"
        )
    return output.decode("utf-8", "replace")


def repository_name(url: str) -> str:
    """The "owner/name" of a repository's address."""
    parts = re.split(r"[/:]", re.sub(r"^[a-z+]+://[^/]*/", "", url.rstrip("/")).removesuffix(".git"))
    return "/".join(part for part in parts[-2:] if part)


def without_password(text: str) -> str:
    """A text as it may be shown: without the password or token of an address in it."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", text)
