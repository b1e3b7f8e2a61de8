"""Whoever can be under test: a table of kinds, told by how a name begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from midspan.evaluate.subject import Subject
from midspan.evaluate.subjects.answers import Answers
from midspan.evaluate.subjects.local import Local
from midspan.evaluate.subjects.server import Server
from midspan.evaluate.subjects.transformers import Transformers
from midspan.files import hash_path, hash_text
from midspan.inference import find_model
from midspan.inference.engine import WeightsFormat

HASHED = 64 << 20  # bytes of a file that are hashed whole; of a larger one, its beginning


def open_subject(given: str, precision: WeightsFormat) -> Subject:
    """The subject that `given` names: a model, `transformers:MODEL`, the URL of a server, or `answers:FILE`.

    Raises UserError where there is no such model or file.
    """
    for beginning, opener in SUBJECTS.items():
        if given.startswith(beginning):
            return opener(given, precision)
    return Local(name_of(given), find_model(given), None, precision)


def _server(given: str, precision: WeightsFormat) -> Subject:
    address, _, model = given.partition("#")
    return Server(model or urlsplit(address).netloc, address.rstrip("/"), model)


def _transformers(given: str, precision: WeightsFormat) -> Subject:
    place = given.removeprefix("transformers:")
    return Transformers(f"{name_of(place)}-by-transformers", place, precision)


def _answers(given: str, precision: WeightsFormat) -> Subject:
    file = Path(given.removeprefix("answers:")).expanduser()
    return Answers.read(file)


SUBJECTS: dict[str, Callable[[str, WeightsFormat], Subject]] = {
    "http://": _server,
    "https://": _server,
    "transformers:": _transformers,
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
    place = given.removeprefix("transformers:")
    path = Path(place.removeprefix("answers:")).expanduser()
    return hash_path(path if place.startswith("answers:") else find_model(place))
