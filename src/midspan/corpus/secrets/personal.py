"""Numbers of persons: telephones, payment cards, bank accounts, social security.

Cards and accounts are told by their shape (one translation of the text into letters, digits and separators, searched
at memory speed) and by their checksums (ISO/IEC 7812, ISO 13616). Test numbers of payment providers, the exchange 555
and other numbers that are nobody's stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from midspan.corpus.secrets.documentation import is_example
from midspan.corpus.secrets.source import CARD, IBAN, NUMBER, PHONE, Finding, Source

_SHAPES = bytes(
    ord("1") if 48 <= byte <= 57 else ord("A") if 65 <= byte <= 90 else ord("-") if byte in b" -" else ord(".")
    for byte in range(256)
)
_GROUPS = b"-1111"  # of cards in groups, American telephones and social security: few texts have any
_CARD_SHAPES = (b"1" * 15, b"1111-1111-1111-1111", b"1111-111111-11111")
_CARD = re.compile(
    r"(?<![\w.+/#=-])(?:[3-6]\d{14,15}|[3-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -])\d{6}\2\d{5})(?![\w-]|\.\d)"
)
# Issuers (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, JCB, with their lengths.
_ISSUERS = re.compile(
    r"4\d{15}|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|"
    r"(?:6011|65\d\d|64[4-9]\d)\d{12}|35\d{14}"
)
_TEST_CARDS = (  # of Stripe, PayPal, Braintree, Adyen, Worldpay
    "4242424242424242 4111111111111111 4000056655665556 5555555555554444 2223003122003222 5200828282828210 "
    "4012888888881881 5105105105105100 378282246310005 371449635398431 378734493671000 6011111111111117 "
    "6011000990139424 3530111333300000 3566002020360505 4222222222222222 5454545454545454 4444333322221111 "
    "4917610000000000 4988438843884305 4012000033330026 4009348888881881 4500600000000061 4005519200000004 "
    "2222420000001113 2223000048400011 340000000000009 5424000000000015 4007000000027 6011601160116611 "
    "5577000055770004 5100290029002909 370000000000002 4035501000000008 374245455400126 4032035728275148 "
    "4263982640269299 4917484589897107 6304000000000000 5019717010103742"
)
_ROW = re.compile(r"(\d)\1{4}")  # of no random number, but of many tests
_IBAN_SHAPE = b"AA11"
_IBAN = re.compile(r"(?<![\w+/=.-])([A-Z]{2}\d\d)((?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?)(?![\w+/=])")
_IBAN_LENGTHS = (  # SWIFT's registry
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 "
    "FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 "
    "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 "
    "SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_EXAMPLE_IBANS = (
    "DE89370400440532013000 GB29NWBK60161331926819 GB82WEST12345698765432 FR1420041010050500013M02606 "
    "NL91ABNA0417164300"
)

# Country codes (ITU-T E.164) and numbers in groups.
_COUNTRY = (
    r"(?:1|7|2(?:0|7|1[1-368]|[2-4]\d|5[0-8]|6\d|9[0179])|3(?:[0-469]|[578]\d)|4(?:[013-9]|2[013])|5(?:[1-8]|[09]\d)|"
    r"6(?:[0-6]|[7-9]\d)|8(?:[1246]|5[02356]|8[06])|9(?:[0-58]|6\d|7[0-7]|9[2-68]))"
)
_INTERNATIONAL = re.compile(
    rf"\+{_COUNTRY}(?:[ .-]?\(0?\d{{1,4}}\))?(?:[ .-]?\d)?(?:[ ./-]?\d{{2,4}}){{2,5}}"
    r"(?![\w]|[.-]\d|[*/+=]|\s*[*/+=] ?\d)",
    re.ASCII,
)
_MARKED = re.compile(
    r"(?:phone|tel(?:e(?:phone|fon|fono))?)(?:[_ -]?(?:number|no|nr))?\.?[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
    r"(\(?0?\d{2,5}\)?[ ./-]?\d{2,4}(?:[ ./-]?\d{2,5}){1,3})(?![\w.-])",
    re.IGNORECASE | re.ASCII,
)
_AMERICAN_SHAPES = (b"111-111-1111", b".111.-111-1111")
_AMERICAN = re.compile(r"(?<![\w.+/=(-])(?:[2-9]\d\d-|\([2-9]\d\d\) ?)[2-9]\d\d-\d{4}(?![\w-]|\.\d)")
ANCHORS = (b"phone", b"tel")  # before a number in any grouping
_PHONE_DIGITS = range(9, 16)
_NOBODYS_PHONE = re.compile(  # of fiction, free of charge, rows, the largest integers
    r"1?\d{3}555\d{4}|1?555\d{7}|7800555\d{4}|1?8(?:00|33|44|55|66|77|88)\d{7}|44(?:207946|11[3-8]496)\d+|"
    r".*(\d)\1{5}.*|.*(\d)\2\2.*(\d)\3\3.*|.*(?:1234567890|0123456789|987654|12345678).*|2147483647|2147483648"
)
_SECURITY_SHAPE = b"111-11-1111"
_SECURITY = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_SECURITY_NAMED = re.compile(r"ssn|social[ _-]?security", re.IGNORECASE)
_SECURITY_REACH = 60  # characters from its name to a number
_TESTS, _EXAMPLES = frozenset(_TEST_CARDS.split()), frozenset(_EXAMPLE_IBANS.split())
_LENGTHS = {one[:2]: int(one[2:]) for one in _IBAN_LENGTHS.split()}


def find_personal(source: Source) -> Iterator[Finding]:
    """Payment cards, bank accounts, telephones, social security numbers."""
    shape = source.encoded.translate(_SHAPES)
    grouped = shape if _GROUPS in shape else b""
    yield from _cards(source.text, shape, grouped)
    yield from _accounts(source.text, shape)
    yield from _telephones(source, grouped)
    for position in _places(grouped, _SECURITY_SHAPE):
        match = _SECURITY.match(source.text, position)
        if match and _SECURITY_NAMED.search(source.text, max(0, position - _SECURITY_REACH), position):
            yield Finding("social-security-number", *match.span(), NUMBER)


def _places(shape: bytes, sought: bytes) -> Iterator[int]:
    position = shape.find(sought)
    while position >= 0:
        yield position
        position = shape.find(sought, position + len(sought))


def _cards(text: str, shape: bytes, grouped: bytes) -> Iterator[Finding]:
    for sought in _CARD_SHAPES:
        for position in _places(grouped if b"-" in sought else shape, sought):
            if match := _CARD.match(text, position):
                digits = re.sub(r"\D", "", match.group())
                if (
                    _ISSUERS.fullmatch(digits)
                    and digits not in _TESTS
                    and not _ROW.search(digits)
                    and has_luhn_digit(digits)
                ):
                    yield Finding("payment-card", match.start(), match.end(), CARD)


def _accounts(text: str, shape: bytes) -> Iterator[Finding]:
    for position in _places(shape, _IBAN_SHAPE):
        if not (match := _IBAN.match(text, position)) or match[1][:2] not in _LENGTHS:
            continue
        length, end, characters = _LENGTHS[match[1][:2]], position, 0
        while characters < length and end < match.end():
            characters += text[end] != " "
            end += 1
        number = text[position:end].replace(" ", "")
        whole = end == match.end() or not text[end].isalnum()
        if whole and len(number) == length and number not in _EXAMPLES and has_iban_digits(number):
            yield Finding("bank-account", position, end, IBAN)


def _telephones(source: Source, grouped: bytes) -> Iterator[Finding]:
    text = source.text
    for sought in _AMERICAN_SHAPES:
        for position in _places(grouped, sought):
            american = _AMERICAN.match(text, position)
            if american and _is_telephone(american.group(), "") and not is_example(source, *american.span()):
                yield Finding("telephone", *american.span(), PHONE)
    for match in _INTERNATIONAL.finditer(text):
        before = text[max(0, match.start() - 1) : match.start()]
        is_bounded = not before.isalnum() and before not in (")", "]", "_", "+", "\\")
        if is_bounded and _is_telephone(match.group()[1:], before) and not is_example(source, *match.span()):
            yield Finding("telephone", match.start(), match.end(), PHONE)
    for anchor in ANCHORS:
        for position in source.positions[anchor]:
            marked = _MARKED.match(text, position)
            if marked and _is_telephone(marked[1], ":") and not is_example(source, *marked.span(1)):
                yield Finding("telephone", *marked.span(1), PHONE)


def _is_telephone(number: str, before: str) -> bool:
    """Whether a number has the digits of one and is somebody's; `+49…` at the start of a line is a patch's."""
    digits = re.sub(r"\D", "", number)
    if len(digits) not in _PHONE_DIGITS or _NOBODYS_PHONE.fullmatch(digits) or len(set(digits)) < 4:
        return False
    if number == digits:
        return before not in ("", "\n")
    return len(re.findall(r"\D+", number)) > 1 or "." not in number  # +12345678.12 is a decimal


def has_luhn_digit(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def has_iban_digits(number: str) -> bool:
    """Whether the check digits are right: the number, rearranged, is 1 modulo 97 (ISO 13616)."""
    return int("".join(str(int(one, 36)) for one in number[4:] + number[:4])) % 97 == 1
