"""Bits per byte of any code on disk: by language, and by how far into its file a byte stands."""

from __future__ import annotations

from collections.abc import Sequence

from midspan import recipe
from midspan.batches import generator
from midspan.evaluate.benchmark import Benchmark, HeldOut, Verdict
from midspan.evaluate.bits import PARTS, bits_of, bits_per_byte, parts_of
from midspan.evaluate.context.source_files import SourceFile, source_files
from midspan.evaluate.result import Score
from midspan.evaluate.subject import Answer, Item, Text
from midspan.recipe.fields import Amount
from midspan.step import Tools


class Settings(recipe.Settings):
    """`data` are files and folders; of each language whole files are drawn until they have so many `bytes`; 0: all."""

    data: tuple[str, ...]
    bytes: Amount = 200_000


def items(settings: Settings, held_out: HeldOut) -> list[Item]:
    """One for each file, with a span for each part of it: it is read once."""
    files: dict[str, list[SourceFile]] = {}
    for file in source_files("bits-per-byte.data", settings.data):
        files.setdefault(file.language, []).append(file)
    found = []
    for language, of_language in sorted(files.items()):
        total = 0
        for number in generator(held_out.seed, "bits-per-byte", language).permutation(len(of_language)):
            file = of_language[number]
            spans = list(parts_of(file.text))
            text = Text(file.text, tuple((start, end) for start, end, _ in spans))
            found.append(Item(file.path, file.path, text, language, source=[size for _, _, size in spans]))
            total += len(file.text.encode())
            if 0 < settings.bytes <= total:
                break
    return found


def grade(items: Sequence[Item], answers: Sequence[Answer], tools: Tools) -> list[Verdict]:
    """The bits that each file costs, and its bytes: as a whole, and each part."""
    verdicts = []
    for item, answer in zip(items, answers, strict=True):
        assert isinstance(answer, tuple)
        values = {"bits": sum(map(bits_of, answer)), "bytes": sum(item.source)}
        for part, likelihood, size in zip(PARTS, answer, item.source, strict=False):
            values |= {f"bits {part}": bits_of(likelihood), f"bytes {part}": size}
        verdicts.append(Verdict("measured", values=values))
    return verdicts


def scores(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Score]:
    """Over all files, of each language, and over all by part."""
    found = bits_per_byte(verdicts)
    for language in dict.fromkeys(item.group for item in items):
        of_language = [one for item, one in zip(items, verdicts, strict=True) if item.group == language]
        found += bits_per_byte(of_language, language)
    return found + [score for part in PARTS for score in bits_per_byte(verdicts, part=part)]


BITS_PER_BYTE = Benchmark(
    version=1,
    about="Bits per byte is what a byte of code costs on average, predicted from what stands before it in its file; a "
    "file longer than the model's positions is read in windows that fill them, each by itself.",
    settings=Settings,
    asks={"": frozenset({"score"})},
    reads=(),
    items=items,
    grade=grade,
    scores=scores,
    always=False,
)
