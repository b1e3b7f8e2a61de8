"""Exercises on numbers: arithmetic, divisibility, ranges."""

from midspan.exercises.family import Family, calls, grid


def around(k: int) -> list[int]:
    """Whole numbers on both sides of everything that can happen at k."""
    return [0, 1, k - 1, k, k + 1, 2 * k, 3 * k + 1, -k]


FAMILIES = [
    Family(
        "add-constant",
        phrasings=(
            "Write a function `$signature` that returns $argument plus $k.",
            "Write a Python function `$signature` that adds $k to $argument and returns the result.",
            "Implement `$signature`: it returns the sum of $argument and $k.",
            "I need a function `$signature` that increases its argument by $k.",
        ),
        parameters=grid(k=range(2, 60), argument=("n", "x", "number")),
        solution="""
def add_$k($argument):
    return $argument + $k
""",
        tests=calls(lambda p, n: sum((n, p.k)), lambda p: around(p.k)),
    ),
    Family(
        "scale-and-shift",
        phrasings=(
            "Write a function `$signature` that multiplies n by $a and then adds $b.",
            "Implement `$signature`, which returns $a times n, plus $b.",
            "Write `$signature`. It multiplies its argument by $a, adds $b and returns the result.",
            "Give me a Python function `$signature` that computes n times $a plus $b.",
        ),
        parameters=grid(a=range(2, 13), b=range(1, 21), function=("scale", "transform", "convert")),
        solution="""
def $function(n):
    return n * $a + $b
""",
        tests=calls(lambda p, n: sum([n] * p.a) + p.b, lambda p: [0, 1, 2, 7, -3, p.a]),
    ),
    Family(
        "is-multiple",
        phrasings=(
            "Write a function `$signature` that returns whether n is divisible by $k.",
            "Implement `$signature`: True if n is a multiple of $k, otherwise False.",
            "Write a Python function `$signature` that checks that n divides evenly by $k.",
            "I need `$signature`, a function that tells whether $k divides n without a remainder.",
        ),
        parameters=grid(k=range(2, 60)),
        solution="""
def is_multiple_of_$k(n):
    return n % $k == 0
""",
        tests=calls(lambda p, n: n in (0, p.k, 2 * p.k, -p.k), lambda p: around(p.k)[2:]),
    ),
    Family(
        "clamp",
        phrasings=(
            "Write a function `$signature` that limits n to the range from $low to $high.",
            "Implement `$signature`. It returns n, but never less than $low and never more than $high.",
            "Write `$signature`: numbers below $low become $low, numbers above $high become $high.",
            "Give me a Python function `$signature` that clamps n between $low and $high.",
        ),
        parameters=grid(low=range(0, 10), high=range(10, 100, 9), function=("clamp", "limit", "bound")),
        solution="""
def $function(n):
    return max($low, min(n, $high))
""",
        tests=calls(
            lambda p, n: p.low if n < p.low else p.high if n > p.high else n,
            lambda p: [p.low - 2, p.low - 1, p.low, p.low + 1, p.high - 1, p.high, p.high + 1, 1000, -1000],
        ),
    ),
    Family(
        "distance-to",
        phrasings=(
            "Write a function `$signature` that returns the distance between n and $k.",
            "Implement `$signature`, which returns the absolute difference of n and $k.",
            "Write a Python function `$signature`: how far is n from $k? The answer is never negative.",
            "I need `$signature`. It returns the absolute value of n minus $k.",
        ),
        parameters=grid(k=range(2, 60)),
        solution="""
def distance_to_$k(n):
    return abs(n - $k)
""",
        tests=calls(lambda p, n: max(n - p.k, p.k - n), lambda p: around(p.k)),
    ),
    Family(
        "round-down",
        phrasings=(
            "Write a function `$signature` that rounds n down to a multiple of $k.",
            "Implement `$signature`: the largest multiple of $k that is not greater than n.",
            "Write `$signature`, which lowers n to the nearest multiple of $k below or equal to it.",
            "Give me a function `$signature` that returns n rounded down to a multiple of $k.",
        ),
        parameters=grid(k=range(2, 60), function=("round_down", "floor_to")),
        solution="""
def $function(n):
    return n // $k * $k
""",
        tests=calls(lambda p, n: n - n % p.k, lambda p: around(p.k)),
    ),
    Family(
        "sum-of-multiples",
        phrasings=(
            "Write a function `$signature` that returns the sum of all multiples of $k below limit.",
            "Implement `$signature`: add up 0, $k and every further multiple of $k that is less than limit.",
            "Write a Python function `$signature` that sums the multiples of $k smaller than limit.",
            "I need `$signature`. It returns the total of the multiples of $k that are below the limit.",
        ),
        parameters=grid(k=range(2, 50)),
        solution="""
def sum_multiples_of_$k(limit):
    return sum(range(0, limit, $k))
""",
        tests=calls(
            lambda p, limit: sum(n for n in range(limit) if n % p.k == 0),
            lambda p: [0, 1, p.k, p.k + 1, 3 * p.k, 3 * p.k + 1, 100],
        ),
    ),
    Family(
        "first-multiples",
        phrasings=(
            "Write a function `$signature` that returns a list of the first n multiples of $k, beginning with $k.",
            "Implement `$signature`, which lists n multiples of $k: the first is $k itself.",
            "Write `$signature`. It returns the list of $k times 1, $k times 2, up to $k times n.",
            "Give me a function `$signature` that builds the list of the first n positive multiples of $k.",
        ),
        parameters=grid(k=range(2, 50), function=("multiples", "times_table")),
        solution="""
def $function(n):
    return [$k * i for i in range(1, n + 1)]
""",
        tests=calls(lambda p, n: list(range(p.k, p.k * (n + 1), p.k)), lambda p: [0, 1, 2, 5]),
    ),
    Family(
        "last-two-digits",
        phrasings=(
            "Write a function `$signature` that returns whether the last two digits of n are $k.",
            "Implement `$signature`: True if the decimal number n ends with the digits $k.",
            "Write a Python function `$signature` that checks that n modulo 100 is $k.",
            "I need `$signature`, which tells whether the positive number n ends in $k.",
        ),
        parameters=grid(k=range(10, 100)),
        solution="""
def ends_with_$k(n):
    return n % 100 == $k
""",
        tests=calls(
            lambda p, n: str(n).endswith(str(p.k)),
            lambda p: [p.k, 100 + p.k, 7000 + p.k, p.k * 100, p.k + 1, p.k + 101, 1000 * p.k + 5, 0],
        ),
    ),
    Family(
        "in-range",
        phrasings=(
            "Write a function `$signature` that returns whether n lies between $low and $high, both included.",
            "Implement `$signature`: True if n is at least $low and at most $high.",
            "Write `$signature`, which checks that n is in the inclusive range from $low to $high.",
            "Give me a Python function `$signature` that tells whether n is neither below $low nor above $high.",
        ),
        parameters=grid(low=range(1, 12), high=range(12, 100, 7), function=("in_range", "is_valid")),
        solution="""
def $function(n):
    return $low <= n <= $high
""",
        tests=calls(
            lambda p, n: n in range(p.low, p.high + 1),
            lambda p: [p.low - 1, p.low, p.low + 1, p.high - 1, p.high, p.high + 1, -5, 500],
        ),
    ),
    Family(
        "quotient-and-remainder",
        phrasings=(
            "Write a function `$signature` that returns the quotient and the remainder of n divided by $k, as a tuple.",
            "Implement `$signature`: how many whole groups of $k are in n, and how many are left over? Return both.",
            "Write `$signature`, which returns the tuple of n // $k and n % $k.",
            "I need a function `$signature` that divides n by $k and returns a pair: quotient, remainder.",
        ),
        parameters=grid(k=range(2, 60), function=("split_number", "divide")),
        solution="""
def $function(n):
    return n // $k, n % $k
""",
        tests=calls(lambda p, n: divmod(n, p.k), lambda p: around(p.k)),
    ),
    Family(
        "label-by-threshold",
        phrasings=(
            'Write a function `$signature` that returns "$above" if n is greater than $k and "$below" otherwise.',
            'Implement `$signature`. Numbers above $k give "$above", all others give "$below".',
            'Write `$signature`: the result is "$above" when n exceeds $k, else "$below".',
            'Give me a function `$signature` that says "$above" for n greater than $k and "$below" for the rest.',
        ),
        parameters=grid(
            [
                {"above": "high", "below": "low"},
                {"above": "big", "below": "small"},
                {"above": "hot", "below": "cold"},
                {"above": "pass", "below": "fail"},
                {"above": "late", "below": "early"},
                {"above": "old", "below": "young"},
            ],
            k=range(2, 60),
            function=("label", "classify"),
        ),
        solution="""
def $function(n):
    return "$above" if n > $k else "$below"
""",
        tests=calls(lambda p, n: [p.below, p.above][n >= p.k + 1], lambda p: around(p.k)),
    ),
    Family(
        "number-or-word",
        phrasings=(
            'Write a function `$signature` that returns "$word" if n is divisible by $k, otherwise n as a string.',
            'Implement `$signature`: multiples of $k give "$word", other numbers give their decimal text.',
            'Write `$signature`. For a multiple of $k return "$word", for any other number return str(n).',
            'I need a function `$signature` that replaces multiples of $k by "$word" and turns others into strings.',
        ),
        parameters=grid(k=range(2, 20), word=("fizz", "buzz", "pop", "clap", "bang"), function=("say", "speak")),
        solution="""
def $function(n):
    return "$word" if n % $k == 0 else str(n)
""",
        tests=calls(lambda p, n: f"{n}" if n not in (0, p.k, 2 * p.k, -p.k) else p.word, lambda p: around(p.k)[2:]),
    ),
]
