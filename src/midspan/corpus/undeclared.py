"""The encoding of a text that declares none, told by its script: only where one reading is plain and no other is.

Old encodings give each other's bytes other characters, but seldom ones that go together: Russian read as Greek has
rare letters, Chinese read as Korean has hanja between the syllables, Polish read as Windows-1252 has letters of no one
language. A reading counts if its characters beyond ASCII are nearly all of the script it stands for, and, of an
alphabet, if the letters that are frequent in its languages are frequent in it. Where readings that differ are equally
plain, there is none: a text in the wrong characters is worse than no text.

This is a table of our own, and no statistical detector, so that a corpus does not change with a detector's version.
Letter frequencies: en.wikipedia.org/wiki/Letter_frequency; order of the characters: the encodings' tables (GB 2312
and Big5 have the frequent ones first), encoding.spec.whatwg.org.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

PLAIN = 0.95  # of the characters beyond ASCII are of the reading's script
FREQUENT = 0.5  # of the letters are among the ten that are most frequent; a tenth more than in any other reading
MARGIN = 0.1
LEAST_LETTERS = 6  # of an alphabet
LEAST_IDEOGRAPHS = 6  # fewer of either may be of several encodings by chance
LARGEST_SAMPLE = 100_000  # bytes of the lines that are not ASCII


@dataclass(frozen=True)
class Alphabet:
    """A single-byte encoding of letters that stand in words of their own."""

    encoding: str
    letters: re.Pattern[str]
    frequent: frozenset[str]  # in lower case, without accents
    odd: re.Pattern[str]  # what its words hardly have


@dataclass(frozen=True)
class Ideographs:
    """A double-byte encoding: the characters that its texts consist of, and those without which it is another's."""

    encoding: str
    common: re.Pattern[str]
    telling: re.Pattern[str]
    least: float  # share of the telling ones


_CYRILLIC = re.compile("[А-яЁёЂ-Џђ-џҐґ]")
_CYRILLIC_FREQUENT = frozenset("оеаинтсрвліш")  # Russian, Bulgarian and Ukrainian
_CYRILLIC_ODD = re.compile(r"\b[ьыъ]|[ђѓћќџ]")
_GREEK, _GREEK_FREQUENT, _GREEK_ODD = re.compile("[Ά-ώ]"), frozenset("αοιετσνηυρς"), re.compile(r"[ΐΰϋ]|ς\B")
_SIGNS = "«»“”„‘’–—…№©°§·±\xa0"
ALPHABETS = (
    Alphabet("koi8-u", _CYRILLIC, _CYRILLIC_FREQUENT, _CYRILLIC_ODD),  # koi8-r, and four letters of Ukrainian
    Alphabet("cp1251", _CYRILLIC, _CYRILLIC_FREQUENT, _CYRILLIC_ODD),
    Alphabet("cp866", _CYRILLIC, _CYRILLIC_FREQUENT, _CYRILLIC_ODD),
    Alphabet("iso8859-5", _CYRILLIC, _CYRILLIC_FREQUENT, _CYRILLIC_ODD),
    Alphabet("cp1253", _GREEK, _GREEK_FREQUENT, _GREEK_ODD),
    Alphabet("iso8859-7", _GREEK, _GREEK_FREQUENT, _GREEK_ODD),
    Alphabet("cp1255", re.compile("[א-ת]"), frozenset("יוהלארתבמש"), re.compile(r"[ךםןףץ]\B")),
)

_KANA, _HANGUL = re.compile("[ぁ-ゖァ-ヺー]"), re.compile("[가-힣]")
_CJK_SIGNS = "\u3000-\u303f\uff01-\uff60·‘’“”…—–→←↑↓×÷±°○●◎□■△▲▽▼☆★※ー"


def _first_level(encoding: str, first: int, last: int) -> re.Pattern[str]:
    """The characters whose first byte is `first` to `last`: those that their encoding puts before the rare ones."""
    found: set[str] = set()
    for lead in range(first, last + 1):
        for trail in range(0x40, 0xFF):
            found.update(bytes((lead, trail)).decode(encoding, "ignore"))
    return re.compile(f"[{re.escape(''.join(sorted(one for one in found if not one.isascii())))}]")


@cache
def ideographs() -> tuple[Ideographs, ...]:
    """The double-byte encodings in this order: what is telling for the earlier may be common in the later.

    Made when they are first needed: it takes a quarter of a second, and most processes never see such a text.
    """
    gb, big5 = _first_level("gb2312", 0xB0, 0xD7), _first_level("big5", 0xA4, 0xC6)
    japanese = re.compile(f"{_KANA.pattern}|{_first_level('euc_jp', 0xB0, 0xCF).pattern}|[{_CJK_SIGNS}]")
    return (
        Ideographs("cp932", japanese, _KANA, 0.2),
        Ideographs("euc_jp", japanese, _KANA, 0.2),
        Ideographs("cp949", re.compile(f"{_HANGUL.pattern}|[{_CJK_SIGNS}]"), _HANGUL, 0.8),
        Ideographs("big5", re.compile(f"{big5.pattern}|[{_CJK_SIGNS}]"), big5, 0.6),
        Ideographs("gb18030", re.compile(f"{gb.pattern}|[{_CJK_SIGNS}]"), gb, 0.6),
    )


# Letters beyond ASCII of one language each: what a text in it consists of, by the encodings that have them all.
LATIN = {
    "cp1252": (
        "äöüß àâæçéèêëîïôœùûüÿ áéíñóúüªº àáâãçéêíóôõúü àèéìíîòóùú åäö æøåé áæðéíóöúýþ äëéèïöü áéíóúàèòùïüç åäöšž"
    ),
    "cp1250": "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű ăâîşţ čćđšž",
    "cp1254": "çğıöşüâîûi̇",
}
_LATIN_LANGUAGES = {encoding: [frozenset(one) for one in names.split()] for encoding, names in LATIN.items()}
_SIGN_IN_WORD = re.compile(r"[^\W\d_][«»“”„…©°§±¿¡®™£€¥¢][^\W\d_]")
_LETTER_RUN = re.compile(r"[^\W\d_]+")


def undeclared_encoding(data: bytes) -> str | None:
    """The Python name of the encoding that `data`, which is no UTF-8, is plainly in; None for none, or several."""
    if any(byte in data for byte in b"\0\1\2\3\4\5\6\7\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19"):
        return None
    lines = b"\n".join(line for line in data.splitlines() if not line.isascii())[:LARGEST_SAMPLE]
    sample = lines.rpartition(b"\n")[0] if len(lines) == LARGEST_SAMPLE else lines
    for find in (_alphabet, _ideographs, _latin):
        if (found := find(sample)) is not None:
            return found if _reads(data, found) is not None else None
    return None


def _reads(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, ValueError):
        return None


def _beyond_ascii(text: str) -> list[str]:
    return [one for one in text if not one.isascii()]


def _alphabet(sample: bytes) -> str | None:
    """The encoding in whose letters the sample reads best, and by far better than in any other script."""
    found: list[tuple[float, int, Alphabet]] = []
    for one in ALPHABETS:
        text = _reads(sample, one.encoding)
        score = _frequent_share(text, one) if text is not None else 0.0
        if text is not None and score >= FREQUENT:
            found.append((score, len(one.letters.findall(text)), one))
    if not found:
        return None
    score, _, best = max(found, key=lambda entry: entry[:2])  # the first of equal ones
    rivals = [other for other, _, one in found if one.letters is not best.letters]
    return best.encoding if score >= max(rivals, default=0.0) + MARGIN else None


def _frequent_share(text: str, alphabet: Alphabet) -> float:
    """The share of frequent letters, 0 if the text is not plainly of this alphabet. A capital counts half.

    Read as each other, KOI8 and Windows-1251 turn small letters into capitals.
    """
    beyond = _beyond_ascii(text)
    letters = [one for one in beyond if alphabet.letters.match(one)]
    signs = sum(one in _SIGNS for one in beyond)
    words = [word for word in _LETTER_RUN.findall(text) if not word.isascii()]
    mixed = sum(any(one.isascii() for one in word) for word in words)
    odd = len(alphabet.odd.findall(text))
    if len(letters) < LEAST_LETTERS or len(letters) + signs < PLAIN * len(beyond) or mixed > 0.2 * len(words):
        return 0.0
    if odd > (1 - PLAIN) * len(letters):
        return 0.0
    frequent = [one for one in letters if unicodedata.normalize("NFD", one.lower())[0] in alphabet.frequent]
    return sum(1.0 if one.islower() or one.lower() == one.upper() else 0.5 for one in frequent) / len(letters)


def _ideographs(sample: bytes) -> str | None:
    """The first double-byte encoding that the sample is plainly in."""
    for one in ideographs():
        beyond = "".join(_beyond_ascii(_reads(sample, one.encoding) or ""))
        telling, common = len(one.telling.findall(beyond)), len(one.common.findall(beyond))
        enough = telling >= max(one.least * len(beyond), 1) and len(beyond) >= LEAST_IDEOGRAPHS
        if enough and common >= (PLAIN - 0.05) * len(beyond):
            return one.encoding
    return None


def _latin(sample: bytes) -> str | None:
    """The encoding in which the letters beyond ASCII are all of one language, and stand among ASCII ones."""
    readings: dict[str, str] = {}
    for encoding, languages in _LATIN_LANGUAGES.items():
        text = _reads(sample, encoding)
        if text is None:
            continue
        beyond = _beyond_ascii(text)
        letters = {one for one in "".join(beyond).lower() if one.isalpha() or one in "ªº"}
        words = [word for word in _LETTER_RUN.findall(text) if len(word) > 1 and not word.isascii()]
        high = sum(len(_beyond_ascii(word)) for word in words)
        of_one = any(letters <= language for language in languages)
        signs = not _SIGN_IN_WORD.search(text) and all(one.isalpha() or one in _SIGNS + "¿¡®™£€¥¢ªº" for one in beyond)
        if letters and signs and words and high <= 0.5 * sum(map(len, words)) and of_one:
            readings.setdefault(text, encoding)
    return next(iter(readings.values())) if len(readings) == 1 else None
