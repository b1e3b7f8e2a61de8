"""Exercises on dictionaries, and on lists of them."""

from typing import Any

from midspan.exercises.families.words import FIELDS
from midspan.exercises.family import Family, calls, grid


def levels(k: int) -> list[dict[str, int]]:
    """Names and whole numbers on both sides of k, the empty dictionary first."""
    return [{}, {"ann": k}, {"bob": k - 1, "cat": k, "dan": k + 1}, {"eve": 3 * k, "fay": 0, "gil": k + 5, "hal": -k}]


def records(key: str) -> list[list[dict[str, Any]]]:
    """Lists of records, each with the number under `key` and with another entry."""
    return [
        [],
        [{key: 4, "other": 9}],
        [{key: 7, "other": 1}, {key: 3, "other": 2}, {"other": 0, key: 5}],
        [{key: 2, "other": 8}, {key: 6, "other": 3}, {key: 2, "other": 5}, {key: 11, "other": 4}],
    ]


FAMILIES = [
    Family(
        "get-or-default",
        phrasings=(
            'Write a function `$signature` that returns "$key" of $argument, or $default if it is missing.',
            'Implement `$signature`: look up "$key" in $argument; without such a key the result is $default.',
            'Write `$signature`, which reads "$key" from $argument and falls back to $default.',
            'I need a function `$signature` that gets "$key" of $argument with the default $default.',
        ),
        parameters=grid(key=FIELDS, default=(0, 1, 10, 50, 100), argument=("record", "data")),
        solution="""
def get_$key($argument):
    return $argument.get("$key", $default)
""",
        tests=calls(
            lambda p, record: {p.key: p.default, **record}[p.key],
            lambda p: [{}, {p.key: 7}, {"other": 3}, {"other": 3, p.key: 0}, {p.key + "s": 5}],
        ),
    ),
    Family(
        "names-above",
        phrasings=(
            "Write a function `$signature` that returns the list of keys of $argument whose value is greater than $k.",
            "Implement `$signature`: which keys of $argument have a value above $k? Return a list.",
            "Write `$signature`, which lists the names in $argument with more than $k.",
            "Give me a function `$signature` that collects each key of $argument that has a value over $k.",
        ),
        parameters=grid(k=range(2, 60), argument=("scores", "ages", "stock")),
        solution="""
def names_above($argument):
    return [name for name, value in $argument.items() if value > $k]
""",
        tests=calls(lambda p, d: [name for name in d if d[name] >= p.k + 1], lambda p: levels(p.k)),
    ),
    Family(
        "pluck",
        phrasings=(
            'Write a function `$signature` that returns the list of the "$key" values of the $argument.',
            'Implement `$signature`, which collects "$key" from each dictionary in the list $argument.',
            'Write `$signature`: for every dictionary in $argument take the value under "$key".',
            'I need a function `$signature` that extracts "$key" of all $argument into a list.',
        ),
        parameters=grid(key=FIELDS, argument=("records", "rows")),
        solution="""
def all_$key($argument):
    return [item["$key"] for item in $argument]
""",
        tests=calls(lambda p, a: [dict(r).pop(p.key) for r in a], lambda p: records(p.key)),
    ),
    Family(
        "sum-field",
        phrasings=(
            'Write a function `$signature` that adds up the "$key" of all $argument.',
            'Implement `$signature`: the sum of the values under "$key" over the list of dictionaries $argument.',
            'Write a Python function `$signature` that totals "$key" across the $argument.',
            'Give me `$signature`, which returns the sum of "$key" in the list $argument.',
        ),
        parameters=grid(key=FIELDS, argument=("records", "orders", "players")),
        solution="""
def sum_$key($argument):
    return sum(item["$key"] for item in $argument)
""",
        tests=calls(lambda p, a: sum([r.get(p.key) for r in a]), lambda p: records(p.key)),
    ),
    Family(
        "filter-records",
        phrasings=(
            'Write a function `$signature` that returns those records whose "$key" is "$value".',
            'Implement `$signature`: keep the dictionaries in the list where "$key" equals "$value".',
            'Write `$signature`, which selects all records with "$value" as their "$key".',
            'I need a function `$signature` that filters records: "$key" must be "$value".',
        ),
        parameters=grid(
            [
                *grid(key=["color"], value=("red", "blue", "green", "black", "white", "pink", "gray", "brown")),
                *grid(key=["city"], value=("Rome", "Paris", "Oslo", "Lima", "Cairo", "Delhi", "Tokyo", "Bern")),
                *grid(key=["status"], value=("open", "closed", "new", "done", "late", "paid", "lost", "sent")),
                *grid(key=["kind"], value=("book", "game", "toy", "tool", "food", "shoe", "lamp", "chair")),
                *grid(key=["team"], value=("alpha", "beta", "gamma", "delta", "sales", "legal", "home", "away")),
            ],
            function=("select", "find_records"),
        ),
        solution="""
def $function(records):
    return [item for item in records if item["$key"] == "$value"]
""",
        tests=calls(
            lambda p, a: [r for r in a if r[p.key] in (p.value,)],
            lambda p: [
                [],
                [{p.key: p.value, "n": 1}],
                [{p.key: "other", "n": 1}, {p.key: p.value, "n": 2}, {p.key: p.value + "s", "n": 3}],
                [{p.key: "x", "note": p.value}, {p.key: p.value, "n": 4}, {p.key: p.value, "n": 5}],
            ],
        ),
    ),
    Family(
        "with-field",
        phrasings=(
            'Write a function `$signature` that returns a copy of record with "$key" set to $k.',
            'Implement `$signature`, which returns a new dictionary: record, but with $k under "$key".',
            'Write `$signature`. It does not change record; it returns a copy whose "$key" is $k.',
            'Give me a function `$signature` that copies record and puts the value $k at "$key".',
        ),
        parameters=grid(key=FIELDS, k=(0, 1, 5, 10, 25, 100)),
        solution="""
def set_$key(record):
    return {**record, "$key": $k}
""",
        tests=calls(
            lambda p, record: dict(record, **{p.key: p.k}),
            lambda p: [{}, {p.key: 77}, {"other": 3}, {p.key: -1, "a": 2, "b": 3}],
        ),
    ),
    Family(
        "without-key",
        phrasings=(
            'Write a function `$signature` that returns a copy of $argument without the key "$key".',
            'Implement `$signature`: a new dictionary with all entries of $argument except "$key".',
            'Write `$signature`, which leaves "$key" out of the dictionary $argument.',
            'I need a function `$signature` that copies $argument but drops the "$key" entry, if there is one.',
        ),
        parameters=grid(key=FIELDS, argument=("record", "data")),
        solution="""
def without_$key($argument):
    return {name: value for name, value in $argument.items() if name != "$key"}
""",
        tests=calls(
            lambda p, d: dict(item for item in d.items() if item[0] not in (p.key,)),
            lambda p: [{}, {p.key: 1}, {"a": 1, p.key: 2, "b": 3}, {"a": p.key}],
        ),
    ),
    Family(
        "count-by",
        phrasings=(
            'Write a function `$signature` that counts how many $argument there are for each value of "$key".',
            'Implement `$signature`: a dictionary from each "$key" to the number of $argument with it.',
            'Write `$signature`, which tallies the list of dictionaries by "$key".',
            'Give me a function `$signature` that returns the count of $argument per "$key" as a dictionary.',
        ),
        parameters=grid(key=FIELDS, argument=("records", "rows")),
        solution="""
def count_by_$key($argument):
    counts = {}
    for item in $argument:
        counts[item["$key"]] = counts.get(item["$key"], 0) + 1
    return counts
""",
        tests=calls(
            lambda p, a: {v: len([r for r in a if r[p.key] == v]) for v in {r[p.key]: 0 for r in a}},
            lambda p: records(p.key),
        ),
    ),
    Family(
        "scale-values",
        phrasings=(
            "Write a function `$signature` that returns a dictionary with each value of $argument multiplied by $k.",
            "Implement `$signature`: same keys as $argument, every value times $k.",
            "Write `$signature`, which multiplies all values of the dictionary $argument by $k and returns a new one.",
            "I need a function `$signature` that maps each key of $argument to $k times its value.",
        ),
        parameters=grid(k=range(2, 40), argument=("prices", "counts")),
        solution="""
def scale_values($argument):
    return {name: value * $k for name, value in $argument.items()}
""",
        tests=calls(
            lambda p, d: dict(zip(d, [sum([v] * p.k) for v in d.values()], strict=True)),
            lambda p: levels(p.k),
        ),
    ),
    Family(
        "sort-by",
        phrasings=(
            'Write a function `$signature` that returns the $argument sorted by "$key".',
            'Implement `$signature`, which orders the list of dictionaries by "$key", the smallest first.',
            'Write `$signature`: sort $argument in ascending order of "$key" and return the list.',
            'Give me a function `$signature` that arranges $argument by their "$key", from low to high.',
        ),
        parameters=grid(key=FIELDS, argument=("records", "rows")),
        solution="""
def sort_by_$key($argument):
    return sorted($argument, key=lambda item: item["$key"])
""",
        tests=calls(lambda p, a: [r for n in range(20) for r in a if r[p.key] == n], lambda p: records(p.key)),
    ),
    Family(
        "highest-by",
        phrasings=(
            'Write a function `$signature` that returns the "$label" of the record with the highest "$key".',
            'Implement `$signature`: find the dictionary with the largest "$key" and return its "$label".',
            'Write `$signature`, which tells the "$label" of that record where "$key" is greatest.',
            'I need a function `$signature` that picks the record with the maximum "$key" and returns its "$label".',
        ),
        parameters=[
            choice for choice in grid(key=FIELDS, label=("name", "title", "id")) if choice["key"] != choice["label"]
        ],
        solution="""
def best(records):
    return max(records, key=lambda item: item["$key"])["$label"]
""",
        tests=calls(
            lambda p, a: sorted(a, key=lambda r: -r[p.key])[0][p.label],
            lambda p: [
                [{p.label: f"{p.label} {i}", p.key: n} for i, n in enumerate(numbers)]
                for numbers in ([4], [1, 2, 3], [9, 2, 5], [3, 12, 7, 0])
            ],
        ),
    ),
]
