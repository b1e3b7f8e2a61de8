"""The languages that programs are graded in: how one is built and run, and how its tests tell that they ended.

A program is an answer and after it tests in the shape of MultiPL-E's (github.com/nuprl/MultiPL-E, evaluation/src, whose
commands these are). Each language can have the tests print a word after the last assertion, and can turn every
assertion into its opposite: a program that still gets to the end has got round the assertions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from midspan.exercises.grading.program import MUCH_OUTPUT_KB
from midspan.sandbox import Policy

ADDRESSES_MB = 64 << 10  # of which node, Java and Go reserve many that they never use
NOT_COMPILED = 97  # exit code
QUICK_JAVA = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # for programs that end at once
JAVA_TUPLES = "/usr/share/java/javatuples.jar"
Rewrite = Callable[[str, str], str]  # (tests, word) → tests


@dataclass(frozen=True)
class Language:
    """One language. In `compile` and `run`, PREPARED stands for the folder that `prepare` filled, where it did."""

    name: str
    file: str  # what the program is called
    run: str  # a shell command
    tools: tuple[str, ...]  # that must be installed
    packages: str  # of Debian, that bring them
    ending: Rewrite
    opposite: Callable[[str], str]
    compile: str = ""  # a shell command
    stops: tuple[str, ...] = ()  # where MultiPL-E's answers end: something new begins
    version: tuple[str, ...] = ("--version",)  # the arguments of the first tool that have it tell its version
    home: tuple[str, ...] = ()  # its arguments that have it tell where it is installed, if its own place does not
    prepare: tuple[str, ...] = ()  # a command, run once outside of the sandbox in an empty folder, on `prepared` files
    prepared: Mapping[str, str] = field(default_factory=dict)
    cpu_seconds: float = 15.0
    memory_mb: int = 1024
    readonly: tuple[str, ...] = ()  # settings outside of /usr that its tools read
    environment: Mapping[str, str] = field(default_factory=dict)
    beside: Callable[[str, str], dict[str, str]] = lambda program, word: {}  # other files, of the program and the word
    has: str = "false"  # a shell command that succeeds where PACKAGE can be used
    silent: bool = False  # its assertions stop nothing: a program passes if it says nothing, whatever its exit status

    @property
    def policy(self) -> Policy:
        """CPU time decides; wall time is there for programs that wait."""
        return Policy(
            cpu_seconds=self.cpu_seconds * (2 if self.compile else 1),
            wall_seconds=60.0,
            memory_mb=self.memory_mb,
            address_mb=ADDRESSES_MB,
            processes=64,
            file_mb=64,
            output_kb=MUCH_OUTPUT_KB,
        )


def before_last(mark: str, line: str) -> Rewrite:
    """Put `line`, in which WORD stands for the word, before the last `mark`."""

    def ending(tests: str, word: str) -> str:
        begin, found, end = tests.rpartition(mark)
        return f"{begin}{line.replace('WORD', word)}\n{found}{end}" if found else tests

    return ending


def at_the_end(line: str) -> Rewrite:
    """Put `line`, in which WORD stands for the word, after all."""
    return lambda tests, word: f"{tests}\n{line.replace('WORD', word)}\n"


def replaced(pattern: str, by: str) -> Callable[[str], str]:
    """Replace a pattern wherever it begins a line."""
    compiled = re.compile(rf"^{pattern}", re.MULTILINE)
    return lambda tests: compiled.sub(by, tests)


def luaunit_ending(tests: str, word: str) -> str:
    """Lua's tests exit with the number of failures themselves."""
    told = f'local failed = lu.LuaUnit.run()\nif failed == 0 then print("{word}") end\nos.exit(failed)'
    return tests.replace("os.exit(lu.LuaUnit.run())", told)


GO_MAIN = """package PACKAGE

import (
    "fmt"
    "os"
    "testing"
)

func TestMain(m *testing.M) {
    code := m.Run()
    if code == 0 {
        fmt.Println("WORD")
    }
    os.Exit(code)
}
"""


def go_main(program: str, word: str) -> dict[str, str]:
    """A file with the main function of Go's tests, in the program's package."""
    package = re.search(r"^package (\w+)", program, re.MULTILINE)
    return {"main_test.go": GO_MAIN.replace("PACKAGE", package[1] if package else "main").replace("WORD", word)}


LANGUAGES: dict[str, Language] = {
    "cpp": Language(
        "C++",
        "program.cpp",
        # A precompiled header of the whole standard library: half a second in place of nearly two.
        prepare=("g++", "-std=c++17", "-o", "library.h.gch", "library.h"),
        prepared={"library.h": "#include <bits/stdc++.h>\n"},
        compile="g++ -std=c++17 -IPREPARED -include library.h -o program program.cpp",
        run="./program",
        tools=("g++",),
        packages="g++",
        stops=("\n}",),
        ending=before_last("}", 'std::fputs("WORD", stdout); std::fflush(stdout);'),
        opposite=replaced(r"(\s*)assert\((.*)\);$", r"\1assert(!(\2));"),
    ),
    "c": Language(
        "C",
        "program.c",
        compile="gcc -std=c17 -o program program.c -lm",
        run="./program",
        tools=("gcc",),
        packages="gcc",
        ending=before_last("}", 'fputs("WORD", stdout); fflush(stdout);'),
        opposite=replaced(r"(\s*)assert\((.*)\);$", r"\1assert(!(\2));"),
    ),
    "java": Language(
        "Java",
        "Problem.java",
        compile=f"javac {' '.join(f'-J{one}' for one in QUICK_JAVA)} -encoding UTF8 -cp {JAVA_TUPLES} Problem.java",
        run=f"java {' '.join(QUICK_JAVA)} -ea -cp {JAVA_TUPLES}:. Problem",
        tools=("javac", "java"),
        packages="default-jdk-headless libjavatuples-java",
        readonly=("/etc/java-17-openjdk",),
        stops=("\n    }\n",),
        ending=before_last("    }\n\n}", 'System.out.print("WORD");'),
        opposite=replaced(r"(\s*)assert\((.*)\);$", r"\1assert(!(\2));"),
    ),
    "js": Language(
        "JavaScript",
        "program.js",
        run="node program.js",
        tools=("node",),
        packages="nodejs",
        stops=("\nfunction ", "\n/*", "\n//", "\nconsole.log"),
        ending=at_the_end('console.log("WORD");'),
        opposite=replaced(r"(\s*)assert\.deepEqual\(", r"\1assert.notDeepEqual("),
    ),
    "ts": Language(
        "TypeScript",
        "program.ts",
        compile="tsc --skipLibCheck --target es2020 --lib es2020,dom program.ts",
        run="node program.js",
        tools=("tsc", "node"),
        packages="node-typescript nodejs",
        stops=("\nfunction ", "\n/*", "\n//", "\nclass"),
        ending=at_the_end('console.log("WORD");'),
        opposite=replaced(r"(\s*)assert\.deepEqual\(", r"\1assert.notDeepEqual("),
    ),
    "php": Language(
        "PHP",
        "program.php",
        run="php program.php",
        tools=("php",),
        packages="php-cli",
        readonly=("/etc/php",),
        stops=("\nfunction", "\n?>", "\n//", "\n#"),
        ending=at_the_end('echo "WORD";'),
        opposite=replaced(r"(\s*if \(candidate\(.*\)) !== ", r"\1 === "),
    ),
    "rs": Language(
        "Rust",
        "program.rs",
        compile="rustc -o program program.rs",
        run="./program",
        tools=("rustc",),
        home=("--print", "sysroot"),
        packages="rustc",
        stops=("\n}",),
        ending=before_last("}", 'print!("WORD");'),
        opposite=replaced(r"(\s*)assert_eq!\(", r"\1assert_ne!("),
    ),
    "lua": Language(
        "Lua",
        "program.lua",
        run="lua program.lua",
        tools=("lua",),
        packages="lua5.3 lua-unit",
        version=("-v",),
        stops=("\nlocal", "\nfunction", "\n--", "\n\n"),
        ending=luaunit_ending,
        opposite=replaced(r"(\s*)lu\.assertEquals\(", r"\1lu.assertNotEquals("),
    ),
    "go": Language(
        "Go",
        "program_test.go",
        run="go test -v -vet=off program_test.go main_test.go",
        tools=("go",),
        packages="golang-go",
        version=("version",),
        cpu_seconds=30.0,
        environment={"GOPATH": "/box/go", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GO111MODULE": "off"},
        stops=("\nfunc", "struct", "\n// "),
        ending=lambda tests, word: tests,
        beside=go_main,
        opposite=lambda tests: re.sub(r"(fmt\.Sprintf\(.*\)) != (fmt\.Sprintf)", r"\1 == \2", tests),
    ),
    "sh": Language(
        "Shell",
        "program.sh",
        run="bash program.sh",
        tools=("bash",),
        packages="bash",
        stops=("\n}",),
        ending=at_the_end("echo WORD"),
        opposite=replaced(r"(\s*\[\[ .*\)) = ", r"\1 != "),
    ),
}
