"""The same small task in every language: right, wrong, not to be compiled, endless, and the ways to get round tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from midspan.errors import UserError
from midspan.exercises.grading import LANGUAGES, Program, Verdict, find, grade
from midspan.exercises.grading.languages import Language
from midspan.sandbox import Sandbox


@dataclass(frozen=True)
class Task:
    """`double` of a number; `{}` in `frame` is the function's body. Tests are of MultiPL-E's shape."""

    frame: str
    right: str
    wrong: str
    spin: str
    leave: str  # with success
    tests: str
    patched: str  # an answer, whole, that has its assertions do nothing
    crash: str


C_TESTS = """}}
int main() {{
    {name}
    assert(candidate((2)) == (4));
    assert(candidate((-3)) == (-6));
}}
"""
CPP = Task(
    frame="#include<assert.h>\n#include<bits/stdc++.h>\nlong twice(long n) {{\n    {}\n",
    right="return 2 * n;",
    wrong="return n + 2;",
    spin="volatile long i = 0; while (true) i = i + 1; return i;",
    leave="exit(0);",
    tests=C_TESTS.format(name="auto candidate = twice;"),
    patched="#include<bits/stdc++.h>\n#define NDEBUG\n#include<assert.h>\nlong twice(long n) {\n return 0;\n",
    crash="int *p = nullptr; return *p;",
)
TASKS = {
    "cpp": CPP,
    "c": replace(
        CPP,
        frame="#include<assert.h>\n#include<stdio.h>\n#include<stdlib.h>\nlong twice(long n) {{\n    {}\n",
        spin="volatile long i = 0; while (1) i = i + 1; return i;",
        tests=C_TESTS.format(name="long (*candidate)(long) = twice;"),
        patched="#include<stdio.h>\n#define NDEBUG\n#include<assert.h>\nlong twice(long n) {\n return 0;\n",
        crash="int *p = 0; return *p;",
    ),
    "java": Task(
        frame="import java.util.*;\nclass Problem {{\n    public static long twice(long n) {{\n        {}\n",
        right="return 2 * n;",
        wrong="return n + 2;",
        spin="long i = 0; while (n != 77) i++; return i;",
        leave="System.exit(0); return 0;",
        tests="    }\n    public static void main(String[] args) {\n    assert(twice((2l)) == (4l));\n"
        "    assert(twice((-3l)) == (-6l));\n    }\n\n}\n",
        patched="class Problem {\n    static { ClassLoader.getSystemClassLoader().clearAssertionStatus(); "
        "Again.run(); }\n    static class Again { static void run() { System.exit(0); } }\n"
        "    public static long twice(long n) {\n        return 0;\n",
        crash="Object o = null; o.hashCode(); return 0;",
    ),
    "js": Task(
        frame="function twice(n){{\n  {}\n}}",
        right="return 2 * n;",
        wrong="return n + 2;",
        spin="while (true) {}",
        leave="process.exit(0);",
        tests="const assert = require('node:assert');\n\n\nfunction test() {\n  let candidate = twice;\n"
        "  assert.deepEqual(candidate(2),4);\n  assert.deepEqual(candidate(-3),-6);\n}\n\ntest();",
        patched="require('node:assert').deepEqual = () => {};\n"
        "require('node:assert').notDeepEqual = () => {};\nfunction twice(n) { return 0; }",
        crash="return null.x;",
    ),
    "ts": Task(
        frame="function twice(n: number): number {{\n  {}\n}}",
        right="return 2 * n;",
        wrong="return n + 2;",
        spin="while (true) {}",
        leave="process.exit(0); return 0;",
        tests="declare var require: any;\nconst assert = require('node:assert');\n\n\nfunction test() {\n"
        "  let candidate = twice;\n  assert.deepEqual(candidate(2),4);\n"
        "  assert.deepEqual(candidate(-3),-6);\n}\n\ntest();",
        patched="require('node:assert').deepEqual = () => {};\nrequire('node:assert').notDeepEqual = () => {};\n"
        "function twice(n: number): number { return 0; }",
        crash="const o: any = null; return o.x;",
    ),
    "php": Task(
        frame="<?php\nfunction twice($n) {{\n    {}\n}}",
        right="return 2 * $n;",
        wrong="return $n + 2;",
        spin="while (true) {}",
        leave="exit(0);",
        tests="function candidate(...$args) {\n    return twice(...$args);\n}\n\nfunction test(): void {\n"
        '    if (candidate(2) !== 4) { throw new Exception("Test failed!"); }\n'
        '    if (candidate(-3) !== -6) { throw new Exception("Test failed!"); }\n}\n\ntest();',
        patched="<?php\nset_exception_handler(function ($e) { exit(0); });\nfunction twice($n) { return 0; }",
        crash="return null->x();",
    ),
    "rs": Task(
        frame="fn twice(n: isize) -> isize {{\n    {}\n",
        right="2 * n",
        wrong="n + 2",
        spin="let mut i = n; loop { i = i.wrapping_add(1); if i == 7 && n == 77 { return i; } }",
        leave="std::process::exit(0)",
        tests="}\n\nfn main() {\n    let candidate = twice;\n    assert_eq!(candidate(2), 4);\n"
        "    assert_eq!(candidate(-3), -6);\n}\n",
        patched="macro_rules! assert_eq { ($($x:tt)*) => {}; }\nmacro_rules! assert_ne { ($($x:tt)*) => {}; }\n"
        "fn twice(n: isize) -> isize {\n    0\n",
        crash="let v: Vec<isize> = vec![]; v[0]",
    ),
    "lua": Task(
        frame="local function twice(n)\n    {}\nend",
        right="return 2 * n",
        wrong="return n + 2",
        spin="while true do end",
        leave="os.exit(0)",
        tests="lu = require('luaunit')\n\nfunction test_humaneval()\nlocal candidate = twice\n"
        "    lu.assertEquals(candidate(2), 4)\n    lu.assertEquals(candidate(-3), -6)\n"
        "end\n\nos.exit(lu.LuaUnit.run())",
        patched="local l = require('luaunit')\nl.assertEquals = function() end\nl.assertNotEquals = function() end\n"
        "local function twice(n) return 0 end",
        crash="return nil .. n",
    ),
    "go": Task(
        frame='package twice_test\n\nimport (\n    "testing"\n    "fmt"\n)\n\nfunc twice(n int) int {{\n    {}\n}}\n',
        right="return 2 * n",
        wrong="return n + 2",
        spin="for { n++ }",
        leave="syscall.Exit(0)\n    return 0",
        tests="func TestTwice(t *testing.T) {\n  candidate := twice\n\ttype test struct {\n\t\tactual   interface{}\n"
        "\t\texpected interface{}\n\t}\n   tests := []test{\n     { actual: candidate(2), expected: 4 },\n"
        "     { actual: candidate(-3), expected: -6 },\n   }\n\n\tfor i, tc := range tests {\n"
        '\t\tt.Run(fmt.Sprintf("test num % d", i), func(t *testing.T) {\n'
        '\t\t\tif fmt.Sprintf("%v", tc.actual) != fmt.Sprintf("%v", tc.expected) {\n'
        "\t\t\t\tt.Errorf(\"expected '%s', got '%s'\", tc.expected, tc.actual)\n\t\t\t}\n\t\t})\n\t}\n}\n",
        patched='package twice_test\n\nimport (\n    "testing"\n    "fmt"\n    "os"\n)\n\n'
        "func init() { if len(os.Args) > 0 { os.Exit(0) } }\n\nfunc twice(n int) int {\n    return 0\n}\n",
        crash='var m map[string]int\n    m["a"] = n\n    return n',
    ),
    "sh": Task(
        frame="#!/bin/bash\ntwice() {{\n    {}\n",
        right="echo $(( 2 * $1 ))",
        wrong="echo $(( 2 + $1 ))",
        spin="while :; do :; done",
        leave="echo 4; kill $$",
        tests='}\n\ncandidate() {\n    twice "$@"\n}\n\nset -e\nrun_test() {\n    [[ $(candidate "2") = "4" ]]\n'
        '    [[ $(candidate "-3") = "-6" ]]\n}\n\nrun_test',
        patched="set() { :; }\ntwice() {\n    echo 0\n",
        crash="no_such_command",
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    try:
        return Sandbox()
    except UserError as reason:
        pytest.skip(f"nothing isolates here: {reason}")


@pytest.fixture(params=TASKS)
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if isinstance(missing := find(name), str):
        pytest.skip(missing)
    return name


def judged(sandbox: Sandbox, language: str, body: str) -> Verdict:
    task = TASKS[language]
    answer = task.frame.format(body) if body != task.patched else body
    return grade(sandbox, Program(language, answer, task.tests, official="exit status"))


def test_every_language_is_tried() -> None:
    assert TASKS.keys() == LANGUAGES.keys()


def test_a_right_program_passes_by_both_rules(sandbox: Sandbox, language: str) -> None:
    assert judged(sandbox, language, TASKS[language].right) == Verdict(True, "passed", "", True)


def test_a_wrong_program_fails_by_both_rules(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, TASKS[language].wrong)
    assert (verdict.passed, verdict.official) == (False, False)
    assert verdict.reason in ("failed", "error")


def test_a_crash_is_an_error(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, TASKS[language].crash)
    assert (verdict.passed, verdict.official) == (False, False)
    assert verdict.reason in ("failed", "error")


def test_what_does_not_compile_says_where(sandbox: Sandbox, language: str) -> None:
    verdict = judged(sandbox, language, "this ( is no { program")
    assert (verdict.passed, verdict.official) == (False, False)
    if LANGUAGES[language].compile:
        assert verdict.reason == "not compiled"
        assert "error" in verdict.detail


def test_a_program_that_never_ends_is_out_of_time(
    sandbox: Sandbox, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = find(language)
    assert not isinstance(installed, str)
    quick = replace(installed.language.policy, cpu_seconds=4.0)
    monkeypatch.setattr(Language, "policy", property(lambda self: quick))
    verdict = judged(sandbox, language, TASKS[language].spin)
    assert (verdict.passed, verdict.official, verdict.reason) == (False, False, "timeout")


@pytest.mark.parametrize("way", ["leave", "patched"])
def test_who_gets_round_the_tests_does_not_pass(sandbox: Sandbox, language: str, way: str) -> None:
    verdict = judged(sandbox, language, getattr(TASKS[language], way))
    assert not verdict.passed
    assert verdict.reason != "infra"


def test_a_language_that_is_not_installed_is_not_measured_and_says_what_to_install(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    find.cache_clear()
    verdict = grade(sandbox, Program("go", "package main", ""))
    find.cache_clear()
    assert verdict == Verdict(False, "not installed", "Go needs go: apt-get install golang-go")
