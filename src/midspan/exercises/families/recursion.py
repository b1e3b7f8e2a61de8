"""Exercises whose solution calls itself."""

from midspan.exercises.families.words import WORDS
from midspan.exercises.family import Family, calls, grid

SHORT_LISTS: tuple[list[int], ...] = ([], [1], [2, 3], [5, 0, -4, 7], [9, 9, 1, 2, 3])

FAMILIES = [
    Family(
        "power",
        phrasings=(
            "Write a recursive function `$signature` that returns $k to the power of n.",
            "Implement `$signature` recursively: 1 if n is 0, otherwise $k times the power for n - 1.",
            "Using recursion, write `$signature`, which multiplies n factors of $k.",
            "I need `$signature`. It computes $k ** n by calling itself with n - 1.",
        ),
        parameters=grid(k=range(2, 60)),
        solution="""
def power_of_$k(n):
    if n == 0:
        return 1
    return $k * power_of_$k(n - 1)
""",
        tests=calls(lambda p, n: p.k**n, lambda p: [0, 1, 2, 5]),
    ),
    Family(
        "sum-with-step",
        phrasings=(
            "Write a recursive function `$signature` that adds n, n - $k, n - 2 * $k, ... while positive.",
            "Implement `$signature` with recursion: 0 if n is not positive, otherwise n plus the result for n - $k.",
            "Using recursion, write `$signature`: the sum of n and all smaller positive numbers in steps of $k.",
            "I need a function `$signature` that calls itself with n - $k and adds up the positive values of n.",
        ),
        parameters=grid(k=range(2, 40), function=("step_sum", "add_down")),
        solution="""
def $function(n):
    if n <= 0:
        return 0
    return n + $function(n - $k)
""",
        tests=calls(lambda p, n: sum(range(n, 0, -p.k)), lambda p: [0, -1, 1, p.k, p.k + 1, 3 * p.k + 2]),
    ),
    Family(
        "recurrence",
        phrasings=(
            "Write a recursive function `$signature` that gives $start for n = 0, else $k plus twice its last value.",
            "Implement `$signature`: the value at 0 is $start; each next value doubles the last one and adds $k.",
            "A sequence begins with $start; each next term is twice the last plus $k. Write `$signature` for term n.",
            "Using recursion, write `$signature`. It starts with $start at 0, and each step doubles and adds $k.",
        ),
        parameters=grid(start=range(1, 12), k=range(3, 30, 2), function=("term", "sequence")),
        solution="""
def $function(n):
    if n == 0:
        return $start
    return 2 * $function(n - 1) + $k
""",
        tests=calls(lambda p, n: 2**n * p.start + (2**n - 1) * p.k, lambda p: [0, 1, 2, 3, 6]),
    ),
    Family(
        "fibonacci-like",
        phrasings=(
            "Write a recursive function `$signature`: $a for 0, $b for 1, else the sum of the two values before.",
            "Implement `$signature` recursively. Terms 0 and 1 are $a and $b, the others add the two before.",
            "A sequence starts with $a and $b; the next is the sum of the last two. Write `$signature` for term n.",
            "I need a recursive `$signature` like Fibonacci, but starting with $a and $b.",
        ),
        parameters=grid(a=range(1, 12), b=range(12, 30, 2), function=("series", "term")),
        solution="""
def $function(n):
    if n < 2:
        return [$a, $b][n]
    return $function(n - 1) + $function(n - 2)
""",
        tests=calls(
            lambda p, n: [p.a, p.b, p.a + p.b, p.a + 2 * p.b, 2 * p.a + 3 * p.b, 3 * p.a + 5 * p.b][n],
            lambda p: range(6),
        ),
    ),
    Family(
        "count-in-list",
        phrasings=(
            "Write a recursive function `$signature` that counts how often $k occurs in $argument.",
            "Implement `$signature` with recursion: how many elements of the list $argument are equal to $k?",
            "Using recursion on the rest of the list, write `$signature`, which counts the $k in $argument.",
            "I need `$signature`. It looks at the first element, calls itself for the rest and counts each $k.",
        ),
        parameters=grid(k=range(2, 40), argument=("numbers", "items")),
        solution="""
def count_$k($argument):
    if not $argument:
        return 0
    return ($argument[0] == $k) + count_$k($argument[1:])
""",
        tests=calls(
            lambda p, a: a.count(p.k),
            lambda p: [[], [p.k], [p.k + 1, p.k, p.k - 1], [p.k, 0, p.k, 1, p.k], [1, 0, -1]],
        ),
    ),
    Family(
        "weighted-sum",
        phrasings=(
            "Write a recursive function `$signature` that returns $k times the sum of the numbers.",
            "Implement `$signature` with recursion: multiply the first number by $k and add the result for the rest.",
            "Using recursion, write `$signature`, which multiplies each number by $k and adds them all up.",
            "I need a function `$signature` that calls itself for the rest and adds $k times the first number.",
        ),
        parameters=grid(k=range(2, 40), function=("weighted_sum", "total")),
        solution="""
def $function(numbers):
    if not numbers:
        return 0
    return $k * numbers[0] + $function(numbers[1:])
""",
        tests=calls(lambda p, a: sum(a) * p.k, lambda p: SHORT_LISTS),
    ),
    Family(
        "digits-in-base",
        phrasings=(
            "Write a recursive function `$signature` that returns the list of digits of n in base $k.",
            "Implement `$signature` recursively: the digits of n written in base $k, the most significant first.",
            "Using recursion, write `$signature`. It divides n by $k and lists the remainders as digits.",
            "I need `$signature`, a recursive function that converts n to a list of base $k digits.",
        ),
        parameters=grid(k=range(2, 45)),
        solution="""
def base_$k(n):
    if n < $k:
        return [n]
    return base_$k(n // $k) + [n % $k]
""",
        tests=calls(
            lambda p, n: [n // p.k**i % p.k for i in (3, 2, 1) if n >= p.k**i] + [n % p.k],
            lambda p: [0, 1, p.k - 1, p.k, p.k + 1, p.k**2 - 1, p.k**2, 3 * p.k**2 + 1],
        ),
    ),
    Family(
        "countdown",
        phrasings=(
            "Write a recursive function `$signature` that lists n, n - $k, n - 2 * $k, ... while positive.",
            "Implement `$signature` with recursion: list the positive numbers from n down in steps of $k.",
            "Using recursion, write `$signature`: the list [n] followed by the countdown of n - $k; empty if n <= 0.",
            "I need a recursive `$signature`. It returns the positive numbers from n downwards with a step of $k.",
        ),
        parameters=grid(k=range(2, 40), function=("countdown", "steps_down")),
        solution="""
def $function(n):
    if n <= 0:
        return []
    return [n] + $function(n - $k)
""",
        tests=calls(lambda p, n: list(range(n, 0, -p.k)), lambda p: [0, -1, 1, p.k, p.k + 1, 3 * p.k + 2]),
    ),
    Family(
        "count-divisions",
        phrasings=(
            "Write a recursive function `$signature` that returns how often $k divides n without a remainder.",
            "Implement `$signature` recursively: 0 if $k does not divide n, otherwise 1 plus the result for n // $k.",
            "Using recursion, write `$signature`: how many factors of $k does the positive number n have?",
            "I need `$signature`, a recursive function that counts how many times $k divides n.",
        ),
        parameters=grid(k=range(2, 45)),
        solution="""
def factors_of_$k(n):
    if n % $k != 0:
        return 0
    return 1 + factors_of_$k(n // $k)
""",
        tests=calls(
            lambda p, n: sum(1 for i in range(1, 8) if n % p.k**i == 0),
            lambda p: [1, p.k, p.k + 1, p.k**2, 3 * p.k * p.k if p.k != 3 else 45, p.k**3],
        ),
    ),
    Family(
        "repeat-word",
        phrasings=(
            'Write a recursive function `$signature` that returns "$word" repeated n times.',
            'Implement `$signature` with recursion: an empty string for 0, otherwise "$word" and then the rest.',
            'Using recursion, write `$signature`, which puts together n copies of "$word".',
            'I need `$signature`. It calls itself with n - 1 and returns a string of n times "$word".',
        ),
        parameters=grid(word=WORDS),
        solution="""
def repeat_$word(n):
    if n == 0:
        return ""
    return "$word" + repeat_$word(n - 1)
""",
        tests=calls(lambda p, n: p.word * n, lambda p: [0, 1, 2, 5]),
    ),
    Family(
        "add-to-nested",
        phrasings=(
            "Write a recursive function `$signature` that adds $k to each number of a nested list.",
            "Implement `$signature`: items nests lists of numbers; return it with $k added to each number.",
            "Using recursion for inner lists, write `$signature`, which raises all numbers by $k.",
            "I need `$signature`. It calls itself on lists and adds $k to numbers, so that the shape stays the same.",
        ),
        parameters=grid(k=range(2, 40), function=("add_nested", "increase")),
        solution="""
def $function(items):
    if isinstance(items, list):
        return [$function(item) for item in items]
    return items + $k
""",
        tests=lambda p: [
            f"assert {p.entry_point}([]) == []",
            f"assert {p.entry_point}([1, 2]) == [{1 + p.k}, {2 + p.k}]",
            f"assert {p.entry_point}([0, [5, [7], []]]) == [{p.k}, [{5 + p.k}, [{7 + p.k}], []]]",
        ],
    ),
]
