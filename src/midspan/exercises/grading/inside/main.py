"""Runs inside the sandbox: the tests here, the answer in a process of its own, values between the two.

Alone in its process the answer reaches neither the tests nor the sentinel, and what it returns is compared as a value,
of which it has no say. The answer is the module answer.py beside this program; tests, sentinel and whether values are
compared with their types come on standard input, as a literal. The verdict goes to standard output, after the sentinel.
"""

from __future__ import annotations

import _ast
import _ctypes
import builtins
import os
import sys

from midspan.exercises.grading.inside.literals import read_literal
from midspan.exercises.grading.inside.mirrors import is_mirror
from midspan.exercises.grading.inside.peer import OverError, Peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

SIGKILL = 9
PR_SET_DUMPABLE = 4  # prctl(2): without it no process of the same user may look into this one
MOST_DETAIL = 500  # characters


class Names(dict):  # type: ignore[type-arg]  # dict[str, Any] would be evaluated, and Any is not imported here
    """The tests' names: their own, the builtin ones, the answer's, in this order. The entry point is the answer's."""

    def __init__(self, answer: Any, entry_point: str) -> None:
        super().__init__(__name__="tests", __builtins__=builtins, __same__=same)
        self.answer, self.entry_point = answer, entry_point

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name) and name != self.entry_point:
            return getattr(builtins, name)
        try:
            value = getattr(self.answer, name)
        except AttributeError:
            raise KeyError(name) from None
        if is_mirror(value):
            self[name] = value
        return value


def main() -> NoReturn:
    """Have the answer's process begin, run the tests, and say what came of it."""
    sys.path.pop(0)  # the harness itself
    _set_dumpable(False)
    (to_tests, from_answer), (to_answer, from_tests) = os.pipe(), os.pipe()
    answer = os.fork()
    if not answer:
        os.close(to_tests)
        os.close(from_tests)
        be_the_answer(Peer(to_answer, from_answer, trusting=True))
    os.close(from_answer)
    os.close(to_answer)
    given = dict(read_literal(sys.stdin.buffer.read().decode("utf-8", "surrogatepass")))
    reason, detail = judge(Peer(to_tests, from_tests, trusting=False), given, answer)
    _kill(answer)
    os.write(1, f"\n{given['sentinel']}{[reason, detail[:MOST_DETAIL]]!a}\n".encode())
    os._exit(0)


def be_the_answer(peer: Peer) -> NoReturn:
    """Import the answer when asked to, and do with it what the tests ask for."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)  # it may print as much as it likes
    _set_dumpable(True)  # it may look at itself
    sys.path.insert(0, os.getcwd())
    sys.argv = ["answer.py"]
    vars(builtins).update(exit=sys.exit, quit=sys.exit)
    try:
        peer.serve()
    finally:
        os._exit(0)


def judge(peer: Peer, given: dict[str, Any], answer: int) -> tuple[str, str]:
    """What the tests say, and the last word about it."""
    try:
        tree: Any = compile(given["tests"], "tests.py", "exec", _ast.PyCF_ONLY_AST)
        code = compile(with_types(tree) if given["exact_types"] else tree, "tests.py", "exec")
    except (SyntaxError, ValueError) as error:
        return "broken tests", str(error)
    try:
        exec(code, Names(peer.ask("import", "answer"), given["entry_point"]))
    except OverError:
        return _ended(answer)
    except AssertionError as error:
        return "failed", _last_word(error)
    except SystemExit as error:
        return "early exit" if error.code in (None, 0) else "error", f"SystemExit: {error.code}"
    except BaseException as error:
        return "error", _last_word(error)
    return "passed", ""


def with_types(tree: Any) -> Any:
    """The tests, with every `one == other` as `__same__(one, other)`."""

    def changed(node: Any) -> Any:
        if isinstance(node, list):
            return [changed(one) for one in node]
        if not hasattr(node, "_fields"):
            return node
        for name in node._fields:
            setattr(node, name, changed(getattr(node, name, None)))
        if isinstance(node, _ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], _ast.Eq):
            place = {name: getattr(node, name) for name in node._attributes}
            function = _ast.Name("__same__", _ast.Load(), **place)
            return _ast.Call(function, [node.left, node.comparators[0]], [], **place)
        return node

    return changed(tree)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, and their numbers of the same types: 1 is neither 1.0 nor True."""
    return bool(one == other) and _like(one, other)


def _like(one: Any, other: Any) -> bool:
    if is_mirror(one) or is_mirror(other):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return _alike(one, other) and all(_like(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_like, one, other))
    if isinstance(one, set | frozenset) and isinstance(other, set | frozenset):
        return _alike(one, other)
    return type(one) is type(other)


def _alike(one: Any, other: Any) -> bool:
    """Whether equal members of two sets are of the same types."""
    types = {member: type(member) for member in one}
    return all(types[member] is type(member) for member in other)


def _ended(answer: int) -> tuple[str, str]:
    """Of an answer whose process has ended. By a signal that ended it this one ends, too: so limits are told."""
    code = os.waitstatus_to_exitcode(os.waitpid(answer, 0)[1])
    if code < 0:
        os._exit(128 - code)
    return "early exit" if code == 0 else "error", f"the program ended with exit code {code}"


def _kill(answer: int) -> None:
    try:  # noqa: SIM105 (contextlib takes long to import)
        os.kill(answer, SIGKILL)
    except ProcessLookupError:
        pass


def _last_word(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _set_dumpable(allowed: bool) -> None:
    class Call(_ctypes.CFuncPtr):  # ctypes itself takes as long to import as a process takes to fork
        _flags_ = _ctypes.FUNCFLAG_CDECL

    prctl = Call(_ctypes.dlsym(_ctypes.dlopen("", 0), "prctl"))
    prctl(PR_SET_DUMPABLE, int(allowed), 0, 0, 0)


if __name__ == "__main__":
    main()
