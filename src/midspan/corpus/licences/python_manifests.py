"""The licence in the manifests of Python packages: pyproject.toml, setup.cfg, setup.py (read, never run), PKG-INFO."""

from __future__ import annotations

import ast
import configparser
import tomllib
import warnings
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from typing import Any

from midspan.corpus.licences.statements import LONGEST_MANIFEST, SEE, named, parsed


def pyproject(text: str) -> Iterator[str]:
    """PEP 639's expression, PEP 621's table, Poetry's and Flit's field, and the classifiers."""
    document = parsed(tomllib.loads, text)
    for path in ("project", "tool.poetry", "tool.flit.metadata"):
        table: Any = document
        for part in path.split("."):
            table = table.get(part) if isinstance(table, dict) else None
        if isinstance(table, dict):
            licence = table.get("license")
            if isinstance(licence, dict):
                yield from named(licence.get("text"))
                yield from _files(licence.get("file"))
            else:
                yield from named(licence)
            yield from _classified(table.get("classifiers"))


def setup_cfg(text: str) -> Iterator[str]:
    """`license`, `license_file` and the classifiers of [metadata]."""
    settings = configparser.RawConfigParser(strict=False)
    try:
        settings.read_string(text[:LONGEST_MANIFEST])
    except configparser.Error:
        return
    if settings.has_section("metadata"):
        fields = dict(settings.items("metadata"))
        if not (licence := fields.get("license", "")).startswith(("file:", "attr:")):
            yield from named(licence)
        yield from _classified(fields.get("classifiers", fields.get("classifier", "")).splitlines())


def setup_py(text: str) -> Iterator[str]:
    """`license` and `classifiers` of the call of setup(), where they are literals or names of such."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes, which are not ours to mend
            tree = ast.parse(text[:LONGEST_MANIFEST])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) == "setup":
            fields = {keyword.arg: _literal(keyword.value, assigned) for keyword in call.keywords}
            yield from named(fields.get("license"))
            yield from _classified(fields.get("classifiers"))


def metadata(text: str) -> Iterator[str]:
    """License-Expression, License and the classifiers of PKG-INFO (core metadata 2.4)."""
    message = HeaderParser().parsestr(text[:LONGEST_MANIFEST])
    yield from named(message.get("License-Expression") or message.get("License"))
    yield from _classified(message.get_all("Classifier"))


def _literal(node: ast.expr, assigned: dict[str, ast.expr]) -> object:
    if isinstance(node, ast.Name):
        node = assigned.get(node.id, node)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _classified(classifiers: object) -> Iterator[str]:
    """The licences among trove classifiers."""
    lines = classifiers.splitlines() if isinstance(classifiers, str) else classifiers
    for line in lines if isinstance(lines, Iterable) else ():
        parts = [part.strip() for part in str(line).strip(" '\",").split("::")]
        if parts[0] == "License" and len(parts) > 1 and parts[-1] not in ("OSI Approved", "DFSG approved"):
            yield from named(parts[-1])


def _files(file: object) -> Iterator[str]:
    if isinstance(file, str):
        yield f"{SEE}{file}"
