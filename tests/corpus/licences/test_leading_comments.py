"""Leading comments are found in the comment syntax of any language, and code is not taken for one."""

from __future__ import annotations

import pytest

from midspan.corpus.licences.comments import CODE_LINES, leading_comments

SYNTAXES = {
    "Python, shell, Ruby, R, Perl, YAML": "# {}\n",
    "C++, Java, Go, Rust, Swift": "// {}\n",
    "C": "/*\n * {}\n */\n",
    "C on one line": "/* {} */\n",
    "SQL, Haskell, Lua, Ada": "-- {}\n",
    "Lisp, assembly, INI": ";; {}\n",
    "TeX, Erlang, MATLAB": "% {}\n",
    "Fortran": "! {}\n",
    "Fortran 77": "C     {}\n",
    "Vim": '" {}\n',
    "Visual Basic": "' {}\n",
    "batch": "REM {}\n",
    "batch labels": ":: {}\n",
    "m4": "dnl {}\n",
    "HTML, XML": '<?xml version="1.0"?>\n<!-- {} -->\n',
    "XML over lines": "<!--\n  {}\n-->\n",
    "OCaml, Pascal": "(* {} *)\n",
    "Pascal": "{{ {} }}\n",
    "Haskell block": "{{-\n{}\n-}}\n",
    "Lua block": "--[[\n{}\n]]\n",
    "Julia block": "#=\n{}\n=#\n",
    "Ruby block": "=begin\n{}\n=end\n",
    "Perl pod": "=pod\n\n{}\n\n=cut\n",
    "PowerShell": "<#\n{}\n#>\n",
    "CMake block": "#[[\n{}\n]]\n",
    "Python docstring": '"""Short.\n\n{}\n"""\n',
    "shell script": "#!/bin/sh\n# {}\n",
    "PHP": "<?php\n/**\n * {}\n */\n",
    "Java after its package": "package a.b;\n\n/* {} */\n",
    "Jinja": "{{# {} #}}\n",
    "roff": '.\\" {}\n',
    "reStructuredText": ".. {}\n",
    "COBOL": "      *> {}\n",
    "JSP": "<%-- {} --%>\n",
}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_comment_is_found_with_its_line(syntax: str) -> None:
    text = SYNTAXES[syntax].format("Copyright Somebody") + "code = 1;\n" * 50
    found = [
        comment.first_line + number
        for comment in leading_comments(text)
        for number, line in enumerate(comment.lines)
        if "Copyright Somebody" in line
    ]
    assert found == [1 + text[: text.index("Copyright")].count("\n")]


@pytest.mark.parametrize(
    "code",
    [
        "x = 'Copyright Somebody'\n",
        'print("Copyright Somebody")\n',
        '{"note": "Copyright Somebody"}\n',
        '{\n  "note": "Copyright Somebody"\n}\n',
        "Copyright Somebody\n",
        "x = 1  # Copyright Somebody\n",
        "code = 1\n" * CODE_LINES + "# Copyright Somebody\n",
    ],
)
def test_code_and_data_are_no_comment(code: str) -> None:
    assert not any("Copyright" in line for comment in leading_comments(code) for line in comment.lines)


def test_comments_that_code_parts_are_told_apart() -> None:
    comments = leading_comments("# one\n#\n\n# two\nimport os\n# three\n")
    assert [(comment.first_line, comment.lines) for comment in comments] == [
        (1, [" one", "", "", " two"]),
        (6, [" three"]),
    ]


def test_a_comment_that_is_long_or_never_closed_ends() -> None:
    lines = "/*\n" + " * history\n" * 5000 + " * Copyright Somebody\n */\n"
    assert [line for comment in leading_comments(lines) for line in comment.lines][-2:] == [
        " * Copyright Somebody",
        " ",
    ]
    assert leading_comments("/* " + "x\n" * 100_000)
