"""Near-copies are told without the licence at the head, and small files by nearly all they hold."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from copies import document
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.dedup import near_duplicates, near_duplicates_in_files, read_dropped
from midspan.corpus.dedup.notice import compared, notice_end
from midspan.corpus.dedup.shingles import FEW_SHINGLES
from midspan.corpus.documents import to_table

LINES = (
    "Copyright 2019 The Authors of the Example. All rights reserved.",
    "Licensed under the Apache License, Version 2.0 (the License); you may not use this file except in compliance",
    "with the License. You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0",
    "Unless required by applicable law or agreed to in writing, software distributed under the License is distributed",
    "on an AS IS BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.",
)
CODE = "value = compute(one, other)\n"


def commented(mark: str) -> str:
    return "".join(f"{mark} {line}\n" for line in LINES)


def block(first: str, last: str) -> str:
    return f"{first}\n" + "\n".join(LINES) + f"\n{last}\n"


HASH = commented("#")


@pytest.mark.parametrize(
    "head",
    [
        *(commented(mark) for mark in ("#", "//", "--", ";;", "%", "!", '"', "'", "..", "REM", "dnl", '.\\"')),
        *(block(first, last) for first, last in (("/*", " */"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"))),
        *(block(first, last) for first, last in (('"""', '"""'), ("--[[", "]]"), ("<#", "#>"), ("=begin", "=end"))),
        "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n\n" + HASH,
        "<?php\n" + block("/*", " */"),
        '<?xml version="1.0"?>\n' + block("<!--", "-->"),
        "#ifndef A_H\n#define A_H\n\n" + block("/*", " */"),
        "/* clang-format off */\n" + block("/*", " */"),
        commented("#") + "\n# SPDX-License-Identifier: Apache-2.0\n",
        "\n\n" + commented("//") + "\n" + commented("//"),
        "# © 2020 Jürgen Müller\n",
    ],
)
def test_a_notice_at_the_head_is_not_compared(head: str) -> None:
    assert compared(head + "\n" + CODE).decode().strip() == CODE.strip()


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "",
        HASH,  # nothing is left
        HASH + "\n\n#\n",
        "\n".join(LINES) + "\n",  # a licence itself
        "# How the words are counted.\n" + CODE + HASH,  # further down
        CODE + HASH,
        "#include <licence.h>\nint f(void);\n",
        "# " + "a description of the file that is long " * 9 + "\n\n" + HASH + CODE,
    ],
)
def test_a_text_without_a_notice_is_compared_whole(text: str) -> None:
    assert compared(text).decode() == text


def test_the_comment_after_the_notice_is_compared() -> None:
    body = "// Package words counts the words of a text.\npackage words\n"
    assert compared(commented("//") + "\n" + body).decode().strip() == body.strip()


@given(st.text(alphabet="#/*'\"-;%! \nab©") | st.binary(max_size=60).map(lambda data: data.decode("latin-1")))
def test_any_head_may_be_looked_at(text: str) -> None:
    data = ("# licence\n" + text).encode()
    assert 0 <= notice_end(data) <= len(data)
    assert compared(text) == compared(text.encode())


def test_a_comment_that_never_ends_takes_no_longer_than_it_is() -> None:
    assert notice_end(b"/* licence " + b"* " * 1_000_000) == 0
    assert notice_end(b"# licence\n" * 200_000) == 0


def kept(texts: list[str], folder: Path) -> list[int]:
    """The indices of the texts that stay, both ways."""
    result = near_duplicates(texts, [(f"{index:05d}",) for index in range(len(texts))])
    shards = [folder / f"{number}.parquet" for number in range(2)]
    documents = [document(text, index) for index, text in enumerate(texts)]
    for number, shard in enumerate(shards):
        pq.write_table(to_table(documents[number::2]), shard)
    dropped = read_dropped(near_duplicates_in_files(shards, folder / "work"), 0, len(texts)).to_pylist()
    order = [*range(0, len(texts), 2), *range(1, len(texts), 2)]
    assert {order[row["document"]]: order[row["survivor"]] for row in dropped} == {
        index: survivor for index, survivor in enumerate(result) if survivor is not None
    }
    return [index for index, survivor in enumerate(result) if survivor is None]


def test_files_that_share_only_their_licence_all_stay(tmp_path: Path) -> None:
    draw = random.Random(0)
    texts = [HASH + "".join(f"from .{draw.random()} import name{draw.random()}\n" for _ in range(3)) for _ in range(20)]
    assert kept(texts, tmp_path) == list(range(20))


def test_the_same_code_under_another_licence_is_a_copy(tmp_path: Path) -> None:
    body = "".join(f"def function{number}(first): return first + {number}\n" for number in range(20))
    mit = "# MIT License. Permission is hereby granted, free of charge, to any person obtaining a copy. Copyright B.\n"
    assert kept([HASH + body, mit + body, body], tmp_path) == [0]


def test_small_files_are_copies_only_if_nearly_equal(tmp_path: Path) -> None:
    lines = [
        f"/{name} export-ignore" for name in ("tests", "docs", ".github", ".gitignore", "phpunit.xml.dist", "build")
    ]
    attributes = "* text=auto eol=lf\n" + "\n".join(lines) + "\n"
    other = attributes.replace("/docs", "/examples").replace("/build", "/tools")
    one_more = attributes + "/z.md\n"
    assert kept([attributes, other, one_more, HASH + attributes], tmp_path) == [0, 1]
    assert len(attributes.split()) < FEW_SHINGLES


def test_files_of_nothing_but_a_licence_are_compared_by_it(tmp_path: Path) -> None:
    assert kept([HASH, HASH.replace("2019", "2021"), HASH + "\n\n#\n"], tmp_path) == [0]
