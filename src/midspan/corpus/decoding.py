"""The bytes of a file to its text, or why it has none."""

from __future__ import annotations

import codecs
import json
import re

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263


class NotTextError(ValueError):
    """The bytes are not text that anyone could read; the message is the reason to record."""


def decode_source(data: bytes, path: str) -> str:
    """The text of a source file, line ends as "\\n"; NotTextError for binary data and unknown encodings.

    UTF-8 with or without a byte-order mark, UTF-16 with one, and what a Python file's PEP 263 cookie says. Nothing is
    guessed: latin-1 would decode anything.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(data) % 2 == 0:
        text = _decode(data, "utf-16")
    elif b"\0" in data:
        raise NotTextError("binary: holds a zero byte")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            encoding = _declared_encoding(data) if path.endswith((".py", ".pyi", ".pyw")) else None
            if encoding is None:
                raise NotTextError(f"not UTF-8 at byte {error.start}") from None
            text = _decode(data, encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
        text.encode()  # some codecs give lone surrogates
        return text
    except UnicodeError:
        raise NotTextError(f"not {encoding}") from None


def _declared_encoding(data: bytes) -> str | None:
    for line in data.splitlines()[:2]:
        if cookie := _COOKIE.match(line):
            try:
                codec = codecs.lookup(cookie.group(1).decode("ascii"))
                b"\xe9".decode(codec.name, "replace")  # LookupError for what is no text encoding, as "hex"
            except (LookupError, UnicodeError):
                return None
            return codec.name
    return None


def notebook_source(text: str) -> str:
    """A Jupyter notebook as one script: markdown cells as comments, outputs dropped ("Jupyter-clean").

    NotTextError if it is no notebook.
    """
    try:
        cells = json.loads(text)["cells"]
        parts = []
        for cell in cells:
            source = "".join(cell["source"]).strip("\n")
            if cell["cell_type"] == "markdown":
                source = "\n".join(f"# {line}".rstrip() for line in source.split("\n"))
            if source and cell["cell_type"] in ("code", "markdown"):
                parts.append(source + "\n")
        script = "\n".join(parts)
        script.encode()  # JSON can spell lone surrogates
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotTextError(f"not a notebook of format 4 ({type(error).__name__})") from None
    return script
