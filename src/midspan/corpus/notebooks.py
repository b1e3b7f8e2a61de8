"""A Jupyter notebook as one script: code cells as code, text cells as comments, outputs dropped ("Jupyter-clean").

As StarCoder's jupyter-scripts, whatever the kernel, they are a language of their own, "jupyter". The script is in the
kernel's language, in which its first line says so where it is not Python, as Jupytext's header does. What only a
notebook understands (magics, shell commands, help) and cells in other languages are comments, so that the rest parses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from midspan.corpus.encodings import NotTextError
from midspan.corpus.languages import canonical_language

_KERNELS = {
    **{"ir": "r", "xr": "r", "xcpp": "c++", "cling-cpp": "c++", "xc": "c", "ipython": "python", "sage": "python"},
    **{"sagemath": "python", "pyspark": "python", "xpython": "python", "pyspark3": "python", "octave": "matlab"},
    **{"ijavascript": "javascript", "node": "javascript", "deno": "typescript", "tslab": "typescript", "sh": "shell"},
    **{"spark": "scala", "almond": "scala", "spylon-kernel": "scala", "xsqlite": "sql", "xsql": "sql", "ijava": "java"},
    **{".net-csharp": "c#", ".net-fsharp": "f#", ".net-powershell": "powershell", "polyglot-notebook": "c#"},
    **{
        "iruby": "ruby",
        "gophernotes": "go",
        "gonb": "go",
        "evcxr": "rust",
        "ihaskell": "haskell",
        "pwsh": "powershell",
    },
    **{"calysto_scheme": "scheme", "xlua": "lua", "ilua": "lua", "jslab": "javascript", "latex": "tex", "sx": "shell"},
}
_COMMENTS = {  # the mark of line comments → languages; all others have "#"
    "//": "javascript typescript java scala kotlin groovy c c++ c# f# go rust swift dart d php zig stata",
    "--": "sql haskell lua elm ada",
    "%": "matlab prolog erlang tex",
    ";": "scheme racket clojure",
    "(*": "ocaml coq wolfram",
    "!": "fortran",
}
_MARKS = {language: mark for mark, languages in _COMMENTS.items() for language in languages.split()}
_ENDS = {"(*": " *)"}

# %%magics whose cell is no code of the kernel, beside those that name a language.
_OTHER_CELLS = frozenset(
    ["script", "file", "writefile", "writetemplate", "system", "svg", "configure", "cmd", "bigquery"]
)
_CELL_LANGUAGES = (("dotnet_interactive", "language"), ("polyglot_notebook", "kernelName"), ("vscode", "languageId"))
_COMMON = r"%%?[A-Za-z_]"
_MAGICS = {
    "python": re.compile(
        rf"\s*(?:{_COMMON}|!|\?{{1,2}}\s*[\w.*]+\s*$|%?[\w.*]+\?{{1,2}}\s*$|[\w.,\s*]+=\s*(?:!|%[A-Za-z_])"
        r"|(?:pip|conda|mamba)3?\s+(?:install|uninstall|list)\b|cd\s+[\w./~])"
    ),
    "julia": re.compile(rf"(?:{_COMMON}|[;\]?])"),
    "c++": re.compile(rf"(?:{_COMMON}|[?!]\w|\.[a-zA-Z]\b)"),
    "c#": re.compile(rf"(?:{_COMMON}|#!\w)"),
    "f#": re.compile(rf"(?:{_COMMON}|#!\w)"),
}
_MAGIC = re.compile(_COMMON)
_SWITCH = re.compile(r"(?:%%|#!)([A-Za-z][\w+#.-]*)")
_TOKEN = re.compile(r"\"\"\"|'''|\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|#.*|[(\[{]|[)\]}]")
_KERNEL_LINE = re.compile(r"\A\W{1,2} jupyter: (.*?)(?: \*\))?\n")


def notebook_source(text: str) -> str:
    """The script of a notebook of format 2 to 4; NotTextError if it is no notebook."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotTextError(f"no notebook: no JSON ({type(error).__name__})") from None
    try:
        kernel = _kernel(notebook)
        parts = [] if kernel == "python" else [_commented(f"jupyter: {kernel}", kernel)]
        parts += [part for cell in _cells(notebook) if (part := _part(cell, kernel))]
        script = "\n".join(f"{part}\n" for part in parts)
        script.encode()  # JSON can spell lone surrogates
    except UnicodeEncodeError:
        raise NotTextError("no notebook: half a surrogate pair") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotTextError(f"no notebook of formats 2 to 4 ({type(error).__name__}: {error})") from None
    return script


def kernel_language(script: str) -> str:
    """The language in which the script of a notebook is written."""
    line = _KERNEL_LINE.match(script)
    return line.group(1) if line else "python"


def _kernel(notebook: dict[str, Any]) -> str:
    """By language_info, which the kernel itself wrote, by kernelspec, or by the first code cell of format 3."""
    metadata = notebook.get("metadata") or {}
    specification = metadata.get("kernelspec") or {}
    names = [(metadata.get("language_info") or {}).get("name"), specification.get("language")]
    names += [specification.get("name"), metadata.get("language")]
    names += [cell.get("language") for cell in _cells(notebook)]
    known = (_language(name) for name in names if isinstance(name, str) and name.strip())
    return next(known, "python")


def _language(name: str) -> str:
    """Our name of a kernel's language, its own in lower case if we have none."""
    lower = name.strip().lower().split("\n")[0]
    plain = re.sub(r"(?<=[a-z+])[-_ ]?\d[\w.]*$", "", lower)
    for candidate in (lower, plain):
        if found := _KERNELS.get(candidate) or canonical_language(candidate):
            return found
    return plain


def _cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    if "worksheets" in notebook and "cells" not in notebook:  # formats 2 and 3
        return [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    cells: list[dict[str, Any]] = notebook["cells"]
    return cells


def _part(cell: dict[str, Any], kernel: str) -> str:
    """A cell's text in the script, "" for one that has none there."""
    kind = cell["cell_type"]
    if kind not in ("code", "markdown", "heading"):
        return ""
    source = cell["input"] if "input" in cell and "source" not in cell else cell["source"]
    source = (source if isinstance(source, str) else "".join(source)).replace("\r\n", "\n").strip("\n")
    if not source.strip():
        return ""
    if kind == "heading":
        return _commented(f"{'#' * min(int(cell.get('level', 1)), 6)} {source}", kernel)
    if kind == "markdown" or _cell_language(cell, source) not in (None, kernel):
        return _commented(source, kernel)
    return _code(source, kernel)


def _cell_language(cell: dict[str, Any], source: str) -> str | None:
    """The language of a code cell that says so itself: by a magic, or to .NET, VS Code and SoS; None if it does not."""
    if switch := _SWITCH.match(source):
        name = switch.group(1)
        if name.lower() in _OTHER_CELLS:
            return name
        return _KERNELS.get(name.lower()) or canonical_language(name)
    metadata = cell.get("metadata") or {}
    names = [(metadata.get(owner) or {}).get(key) for owner, key in _CELL_LANGUAGES]
    names += [metadata.get("kernel"), cell.get("language")]
    return next((_language(name) for name in names if isinstance(name, str) and name), None)


def _code(source: str, kernel: str) -> str:
    magic = _MAGICS.get(kernel, _MAGIC)
    if not any(map(magic.match, source.split("\n"))):
        return source
    return "\n".join(_without_magics(source, kernel, magic))


def _without_magics(source: str, kernel: str, magic: re.Pattern[str]) -> Iterator[str]:
    """The lines, those that are magics as comments, where they begin a statement; with the lines that they go on in."""
    quote, depth, goes_on, commented = "", 0, False, False
    for line in source.split("\n"):
        if goes_on and commented:
            yield _commented(line, kernel)
        elif not quote and not depth and not goes_on and magic.match(line):
            indent = line[: len(line) - len(line.lstrip())]
            # An indented one may be all that its block has.
            yield f"{indent}pass  {_commented(line.strip(), kernel)}" if indent else _commented(line, kernel)
            commented = True
        else:
            commented = False
            if kernel == "python":
                quote, depth = _state(line, quote, depth)
            yield line
        goes_on = line.endswith("\\")


def _state(line: str, quote: str, depth: int) -> tuple[str, int]:
    """The long string that is open after a line of Python, and how many brackets are."""
    place = 0
    while place < len(line):
        if quote:
            end = line.find(quote, place)
            if end < 0:
                return quote, depth
            place, quote = end + len(quote), ""
        match = _TOKEN.search(line, place)
        if match is None:
            break
        token, place = match.group(), match.end()
        if token in ('"""', "'''"):
            quote = token
        else:
            depth += (token in "([{") - (token in ")]}")
    return quote, max(depth, 0)


def _commented(source: str, kernel: str) -> str:
    mark = _MARKS.get(kernel, "#")
    end = _ENDS.get(mark, "")
    return "\n".join(f"{mark} {line}".rstrip() + end for line in source.split("\n"))
