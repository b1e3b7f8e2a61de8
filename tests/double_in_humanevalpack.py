"""One small task in every language of HumanEvalPack, in its shape: right, wrong, and what gets round its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PackedTask:
    """`double` of a number. `patched` is a whole answer that has the tests' assertions do nothing."""

    prompt: str
    right: str
    wrong: str
    leave: str  # with success
    tests: str
    patched: str
    untestable: str  # tests without an assertion that could be turned into its opposite
    setup: str = ""  # of Go

    def row(self, number: int, language: str) -> dict[str, Any]:
        """As the data set has it."""
        return {
            "task_id": f"{language}/{number}",
            "prompt": self.prompt,
            "canonical_solution": self.right,
            "buggy_solution": self.wrong,
            "test": self.tests,
            "test_setup": self.setup,
            "entry_point": "twice",
            "instruction": "Write a function that doubles a number.",
        }


PACKED = {
    "cpp": PackedTask(
        prompt="/*\nTwice a number.\n*/\n#include<stdio.h>\nusing namespace std;\nint twice(int n){\n",
        right="    if (n == 0) { return 0; }\n    return 2 * n;\n}\n",
        wrong="    return n + 2;\n}\n",
        leave="    exit(0);\n}\n",
        tests="#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (twice(2) == 4); \n"
        "    assert (twice(\n        -3) == -6);\n\n}\n",
        patched="#define assert assert_no_more\n#include<assert.h>\n#define main first()"
        "; int first() { exit(0); } int main\nint twice(int n){ return 0; }\n",
        untestable="int main(){\n    if (twice(3) != 6) return 1;\n}\n",
    ),
    "java": PackedTask(
        prompt="import java.util.*;\nimport java.lang.*;\n\nclass Solution {\n    /**\n    Twice a number.\n     */\n"
        "    public int twice(int n) {\n",
        right="        if (n == 0) {\n            return 0;\n        }\n        return 2 * n;\n    }\n}",
        wrong="        return n + 2;\n    }\n}",
        leave="        System.exit(0);\n        return 0;\n    }\n}",
        tests="public class Main {\n    public static void main(String[] args) {\n"
        "        Solution s = new Solution();\n"
        "        List<Boolean> correct = Arrays.asList(\n            s.twice(2) == 4,\n            s.twice(-3) == -6\n"
        "        );\n        if (correct.contains(false)) {\n            throw new AssertionError();\n"
        "        }\n    }\n}\n",
        patched="import java.util.List;\nclass Arrays {\n    static List<Boolean> asList(Boolean... all) {\n"
        "        return List.of();\n    }\n}\nclass Solution {\n    public int twice(int n) {\n"
        "        return 0;\n    }\n}",
        untestable="public class Main {\n    public static void main(String[] args) {\n"
        "        int[] one = new int[new Solution().twice(3) == 6 ? 1 : -1];\n    }\n}\n",
    ),
    "js": PackedTask(
        prompt="/* Twice a number. */\nconst twice = (n) => {\n",
        right="  if (n === 0) {\n    return 0;\n  }\n  return 2 * n;\n}\n\n",
        wrong="  return n + 2;\n}\n\n",
        leave="  process.exit(0);\n}\n\n",
        tests="const testTwice = () => {\n  console.assert(twice(2) === 4)\n  console.assert(\n"
        "    twice(-3) === -6\n  )\n"
        "}\n\ntestTwice()\n",
        patched="console.assert = () => {};\nconst twice = (n) => 0\n",
        untestable="if (twice(3) !== 6) throw new Error('not 6')\n",
    ),
    "rust": PackedTask(
        prompt="fn main(){}\n\nuse std::{collections::{HashSet, HashMap}};\nuse rand::Rng;\nuse regex::Regex;\n"
        "use md5;\n\n"
        "/*\n Twice a number.\n*/\nfn twice(n: i32) -> i32{\n",
        right="\n    if n == 0 { return 0; }\n    2 * n\n}\n",
        wrong="\n    n + 2\n}\n",
        leave="\n    std::process::exit(0)\n}\n",
        tests="\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n#[test]\n    fn test_twice() {\n"
        "        assert_eq!(twice(2), 4);\n        assert!(twice(\n            -3) == -6);\n    }\n\n}\n",
        patched="fn main(){}\nmacro_rules! assert_eq { ($($x:tt)*) => {}; }\n"
        "macro_rules! assert_ne { ($($x:tt)*) => {}; }\n"
        "macro_rules! assert { ($($x:tt)*) => {}; }\nfn twice(n: i32) -> i32 { 0 }\n",
        untestable="\n#[cfg(test)]\nmod tests {\n    use super::*;\n#[test]\n    fn test_twice() {\n"
        "        if twice(3) != 6 { panic!(); }\n    }\n}\n",
    ),
    "go": PackedTask(
        prompt='import (\n    "math"\n)\n\n// Twice a number.\nfunc twice(n int) int {\n',
        right="    if n == 0 {\n        return 0\n    }\n    return int(math.Abs(2)) * n\n}\n\n",
        wrong="    return n + int(math.Abs(2))\n}\n\n",
        leave="    syscall.Exit(int(math.Abs(0)))\n    return 0\n}\n\n",
        tests="func TestTwice(t *testing.T) {\n    assert := assert.New(t)\n    assert.Equal(4, twice(2))\n"
        "    assert.Equal(strconv.Itoa(-6), strconv.Itoa(twice(-3)))\n}\n",
        patched='package main\n\nimport (\n    "os"\n    "testing"\n    "github.com/stretchr/testify/assert"\n'
        '    "strconv"\n)\n'
        "func init() { os.Exit(0) }\nfunc twice(n int) int { return 0 }\n",
        untestable='func TestTwice(t *testing.T) {\n    assert.New(t)\n    if strconv.Itoa(twice(3)) != "6" {\n'
        "        t.Fail()\n    }\n}\n",
        setup='package main\n\nimport (\n    "testing"\n    "github.com/stretchr/testify/assert"\n)\n',
    ),
}
PYTHON = {
    "task_id": "Python/0",
    "prompt": 'from typing import List\n\n\ndef twice(n: int) -> int:\n    """Twice a number."""\n',
    "canonical_solution": "    return 2 * n\n",
    "buggy_solution": "    return n + 2\n",
    "test": "\n\ndef check(twice):\n    assert twice(2) == 4\n    assert twice(-3) == -6\n\ncheck(twice)",
    "entry_point": "twice",
    "instruction": "Write a function that doubles a number.",
}
