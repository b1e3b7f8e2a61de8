"""A PostgreSQL server of our own, which lives as long as it is needed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.conninfo import make_conninfo

from midspan.errors import UserError

DEBIAN = Path("/usr/lib/postgresql")
OWNER = "midspan"
SETTINGS = {
    "listen_addresses": "",  # a socket in a folder that nobody else may enter
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}
MEMORY_KB = 512 << 10  # address space of each of its processes
STARTING = 60.0  # seconds that it may take
# Its standard input ends however this process ends; then the server does, and nothing is left behind.
SERVE = f"""
trap 'rm -rf "$2"' EXIT
ulimit -v {MEMORY_KB}
"$1/initdb" -D "$2/data" -U {OWNER} -A trust -E UTF8 --locale=C --no-sync || exit
exec 3<&0
"$1/postgres" -D "$2/data" -k "$2" $3 &
server=$!
{{ read -r _ <&3; kill -QUIT "$server"; }} &
wait "$server"
"""


@contextmanager
def own_server() -> Iterator[str]:
    """The address of a fresh server that serves nobody else; stopped and removed at the end, however that comes.

    As root it runs as `nobody`, for PostgreSQL refuses root. Raises UserError where it is not installed or fails.
    """
    binaries, folder = _binaries(), Path(tempfile.mkdtemp(prefix="midspan-postgres-"))
    settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    command = ["sh", "-c", SERVE, "sh", str(binaries), str(folder), settings]
    address = make_conninfo(host=str(folder), port=5432, user=OWNER, dbname="postgres")
    try:
        with (
            tempfile.TemporaryFile("w+") as log,
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,  # Ctrl-C is not for it
                **_user(folder),
            ) as process,  # whose end closes its standard input, and waits for it
        ):
            until = time.monotonic() + STARTING
            while (session := connected(address, 0.1)) is None:
                if process.poll() is not None or time.monotonic() > until:
                    raise UserError(f"PostgreSQL does not start in {folder}: {_complaint(log)}")
            session.close()
            yield address
    except OSError as error:
        raise UserError(f"PostgreSQL does not start in {folder}: {error}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def connected(address: str, seconds: float) -> psycopg.Connection | None:
    """A session, as soon as the server lets us in; None where it does not within `seconds`."""
    until = time.monotonic() + seconds
    while True:
        try:
            return psycopg.connect(address, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > until:
                return None
            time.sleep(0.05)


def _complaint(log: IO[str]) -> str:
    log.seek(0)
    said = [line.strip() for line in log if line.strip()]
    return next((line for line in reversed(said) if "FATAL" in line or "error:" in line), (said or ["no reason"])[-1])


def _binaries() -> Path:
    """The folder of initdb and postgres: on the path, else the newest of Debian's."""
    installed = DEBIAN.glob("*/bin")
    newest = sorted(installed, key=lambda folder: int(f"0{folder.parent.name}"), reverse=True)
    for folder in (*map(Path, os.get_exec_path()), *newest):
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    raise UserError(
        "text-to-sql.server postgres: no PostgreSQL server here (initdb, postgres); apt-get install postgresql, "
        "or give the address of one: postgresql://USER@HOST"
    )


def _user(folder: Path) -> dict[str, Any]:
    """As whom the server runs: an ordinary user as themselves."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
