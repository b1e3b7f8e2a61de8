"""One revision of a git repository at an address, into a cache of bare repositories."""

from __future__ import annotations

import os
import re
from pathlib import Path

from midspan.corpus.sources.items import MAX_FILE_BYTES
from midspan.corpus.sources.objects import git_environment, last_line, start_git
from midspan.errors import UserError
from midspan.files import hash_text

TRANSPORTS = "https:http:ssh:git"
SETTINGS = (
    *("gc.auto=0", "maintenance.auto=false", "core.fsmonitor=false", f"core.hooksPath={os.devnull}"),
    *("http.lowSpeedLimit=1000", "http.lowSpeedTime=60"),  # bytes per second, seconds: a dead connection ends
)
FETCH = (
    *("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"),
    f"--filter=blob:limit={MAX_FILE_BYTES + 1}",  # where the server can leave out what is too large
)


def fetch(url: str, revision: str | None) -> tuple[Path, str]:
    """Fetch a branch, tag or commit (None: HEAD), without its history: the bare repository, and the reference to it.

    The cache is the folder MIDSPAN_CACHE, or ~/.cache/midspan. A commit that is there is not fetched again; a branch or
    tag is, and stays as it was where that fails. UserError if it was never fetched and cannot be.
    """
    wanted = revision or "HEAD"
    if url.startswith("-") or re.search(r"^-|[:+*?\s\\^~\[]|\.\.", wanted):
        shown = without_password(url)
        raise UserError(
            f"corpus.sources: cannot fetch {wanted!r} of {shown}; name a branch, a tag or a whole commit id"
        )
    root = Path(os.environ.get("MIDSPAN_CACHE") or Path.home() / ".cache" / "midspan").resolve()
    place = root / "git" / f"{re.sub(r'[^A-Za-z0-9._-]', '-', repository_name(url))}-{hash_text(url)}.git"
    reference = f"refs/midspan/{hash_text(wanted)}"
    fetched = place / reference
    if not (fetched.is_file() and fetched.read_text().strip() == wanted):
        place.mkdir(parents=True, exist_ok=True)
        _run(["init", "--quiet", "--bare", "--template="], place, url)
        try:
            _run([*FETCH, "origin", f"+{wanted}:{reference}"], place, url)
        except UserError:
            if not fetched.is_file():
                raise
    return place, reference


def _run(arguments: list[str], place: Path, url: str) -> None:
    """Run git in the cache, with the user's own settings as well, for they hold proxies and credentials."""
    environment = git_environment(GIT_DIR=str(place), GIT_ALLOW_PROTOCOL=TRANSPORTS, GIT_ASKPASS="true")
    del environment["GIT_CONFIG_GLOBAL"], environment["GIT_CONFIG_NOSYSTEM"]
    connection = {name: value for name, value in os.environ.items() if name.startswith(("GIT_SSH", "GIT_SSL"))}
    environment |= {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"} | connection
    settings = [part for setting in (*SETTINGS, f"remote.origin.url={url}") for part in ("-c", setting)]
    process = start_git([*settings, *arguments], environment)
    _, complaint = process.communicate()
    if process.returncode:
        raise UserError(
            f"corpus.sources: cannot fetch {without_password(url)} ({without_password(last_line(complaint))}); "
            "check the address, the revision and your access"
        )


def repository_name(url: str) -> str:
    """The "owner/name" of a repository's address."""
    parts = re.split(r"[/:]", re.sub(r"^[a-z+]+://[^/]*/", "", url.rstrip("/")).removesuffix(".git"))
    return "/".join(part for part in parts[-2:] if part)


def without_password(text: str) -> str:
    """A text as it may be shown: without the password or token of an address in it."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", text)
