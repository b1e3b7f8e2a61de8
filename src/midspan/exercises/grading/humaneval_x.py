"""The same languages with tests in the shape of HumanEval-X, which HumanEvalPack has too.

Commands are those of its harness (github.com/THUDM/CodeGeeX, codegeex/benchmark/execution.py); in place of cargo, Rust
has its compiler alone, and so no crates.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from midspan.exercises.grading.languages import LANGUAGES, QUICK_JAVA, Language, Rewrite, replaced

# It imports what all tests do, testify (Debian's golang-github-stretchr-testify-dev): compiled once for all programs.
GO_WARM = """package main
import (
    "testing"
    "github.com/stretchr/testify/assert"
)
func TestNothing(t *testing.T) { assert.New(t).Equal(1, 1) }
"""


def turned(assertion: str, into: str, helper: str) -> Callable[[str], str]:
    """Call `into`, which `helper` defines, in place of an assertion that begins a line."""
    compiled = re.compile(rf"^(\s*){assertion}", re.MULTILINE)

    def opposite(tests: str) -> str:
        text, count = compiled.subn(rf"\1{into}", tests)
        return f"{helper}{text}" if count else tests

    return opposite


def in_the_last_function(line: str) -> Rewrite:
    """Put `line`, in which WORD stands for the word, at the end of the last function of the last class or module."""
    ends = re.compile(r"\}\s*\}\s*$")
    return lambda tests, word: ends.sub(lambda found: line.replace("WORD", word) + found[0], tests)


def java_opposite(tests: str) -> str:
    """A list of what must hold, of which now nothing may; else each condition under which a test throws."""
    listed = tests.replace("correct.contains(false)", "correct.contains(true)")
    return listed if listed != tests else re.sub(r"if \((.*)\) \{(\s*throw )", r"if (!(\1)) {\2", tests)


def rust_opposite(tests: str) -> str:
    """Both kinds of assertion."""
    refute = "macro_rules! refute { ($held:expr $(, $($rest:tt)*)?) => { assert!(!$held $(, $($rest)*)?) } }\n"
    return replaced(r"(\s*)assert_eq!\(", r"\1assert_ne!(")(turned(r"assert!\(", "refute!(", refute)(tests))


HUMANEVAL_X: dict[str, Language] = {
    "x-cpp": replace(
        LANGUAGES["cpp"],
        prepare=("g++", "-std=c++11", "-o", "library.h.gch", "library.h"),
        compile="g++ -std=c++11 -IPREPARED -include library.h -o program program.cpp"
        " $(test -e /usr/include/openssl/md5.h && echo -lcrypto)",
        opposite=turned(r"assert\s*\(", "refute(", "#define refute(...) assert(!(__VA_ARGS__))\n"),
        has="echo '#include <PACKAGE>' | g++ -E -x c++ - >/dev/null",
    ),
    "x-java": replace(
        LANGUAGES["java"],
        file="Main.java",
        compile=f"javac {' '.join(f'-J{one}' for one in QUICK_JAVA)} Main.java",
        run=f"java {' '.join(QUICK_JAVA)} Main",
        packages="default-jdk-headless",
        ending=in_the_last_function('System.out.print("WORD");'),
        opposite=java_opposite,
    ),
    "x-js": replace(
        LANGUAGES["js"],
        environment={"NODE_PATH": "/usr/lib/node_modules:/usr/local/lib/node_modules:/usr/share/nodejs"},
        opposite=turned(r"console\.assert\(", "void ((held) => console.assert(!held))(", ""),
        has="node -e \"require('PACKAGE')\"",
        silent=True,
    ),
    "x-rust": replace(
        LANGUAGES["rs"],
        compile="rustc --test --edition 2021 -o program program.rs",
        run="./program --nocapture",
        ending=in_the_last_function('print!("WORD");'),
        opposite=rust_opposite,
    ),
    "x-go": replace(
        LANGUAGES["go"],
        prepare=(
            "/bin/sh",
            "-c",
            "GOCACHE=$PWD/cache GO111MODULE=off CGO_ENABLED=0 GOPATH=/usr/share/gocode "
            "go test warm_test.go || mkdir -p cache",
        ),
        prepared={"warm_test.go": GO_WARM},
        compile="cp -r PREPARED/cache /box/cache",  # Go writes to it
        run="go test -v program_test.go main_test.go",
        environment={**LANGUAGES["go"].environment, "GOPATH": "/usr/share/gocode", "GOCACHE": "/box/cache"},
        opposite=replaced(r"(\s*)assert\.Equal\(", r"\1assert.NotEqual("),
        has="go list PACKAGE",
    ),
}
