"""The bytes of a file to its text, or why it has none. No character is ever replaced or guessed without a judgement."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from midspan.corpus.undeclared import undeclared_encoding

MAX_FILE_BYTES = 8_000_000  # OpenCoder's limit; nobody writes such a file by hand

# The byte-order marks, UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_BLANK_OR_COMMENT = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_EDITOR_LINE = re.compile(rb"-\*-.*?coding:[ \t]*([-\w.]+).*?-\*-|\bvim?:.*?\b(?:fenc|fileencoding)=([-\w.]+)")
_XML = re.compile(rb"\A\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']([-\w.:]+)[\"']")
_HTML = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([-\w.:]+)", re.IGNORECASE)
_CSS = re.compile(rb'\A@charset "([-\w.:]+)";')

_STATEFUL = ("iso2022", "hz")  # encodings that look like ASCII with escapes in it
_LATIN = frozenset({"ascii", "iso8859-1", "cp1252"})  # one and the same, in fact: encoding.spec.whatwg.org, "labels"


class NotTextError(ValueError):
    """The bytes are not text that anyone could read; the message is the detail to record."""


@dataclass(frozen=True)
class Decoded:
    """A text with "\\n" line ends and no byte-order mark, and how it was read: "utf-8", "utf-16 by its mark" ..."""

    text: str
    encoding: str


def decode(data: bytes | str, path: str, detect: bool = False) -> Decoded:
    """The text of a source file; NotTextError for binary data, for over MAX_FILE_BYTES and where no encoding fits.

    In this order: a byte-order mark; UTF-8, which what is valid as UTF-8 practically always is (M. Dürst, "The
    properties and promises of UTF-8", 1997); the encoding that the file declares (PEP 263, XML, HTML, CSS, Emacs and
    Vim lines); Windows-1252 if the result reads as a Western language; with `detect`, the one encoding in which it
    plainly reads as some other (`undeclared`). A `str`, from a source that holds text, is judged and cleaned alike.
    """
    if len(data) > MAX_FILE_BYTES:
        raise NotTextError(f"{len(data)} bytes, over {MAX_FILE_BYTES}")
    text, encoding = (data, "text") if isinstance(data, str) else _decode_bytes(data, path, detect)
    if "\0" in text:
        raise NotTextError("binary: holds a zero byte")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotTextError(f"{encoding}: half a surrogate pair at character {error.start}") from None
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, encoding)


def decode_source(data: bytes | str, path: str, detect: bool = False) -> str:
    """The text of a source file, as `decode` gives it."""
    return decode(data, path, detect).text


def _decode_bytes(data: bytes, path: str, detect: bool) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding), f"{encoding.removesuffix('-sig')} by its mark"
    if b"\0" in data:
        raise NotTextError("binary: holds a zero byte")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = error.start
    else:
        if b"\x1b" not in data and b"~{" not in data:
            return text, "utf-8"
        declared = declared_encoding(data, path)
        if declared is None or not declared.startswith(_STATEFUL):
            return text, "utf-8"
        return _strictly(data, declared), f"{declared} as declared"
    declared = declared_encoding(data, path)
    if declared is not None and declared not in _LATIN and not declared.startswith("utf"):
        return _strictly(data, declared), f"{declared} as declared"
    western = _as_windows_1252(data, declared is not None and declared in _LATIN)
    if western is None and detect and not _is_broken_utf8(data) and (found := undeclared_encoding(data)) is not None:
        return _strictly(data, found), f"{found} as detected"
    if western is None:
        raise NotTextError(f"not UTF-8 at byte {broken}, nor another encoding that is declared or plain")
    return western, "windows-1252 as declared" if declared in _LATIN else "windows-1252 as judged"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (UnicodeError, ValueError):  # some codecs raise a plain ValueError
        raise NotTextError(f"not {encoding}") from None


def declared_encoding(data: bytes, path: str) -> str | None:
    """The Python name of the encoding that a file says it is in, None if it says none or none that there is."""
    name = path.lower()
    found: bytes | None = None
    if name.endswith((".py", ".pyi", ".pyw", ".pyx", ".pxd")):
        found = _python_cookie(data)
    else:
        head = data[:1024]  # where HTML's declaration must stand
        patterns = [_XML, _CSS] if name.endswith(".css") else [_XML]
        if name.endswith((".html", ".htm", ".xhtml", ".php", ".vue")):
            patterns.append(_HTML)
        match = next((match for pattern in patterns if (match := pattern.search(head))), None)
        if match is None:
            match = _EDITOR_LINE.search(b"\n".join(data[:2048].splitlines()[:2]))
        found = next((group for group in match.groups() if group), None) if match else None
    if found is None:
        return None
    try:
        codec = codecs.lookup(found.decode("ascii"))
        b"\xe9".decode(codec.name, "replace")  # LookupError for what is no text encoding, as "hex"
    except (LookupError, UnicodeError):
        return None
    return codec.name


def _python_cookie(data: bytes) -> bytes | None:
    for line in data[:4096].splitlines()[:2]:
        if cookie := _COOKIE.match(line):
            return cookie.group(1)
        if not _BLANK_OR_COMMENT.match(line):
            return None
    return None


# Letters that Western European languages write, and signs that stand in their texts.
_WESTERN_LETTERS = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœßúùûüýÿšžþðÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜÝŸŠŽÞÐªº")
_WESTERN_SIGNS = frozenset("©®™°±·•«»‹›„“”‘’‚–—…§¶†‡£€¥¢µ¿¡×÷½¼¾¹²³´¨\xa0")
_ASCII = bytes(range(128))
_RUN = re.compile(r"[^\W\d_]+")
_LETTER = "[a-zA-ZÀ-ÖØ-öø-ÿŠšŽžŒœŸ]"
_SIGN_IN_WORD = re.compile(f"{_LETTER}[©®™°±«»§¶†‡£€¥¢µ¿¡×÷½¼¾¹²³¨´„‚…]+{_LETTER}")
_HIGH_LETTERS = re.compile(r"[^\W\d_a-zA-Z]{3,}")
# What never stands together in one Western language, but does where another encoding was read as Windows-1252.
_NEVER_TOGETHER = (
    ("ø", "ìèùý"),  # Czech: ř with ě, č, ů
    ("ðþ", "çüëàèùâãêîôûñ"),  # Turkish: ğ, ş; Lithuanian: š, ž; Vietnamese: đ (Icelandic has none of the others)
    ("ã", "î"),  # Romanian
    ("õû", "ö"),  # Hungarian: ő and ű
    ("ìè", "šžý"),  # Czech, Slovak, Slovene, Croatian
    ("æ", "¹³¿êšž"),  # Polish, Croatian: ć
)
# Letters where no Western language writes them, in lower case.
_MISPLACED = re.compile(
    r"ã[^\Woesn\d_]|õ(?!e)"  # Romanian ă, Hungarian ő; Portuguese writes ão, ãe, õe (and Estonian is given up)
    r"|ø[aiouáíóúý]|[pt]øe"  # Czech ř
    r"|è[aeiouyáíéó]|\bè[^\W\d_]|[ìù][^\W\d_]"  # Czech č, ě, ů; Italian and French end words with them
    r"|[^\W\d_]{3}[³¹]|º[^\W\d_]"  # Polish ł, ą; Romanian ş
)


def _as_windows_1252(data: bytes, declared: bool) -> str | None:
    """`data` as Windows-1252 if that reads as a Western language, None if it would be mojibake.

    Broken UTF-8, Cyrillic, Greek, Chinese, Japanese and Korean encodings give runs of high letters or signs inside
    words; Central European and Turkish ones give letters that no Western language has together. A single name in
    one of those cannot be told, unless it has such a pair. `declared`: the file says Latin-1, so that runs may stand.
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    high = set(data.translate(None, _ASCII).decode("cp1252"))
    if not high <= _WESTERN_LETTERS | _WESTERN_SIGNS or _is_broken_utf8(data):
        return None
    if declared:
        return text
    letters = {letter.lower() for letter in high}
    if any(not letters.isdisjoint(one) and not letters.isdisjoint(other) for one, other in _NEVER_TOGETHER):
        return None
    if letters & set("ðþ") and not letters & set("áéíóúæ"):  # Turkish rather than Icelandic
        return None
    lines = [line.lower() for line in text.split("\n") if not line.isascii()]
    odd = any(pattern.search(line) for pattern in (_HIGH_LETTERS, _SIGN_IN_WORD, _MISPLACED) for line in lines)
    return None if odd or not _letters_are_among_ascii(lines) else text


def _is_broken_utf8(data: bytes) -> bool:
    """Whether some of the bytes above 127 are UTF-8 after all: the file is UTF-8 with an error in it."""
    high = len(data) - len(data.translate(None, bytes(range(128, 256))))
    rest = data.decode("utf-8", "replace")
    return 2 * rest.count("\ufffd") < high


def _letters_are_among_ascii(lines: list[str]) -> bool:
    """Whether words with high letters are mostly made of ASCII ones, as in every Western language ("è" is a word)."""
    words = [word for line in lines for word in _RUN.findall(line) if len(word) > 1 and not word.isascii()]
    high = sum(len(word) - len(word.encode("ascii", "ignore")) for word in words)
    return not words or high <= 0.5 * sum(map(len, words))
