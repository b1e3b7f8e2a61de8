"""What is right passes, and what is not does not, whatever it tries: answers to `double(number)`, in the sandbox."""

from __future__ import annotations

from dataclasses import replace

import pytest

from midspan.exercises import Program, grade, grade_all
from midspan.exercises.grading import isolated
from midspan.sandbox import Sandbox

TESTS = "assert double(2) == 4\nassert double(-3) == -6\nassert double(0) == 0\n"
DOUBLE = "def double(number):\n    return 2 * number\n"


RIGHT = {
    "plain": "",
    "a dataclass that names itself": """
from dataclasses import dataclass
@dataclass
class Node:
    value: int
    next: 'Node' = None
""",
    "annotations of the future and a dataclass": """
from __future__ import annotations
from dataclasses import dataclass, fields
import typing
@dataclass
class Z:
    a: int
    b: Z
assert typing.get_type_hints(Z) == {"a": int, "b": Z}
""",
    "looks itself up": "import sys\nassert sys.modules[__name__].__name__ == __name__\n",
    "imports itself": "import importlib\nassert importlib.import_module(__name__)\n",
    "pickles its own class": """
import copy, pickle
class Box: pass
pickle.loads(pickle.dumps(Box()))
copy.deepcopy(Box())
""",
    "pickles its own function": "import pickle\ndef f(): pass\nassert pickle.loads(pickle.dumps(f)) is f\n",
    "an enumeration and a named tuple": """
import enum, typing
class Color(enum.Enum):
    RED = 1
class Point(typing.NamedTuple):
    x: int
""",
    "replaces standard output": "import sys, io\nsys.stdout = io.StringIO()\n",
    "closes standard output": "import sys\nsys.stdout.close()\n",
    "prints much": "print('x' * 2_000_000)\n",
    "its own source": "import inspect\ndef f(): pass\nassert 'def f' in inspect.getsource(f)\n",
    "its own file": "assert 'its own' in open(__file__).read()  # its own\n",
    "runs when it is the program": "if __name__ == '__main__':\n    raise SystemExit(1)\n",
    "warns": "import warnings\nwarnings.warn('old')\n",
    "a thread that goes on": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n",
    "leaves something for the end": "import atexit\natexit.register(print, 'last line')\n",
    "a deep recursion": "import sys\nsys.setrecursionlimit(5000)\ndef f(n): return n and f(n - 1)\nf(3000)\n",
    "a process of its "
    "own": "import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', 'pass'], check=True)\n",
    "a module of its own": "open('helper.py', 'w').write('two = 2')\nimport helper\nassert helper.two == 2\n",
    "hides builtin names": "all = sorted = len = print = None\n",
    "a name of the harness": "peer = main = answer = tests = same = json = os = None\n",
    "a lambda": "double = lambda number: number + number\n",
    "a class with __call__": "class D:\n    def __call__(self, number): return number * 2\ndouble = D()\n",
    "a bound method": "class D:\n    def double(self, number): return number * 2\ndouble = D().double\n",
    "a partial": "import functools, operator\ndouble = functools.partial(operator.mul, 2)\n",
    "a cache": "import functools\n@functools.lru_cache\ndef double(number): return 2 * number\n",
    "a subclass of int": "class I(int): pass\ndef double(number): return I(2 * number)\n",
    "asyncio inside": "import asyncio\n"
    "async def f(n): return 2 * n\n"
    "def double(number): return asyncio.run(f(number))\n",
}


def answer_of(code: str) -> str:
    return code if "double" in code else f"{code}{DOUBLE}" if "from __future__" in code else f"{DOUBLE}{code}"


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes(sandbox: Sandbox, name: str) -> None:
    verdict = grade(sandbox, Program("python", answer_of(RIGHT[name]), TESTS))
    assert (verdict.passed, verdict.detail) == (True, "")


FIND_FRAMES = """
import sys
for depth in range(1, 20):
    try:
        frame = sys._getframe(depth)
    except ValueError:
        break
    for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
        if isinstance(value, dict) and 'tests' in value:
            value['tests'] = ''
"""
CHEATS = {
    "equal to all": """
class A:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
def double(*a): return A()
""",
    "mock.ANY": "from unittest.mock import ANY\ndef double(*a): return ANY\n",
    "a mock": "from unittest.mock import MagicMock\n"
    "double = MagicMock()\n"
    "double.return_value.__eq__ = lambda s, o: True\n",
    "a number equal to all": """
class A(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
def double(*a): return A()
""",
    "a number equal to its first": """
class A(float):
    def __eq__(self, other):
        self.seen = getattr(self, 'seen', other)
        return self.seen is other
def double(*a): return A()
""",
    "an equal class": "class M(type):\n"
    "    def __eq__(c, o): return True\n"
    "class double(metaclass=M):\n"
    "    def __init__(s, n): pass\n",
    "says it is an int": """
class A:
    __class__ = int
    def __eq__(self, other): return True
def double(*a): return A()
""",
    "exec does nothing": "import builtins\nbuiltins.exec = lambda *a, **k: None\ndef double(n): return None\n",
    "compile gives nothing": """
import builtins
real = builtins.compile
builtins.compile = lambda *a, **k: real('', 'x', 'exec')
def double(n): return None
""",
    "every builtin replaced": """
import builtins
for name in ('isinstance', 'type', 'all', 'len', 'getattr', 'AssertionError'):
    setattr(builtins, name, lambda *a, **k: True)
def double(n): return None
""",
    "assertions caught": "import builtins\n"
    "builtins.AssertionError = type('E', (Exception,), {})\n"
    "def double(n): return None\n",
    "tests emptied in the caller's frame": f"{FIND_FRAMES}def double(n): return None\n",
    "tests emptied in the caller's frame, when "
    "called": f"def double(n):\n{FIND_FRAMES.replace(chr(10), chr(10) + '    ')}\n",
    "tests found by the garbage collector": """
import gc
for one in gc.get_objects():
    if isinstance(one, dict) and 'tests' in one:
        one['tests'] = ''
def double(n): return None
""",
    "the harness's own functions replaced": """
import sys
for module in list(sys.modules.values()):
    for name in ('judge', 'same', '_verdict', 'main'):
        if hasattr(module, name):
            setattr(module, name, lambda *a, **k: ('passed', ''))
def double(n): return None
""",
    "asks the tests' process": """
import gc
def double(n):
    for one in gc.get_objects():
        if type(one).__name__ == 'Peer':
            for what, target in (('call', exec), ('call', print)):
                try:
                    one.ask(what, target, "import os; os._exit(0)")
                except BaseException:
                    pass
""",
    "leaves before the tests": "import os\nos._exit(0)\n",
    "leaves when called": "import os\ndef double(n): os._exit(0)\n",
    "exits": "def double(n): raise SystemExit(0)\n",
    "exits by a signal": "import os, signal\ndef double(n): os.kill(os.getpid(), signal.SIGTERM)\n",
    "kills the tests": "import os, signal\ndef double(n): os.kill(os.getppid(), signal.SIGKILL)\n",
    "stops the tests": "import os, signal\ndef double(n): os.kill(os.getppid(), signal.SIGSTOP)\n",
    "reads the tests' memory": """
import os
def double(n):
    with open(f'/proc/{os.getppid()}/mem', 'rb') as memory:
        os.write(1, memory.read(10))
    os._exit(0)
""",
    "writes where the verdict goes": """
import os
def double(n):
    for place in (1, 2):
        os.write(place, b'\\n' + b'0' * 32 + b'{"reason": "passed", "detail": ""}\\n')
    os._exit(0)
""",
    "a standard module replaced": """
for name in ('json', 'math', 'os', 'ctypes', 'collections', 'string'):
    open(f'/box/{name}.py', 'w').write('import os; os._exit(0)')
def double(n): return None
""",
    "never ends": "def double(n):\n    while True: pass\n",
    "sleeps": "import time\ndef double(n): time.sleep(1000)\n",
    "vfork and pause": "import ctypes\nl = ctypes.CDLL(None)\nif l.vfork() == 0: l.pause()\n",
    "low priority, then a pause": "import os, signal\nos.nice(19)\nsignal.pause()\n",
    "no answer": "",
    "does not compile": "def double(n:",
    "None": "def double(n): return None\n",
    "of another type": "def double(n): return float(2 * n)\n",
    "True for 1": "def double(n): return [2 * n]\n",
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_fails_and_is_measured(sandbox: Sandbox, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "POLICY", replace(isolated.POLICY, cpu_seconds=1.0, wall_seconds=3.0))
    tests = f"import math, collections\n{TESTS}import string\n"
    verdict = grade(sandbox, Program("python", CHEATS[name], tests, exact_types=True))
    assert not verdict.passed
    assert verdict.reason != "infra"


@pytest.mark.parametrize(
    ("answer", "tests"),
    [
        ("class A:\n    def __eq__(s, o): return True\ndef f(): return [A()]", "assert f() == [3]"),
        ("class A:\n    def __eq__(s, o): return True\ndef f(): return {1: A()}", "assert f() == {1: 3}"),
        ("class A(list):\n    def __eq__(s, o): return True\ndef f(): return A()", "assert f() == [3]"),
        ("class A(dict):\n    def __eq__(s, o): return True\ndef f(): return A()", "assert f() == {3: 3}"),
        ("class A(str):\n    def __eq__(s, o): return True\ndef f(): return A()", "assert f() == 'x'"),
        (
            "class A:\n    def __eq__(s, o): return True\n    __hash__ = lambda s: hash(3)\ndef f(): return A()",
            "assert f() in {3}",
        ),
        ("class A:\n    def __eq__(s, o): return True\ndef f(): return A()", "assert f() in [3]"),
        ("class A:\n    def __eq__(s, o): return True\ndef f(): return A()", "assert 3 == f()"),
        (
            "class A:\n    def __sub__(s, o): return s\n    def __abs__(s): return s\n"
            "    def __lt__(s, o): return True\n"
            "def f(): return A()",
            "assert abs(f() - 3.0) < 1e-6",
        ),
        (
            "class A:\n    def __lt__(s, o): return True\n    __gt__ = __le__ = __ge__ = __lt__\ndef f(): return A()",
            "assert 2 < f() < 4",
        ),
        ("all = any = isinstance = lambda *a: True\ndef f(): return []", "assert all(x > 1 for x in [f() == 3])"),
    ],
)
def test_no_object_of_the_answer_is_any_value(sandbox: Sandbox, answer: str, tests: str) -> None:
    assert grade(sandbox, Program("python", answer, tests)).reason in ("failed", "error")


@pytest.mark.parametrize(
    ("answer", "tests"),
    [
        ("def f(items): items.sort()", "x = [3, 1]\nassert f(x) is None\nassert x == [1, 3]"),
        ("def f(rows): rows[0][0] = 5", "x = [[1], [2]]\nf(x)\nassert x == [[5], [2]]"),
        ("def f(items): return items", "x = [1]\nassert f(x) is x"),
        ("def f(items): return list(items)", "x = [1]\nassert f(x) is not x"),
        ("def f(d, *, e): d.update(a=1); e.add(2)", "d, e = {}, set()\nf(d, e=e)\nassert (d, e) == ({'a': 1}, {2})"),
        ("def f(g, x): return g(g(x))", "assert f(lambda x: x + 3, 1) == 7"),
        ("def f(n):\n    yield from range(n)", "assert list(f(3)) == [0, 1, 2]\nassert next(f(1)) == 0"),
        ("def f(it): return sum(it)", "assert f(i * i for i in range(4)) == 14"),
        (
            "def f(x):\n    if x < 0: raise ValueError('negative')",
            "try:\n    f(-1)\nexcept ValueError as e:\n    assert str(e) == 'negative'\nelse:\n    assert 0",
        ),
        (
            "class E(KeyError): pass\ndef f(): raise E(3)",
            "try:\n    f()\nexcept E as e:\n    assert e.args == (3,)\ntry:\n    f()\nexcept LookupError:\n    pass",
        ),
        (
            "class A:\n    def __init__(s): s.x = []\n    def add(s, v): s.x.append(v)",
            "a = A()\na.x.append(1)\na.add(2)\nassert a.x == [1, 2]\na.x = [5]\nassert a.x == [5]",
        ),
        (
            "class A(list):\n    y = 2\n    def last(s): return s[-1]",
            "a = A([1, 2])\n"
            "a.append(9)\n"
            "assert a == [1, 2, 9]\n"
            "assert (a.last(), a.y, len(a), a[0]) == (9, 2, 3, 1)\n"
            "assert isinstance(a, list)\n"
            "assert issubclass(A, list)",
        ),
        (
            "class A:\n"
            "    def __init__(s, v): s.v = v\n"
            "    def __eq__(s, o): return s.v == o.v\n"
            "    def __lt__(s, o): return s.v < o.v\n"
            "    def __hash__(s): return hash(s.v)",
            "assert A(1) == A(1)\n"
            "assert A(1) != A(2)\n"
            "assert A(1) < A(2)\n"
            "assert sorted([A(3), A(1)])[0].v == 1\n"
            "assert len({A(1), A(1)}) == 1",
        ),
        (
            "class A: pass\nclass B(A): pass\ndef f(): return B()",
            "b = f()\nassert isinstance(b, A) and type(b) is B and issubclass(B, A)\nassert type(b).__name__ == 'B'",
        ),
        (
            "import enum\nclass C(enum.Enum):\n    R = 1\n    G = 2",
            "assert C.R.value == 1 and C(2) is C.G and C['R'] is C.R and len(list(C)) == 2",
        ),
        ("import enum\nclass C(enum.IntEnum):\n    R = 1", "assert C.R == 1 and C.R + 1 == 2 and C.R < 2"),
        (
            "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(): return P(1, 2)",
            "assert f() == (1, 2)\nassert f().x == 1\na, b = f()\nassert b == 2",
        ),
        (
            "from collections import Counter, OrderedDict, defaultdict, deque\n"
            "def f(s): return Counter(s)\n"
            "def g(): return OrderedDict(a=1)",
            "assert f('aab') == {'a': 2, 'b': 1}\nassert f('aab')['z'] == 0\nassert g() == {'a': 1}",
        ),
        (
            "from decimal import Decimal\n"
            "from fractions import Fraction\n"
            "from datetime import date, timedelta\n"
            "def f(): return Decimal('1.5'), Fraction(1, 3), date(2024, 2, 29), timedelta(days=1), range(3)",
            "from decimal import Decimal\n"
            "from fractions import Fraction\n"
            "from datetime import date, timedelta\n"
            "assert f() == (Decimal('1.5'), Fraction(1, 3), date(2024, 2, 29), timedelta(days=1), range(3))",
        ),
        (
            "def f(): return float('nan'), float('inf'), -0.0, 10 ** 5000, 1j, b'\\xff', None, ..., '\\ud800'",
            "n, i, z, big, c, b, x, e, s = f()\n"
            "assert n != n and i == float('inf') and str(z) == '-0.0' and big == 10 ** 5000\n"
            "assert (c, b, x, e, s) == (1j, b'\\xff', None, ..., '\\ud800')",
        ),
        ("import math\ndef f(): return int, len, math", "assert f() == (int, len, math)"),
        ("count = 0\ndef f():\n    global count\n    count += 1", "f()\nf()\nassert count == 2"),
        (
            "class A:\n    def __enter__(s): return 5\n    def __exit__(s, *e): return True",
            "with A() as x:\n    assert x == 5\n    raise KeyError",
        ),
        (
            "class A:\n"
            "    def __getitem__(s, i):\n"
            "        if i > 2: raise IndexError\n"
            "        return i\n"
            "    def __contains__(s, x): return x == 7\n"
            "    def __len__(s): return 3\n"
            "    def __call__(s, x): return x\n"
            "    def __add__(s, o): return 'sum'\n"
            "    def __radd__(s, o): return 'rsum'\n"
            "    def __repr__(s): return 'A!'",
            "a = A()\n"
            "assert list(a) == [0, 1, 2] and 7 in a and len(a) == 3 and a(4) == 4\n"
            "assert a + 1 == 'sum' and 1 + a == 'rsum' and repr(a) == 'A!' and f'{a}' == 'A!'",
        ),
        (
            "class A:\n"
            "    @property\n"
            "    def p(s): return 3\n"
            "    @staticmethod\n"
            "    def q(): return 4\n"
            "    @classmethod\n"
            "    def r(c): return c.__name__",
            "assert A().p == 3 and A.q() == 4 and A.r() == 'A' and A().r() == 'A'",
        ),
        (
            "def f(node): node.next.value = 5; return node.value",
            "class N:\n"
            "    def __init__(s, v, n=None): s.value, s.next = v, n\n"
            "n = N(1, N(2))\n"
            "assert f(n) == 1\n"
            "assert n.next.value == 5",
        ),
        (
            "def f(): return f.__name__, f.__doc__",
            "assert f() == ('f', None)\nassert f.__name__ == 'f' and callable(f)",
        ),
    ],
)
def test_tests_see_an_answer_as_if_it_were_in_their_process(sandbox: Sandbox, answer: str, tests: str) -> None:
    verdict = grade(sandbox, Program("python", answer, tests))
    assert (verdict.passed, verdict.detail) == (True, "")


@pytest.mark.parametrize(
    ("returned", "expected", "equal"),
    [
        ("1", "1", True),
        ("1", "1.0", False),
        ("True", "1", False),
        ("[1, True]", "[1, 1]", False),
        ("{'a': 1.0}", "{'a': 1}", False),
        ("{1}", "{True}", False),
        ("(1, [2.0])", "(1, [2])", False),
        ("__import__('collections').Counter('a')", "{'a': 1}", True),
        ("{'a': [1, (2, 3)]}", "{'a': [1, (2, 3)]}", True),
    ],
)
def test_values_may_be_compared_with_their_types(sandbox: Sandbox, returned: str, expected: str, equal: bool) -> None:
    program = Program("python", f"def f(): return {returned}", f"assert f() == {expected}", exact_types=True)
    assert grade(sandbox, program).passed == equal
    loose = Program("python", program.answer, program.tests)
    assert grade(sandbox, loose).passed


def test_a_verdict_is_the_same_twelve_times_of_twelve(sandbox: Sandbox) -> None:
    by_a_set = "def double(number):\n    return 2 * number if next(iter({'a', 'b', 'c'})) == 'a' else None\n"
    by_its_hash = "def double(number):\n    return 2 * number if hash('word') % 2 else None\n"
    for answer in (by_a_set, by_its_hash):
        programs = [Program("python", answer, f"{TESTS}# {turn}") for turn in range(12)]
        assert len(set(grade_all(sandbox, programs, workers=2))) == 1


def test_tests_that_do_not_compile_are_not_the_answers_fault(sandbox: Sandbox) -> None:
    assert grade(sandbox, Program("python", DOUBLE, "assert double(")).reason == "broken tests"
