"""Where a function that a model was asked for ends, and the file that it becomes: as HumanEvalPack's harness has it.

github.com/bigcode-project/bigcode-evaluation-harness, bigcode_eval/tasks/humanevalpack.py.
"""

from __future__ import annotations

import re

from midspan.evaluate.data import DataRow
from midspan.exercises import Program

OPEN = {"java": 2}  # braces that a prompt leaves open; elsewhere one
PYTHON_IMPORTS = (
    *("import math", "import re", "import sys", "import copy", "import datetime", "import itertools"),
    *("import collections", "import heapq", "import statistics", "import functools", "import hashlib"),
    *("import string", "from typing import *", "from collections import *"),
)  # and numpy, which no solution needs
CPP_HEADERS = (
    *("stdlib.h", "algorithm", "cmath", "math.h", "numeric", "stdio.h", "vector", "set", "map", "queue", "stack"),
    *("list", "deque", "string", "climits", "cstring", "iostream", "sstream", "fstream"),
)
GO_PACKAGES = ("math", "strings", "fmt", "strconv", "time", "bytes", "regexp", "sort", "math/rand", "crypto/md5")
GO_IMPORT = re.compile(r'^import \((.*?)^\)[^\n]*\n?|^import ("[^"]+")\n?', re.MULTILINE | re.DOTALL)
NEEDS = {  # language → package → what of a problem's solution or tests says that it is needed
    "cpp": {"boost/any.hpp": "boost", "openssl/md5.h": "MD5"},
    "js": {"js-md5": "js-md5"},
    "go": {"github.com/stretchr/testify/assert": "assert"},
    "rust": {"rand": r"\brand::", "regex": r"\bRegex::", "md5": r"\bmd5::"},
}
CRATES = re.compile(r"^use (rand|regex|md5)\b.*\n", re.MULTILINE)


def to_its_end(language: str, text: str) -> str:
    """The answer up to where the function's body ends: its first line at the margin, or its last closing brace."""
    if language == "python":
        found = re.search(r"^[^ \t\n]", text, re.MULTILINE)
        return text[: found.start()] if found else text
    depth = OPEN.get(language, 1)
    for place, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return text[: place + 1]
    if language == "java" and "public static void main" in text:
        text = f"{text.partition('public static void main')[0]}}}"
    text = text[: text.rfind("}") + 1] or text
    return f"{text}\n}}" if language == "java" and text.count("{") == text.count("}") + 1 else text


def file_of(language: str, written: str, setup: str = "", tests: str = "") -> str:
    """A function with what its harness puts before it; of Go, `setup` says what the tests import."""
    match language:
        case "python":
            return "\n".join([*PYTHON_IMPORTS, written])
        case "cpp":
            headers = (f"#include <{name}>" for name in CPP_HEADERS)
            return "\n".join([*headers, "using namespace std;", written.partition("int main")[0]])
        case "java":
            return written.replace("public class Main {\n    }", "")
        case "rust":
            return CRATES.sub("", written)  # one that is not used changes nothing, and there is none
        case "go":
            return go_file(written, setup, tests)
        case _:
            return written


def packages_of(language: str, text: str) -> tuple[str, ...]:
    """What a problem needs beside the language's own library, by its solution and tests."""
    return tuple(package for package, sign in NEEDS.get(language, {}).items() if re.search(sign, text))


def go_file(written: str, setup: str, tests: str) -> str:
    """Each package that is named or used is imported once; the file's own is main."""
    imported = re.findall(r'"([^"]+)"', "".join(found[0] for found in GO_IMPORT.finditer(f"{setup}\n{written}")))
    body = re.sub(r"^package .*\n", "", GO_IMPORT.sub("", written), flags=re.MULTILINE)
    code = re.sub(r"^\s*//.*", "", f"{body}\n{tests}", flags=re.MULTILINE)
    used = [name for name in GO_PACKAGES if f"{name.rpartition('/')[2]}." in code]
    packages = "\n".join(f'    "{name}"' for name in dict.fromkeys([*imported, *used]))
    return f"package main\n\nimport (\n{packages}\n)\n{body}"


def program_of(language: str, function: str, row: DataRow) -> Program:
    """What is run of a whole function. What only a lacking package could tell is not measured."""
    written = file_of(language, function, row.get("test_setup", ""), row["test"])
    if language == "python":
        return Program("python", written, row["test"], row["entry_point"], official="end")
    needs = packages_of(language, row.get("canonical_solution", "") + row["test"])
    return Program(f"x-{language}", written, f"\n{row['test']}", official="exit status", needs=needs)


def begun(row: DataRow) -> str:
    """A function's beginning, without its description."""
    return f"{row.get('import', '')}{row['declaration']}".lstrip("\n")
