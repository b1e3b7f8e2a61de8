"""Exercises on strings: searching, cutting, replacing, joining."""

from midspan.exercises.families.words import WORDS
from midspan.exercises.family import Family, calls, grid

SENTENCE = "the quick brown fox jumps over the lazy dog"

FAMILIES = [
    Family(
        "count-letter",
        phrasings=(
            'Write a function `$signature` that returns how often "$c" occurs in $argument.',
            'Implement `$signature`, which counts the letter "$c" in the string $argument.',
            'Write a Python function `$signature`: the number of times the character "$c" appears in $argument.',
            'I need `$signature`. It returns the count of "$c" in $argument.',
        ),
        parameters=grid(c="abcdefghijklmnopqrstuvwxyz", argument=("text", "word")),
        solution="""
def count_$c($argument):
    return $argument.count("$c")
""",
        tests=calls(
            lambda p, text: len([c for c in text if c == p.c]),
            lambda p: ["", p.c, p.c * 3 + "-" + p.c, p.c.upper(), SENTENCE, "0123"],
        ),
    ),
    Family(
        "has-prefix",
        phrasings=(
            'Write a function `$signature` that returns whether text begins with "$word".',
            'Implement `$signature`: True if the string text starts with "$word".',
            'Write `$signature`, which checks for the prefix "$word".',
            'Give me a function `$signature` that tells whether "$word" is at the start of text.',
        ),
        parameters=grid(word=WORDS, function=("has_prefix", "check_start")),
        solution="""
def $function(text):
    return text.startswith("$word")
""",
        tests=calls(
            lambda p, text: text[: len(p.word)] == p.word,
            lambda p: ["", p.word, p.word + "s", "x" + p.word, p.word[:-1], p.word.upper(), p.word[:-1] + "!"],
        ),
    ),
    Family(
        "remove-letter",
        phrasings=(
            'Write a function `$signature` that returns $argument without the letter "$c".',
            'Implement `$signature`, which deletes every "$c" from $argument.',
            'Write a Python function `$signature` that removes all occurrences of "$c" from $argument.',
            'I need `$signature`. It returns $argument with each "$c" left out.',
        ),
        parameters=grid(c="abcdefghijklmnopqrstuvwxyz", argument=("text", "word")),
        solution="""
def drop_$c($argument):
    return $argument.replace("$c", "")
""",
        tests=calls(
            lambda p, text: "".join(c for c in text if c != p.c),
            lambda p: ["", p.c, p.c * 3 + "-" + p.c, SENTENCE, "a b c"],
        ),
    ),
    Family(
        "replace-character",
        phrasings=(
            'Write a function `$signature` that replaces every "$old" in text by "$new".',
            'Implement `$signature`: each "$old" becomes "$new".',
            'Write `$signature`, which returns text with "$new" in the place of "$old".',
            'Give me a function `$signature` that turns all "$old" characters of text into "$new".',
        ),
        parameters=[
            choice
            for choice in grid(old=" -_.,:;/", new="-_.+*#/|", function=("replace", "change", "normalize"))
            if choice["old"] != choice["new"]
        ],
        solution="""
def $function(text):
    return text.replace("$old", "$new")
""",
        tests=calls(
            lambda p, text: p.new.join(text.split(p.old)),
            lambda p: ["", p.old, f"a{p.old}b{p.old}{p.old}c", p.new + p.old, "plain"],
        ),
    ),
    Family(
        "join-words",
        phrasings=(
            'Write a function `$signature` that joins the strings in $argument with "$sep".',
            'Implement `$signature`, which puts "$sep" between the strings of the list $argument.',
            'Write `$signature`: it returns one string, the $argument separated by "$sep".',
            'I need a function `$signature` that concatenates $argument using "$sep" as the separator.',
        ),
        parameters=grid(
            sep=("-", "_", ", ", "; ", "/", ":", " ", "+", " and ", " or ", "::", " | ", ".", "->"),
            argument=("words", "parts", "names", "lines"),
        ),
        solution="""
def join_$argument($argument):
    return "$sep".join($argument)
""",
        tests=calls(
            lambda p, words: "".join(w if i == 0 else p.sep + w for i, w in enumerate(words)),
            lambda p: [[], ["one"], ["one", "two"], ["a", "", "c", "d"]],
        ),
    ),
    Family(
        "add-prefix",
        phrasings=(
            'Write a function `$signature` that puts "$word" in front of $argument.',
            'Implement `$signature`: returns "$word" followed by $argument.',
            'Write a Python function `$signature` that adds the prefix "$word" to the string $argument.',
            'Give me `$signature`, which returns $argument with "$word" before it.',
        ),
        parameters=grid(word=WORDS, argument=("text", "name")),
        solution="""
def add_prefix($argument):
    return "$word" + $argument
""",
        tests=calls(lambda p, text: f"{p.word}{text}", lambda p: ["", "x", p.word, "two words"]),
    ),
    Family(
        "ensure-suffix",
        phrasings=(
            'Write a function `$signature` that adds ".$end" to name, unless name ends with it already.',
            'Implement `$signature`: if name does not end with ".$end", append ".$end". Return the name.',
            'Write `$signature`, which makes sure that the file name ends with ".$end".',
            'I need a function `$signature` that returns name with the extension ".$end", added only where missing.',
        ),
        parameters=grid(
            end=("txt", "py", "csv", "json", "md", "html", "css", "log", "xml", "yaml", "sql", "png"),
            function=("ensure_extension", "with_suffix", "file_name", "complete_name"),
        ),
        solution="""
def $function(name):
    return name if name.endswith(".$end") else name + ".$end"
""",
        tests=calls(
            lambda p, name: name.removesuffix("." + p.end) + "." + p.end,
            lambda p: ["", "notes", "notes." + p.end, p.end, "." + p.end, f"a.{p.end}.bak", "x" + p.end],
        ),
    ),
    Family(
        "capitalise-start",
        phrasings=(
            "Write a function `$signature` that converts the first $k characters of text to $case case.",
            "Implement `$signature`: the first $k characters become ${case}case, the rest stays as it is.",
            "Write `$signature`, which returns text with only its first $k characters in $case case.",
            "Give me a function `$signature` that puts the first $k characters of the string in $case case.",
        ),
        parameters=grid(k=range(1, 21), case=("upper", "lower")),
        solution="""
def ${case}_start(text):
    return text[:$k].$case() + text[$k:]
""",
        tests=calls(
            lambda p, text: "".join(getattr(c, p.case)() if i < p.k else c for i, c in enumerate(text)),
            lambda p: ["", "aB", "abCD" * p.k, "Ab" * 30, "MiXeD words in A sentence"],
        ),
    ),
    Family(
        "truncate",
        phrasings=(
            'Write a function `$signature` that cuts text after $k characters and adds "$end" if it was longer.',
            'Implement `$signature`: text longer than $k characters is cut to $k and followed by "$end".',
            'Write `$signature`. It shortens text to $k characters plus "$end", but leaves short text alone.',
            'I need `$signature`, which keeps the first $k characters and appends "$end" when text has more than $k.',
        ),
        parameters=grid(k=range(3, 40), end=("...", "~", " (more)")),
        solution="""
def shorten(text):
    return text if len(text) <= $k else text[:$k] + "$end"
""",
        tests=calls(
            lambda p, text: text[: p.k] + (p.end if text[p.k :] else ""),
            lambda p: ["", "ab", "x" * (p.k - 1), "y" * p.k, "abc" * p.k, "z" * p.k + "!"],
        ),
    ),
    Family(
        "long-words",
        phrasings=(
            "Write a function `$signature` that returns the list of words of text with more than $k letters.",
            "Implement `$signature`: split text at spaces and keep the words longer than $k characters.",
            "Write `$signature`, which lists the words in text whose length is greater than $k.",
            "Give me a function `$signature` that finds all words of text longer than $k characters.",
        ),
        parameters=grid(k=range(1, 16), function=("long_words", "find_long", "select_words")),
        solution="""
def $function(text):
    return [word for word in text.split() if len(word) > $k]
""",
        tests=calls(
            lambda p, text: list(filter(lambda word: word[p.k :], text.split())),
            lambda p: ["", "x " + "y" * p.k, "a" * (p.k + 1) + " b  " + "c" * (p.k - 1) + " " + "d" * 20, SENTENCE],
        ),
    ),
    Family(
        "split-field",
        phrasings=(
            'Write a function `$signature` that splits line at "$sep" and returns the part with index $i.',
            'Implement `$signature`: the item at index $i of line separated by "$sep".',
            'Write `$signature`. Fields of line are separated by "$sep"; return the one at index $i.',
            'I need a function `$signature` that returns element $i after splitting line on "$sep".',
        ),
        parameters=grid(sep=",;:|/-", i=range(0, 5), function=("get_field", "column")),
        solution="""
def $function(line):
    return line.split("$sep")[$i]
""",
        tests=calls(
            lambda p, line: [field.strip("~") for field in line.replace(p.sep, "~\0~").split("\0")][p.i],
            lambda p: [p.sep.join(fields) for fields in ("abcdefg", ["", "x", "", "yy", "zzz"], "123456")],
        ),
    ),
    Family(
        "wrap-in-tag",
        phrasings=(
            "Write a function `$signature` that wraps text in an HTML $tag tag.",
            "Implement `$signature`, which returns text between <$tag> and </$tag>.",
            "Write a Python function `$signature`: put <$tag> before text and </$tag> after it.",
            "Give me `$signature`. It returns text enclosed in a <$tag> element.",
        ),
        parameters=grid(
            tag=(
                *("b", "i", "p", "u", "s", "em", "td", "th", "tr", "li", "ul", "ol", "h1", "h2", "h3", "div"),
                *("pre", "code", "span", "main", "body", "head", "html", "nav", "small", "strong", "title"),
                *("table", "label", "button", "form", "mark", "header", "footer", "section", "article"),
            ),
            function=("wrap", "tagged"),
        ),
        solution="""
def $function(text):
    return "<$tag>" + text + "</$tag>"
""",
        tests=calls(lambda p, text: f"<{p.tag}>{text}</{p.tag}>", lambda p: ["", "x", "two words"]),
    ),
    Family(
        "censor-word",
        phrasings=(
            'Write a function `$signature` that returns text with the word "$word" replaced by "$mask".',
            'Implement `$signature`: split text into words, change each "$word" to "$mask" and join them with spaces.',
            'Write `$signature`, which hides the word "$word" of text behind "$mask". Longer words stay.',
            'I need a function `$signature` that puts "$mask" in the place of every whole word "$word".',
        ),
        parameters=grid(word=WORDS, mask=("***", "xxx", "---")),
        solution="""
def censor(text):
    return " ".join("$mask" if word == "$word" else word for word in text.split())
""",
        tests=calls(
            lambda p, text: f" {text} ".replace(f" {p.word} ", f" {p.mask} ").strip(),
            lambda p: ["", p.word, f"a {p.word} b {p.word}s c {p.word}", f"{p.word}less x{p.word}", SENTENCE],
        ),
    ),
]
