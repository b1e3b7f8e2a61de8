"""Whoever can be under test: a table of kinds, told by how a name begins, and the systems that have a name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from midspan.errors import UserError
from midspan.evaluate.families import family_of
from midspan.evaluate.subject import Subject
from midspan.evaluate.subjects.answers import Answers
from midspan.evaluate.subjects.local import Local
from midspan.evaluate.subjects.server import Server
from midspan.evaluate.subjects.transformers import Transformers
from midspan.evaluate.systems import SYSTEMS
from midspan.files import hash_path, hash_text
from midspan.inference import find_model
from midspan.inference.engine import WeightsFormat

HASHED = 64 << 20  # bytes of a file that are hashed whole; of a larger one, its beginning


def open_subject(given: str, precision: WeightsFormat) -> Subject:
    """The subject that `given` names: a system, a model, `transformers:MODEL`, the URL of a server, or `answers:FILE`.

    Raises UserError where there is no such model or file, naming the nearest system.
    """
    place, name = place_of(given), given.removeprefix(TRANSFORMERS)
    for beginning, opener in SUBJECTS.items():
        if place.startswith(beginning):
            return opener(place, name, precision)
    try:
        return Local(name_of(name), find_model(place), None, precision, family_of(place))
    except UserError as error:
        near = difflib.get_close_matches(given, SYSTEMS, n=1, cutoff=0.7)
        if not near or given in SYSTEMS:
            raise
        raise UserError(f"{error}; did you mean {near[0]!r}, one of `midspan systems`?") from None


def place_of(given: str) -> str:
    """What `given` is opened by: a system's own way for its name."""
    if given in SYSTEMS:
        return SYSTEMS[given].given
    named = given.removeprefix(TRANSFORMERS)
    return TRANSFORMERS + SYSTEMS[named].hub if given.startswith(TRANSFORMERS) and named in SYSTEMS else given


def _server(place: str, name: str, precision: WeightsFormat) -> Subject:
    address, _, model = place.partition("#")
    return Server(model or urlsplit(address).netloc, address.rstrip("/"), model, family_of(model))


def _transformers(place: str, name: str, precision: WeightsFormat) -> Subject:
    hub = place.removeprefix(TRANSFORMERS)
    return Transformers(f"{name_of(name)}-by-transformers", hub, precision, family_of(hub))


def _answers(place: str, name: str, precision: WeightsFormat) -> Subject:
    return Answers.read(Path(place.removeprefix("answers:")).expanduser())


TRANSFORMERS = "transformers:"
SUBJECTS: dict[str, Callable[[str, str, WeightsFormat], Subject]] = {
    "http://": _server,
    "https://": _server,
    TRANSFORMERS: _transformers,
    "answers:": _answers,
}


def name_of(place: str) -> str:
    """What the results of the model at `place` are called: its last part that says something, as a file name."""
    parts = [part for part in Path(place).parts if part not in ("models", "release", ".", "..", "/")]
    name = parts[-1].removesuffix(".gguf") if parts else "model"
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def contents_of(given: str) -> str:
    """A hash that changes with the model or the file; of a server, which can be asked for none, that of its name."""
    if given.startswith(("http://", "https://")):
        return hash_text(given)
    place = place_of(given).removeprefix(TRANSFORMERS)
    path = Path(place.removeprefix("answers:")).expanduser()
    return hash_path(path if place.startswith("answers:") else find_model(place))
