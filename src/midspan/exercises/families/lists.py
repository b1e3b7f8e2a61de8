"""Exercises on lists: selecting, counting, slicing, transforming."""

from midspan.exercises.families.words import WORDS
from midspan.exercises.family import Family, calls, grid


def lists_around(k: int) -> list[list[int]]:
    """Lists of whole numbers on both sides of k, the empty list first."""
    return [[], [k], [k - 1, k, k + 1], [3 * k + 1, -k, 0, 2 * k, k + 2, k - 3, k, 1]]


def lists_up_to(length: int) -> list[list[int]]:
    """Lists shorter than, as long as and longer than `length`."""
    return [list(range(10, 10 + n)) for n in (0, 1, length - 1, length, length + 1, 2 * length, 3 * length + 2)]


FAMILIES = [
    Family(
        "count-greater",
        phrasings=(
            "Write a function `$signature` that returns how many of the $argument are greater than $k.",
            "Implement `$signature`, which counts the elements of the list $argument that exceed $k.",
            "Write a Python function `$signature`: the number of $argument above $k.",
            "I need `$signature`. It returns the count of items in $argument that are larger than $k.",
        ),
        parameters=grid(k=range(2, 60), argument=("numbers", "values", "scores")),
        solution="""
def count_greater($argument):
    return sum(1 for n in $argument if n > $k)
""",
        tests=calls(lambda p, a: len([n for n in a if n >= p.k + 1]), lambda p: lists_around(p.k)),
    ),
    Family(
        "keep-below",
        phrasings=(
            "Write a function `$signature` that returns the numbers that are less than $k, in the same order.",
            "Implement `$signature`: a list of those numbers that are below $k.",
            "Write `$signature`, which keeps only the numbers smaller than $k.",
            "Give me a function `$signature` that filters the list and leaves the numbers under $k.",
        ),
        parameters=grid(k=range(2, 60)),
        solution="""
def below_$k(numbers):
    return [n for n in numbers if n < $k]
""",
        tests=calls(lambda p, a: list(filter(lambda n: p.k > n, a)), lambda p: lists_around(p.k)),
    ),
    Family(
        "count-multiples",
        phrasings=(
            "Write a function `$signature` that returns how many of the numbers are divisible by $k.",
            "Implement `$signature`, which counts the multiples of $k in the list numbers.",
            "Write `$signature`: the count of elements of numbers that $k divides without a remainder.",
            "I need a function `$signature` that counts those numbers in a list that are multiples of $k.",
        ),
        parameters=grid(k=range(2, 60)),
        solution="""
def count_multiples_of_$k(numbers):
    return sum(1 for n in numbers if n % $k == 0)
""",
        tests=calls(
            lambda p, a: len([n for n in a if n == n // p.k * p.k]),
            lambda p: [*lists_around(p.k), [p.k, 2 * p.k, 3 * p.k, 5 * p.k + 1]],
        ),
    ),
    Family(
        "scale-each",
        phrasings=(
            "Write a function `$signature` that multiplies each of the $argument by $k and returns the list.",
            "Implement `$signature`, which returns a new list with every element times $k.",
            "Write a Python function `$signature`: the list of $argument, each multiplied by $k.",
            "Give me `$signature`. It returns all $argument scaled by a factor of $k.",
        ),
        parameters=grid(k=range(2, 50), argument=("numbers", "values", "prices")),
        solution="""
def scale_$argument($argument):
    return [n * $k for n in $argument]
""",
        tests=calls(lambda p, a: [sum([n] * p.k) for n in a], lambda p: [[], [1], [0, 2, -3], [p.k, 7]]),
    ),
    Family(
        "drop-first",
        phrasings=(
            "Write a function `$signature` that returns $argument without its first $k elements.",
            "Implement `$signature`, which skips the first $k items of the list $argument and returns the rest.",
            "Write `$signature`: everything in $argument after the first $k elements.",
            "I need a function `$signature` that drops $k elements from the beginning of $argument.",
        ),
        parameters=grid(k=range(2, 30), argument=("items", "rows")),
        solution="""
def drop_first($argument):
    return $argument[$k:]
""",
        tests=calls(lambda p, a: [n for i, n in enumerate(a) if i >= p.k], lambda p: lists_up_to(p.k)),
    ),
    Family(
        "keep-last",
        phrasings=(
            "Write a function `$signature` that returns the last $k elements of the list.",
            "Implement `$signature`: the final $k items, in their order.",
            "Write a Python function `$signature` that keeps only the $k elements at the end of the list.",
            "Give me `$signature`, which returns the tail of the list, $k elements long.",
        ),
        parameters=grid(k=range(2, 45)),
        solution="""
def last_$k(items):
    return items[-$k:]
""",
        tests=calls(lambda p, a: [n for i, n in enumerate(a) if len(a) - i <= p.k], lambda p: lists_up_to(p.k)),
    ),
    Family(
        "every-kth",
        phrasings=(
            "Write a function `$signature` that returns every ${k}th element of items, starting at index $i.",
            "Implement `$signature`: begin at index $i of the list and take each ${k}th item.",
            "Write `$signature`, which returns the elements at index $i, then always $k further.",
            "I need a function `$signature` that slices items from index $i with a step of $k.",
        ),
        parameters=grid(k=range(4, 20), i=range(0, 4)),
        solution="""
def pick(items):
    return items[$i::$k]
""",
        tests=calls(
            lambda p, a: [n for i, n in enumerate(a) if i in range(p.i, len(a), p.k)],
            lambda p: lists_up_to(p.k + p.i),
        ),
    ),
    Family(
        "without-word",
        phrasings=(
            'Write a function `$signature` that returns the list $argument without "$word".',
            'Implement `$signature`, which leaves out every "$word" in the list $argument.',
            'Write `$signature`: a new list with all $argument that are not equal to "$word".',
            'Give me a function `$signature` that removes all occurrences of "$word" from $argument.',
        ),
        parameters=grid(word=WORDS, argument=("words", "items")),
        solution="""
def without_$word($argument):
    return [item for item in $argument if item != "$word"]
""",
        tests=calls(
            lambda p, a: [w for w in a if w not in (p.word,)],
            lambda p: [[], [p.word], ["", p.word, p.word + "s", "other", p.word], ["one", "two"]],
        ),
    ),
    Family(
        "sum-above",
        phrasings=(
            "Write a function `$signature` that adds up the $argument that are at least $k.",
            "Implement `$signature`: the sum of those $argument that are greater than or equal to $k.",
            "Write a Python function `$signature` that sums all $argument not less than $k.",
            "I need `$signature`, which returns the total of the $argument from $k upwards.",
        ),
        parameters=grid(k=range(2, 60), argument=("numbers", "amounts", "prices")),
        solution="""
def sum_large($argument):
    return sum(n for n in $argument if n >= $k)
""",
        tests=calls(lambda p, a: sum(0 if n < p.k else n for n in a), lambda p: lists_around(p.k)),
    ),
    Family(
        "chunks",
        phrasings=(
            "Write a function `$signature` that splits items into lists of $k elements; the last may be shorter.",
            "Implement `$signature`, which cuts the list into consecutive chunks of length $k.",
            "Write `$signature`: group the items $k at a time and return the list of groups.",
            "Give me a function `$signature` that divides items into parts of size $k.",
        ),
        parameters=grid(k=range(2, 30), function=("chunks", "batches")),
        solution="""
def $function(items):
    return [items[i:i + $k] for i in range(0, len(items), $k)]
""",
        tests=calls(
            lambda p, a: [[n for n in a if (n - 10) // p.k == j] for j in range(-(-len(a) // p.k))],
            lambda p: lists_up_to(p.k),
        ),
    ),
    Family(
        "rotate",
        phrasings=(
            "Write a function `$signature` that moves the first $k elements of the list to its end.",
            "Implement `$signature`: rotate the list to the left by $k places.",
            "Write `$signature`, which returns the items from index $k on, followed by the first $k items.",
            "I need a function `$signature` that puts the first $k elements of the list at its back.",
        ),
        parameters=grid(k=range(2, 30), function=("rotate", "shift_left")),
        solution="""
def $function(items):
    return items[$k:] + items[:$k]
""",
        tests=calls(
            lambda p, a: a if len(a) < p.k else [a[(i + p.k) % len(a)] for i in range(len(a))],
            lambda p: lists_up_to(p.k),
        ),
    ),
    Family(
        "largest",
        phrasings=(
            "Write a function `$signature` that returns the $k largest of the numbers, the largest first.",
            "Implement `$signature`, which returns the top $k numbers in descending order.",
            "Write `$signature`: sort the numbers from high to low and keep the first $k.",
            "Give me a function `$signature` that finds the $k greatest numbers, in decreasing order.",
        ),
        parameters=grid(k=range(2, 25), function=("largest", "top_numbers")),
        solution="""
def $function(numbers):
    return sorted(numbers, reverse=True)[:$k]
""",
        tests=calls(
            lambda p, a: [-n for n in sorted(-n for n in a)][: p.k],
            lambda p: [[], [5], [3, 9, 1], [(7 * i) % 53 for i in range(50)], [4, 4, *range(p.k), 4]],
        ),
    ),
    Family(
        "replace-number",
        phrasings=(
            "Write a function `$signature` that returns the list with every $old replaced by $new.",
            "Implement `$signature`: each element equal to $old becomes $new, the others stay.",
            "Write `$signature`, which swaps every $old in the list for $new.",
            "I need a function `$signature` that puts $new in the place of each $old in numbers.",
        ),
        parameters=grid(old=range(0, 10), new=range(10, 60, 7), function=("replace", "swap")),
        solution="""
def ${function}_$old(numbers):
    return [$new if n == $old else n for n in numbers]
""",
        tests=calls(
            lambda p, a: [{p.old: p.new}.get(n, n) for n in a],
            lambda p: [[], [p.old], [p.old - 1, p.old, p.old + 1, p.new, p.old], list(range(12))],
        ),
    ),
]
