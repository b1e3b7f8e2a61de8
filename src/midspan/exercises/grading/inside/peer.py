"""The channel between the tests' process and the answer's: plain values by value, all else by number.

What a process refers to by number stays where it is and has a mirror on the other side. Messages are Python literals,
parsed and never evaluated, so that nothing of the answer's is executed by reading them.
"""

from __future__ import annotations

import builtins
import os
import sys

from midspan.exercises.grading.inside.literals import read_literal
from midspan.exercises.grading.inside.mirrors import (
    COMPARISONS,
    DATA,
    SPECIAL,
    is_mirror,
    mirror_class,
    mirror_object,
    number_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LONGEST = 64 << 20  # bytes of one message
CHANGING = (list, set, dict)  # what whoever is called may change
LENT = 8  # containers read from attributes, whose changes here are passed on
LARGE = 1 << 256
PLAIN = (bool, int, float, str)
MANY = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
BYTES = {kind.__name__: kind for kind in (bytes, bytearray)}
# Of the standard library, what is a value: made again from the arguments that its own pickling gives.
VALUES = {"builtins.range", "builtins.slice", "decimal.Decimal", "fractions.Fraction"} | {
    f"datetime.{name}" for name in ("date", "time", "datetime", "timedelta", "timezone")
}
CONTENT: dict[type, Callable[[Any], Any]] = {  # of a subclass's object, past whatever it redefines
    int: int.__pos__,
    float: float.__pos__,
    complex: complex.__pos__,
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    set: lambda value: set(set.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
}
INTO_THE_INTERPRETER = ("_", "gi_", "cr_", "ag_", "f_", "tb_", "co_")  # attributes that lead to frames and globals


class OverError(BaseException):
    """The other process has ended."""


class Peer:
    """One end of the channel. An end that is not `trusting` does only what a test's own objects are asked for."""

    def __init__(self, readable: int, writable: int, trusting: bool) -> None:
        self.readable, self.writable, self.trusting = readable, writable, trusting
        self.ours: dict[int, Any] = {}  # what they know by number; kept, so that a number is never another's
        self.theirs: dict[int, Any] = {}  # the mirrors
        self.lent: list[tuple[Any, str, Any, Any]] = []  # (whose, which attribute, container, as it was read)

    def encode(self, value: Any) -> Any:
        """A value as a literal."""
        kind = type(value)
        if kind is int and not -LARGE < value < LARGE:
            return ["int", hex(value)]  # the interpreter would not write so many decimal digits
        if kind is float and value - value != 0:
            return ["float", repr(value)]  # infinite, or none
        if value is None or kind in PLAIN:
            return value
        if kind.__name__ in MANY and kind in MANY.values():
            return [kind.__name__, [self.encode(item) for item in value]]
        if kind is dict:
            return ["dict", [[self.encode(key), self.encode(item)] for key, item in value.items()]]
        if kind in BYTES.values():
            return [kind.__name__, value.hex()]
        if kind is complex:
            return ["complex", [value.real, value.imag]]
        if f"{kind.__module__}.{kind.__qualname__}" in VALUES:
            return ["value", kind.__module__, kind.__name__, [self.encode(part) for part in value.__reduce__()[1]]]
        if kind is type(sys) and value.__name__ in sys.stdlib_module_names:
            return ["module", value.__name__]
        if name := _name_of_builtin(value):
            return ["builtin", name]
        if isinstance(value, BaseException) and (name := _name_of_builtin(kind)):
            return ["error", name, self.encode(value.args)]
        if is_mirror(value):
            return ["yours", number_of(value)]
        self.ours[id(value)] = value
        if isinstance(value, type):
            bases = [self.encode(base) for base in value.__bases__ if base is not object]
            own = [name for name in SPECIAL if getattr(value, name, None) is not getattr(object, name, None)]
            return ["class", id(value), value.__name__, bases, own]
        base = next((base for base in DATA if isinstance(value, base)), None)
        return ["object", id(value), self.encode(kind), None if base is None else self.encode(CONTENT[base](value))]

    def decode(self, wire: Any) -> Any:
        """What `encode` on the other side was given, or its mirror."""
        if not isinstance(wire, list):
            return wire
        match wire:
            case [kind, items] if kind in MANY:
                return MANY[kind](map(self.decode, items))
            case ["dict", items]:
                return {self.decode(key): self.decode(item) for key, item in items}
            case [kind, digits] if kind in BYTES:
                return BYTES[kind].fromhex(digits)
            case ["float", name]:
                return float(name)
            case ["int", digits]:
                return int(digits, 16)
            case ["complex", [real, imaginary]]:
                return complex(real, imaginary)
            case ["value", module, name, given] if f"{module}.{name}" in VALUES:
                return getattr(__import__(module), name)(*map(self.decode, given))
            case ["module", name] if name in sys.stdlib_module_names:
                return __import__(name)
            case ["builtin", name]:
                return getattr(builtins, name)
            case ["error", name, given] if issubclass(getattr(builtins, name), BaseException):
                return getattr(builtins, name)(*self.decode(given))
            case ["yours", number]:
                return self.ours[number]
            case ["class", number, name, bases, methods]:
                if number not in self.theirs:
                    self.theirs[number] = mirror_class(self, number, name, [*map(self.decode, bases)], methods)
                return self.theirs[number]
            case ["object", number, kind, content]:
                if number not in self.theirs:
                    self.theirs[number] = mirror_object(self, number, self.decode(kind), self.decode(content))
                return self.theirs[number]
        raise ValueError(f"not a value: {wire[:1]}")

    def ask(self, what: str, target: Any, *given: Any, **named: Any) -> Any:
        """Have the other side do something with `target`. Raises what it raises there, and OverError if it ends."""
        self._pass_on_changes()
        keywords = [[name, self.encode(value)] for name, value in named.items()]
        self._send(["ask", what, self.encode(target), [*map(self.encode, given)], keywords])
        handed = [*given, *named.values()]
        match self.serve():
            case ["raised", error]:
                raise self.decode(error)
            case ["value", result, changes]:
                for index, wire in changes:
                    _become(handed[index], self.decode(wire))
                value = self.decode(result)
            case ["argument", index, changes]:
                for place, wire in changes:
                    _become(handed[place], self.decode(wire))
                return handed[index]
            case other:
                raise ValueError(f"not an answer: {other[:1]}")
        if what == "getattr" and type(value) in CHANGING:
            self.lent = [*self.lent[1 - LENT :], (target, given[0], value, result)]
        return value

    def serve(self) -> Any:
        """Do what the other side asks, until it answers what it was asked. Raises OverError if it ends."""
        while True:
            message = self._receive()
            if message[0] != "ask":
                return message
            try:
                reply = self._done(*message[1:])
            except OverError:
                raise
            except BaseException as error:
                reply = ["raised", self.encode(error)]
            self._send(reply)

    def _done(self, what: str, target: Any, given: Any, named: Any) -> Any:
        keywords = {name: self.decode(wire) for name, wire in named}
        arguments = [self.decode(wire) for wire in given]
        if not self.trusting and (target[0] != "yours" or _leads_inside(what, arguments)):
            raise PermissionError(f"{what} of the tests")
        result = OPERATIONS[what](self.decode(target), *arguments, **keywords)
        handed, wires = [*arguments, *keywords.values()], [*given, *(wire for _, wire in named)]
        changes = [
            [index, after]
            for index, (value, before) in enumerate(zip(handed, wires, strict=True))
            if type(value) in CHANGING and (after := self.encode(value)) != before
        ]
        for index, value in enumerate(handed):
            if value is result and type(value) in CHANGING:
                return ["argument", index, changes]
        return ["value", self.encode(result), changes]

    def _pass_on_changes(self) -> None:
        """What was changed here of a container that is an attribute there is changed there."""
        changed = [one for one in self.lent if self.encode(one[2]) != one[3]]
        self.lent = [one for one in self.lent if one not in changed]
        for whose, name, value, _ in changed:
            self.ask("setattr", whose, name, value)

    def _send(self, message: Any) -> None:
        data = repr(message).encode("utf-8", "surrogatepass")
        data = len(data).to_bytes(4, "big") + data
        while data:
            data = data[os.write(self.writable, data) :]

    def _receive(self) -> Any:
        return read_literal(self._read(int.from_bytes(self._read(4), "big")).decode("utf-8", "surrogatepass"))

    def _read(self, count: int) -> bytes:
        if count > LONGEST:
            raise OverError
        parts = []
        while count:
            parts.append(os.read(self.readable, count))
            count -= len(parts[-1])
            if not parts[-1]:
                raise OverError
        return b"".join(parts)


def _name_of_builtin(value: Any) -> str:
    """The name of a builtin function, class or constant; "" of anything else."""
    if value is NotImplemented or value is Ellipsis:
        return repr(value)
    name = getattr(value, "__name__", None) if isinstance(value, type | type(len)) else None
    return name if isinstance(name, str) and getattr(builtins, name, None) is value else ""


def _leads_inside(what: str, arguments: list[Any]) -> bool:
    return what in ("getattr", "setattr") and str(arguments[0]).startswith(INTO_THE_INTERPRETER)


def _become(old: Any, new: Any) -> None:
    """Give a container the content of another."""
    old.clear()
    (old.extend if isinstance(old, list) else old.update)(new)


def _special(target: Any, name: str, *given: Any, **named: Any) -> Any:
    if name not in SPECIAL:
        raise AttributeError(name)
    return getattr(type(target), name)(target, *given, **named)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda target, *given, **named: target(*given, **named),
    "getattr": getattr,
    "setattr": setattr,
    "special": _special,
    "compare": lambda one, name, other: COMPARISONS[name](one, other),
    "content": lambda target: CONTENT[next(base for base in DATA if isinstance(target, base))](target),
    "import": lambda name: __import__(name),
}
