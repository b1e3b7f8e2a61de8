"""Decoding: every encoding that is marked, declared or plain, and none that would have to be guessed."""

from __future__ import annotations

import codecs
import gettext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.encodings import MAX_FILE_BYTES, NotTextError, decode, decode_source

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))
LOCALES = Path("/usr/share/locale")


@given(texts, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_a_byte_order_mark_is_believed_and_removed(text: str, encoding: str) -> None:
    text = text.removeprefix("\ufeff")
    marked = {
        "utf-8": codecs.BOM_UTF8 + text.encode(),
        "utf-16": codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        "utf-32": codecs.BOM_UTF32_LE + text.encode("utf-32-le"),
    }[encoding]
    assert decode_source(marked, "a.c") == text
    assert decode(marked, "a.c").encoding == f"{encoding} by its mark"


@given(st.binary(max_size=200))
def test_bytes_are_text_without_zeros_and_carriage_returns_or_are_refused(data: bytes) -> None:
    try:
        text = decode_source(data, "a.c")
    except NotTextError:
        return
    text.encode()
    assert not {"\0", "\r"} & set(text)


@given(st.text(alphabet="ab\r\n"))
def test_every_line_end_becomes_a_newline(text: str) -> None:
    assert decode_source(text.encode(), "a.c") == "".join(
        "\n" if part in ("\r\n", "\r", "\n") else part for part in _split(text)
    )


def _split(text: str) -> list[str]:
    parts: list[str] = []
    for character in text:
        if character == "\n" and parts and parts[-1] == "\r":
            parts[-1] = "\r\n"
        else:
            parts.append(character)
    return parts


@pytest.mark.parametrize(
    ("text", "encoding", "path", "read_as"),
    [
        ("# coding: koi8-r\n# Привет", "koi8-r", "a.py", "koi8-r as declared"),
        ("#!/usr/bin/python\n# -*- coding: cp1251 -*-\n# да", "cp1251", "a.py", "cp1251 as declared"),
        ("# coding: latin-1\nx = 'é'", "latin-1", "a.py", "windows-1252 as declared"),
        ("# coding: iso2022_jp\n# 日本", "iso2022_jp", "a.py", "iso2022_jp as declared"),
        ('<?xml version="1.0" encoding="ISO-8859-2"?><a>źdźbło</a>', "iso8859-2", "a.xml", "iso8859-2 as declared"),
        ('<html><meta charset="shift_jis"><p>日本語', "shift_jis", "a.html", "shift_jis as declared"),
        ('<meta http-equiv="a" content="text/html; charset=gbk"><p>中文', "gbk", "a.htm", "gbk as declared"),
        ('@charset "windows-1251";\n/* да */', "cp1251", "a.css", "cp1251 as declared"),
        ("/* -*- coding: euc-jp -*- */\n/* 日本 */", "euc-jp", "a.c", "euc_jp as declared"),
        ("# vim: set fileencoding=cp1250 :\n# žluťoučký kůň", "cp1250", "a.rb", "cp1250 as declared"),
        ("// Grüße aus München, “naïve café”\n", "cp1252", "a.c", "windows-1252 as judged"),
        ("/* © 2004 José Núñez */\n", "latin-1", "a.c", "windows-1252 as judged"),
    ],
)
def test_the_encoding_that_a_file_declares_is_used(text: str, encoding: str, path: str, read_as: str) -> None:
    decoded = decode(text.encode(encoding), path)
    assert (decoded.text, decoded.encoding) == (text, read_as)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"\x7fELF\x02\x00\x00", "a"),
        ("wide".encode("utf-16-le"), "a.c"),  # without a mark
        (codecs.BOM_UTF16_LE + b"a", "a.c"),
        (codecs.BOM_UTF32_LE + b"\xff\xff\xff\xff", "a.c"),
        ("Привет".encode("koi8-r"), "a.c"),
        ("Привет, мир".encode("cp1251"), "a.c"),
        ("日本語のテキスト".encode("shift_jis"), "a.c"),
        ("中文注释".encode("gbk"), "a.c"),
        ("Příliš žluťoučký kůň úpěl".encode("cp1250"), "a.c"),
        ("Türkçe değişken".encode("cp1254"), "a.c"),
        ("é é ñ".encode() + b"\xff", "a.c"),  # UTF-8 with an error in it
        (b"# coding: no-such\n# \xd0\xd1\xd2", "a.py"),
        (b"# coding: koi8-r\n# \xd0\xd1\xd2", "a.c"),  # a cookie is Python's
        (b"x = 1\n# coding: koi8-r\n# \xd0\xd1\xd2", "a.py"),  # and stands in the first two lines, before code
        (b"\x81\x8d\x8f", "a.c"),
        (b"x" * (MAX_FILE_BYTES + 1), "a.c"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused_with_a_detail(data: bytes, path: str) -> None:
    with pytest.raises(NotTextError, match=r"\w"):
        decode_source(data, path)


def test_text_from_a_table_is_cleaned_alike() -> None:
    assert decode_source("\ufeffa\r\nb", "a.c") == "a\nb"
    for bad in ("a\0b", "a\ud800b"):
        with pytest.raises(NotTextError):
            decode_source(bad, "a.c")


def _messages(language: str, encoding: str) -> list[str]:
    """Translations into a language that need its old encoding."""
    found = set()
    for file in sorted(LOCALES.glob(f"{language}/LC_MESSAGES/*.mo"))[:12]:
        with file.open("rb") as stream:
            catalogue = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
        for key, message in catalogue.items():
            if key and isinstance(message, str) and message.encode(encoding, "ignore").decode(encoding) == message:
                found.add(message)
    return sorted(message for message in found if not message.isascii() and "\r" not in message)[:900]


def _files_and_what_is_read(language: str, encoding: str) -> list[tuple[str, str | None]]:
    """Files with ten comments each, and what is read of them in an old encoding, None where that is refused."""
    messages = _messages(language, encoding)
    if len(messages) < 200:
        pytest.skip(f"this machine has no translations into {language}")
    files = ["".join(f"# {one}\nx = 1\n" for one in messages[at : at + 10]) for at in range(0, len(messages), 10)]
    return [(file, _read(file.encode(encoding))) for file in files]


def _read(data: bytes) -> str | None:
    try:
        return decode_source(data, "a.rb")
    except NotTextError:
        return None


@pytest.mark.parametrize("language", ["de", "fr", "es", "sv", "fi", "pt"])
def test_western_languages_in_latin_1_are_read(language: str) -> None:
    pairs = _files_and_what_is_read(language, "cp1252")
    assert {read for file, read in pairs if read != file} <= {None}
    assert sum(read == file for file, read in pairs) > 0.85 * len(pairs)


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *[("ru", "cp1251"), ("ru", "koi8-r"), ("uk", "cp1251"), ("bg", "cp1251"), ("el", "iso8859-7")],
        *[("ja", "shift_jis"), ("ja", "euc_jp"), ("ko", "euc_kr"), ("zh_CN", "gbk"), ("zh_TW", "big5")],
        *[("cs", "cp1250"), ("cs", "iso8859-2"), ("pl", "cp1250"), ("pl", "iso8859-2"), ("tr", "cp1254")],
    ],
)
def test_other_languages_in_their_old_encodings_are_refused_not_read_as_mojibake(language: str, encoding: str) -> None:
    pairs = _files_and_what_is_read(language, encoding)
    assert sum(read is not None for _, read in pairs) < 0.02 * len(pairs)
