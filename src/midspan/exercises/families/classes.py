"""Exercises on classes: state, methods, special methods, inheritance."""

from midspan.exercises.families.words import FIELDS
from midspan.exercises.family import Family, grid

THINGS = ("Player", "Robot", "Account", "Ticket", "Engine", "Garden", "Planet", "Wallet", "Parcel", "Device")
BOXES = ("Basket", "Shelf", "Queue", "Team", "Album", "Library", "Fleet", "Menu", "Cart", "Drawer")
ANIMALS = ("Dog", "Cat", "Cow", "Duck", "Frog", "Horse", "Lion", "Owl", "Sheep", "Wolf")

FAMILIES = [
    Family(
        "step-counter",
        phrasings=(
            "Write a class `$name` with a count of $start at first and a method `$method()` that adds $k to it.",
            "Implement a class `$name`: count is $start at first, and each call of `$method()` increases it by $k.",
            "Write `$name`, a class whose `$method()` method raises count by $k; a new object has the count $start.",
            "I need a class `$name` that begins with a count of $start and adds $k whenever `$method()` is called.",
        ),
        parameters=grid(
            name=("Counter", "Meter", "Clock"), method=("step", "tick", "next"), start=(0, 1, 10), k=range(2, 12)
        ),
        solution="""
class $name:
    def __init__(self):
        self.count = $start

    def $method(self):
        self.count += $k
""",
        tests=lambda p: [
            f"first, second = {p.name}(), {p.name}()",
            f"assert first.count == {p.start}",
            f"first.{p.method}()",
            f"assert first.count == {p.start + p.k}",
            f"first.{p.method}()",
            f"first.{p.method}()",
            f"assert first.count == {p.start + 3 * p.k}",
            f"assert second.count == {p.start}",
        ],
    ),
    Family(
        "bonus-total",
        phrasings=(
            "Write a class `$name` with a total of 0 and a method `$method(n)` that adds n plus $k to the total.",
            "Implement a class `$name`: total starts at 0, and `$method(n)` increases it by n + $k.",
            "Write `$name`, a class with an attribute total; every `$method(n)` adds n and a bonus of $k.",
            "Give me a class `$name` whose `$method(n)` raises total, at first 0, by n and by $k more.",
        ),
        parameters=grid(name=THINGS, method=("add", "win", "put"), k=range(2, 12)),
        solution="""
class $name:
    def __init__(self):
        self.total = 0

    def $method(self, n):
        self.total += n + $k
""",
        tests=lambda p: [
            f"thing = {p.name}()",
            "assert thing.total == 0",
            f"thing.{p.method}(5)",
            f"assert thing.total == {5 + p.k}",
            f"thing.{p.method}(-2)",
            f"assert thing.total == {3 + 2 * p.k}",
        ],
    ),
    Family(
        "two-fields",
        phrasings=(
            "Write a class `$name` that is created with $a and $b and keeps them as attributes.",
            "Implement a class `$name` whose constructor stores its two arguments $a and $b.",
            "Write `$name`, a class with the attributes $a and $b, given in this order.",
            "I need a class `$name` that remembers the $a and the $b it was made with.",
        ),
        parameters=[choice for choice in grid(name=THINGS, a=FIELDS[:8], b=FIELDS[6:14]) if choice["a"] != choice["b"]],
        solution="""
class $name:
    def __init__(self, $a, $b):
        self.$a = $a
        self.$b = $b
""",
        tests=lambda p: [
            f"thing = {p.name}(3, 'x')",
            f"assert thing.{p.a} == 3",
            f"assert thing.{p.b} == 'x'",
            f"assert {p.name}({p.b}=1, {p.a}=2).{p.a} == 2",
        ],
    ),
    Family(
        "text-form",
        phrasings=(
            'Write a class `$name` with the field $field; str() of an object gives "$name" and the $field.',
            'Implement a class `$name` that stores $field and is printed as "$name", a space and the $field.',
            'Write `$name`, a class with the field $field. Its __str__ returns the text "$name " followed by $field.',
            'Give me a class `$name` that takes $field and whose string form is "$name " plus the $field.',
        ),
        parameters=grid(name=THINGS, field=FIELDS),
        solution="""
class $name:
    def __init__(self, $field):
        self.$field = $field

    def __str__(self):
        return f"$name {self.$field}"
""",
        tests=lambda p: [
            f"assert {p.name}(5).{p.field} == 5",
            f"assert str({p.name}(5)) == '{p.name} 5'",
            f"assert str({p.name}('big')) == '{p.name} big'",
            f"assert str({p.name}('')) == '{p.name} '",
        ],
    ),
    Family(
        "multiplier",
        phrasings=(
            "Write a class `$name` with a method `$method(n)` that returns $k times n.",
            "Implement a class `$name` whose `$method(n)` multiplies n by $k.",
            "Write `$name`: a class without attributes, only a method `$method(n)` that returns n times $k.",
            "I need a class `$name`. Calling `$method(n)` on an object gives n multiplied by $k.",
        ),
        parameters=grid(name=("Scaler", "Factor", "Converter"), method=("apply", "scale", "run"), k=range(2, 30)),
        solution="""
class $name:
    def $method(self, n):
        return n * $k
""",
        tests=lambda p: [
            f"assert {p.name}().{p.method}(0) == 0",
            f"assert {p.name}().{p.method}(1) == {p.k}",
            f"assert {p.name}().{p.method}(-7) == {-7 * p.k}",
        ],
    ),
    Family(
        "speaking-animal",
        phrasings=(
            'Write a class `$name` with a method `$method()` that returns "$sound".',
            'Implement a class `$name` whose `$method()` gives the string "$sound".',
            'Write `$name`: a class in which `$method()` returns the text "$sound".',
            'Give me a class `$name`. Each object answers `$method()` with "$sound".',
        ),
        parameters=grid(
            name=ANIMALS, method=("speak", "call", "sound"), sound=("woof", "meow", "moo", "quack", "hoot", "growl")
        ),
        solution="""
class $name:
    def $method(self):
        return "$sound"
""",
        tests=lambda p: [
            f"assert isinstance({p.name}, type)",
            f"assert {p.name}().{p.method}() == '{p.sound}'",
            f"assert [animal.{p.method}() for animal in ({p.name}(), {p.name}())] == ['{p.sound}', '{p.sound}']",
        ],
    ),
    Family(
        "collection",
        phrasings=(
            "Write a class `$name` with an empty list `$items` and a method `$method(item)` that appends to it.",
            "Implement a class `$name`: `$items` is an empty list, and `$method(item)` adds an item at its end.",
            "Write `$name`, a class that collects: `$method(item)` appends the item to the attribute `$items`.",
            "I need a class `$name` whose `$method(item)` puts the item at the end of the list `$items`.",
        ),
        parameters=grid(name=BOXES, items=("items", "things", "entries", "contents"), method=("add", "put", "push")),
        solution="""
class $name:
    def __init__(self):
        self.$items = []

    def $method(self, item):
        self.$items.append(item)
""",
        tests=lambda p: [
            f"first, second = {p.name}(), {p.name}()",
            f"assert first.{p.items} == []",
            f"first.{p.method}(3)",
            f"first.{p.method}('x')",
            f"assert first.{p.items} == [3, 'x']",
            f"assert second.{p.items} == []",
        ],
    ),
    Family(
        "sized-collection",
        phrasings=(
            "Write a class `$name` that is created with a list `$items` and whose len() is the number of $items.",
            "Implement a class `$name`: it stores `$items`, and its __len__ returns how many there are.",
            "Write `$name`, a class around a list `$items`; len() of an object counts the $items.",
            "Give me a class `$name` that takes `$items` and supports len(), the length of `$items`.",
        ),
        parameters=grid(name=BOXES, items=("items", "things", "entries", "books", "songs")),
        solution="""
class $name:
    def __init__(self, $items):
        self.$items = $items

    def __len__(self):
        return len(self.$items)
""",
        tests=lambda p: [
            f"assert len({p.name}([])) == 0",
            f"assert len({p.name}([4, 5, 6])) == 3",
            f"assert {p.name}([1, 2]).{p.items} == [1, 2]",
        ],
    ),
    Family(
        "equality-by-field",
        phrasings=(
            "Write a class `$name` with the attribute `$field`. Two objects are equal if their $field is equal.",
            "Implement a class `$name` that stores $field; == is True when both objects have the same `$field`.",
            "Write `$name`, a class made with `$field`, whose __eq__ compares the $field of the two objects.",
            "I need a class `$name` with the field `$field` and an equality test on `$field`.",
        ),
        parameters=grid(name=THINGS, field=FIELDS),
        solution="""
class $name:
    def __init__(self, $field):
        self.$field = $field

    def __eq__(self, other):
        return self.$field == other.$field
""",
        tests=lambda p: [
            f"assert {p.name}(4).{p.field} == 4",
            f"assert {p.name}(4) == {p.name}(4)",
            f"assert not {p.name}(4) == {p.name}(5)",
            f"assert {p.name}('b') != {p.name}('a')",
        ],
    ),
    Family(
        "subclass",
        phrasings=(
            "Write a class `$name` that inherits from $base and has a class attribute $field equal to $k.",
            "Implement `$name`, a subclass of $base, with $field set to $k for all objects.",
            "Derive a class `$name` from $base. Its class attribute $field is $k.",
            "Give me a subclass `$name` of the built-in $base in which $field is always $k.",
        ),
        parameters=grid(
            name=("Special", "Custom", "Extended"), base=("list", "dict", "set"), field=FIELDS[10:16], k=range(2, 10)
        ),
        solution="""
class $name($base):
    $field = $k
""",
        tests=lambda p: [
            f"assert issubclass({p.name}, {p.base})",
            f"assert {p.name}.{p.field} == {p.k}",
            f"assert {p.name}().{p.field} == {p.k}",
            f"assert len({p.name}()) == 0",
        ],
    ),
    Family(
        "limited-value",
        phrasings=(
            "Write a class `$name` with a `$field` of 0 and a method `$method()` that adds 1, up to $k.",
            "Implement a class `$name`: `$field` starts at 0, and each `$method()` raises it by 1 up to at most $k.",
            "Write `$name`, a class whose `$method()` increases `$field` from 0 by one, as long as it is less than $k.",
            "I need a class `$name`. `$method()` counts `$field` up from 0 and stops at $k.",
        ),
        parameters=grid(
            name=THINGS[:5], field=("level", "speed", "power"), method=("rise", "grow", "up"), k=range(2, 10)
        ),
        solution="""
class $name:
    def __init__(self):
        self.$field = 0

    def $method(self):
        self.$field = min(self.$field + 1, $k)
""",
        tests=lambda p: [
            f"thing = {p.name}()",
            f"assert thing.{p.field} == 0",
            f"thing.{p.method}()",
            f"assert thing.{p.field} == 1",
            f"for _ in range({p.k} - 1): thing.{p.method}()",
            f"assert thing.{p.field} == {p.k}",
            f"for _ in range(5): thing.{p.method}()",
            f"assert thing.{p.field} == {p.k}",
        ],
    ),
]
