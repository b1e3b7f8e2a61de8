"""Every signal that is fast is what a slow and plain one says."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.quality import prose, signals
from midspan.corpus.quality.content import encoded_share, longest_encoded_run
from midspan.corpus.quality.encoded import ENCODED_DATA
from midspan.corpus.quality.text import Text

sys.path.insert(0, str(Path(__file__).parent))
import quality_twins

PIECES = (
    *(
        "pass",
        "password",
        "assert x",
        "print(",
        "fingerprint",
        "import a",
        "from b",
        "important",
        "def f():",
        "return 1",
    ),
    *("    ", "\n", "\n\n", "\t", " ", "# TODO", "mastodon", "0x1F", "x0x1F", "0XaZ", "é", "ß", "中", "\ufffd", "\x01"),
    *(
        "\x0b",
        "\x0c",
        "\x1b",
        "\u2028",
        "\x85",
        "12",
        "_",
        "#",
        "word",
        "Fixme",
        "your code here",
        "async def g():",
        "١",
    ),
)
pieces = st.sampled_from(PIECES)
texts = st.one_of(
    st.lists(pieces, max_size=40).map("".join), st.text(alphabet=st.characters(exclude_categories=["Cs"]))
)


@given(texts)
def test_signals_of_lines_characters_and_words_equal_their_brute_force(text: str) -> None:
    for name, twin in quality_twins.SIGNALS.items():
        fast = getattr(signals, name)(Text(text, "a.py", "python"))
        assert fast == pytest.approx(twin(text)), name


def test_every_signal_of_lines_and_characters_has_a_twin() -> None:
    public = {name for name, one in vars(signals).items() if callable(one) and one.__module__ == signals.__name__}
    elsewhere = {"first_word_lines", "xml_declaration", "main_functions", "one_line_returns"}  # tested by example
    private = {name for name in public if name.startswith("_")}
    assert public - private - elsewhere == set(quality_twins.SIGNALS)


@given(st.lists(st.sampled_from(["a", "bb", "ccc", "d"]), max_size=60).map(" ".join), st.integers(2, 6))
def test_repetition_of_word_runs_equals_its_brute_force(text: str, size: int) -> None:
    subject = Text(text, "a", "prose")
    assert prose.top_ngram_share(subject, size) == pytest.approx(quality_twins.top_ngram_share(text, size))
    assert prose.duplicate_ngram_share(subject, size) == pytest.approx(quality_twins.duplicate_ngram_share(text, size))


runs = st.sampled_from(
    ["QUJD" * 15, "ab+/", "=\n", "0x41, ", "\\x41", "de ad\n", "be,ef,", "\\u00e9", "\\uD83D", " ", "\t", "é", "word "]
)


@given(st.lists(st.one_of(runs, st.text(max_size=3)), max_size=40).map("".join))
def test_the_fast_test_for_encoded_data_never_hides_a_match(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    lengths = [[len(found.group()) for found in run.pattern.finditer(text)] for run in ENCODED_DATA]
    subject = Text(text, "a.py", "python")
    assert longest_encoded_run(subject) == max(max(one, default=0) for one in lengths)
    assert encoded_share(subject) == pytest.approx(max(map(sum, lengths)) / max(len(text), 1))


def test_a_first_word_is_a_token_and_not_a_substring() -> None:
    """E2, OpenCoder: "pass", "print", "import" and "assert" were substring tests."""
    text = Text("password = 1\nfingerprint(x)\nimportant = 2\nassertion = 3\npassing()\n", "a.py", "python")
    for signal in (signals.pass_lines, signals.print_lines, signals.import_lines, signals.assert_lines):
        assert signal(text) == 0
    text = Text("pass\nprint(1)\nimport a\nassert b\n", "a.py", "python")
    for signal in (signals.pass_lines, signals.print_lines, signals.import_lines, signals.assert_lines):
        assert signal(text) == 0.25


def test_functions_of_one_line_and_main_functions_are_counted() -> None:
    two = "def f(x):\n    return x\n\nasync def g():\n    y = 1\n    return y\n"
    assert signals.one_line_returns(Text(two, "a.py", "python")) == 0.5
    assert signals.main_functions(Text("int main(void) {}\nint domain(int x);\nint main() {}\n", "a.c", "c")) == 2
    assert signals.xml_declaration(Text(" " * 90 + '<?xml version="1.0"?>', "a.xml", "xml")) == 0
    assert signals.xml_declaration(Text('<?xml version="1.0"?>', "a.xml", "xml")) == 1


@given(st.text(alphabet="the of and#…. -*•\nwordy12"))
def test_signals_of_prose_equal_their_brute_force(text: str) -> None:
    subject, words = Text(text, "a", "prose"), text.split()
    lines = quality_twins.inked_lines(text)
    assert prose.prose_words(subject) == len(words)
    assert prose.mean_prose_word(subject) == pytest.approx(len("".join(words)) / max(len(words), 1))
    symbols = len(re.findall(r"#|…|\.\.\.", text))
    assert prose.symbols_per_word(subject) == pytest.approx(symbols / max(len(words), 1))
    bullets = [line for line in lines if line[0] in "-*•"]
    assert prose.bullet_lines(subject) == pytest.approx(len(bullets) / max(len(lines), 1))
    dots = [line for line in lines if re.search(r"(\.\.\.|…)\Z", line)]
    assert prose.ellipsis_lines(subject) == pytest.approx(len(dots) / max(len(lines), 1))
    with_letters = [word for word in words if re.search(r"[a-z]", word)]
    assert prose.alphabetic_words(subject) == pytest.approx(len(with_letters) / max(len(words), 1))
    assert prose.stop_words(subject) == len({"the", "be", "to", "of", "and", "that", "have", "with"} & set(words))


@given(st.lists(st.sampled_from(["one two", "three", "\n", ""]), max_size=30).map("\n".join))
def test_repeated_lines_and_paragraphs_equal_their_brute_force(text: str) -> None:
    subject = Text(text, "a", "prose")
    for parts, of_parts, of_characters in (
        (quality_twins.inked_lines(text), signals.duplicate_lines, prose.duplicate_line_characters),
        (
            [part.strip() for part in text.split("\n\n") if part.strip()],
            prose.duplicate_paragraphs,
            prose.duplicate_paragraph_characters,
        ),
    ):
        again = [part for at, part in enumerate(parts) if part in parts[:at]]
        assert of_parts(subject) == pytest.approx(len(again) / max(len(parts), 1))
        assert of_characters(subject) == pytest.approx(len("".join(again)) / max(len("".join(parts)), 1))
