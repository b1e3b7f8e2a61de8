"""Notebooks as scripts of their kernel's language that parse, and what is none."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.encodings import NotTextError
from midspan.corpus.notebooks import kernel_language, notebook_source
from midspan.corpus.quality import missing_grammars, why_not
from midspan.corpus.quality.syntax import error_share
from midspan.corpus.quality.text import Text


def code(source: str | list[str], **fields: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [{"text": "secret output"}], **fields}


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source}


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": cells})


def script(*sources: str) -> str:
    """The script of Python cells."""
    return notebook_source(notebook(*map(code, sources)))


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', "[" * 100_000, "<<<<<<< HEAD\n{}"),
        *('{"cells": [3]}', '{"cells": [], "metadata": 3}', '{"worksheets": [{}]}', '"cells"', "1" * 5000, "null"),
        '{"cells": [{"cell_type": "code", "source": [1]}]}',
        '{"cells": [{"cell_type": "heading", "level": "x", "source": "a"}]}',
    ],
)
def test_what_is_no_notebook_is_not_text(text: str) -> None:
    with pytest.raises(NotTextError, match="no notebook"):
        notebook_source(text)


def test_a_notebook_with_a_lone_surrogate_is_not_text() -> None:
    with pytest.raises(NotTextError, match="surrogate"):
        notebook_source('{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}')


def test_text_becomes_comments_and_outputs_raw_and_empty_cells_go() -> None:
    text = notebook(
        markdown("# Title\n\nwords"),
        code(["import a\n", "a.b()\n"]),
        {"cell_type": "raw", "source": "raw"},
        code(""),
        code("x = 1"),
        language_info={"name": "python"},
    )
    assert notebook_source(text) == "# # Title\n#\n# words\n\nimport a\na.b()\n\nx = 1\n"


def test_format_3_is_read_too() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Part"]},
        {"cell_type": "code", "language": "python", "input": ["print 1\n", "x = 2"], "outputs": []},
    ]
    text = json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]})
    assert notebook_source(text) == "# ## Part\n\nprint 1\nx = 2\n"
    text = json.dumps({"nbformat": 3, "worksheets": [{"cells": [{**cells[1], "language": "ruby"}]}]})
    assert kernel_language(notebook_source(text)) == "ruby"


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({}, "python"),
        ({"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "python"),
        ({"kernelspec": {"name": "conda-env-x", "language": "python"}}, "python"),
        ({"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R", "mimetype": "text/x-r"}}, "r"),
        ({"kernelspec": {"name": "ir"}}, "r"),
        ({"kernelspec": {"name": "julia-1.6"}}, "julia"),
        ({"language_info": {"name": "julia", "version": "1.9"}}, "julia"),
        ({"language_info": {"name": "scala"}}, "scala"),
        ({"kernelspec": {"name": "javascript", "language": "javascript"}}, "javascript"),
        ({"kernelspec": {"name": "bash", "language": "bash"}}, "shell"),
        ({"kernelspec": {"name": "xcpp17", "language": "C++17"}}, "c++"),
        ({"language_info": {"name": "c++"}}, "c++"),
        ({"kernelspec": {"name": ".net-fsharp", "language": "F#"}}, "f#"),
        ({"language_info": {"name": "polyglot-notebook"}}, "c#"),
        ({"language_info": {"name": "sql"}}, "sql"),
        ({"kernelspec": {"name": "octave"}}, "matlab"),
        ({"language_info": {"name": "ocaml"}}, "ocaml"),
        ({"kernelspec": {"name": "pyspark"}}, "python"),
        ({"kernelspec": {"name": "maxima", "language": "maxima"}}, "maxima"),
        ({"kernelspec": None, "language_info": None}, "python"),
    ],
)
def test_the_kernel_tells_the_language_of_the_script(metadata: dict[str, Any], language: str) -> None:
    assert kernel_language(notebook_source(notebook(code("x"), **metadata))) == language


CELLS = {
    "r": "library(ggplot2)\nx <- c(1, 2)\nplot(x)",
    "julia": "using Plots\nf(x) = x + 1\n;ls\n?f\n]add Plots",
    "scala": "%AddJar http://example.org/a.jar\nval x = List(1, 2).map(_ + 1)",
    "javascript": "const x = [1, 2].map((y) => y + 1);",
    "shell": "for f in *; do echo $f; done",
    "c++": "#include <vector>\n!ls\n?std::vector\nstd::vector<int> x = {1, 2};",
    "c#": '#!time\nvar x = 1;\nConsole.WriteLine("a");',
    "sql": "%LOAD sqlite3\nSELECT 1;",
    "ocaml": "let x = 1",
    "python": "%matplotlib inline\nimport os\n!pip install x\nos.getcwd?\n",
}
TITLES = {"sql": "--", "ocaml": "(*", "python": "#", "r": "#", "julia": "#", "shell": "#"}


@pytest.mark.parametrize("language", sorted(CELLS))
def test_a_script_parses_in_the_language_of_its_kernel(language: str) -> None:
    text = notebook_source(
        notebook(markdown("Words' that are no `code`"), code(CELLS[language]), language_info={"name": language})
    )
    assert kernel_language(text) == language
    assert f"{TITLES.get(language, '//')} Words' that" in text
    if not missing_grammars([language]):
        assert error_share(Text(text, "a.ipynb", "jupyter")) == 0
    else:
        assert error_share(Text(text, "a.ipynb", "jupyter")) is None


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("%matplotlib inline\nimport a", "# %matplotlib inline\nimport a"),
        ("!pip install a \\\n  b\nimport a", "# !pip install a \\\n#   b\nimport a"),
        ("%%time\nf()", "# %%time\nf()"),
        ("%%capture out\n!ls\nf()", "# %%capture out\n# !ls\nf()"),
        ("%%bash\nls -l\necho", "# %%bash\n# ls -l\n# echo"),
        ("%%writefile a.py\nx = 1", "# %%writefile a.py\n# x = 1"),
        ("%%R -i df\nplot(df)", "# %%R -i df\n# plot(df)"),
        ("%%html\n<b>x</b>", "# %%html\n# <b>x</b>"),
        ("%%script perl\nprint 1;", "# %%script perl\n# print 1;"),
        ("?open", "# ?open"),
        ("open??", "# open??"),
        ("files = !ls\nx = %timeit -o f()", "# files = !ls\n# x = %timeit -o f()"),
        ("if a:\n    !ls\nelse:\n    %cd b", "if a:\n    pass  # !ls\nelse:\n    pass  # %cd b"),
        ("pip install a\ncd ..", "# pip install a\n# cd .."),
        ("x = '''\n%s and\n!important\n'''\n!ls", "x = '''\n%s and\n!important\n'''\n# !ls"),
        ("print('a'\n      %name)\n%time f(')')", "print('a'\n      %name)\n# %time f(')')"),
        ("x = a \\\n  %b\n# it's\n!ls", "x = a \\\n  %b\n# it's\n# !ls"),
        ("x = a != b\ny = a % b", "x = a != b\ny = a % b"),
    ],
)
def test_what_only_a_notebook_understands_becomes_a_comment(source: str, lines: str) -> None:
    assert script(source) == lines + "\n"


def test_cells_in_another_language_become_comments() -> None:
    cells = [
        code("let x = 1", metadata={"dotnet_interactive": {"language": "fsharp"}}),
        code("SELECT 1", metadata={"vscode": {"languageId": "sql"}}),
        code("#!markdown\nwords"),
        code("var x = 1;", metadata={"polyglot_notebook": {"kernelName": "csharp"}}),
    ]
    text = notebook_source(notebook(*cells, language_info={"name": "polyglot-notebook"}))
    assert text == "// jupyter: c#\n\n// let x = 1\n\n// SELECT 1\n\n// #!markdown\n// words\n\nvar x = 1;\n"


def test_notebooks_are_kept_in_any_language_and_broken_ones_are_not() -> None:
    cells = [
        markdown("How the mean of a sample is found, with an example."),
        code("m <- mean(c(1, 2, 3))\nprint(m)\n" * 3),
    ]
    good = notebook_source(notebook(*cells, kernelspec={"name": "ir", "language": "R"}))
    assert why_not(good, "a.ipynb", "jupyter") is None
    magics = script(
        "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n!pip install -q numpy", "import numpy as np"
    )
    assert why_not(magics, "a.ipynb", "jupyter") is None
    broken = script(
        "these are words and no Python at all, is it?\nand more of the same words that = = are ) none\n" * 2
    )
    assert why_not(broken, "a.ipynb", "jupyter") is not None


@given(
    st.lists(st.sampled_from(["%time", "!ls", "x = '''", "'''", "f(", ")", "# '", '"a" \\', "?x", "  %cd", "y = 1"]))
)
def test_lines_stay_in_their_places_and_python_stays_python(lines: list[str]) -> None:
    source = "\n".join(lines)
    text = script("z = 0\n" + source + "\nz = 1")
    assert text.count("\n") == source.count("\n") + 3
    try:
        ast.parse(source)
    except SyntaxError:
        return
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(f"z = 0\n{source}\nz = 1"))
