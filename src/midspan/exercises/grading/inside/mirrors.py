"""Mirrors: what stands here for a class or an object of the other process, and passes on what is asked of it."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, whose import would take as long as a test does
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

DATA = (int, float, complex, str, bytes, tuple, frozenset, list, set, dict)  # of their subclasses the content is known
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "__eq__": lambda one, other: one == other,
    "__ne__": lambda one, other: one != other,
    "__lt__": lambda one, other: one < other,
    "__le__": lambda one, other: one <= other,
    "__gt__": lambda one, other: one > other,
    "__ge__": lambda one, other: one >= other,
}
UNEQUAL = {"__eq__": False, "__ne__": True}
OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul")
BITWISE = ("lshift", "rshift", "and", "or", "xor")
CONTAINER = ("len", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem")
CONVERSION = ("hash", "bool", "str", "repr", "format", "bytes", "int", "float", "complex", "index")
NUMBER = ("round", "trunc", "floor", "ceil", "neg", "pos", "abs", "invert")
SPECIAL = frozenset(
    f"__{name}__"
    for name in [
        *("call", "enter", "exit", *CONTAINER, *CONVERSION, *NUMBER),
        *(side + name for side in ("", "r", "i") for name in (*OPERATORS, *BITWISE)),
    ]
)
OF_THE_INTERPRETER = ("__class__", "__traceback__", "__cause__", "__context__", "__suppress_context__", "__notes__")


class Mirror(type):
    """The class of mirrored classes: what is asked of one is asked of the class that it stands for."""

    def __call__(cls, *given: Any, **named: Any) -> Any:
        return peer_of(cls).ask("call", cls, *given, **named)

    def __getattr__(cls, name: str) -> Any:
        return peer_of(cls).ask("getattr", cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        peer_of(cls).ask("setattr", cls, name, value)

    def __getitem__(cls, key: Any) -> Any:
        return peer_of(cls).ask("special", cls, "__getitem__", key)

    def __iter__(cls) -> Any:
        return peer_of(cls).ask("special", cls, "__iter__")

    def __len__(cls) -> Any:
        return peer_of(cls).ask("special", cls, "__len__")

    def __bool__(cls) -> bool:
        return True


def mirror_class(peer: Any, number: int, name: str, bases: list[type], methods: list[str]) -> Mirror:
    """The class that stands for theirs: of the same name, with a mirror or the builtin itself for each base."""
    kept = [base for base in bases if isinstance(base, Mirror) or base in DATA or issubclass(base, BaseException)]
    body: dict[str, Any] = {"_midspan": (peer, number), "__getattribute__": _get, "__setattr__": _set}
    body |= {name: _comparison(name) for name in COMPARISONS}
    body["__hash__"] = lambda self: hash(number_of(self))
    body |= {name: _special(name) for name in methods if name in SPECIAL}
    return type.__new__(Mirror, name, tuple(kept), body)


def mirror_object(peer: Any, number: int, mirrored: Mirror, content: Any) -> Any:
    """An object of a mirrored class. Of a subclass of a builtin one it has the content."""
    known: Any = next((one for one in (*DATA, BaseException) if issubclass(mirrored, one)), object)
    made: Any = known.__new__(mirrored, content) if known in DATA else known.__new__(mirrored)
    object.__setattr__(made, "_midspan", (peer, number))
    return made


def peer_of(mirror: Any) -> Any:
    """The channel to the process in which that is for which `mirror` stands."""
    return _facts(mirror)[0]


def number_of(mirror: Any) -> int:
    """The number by which it is known there."""
    number: int = _facts(mirror)[1]
    return number


def is_mirror(value: Any) -> bool:
    """Whether `value` stands for something of the other process."""
    return isinstance(value, Mirror) or isinstance(type(value), Mirror)


def _facts(mirror: Any) -> Any:
    return (type if isinstance(mirror, Mirror) else object).__getattribute__(mirror, "_midspan")


def _get(self: Any, name: str) -> Any:
    if name in OF_THE_INTERPRETER:
        return object.__getattribute__(self, name)
    return peer_of(self).ask("getattr", self, name)


def _set(self: Any, name: str, value: Any) -> None:
    if name in OF_THE_INTERPRETER:
        object.__setattr__(self, name, value)
    else:
        peer_of(self).ask("setattr", self, name, value)


def _special(name: str) -> Callable[..., Any]:
    return lambda self, *given, **named: peer_of(self).ask("special", self, name, *given, **named)


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    """Two of theirs are compared there. With a value of ours theirs is compared by its content, here."""

    def compare(self: Any, other: Any) -> Any:
        if is_mirror(other):
            return peer_of(self).ask("compare", self, name, other)
        if isinstance(self, DATA):
            return COMPARISONS[name](peer_of(self).ask("content", self), other)
        return UNEQUAL.get(name, NotImplemented)

    return compare
