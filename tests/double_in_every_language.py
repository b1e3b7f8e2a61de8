"""One small task in every language, in the shape of MultiPL-E's: right, wrong, endless, and what gets round tests."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
