"""Exercises on SQL: one SELECT over one table of a text, a group and a whole number."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from midspan.exercises.family import Family, Parameters, grid

Record = tuple[str, str, int]


def table(name: str, label: str, group: str, amount: str, values: str) -> Parameters:
    """A table with its three columns, and three values of the second."""
    first, second, third = values.split()
    schema = f"{name}({label}, {group}, {amount})"
    return {
        **{"table": name, "label": label, "group": group, "amount": amount, "schema": schema},
        **{"value": first, "second": second, "third": third},
    }


TABLES = [
    table("employees", "name", "department", "salary", "sales legal research"),
    table("products", "title", "category", "price", "toys tools food"),
    table("books", "title", "author", "price", "Austen Borges Camus"),
    table("cities", "name", "country", "population", "Chile Kenya Norway"),
    table("students", "name", "school", "score", "north south west"),
    table("songs", "title", "artist", "length", "Abba Blur Cher"),
    table("orders", "customer", "status", "total", "open paid sent"),
    table("players", "name", "team", "rating", "reds blues greens"),
    table("cars", "model", "brand", "speed", "Fiat Skoda Volvo"),
    table("rooms", "label", "hotel", "size", "Astoria Plaza Ritz"),
    table("trees", "species", "park", "height", "central river hill"),
    table("films", "title", "genre", "budget", "drama comedy horror"),
]


def rows_around(p: SimpleNamespace, k: int) -> list[list[Record]]:
    """Contents of the table: none, one group, several groups with amounts on both sides of k, one group all below."""
    one, two, three = p.value, p.second, p.third
    return [
        [],
        [("a", one, k), ("b", one, k + 1), ("c", one, k - 1)],
        [("x", two, k - 1), ("a", one, k + 2), ("m", three, k + 1), ("z", one, k + 1), ("c", two, k)],
        [
            *(("d", three, 3 * k + 2), ("b", one, k + 5), ("a", two, k + 4), ("q", one, k - 2), ("r", one, k)),
            *(("e", two, 2 * k + 9), ("f", three, k + 1), ("g", one, 2 * k + 30), ("h", two, k + 3)),
        ],
        [
            *((letter, one, k + n) for n, letter in enumerate("qwxyz", start=-1)),
            *((letter, two, 2 * k + n) for n, letter in enumerate("abcd")),
            *((letter, three, k - n) for n, letter in enumerate("ijk", start=1)),
        ],
    ]


def query(
    expected: Callable[[Any, list[Record]], list[tuple[Any, ...]]],
    thresholds: Callable[[Any], Iterable[int]] = lambda p: [50],
    ordered: bool = False,
) -> Callable[[SimpleNamespace], list[str]]:
    """Tests that fill the table, run `query` and compare its rows, as a sorted list unless the order is asked for."""

    def tests(p: SimpleNamespace) -> list[str]:
        lines = [
            "import sqlite3",
            "def run(rows):",
            '    connection = sqlite3.connect(":memory:")',
            f'    connection.execute("CREATE TABLE {p.table} ({p.label} TEXT, {p.group} TEXT, {p.amount} INTEGER)")',
            f'    connection.executemany("INSERT INTO {p.table} VALUES (?, ?, ?)", rows)',
            f"    return {'list' if ordered else 'sorted'}(connection.execute(query))",
        ]
        for rows in itertools.chain.from_iterable(rows_around(p, k) for k in thresholds(p)):
            result = expected(p, rows)
            lines.append(f"assert run({rows}) == {result if ordered else sorted(result)}")
        return lines

    return tests


def groups(rows: Iterable[Record]) -> dict[str, list[int]]:
    """The amounts of each group."""
    result: dict[str, list[int]] = {}
    for _, group, amount in rows:
        result.setdefault(group, []).append(amount)
    return result


FAMILIES = [
    Family(
        "select-above",
        phrasings=(
            "Table `$schema`. Write a SQL query for the $label of all $table with a $amount greater than $k.",
            "Write a SQL query on `$schema` that returns the $label of each row where $amount is above $k.",
            "Given `$schema`: which $table have a $amount over $k? Select their $label in SQL.",
            "SQL, table `$schema`: list the $label where $amount exceeds $k.",
        ),
        parameters=grid(TABLES, k=range(5, 100, 5)),
        solution="SELECT $label FROM $table WHERE $amount > $k;",
        tests=query(lambda p, rows: [(r[0],) for r in rows if r[2] >= p.k + 1], lambda p: [p.k]),
    ),
    Family(
        "select-two-below",
        phrasings=(
            "Table `$schema`. Write a SQL query for the $label and $amount of all $table with a $amount of at most $k.",
            "Write a SQL query on `$schema`: $label and $amount of each row whose $amount is not greater than $k.",
            "Given `$schema`: select $label and $amount in SQL where $amount is less than or equal to $k.",
            "SQL, table `$schema`: show $label and $amount for a $amount up to $k.",
        ),
        parameters=grid(TABLES, k=range(5, 100, 5)),
        solution="SELECT $label, $amount FROM $table WHERE $amount <= $k;",
        tests=query(lambda p, rows: [(r[0], r[2]) for r in rows if r[2] < p.k + 1], lambda p: [p.k]),
    ),
    Family(
        "count-per-group",
        phrasings=(
            "Table `$schema`. Write a SQL query that counts the $table of each $group with a $amount above $k.",
            "Write a SQL query on `$schema`: for every $group, the number of rows where $amount is greater than $k.",
            "Given `$schema`: how many $table with a $amount over $k are there per $group? Answer in SQL.",
            "SQL, table `$schema`: return $group and the count of rows whose $amount exceeds $k, grouped by $group.",
        ),
        parameters=grid(TABLES, k=range(5, 100, 5)),
        solution="SELECT $group, COUNT(*) FROM $table WHERE $amount > $k GROUP BY $group;",
        tests=query(
            lambda p, rows: [(g, len(a)) for g, a in groups(r for r in rows if r[2] > p.k).items()], lambda p: [p.k]
        ),
    ),
    Family(
        "total-per-group",
        phrasings=(
            "Table `$schema`. Write a SQL query for each $group and its $what $amount.",
            "Write a SQL query on `$schema` that returns the $what $amount per $group.",
            "Given `$schema`: what is the $what $amount of every $group? Select both in SQL.",
            "SQL, table `$schema`: group by $group, and show $group with the $what $amount.",
        ),
        parameters=grid(
            TABLES,
            [
                {"what": "total", "function": "SUM"},
                {"what": "average", "function": "AVG"},
                {"what": "highest", "function": "MAX"},
                {"what": "lowest", "function": "MIN"},
            ],
        ),
        solution="SELECT $group, $function($amount) FROM $table GROUP BY $group;",
        tests=query(
            lambda p, rows: [
                (g, {"SUM": sum(a), "AVG": sum(a) / len(a), "MAX": max(a), "MIN": min(a)}[p.function])
                for g, a in groups(rows).items()
            ]
        ),
    ),
    Family(
        "top-rows",
        phrasings=(
            "Table `$schema`. Write SQL for the $label of the $k $table with the highest $amount, highest first.",
            "Write a SQL query on `$schema`: the $label of the top $k rows by $amount, in descending order.",
            "Given `$schema`: select the $label of the $k $table with the greatest $amount in SQL, largest first.",
            "SQL, table `$schema`: order by $amount from high to low and list the first $k $label values.",
        ),
        parameters=grid(TABLES, k=range(1, 9)),
        solution="SELECT $label FROM $table ORDER BY $amount DESC LIMIT $k;",
        tests=query(lambda p, rows: [(r[0],) for r in sorted(rows, key=lambda r: -r[2])][: p.k], ordered=True),
    ),
    Family(
        "distinct-groups",
        phrasings=(
            "Table `$schema`. Write a SQL query for the different $group values with a $amount of at least $k.",
            "Write a SQL query on `$schema` that lists each $group once, if it has a $amount of $k or more.",
            "Given `$schema`: which distinct $group values occur with a $amount not below $k? Use SQL.",
            "SQL, table `$schema`: select every $group without repetition where $amount is $k or higher.",
        ),
        parameters=grid(TABLES, k=range(5, 100, 10)),
        solution="SELECT DISTINCT $group FROM $table WHERE $amount >= $k;",
        tests=query(lambda p, rows: [(g,) for g in {r[1] for r in rows if r[2] >= p.k}], lambda p: [p.k]),
    ),
    Family(
        "frequent-groups",
        phrasings=(
            "Table `$schema`. Write a SQL query for each $group that has more than $k $table.",
            "Write a SQL query on `$schema`: the $group values that occur in more than $k rows.",
            "Given `$schema`: which $group has over $k $table? Use SQL with GROUP BY and HAVING.",
            "SQL, table `$schema`: return every $group whose number of rows is greater than $k.",
        ),
        parameters=grid(TABLES, k=range(1, 5)),
        solution="SELECT $group FROM $table GROUP BY $group HAVING COUNT(*) > $k;",
        tests=query(
            lambda p, rows: [(g,) for g, a in groups(rows).items() if len(a) >= p.k + 1],
        ),
    ),
    Family(
        "between",
        phrasings=(
            "Table `$schema`. Write a SQL query for the $label of all $table with a $amount between $low and $high.",
            "Write a SQL query on `$schema`: the $label of rows whose $amount is from $low to $high, both included.",
            "Given `$schema`: select the $label in SQL where $amount lies between $low and $high.",
            "SQL, table `$schema`: list the $label for a $amount in the inclusive range $low to $high.",
        ),
        parameters=grid(TABLES, low=range(10, 50, 10), high=range(55, 100, 15)),
        solution="SELECT $label FROM $table WHERE $amount BETWEEN $low AND $high;",
        tests=query(lambda p, rows: [(r[0],) for r in rows if p.low <= r[2] <= p.high], lambda p: [p.low, p.high]),
    ),
    Family(
        "of-group",
        phrasings=(
            "Table `$schema`. Write a SQL query for the $label of $table whose $group is '$value', sorted by $label.",
            "Write a SQL query on `$schema`: every $label with the $group '$value', in alphabetical order.",
            "Given `$schema`: select the $label where $group equals '$value' in SQL, ordered by $label.",
            "SQL, table `$schema`: list the $label values of the $group '$value' from A to Z.",
        ),
        parameters=[
            {**entry, "value": entry[a], "second": entry[b], "third": entry[c]}
            for entry in TABLES
            for a, b, c in (("value", "second", "third"), ("second", "third", "value"), ("third", "value", "second"))
        ],
        solution="SELECT $label FROM $table WHERE $group = '$value' ORDER BY $label;",
        tests=query(lambda p, rows: sorted((r[0],) for r in rows if r[1] == p.value), ordered=True),
    ),
    Family(
        "sum-above-in-sql",
        phrasings=(
            "Table `$schema`. Write a SQL query that adds up the $amount of all $table with a $amount over $k.",
            "Write a SQL query on `$schema`: the sum of $amount over the rows where $amount is greater than $k.",
            "Given `$schema`: what is the total $amount of those $table with more than $k? Use SQL.",
            "SQL, table `$schema`: return the sum of every $amount above $k.",
        ),
        parameters=grid(TABLES, k=range(5, 100, 10)),
        solution="SELECT SUM($amount) FROM $table WHERE $amount > $k;",
        tests=query(lambda p, rows: [(sum(r[2] for r in rows if r[2] > p.k) or None,)], lambda p: [p.k]),
    ),
    Family(
        "sorted-rows",
        phrasings=(
            "Table `$schema`. Write a SQL query for $first and $last of all $table, ordered by $amount from $words.",
            "Write a SQL query on `$schema` that returns $first and $last sorted by $amount, $words.",
            "Given `$schema`: select $first and $last of every row in SQL, $amount $words.",
            "SQL, table `$schema`: show $first, $last for all $table in the order of $amount, $words.",
        ),
        parameters=[
            {**entry, "first": entry[first], "last": entry[last], "i": i, "j": j, **order}
            for entry in TABLES
            for first, last, i, j in (("label", "group", 0, 1), ("group", "label", 1, 0), ("label", "amount", 0, 2))
            for order in (
                {"words": "low to high", "direction": "ASC"},
                {"words": "high to low", "direction": "DESC"},
            )
        ],
        solution="SELECT $first, $last FROM $table ORDER BY $amount $direction;",
        tests=query(
            lambda p, rows: [
                (r[p.i], r[p.j]) for r in sorted(rows, key=lambda r: r[2] if p.direction == "ASC" else -r[2])
            ],
            ordered=True,
        ),
    ),
]
