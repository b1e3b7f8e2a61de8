"""E-mail and IP addresses of people and machines.

What names nobody stays: documentation and private ranges, public DNS servers, example domains, version numbers. An IP
address becomes one of the addresses reserved for documentation, of its own family and chosen by its hash, so that
equal addresses stay equal and no answer depends on what was redacted before (E2, datatrove's rotating counter).
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import string
from collections.abc import Iterator

from midspan.corpus.secrets.documentation import is_example
from midspan.corpus.secrets.source import EMAIL, Finding, Source

_LOCAL_CHARACTERS = string.ascii_letters + string.digits + "._%+-"
_DOMAIN = re.compile(r"((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}([a-z]{2,18}))(?![\w-]|\.\w|\()", re.IGNORECASE)
# Country codes, and the generic domains in common use; a closed list, as `a @ b.T` and `image@2x.png` look alike.
_TOP_LEVEL_DOMAINS = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd "
    "cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge "
    "gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh "
    "ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw "
    "mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb "
    "sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk "
    "us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw "
    "com org net edu gov mil int info biz name pro aero coop museum jobs mobi cat tel asia arpa dev app cloud online "
    "site tech store blog wiki xyz top club email agency digital studio world life live page space website systems "
    "software engineering science academy institute university consulting solutions services group team works zone "
    "media network berlin london paris nyc tokyo moscow africa bank law health care social community foundation"
)
_LOCAL_PARTS = (  # of addresses that are nobody's
    "git hg svn noreply no-reply donotreply do-not-reply user username you your your.name your-name yourname name foo "
    "bar baz someone somebody nobody email e-mail address local localpart local-part root test x xx xxx xyz a b"
)
_NO_DOMAIN = re.compile(
    r"(?:^|\.)(?:example|invalid|test|localhost|local)(?:\.|$)|(?:^|\.)(?:[a-z]|example\d?|email|any-?company|domain|your-?\w*|my(?:-?(?:domain|company|site|host))?|"
    r"foo|bar|baz|host|hostname|server|company|acme|site|somewhere|test|users\.noreply\.github)\.\w+$",
    re.IGNORECASE,
)  # RFC 2606 and the words that examples use instead
# RFC 5322: dates, counters and hashes before the "@", as mail programs and git write them.
_MESSAGE = re.compile(
    r"\d{10,}\.|[0-9a-f]{8}\.\d{5,}$|(?:\d{3,}\.){2}|[0-9a-f]{20,}\.|pine\.|pull\.\d|.*\.g[a-z]\d{3,}$|.*\.git\.\w+$",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"://[^\s/\"'<>]*$")

_IPV4_TAIL = re.compile(r"\.(?:\d{1,3})\.(?:\d{1,3})\.(?:\d{1,3})(?!\.?\d|[A-Za-z_]|[-+][A-Za-z])")
_IPV6_MIDDLE = re.compile(r":[0-9A-Fa-f]{0,4}:")
_GLOBAL_UNICAST = re.compile(r"[23][0-9A-Fa-f]{3}:")  # RFC 4291; no C++ name, as `face::bad` is, begins with a digit
_VERSION_BEFORE = re.compile(
    r"""(?: (?: version | release | \b(?:revision|upgraded?|updated?|patch(?:ed)?|build|ver|since|section|oid)\b )
             [^\n,;]{0,20}
          | [<>~=!^]= | [\^~] | [A-Za-z_][-/_@=] | \bv\.?\ ? | [§#]\s?
          | (?:^|[^\d.])\d*\.\d+[ ,-]           # among decimals, as the path of an SVG runs
        )$""",
    re.IGNORECASE | re.VERBOSE,
)
_SECTION_AFTER = re.compile(r"\.\s+(?:<[^<>]{1,60}>)?[A-Z]")  # "38.17.6.1. Security", where a line or an element begins
_HIGHEST_OF_A_VERSION = 31  # its first three numbers; of 512 random addresses one is like that
_HIGHEST_OF_A_SECTION = 9  # its last three; of 17,000 random addresses one is like that
_OBJECT_IDENTIFIER = re.compile(r"[12]\.(?:[0-3]|16|23)\.")  # of ISO and ITU: 1.3.101.112 is Ed25519
# bigcode-dataset's list, and the IPv6 addresses of the same services.
_DNS_SERVERS = (
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 76.76.19.19 76.223.122.150 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 "
    "8.26.56.26 8.20.247.20 94.140.14.14 94.140.15.15 2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111 "
    "2606:4700:4700::1001 2620:fe::fe 2620:fe::9"
)
# What everybody reaches names nobody: Google, GitHub, the host example.com; and IETF's own assignments (RFC 6890).
_PUBLIC_NETWORKS = (
    "64.233.160.0/19 66.102.0.0/20 72.14.192.0/18 74.125.0.0/16 142.250.0.0/15 172.217.0.0/16 173.194.0.0/16 "
    "209.85.128.0/17 216.58.192.0/19 216.239.32.0/19 140.82.112.0/20 192.30.252.0/22 185.199.108.0/22 "
    "93.184.216.0/24 192.0.0.0/24 2001:4860::/32 2607:f8b0::/32 2606:2800:220::/48 2606:2800:21f::/48"
)
_EXAMPLE_OCTETS = re.compile(
    r"(?:(\d)\1{1,2}\.){3}\d{1,3}|(\d{1,3})\.\2\.\2\.\2|123\.45\.67\.\d+|(?:12[1-9]|23[4-9])\.12\d\.12\d\.12\d|234\.235\.236\.237"
)
_DOCUMENTATION_V4 = ("192.0.2.", "198.51.100.", "203.0.113.")  # RFC 5737
_AT = b"@"
ANCHORS = (_AT,)

_PUBLIC_SERVICES = tuple(map(ipaddress.ip_network, _PUBLIC_NETWORKS.split()))
_TOP_LEVEL, _NOBODY, _PUBLIC_DNS = (frozenset(one.split()) for one in (_TOP_LEVEL_DOMAINS, _LOCAL_PARTS, _DNS_SERVERS))


def find_emails(source: Source) -> Iterator[Finding]:
    """E-mail addresses, but for examples, machine accounts and the user part of a URL."""
    text = source.text
    for at in source.positions[_AT]:
        head = text[max(0, at - 64) : at]
        local = head[len(head.rstrip(_LOCAL_CHARACTERS)) :]
        if not local or not (match := _DOMAIN.match(text, at + 1)):
            continue
        before = head[: len(head) - len(local)][-1:]
        if before == "\\":  # "\nname@…" in a string literal
            local = local[1:]
        local = local.lstrip("._%+-")
        if not local or before in ("$", "}", ")", "]", ">", "@") or match[2].lower() not in _TOP_LEVEL:
            continue
        if _MESSAGE.match(local) or local.lower() in _NOBODY or "%" in local or _NO_DOMAIN.search(match[1]):
            continue
        if _USERINFO.search(text, max(0, at - 200), at):
            continue
        yield Finding("email", at - len(local), match.end(), EMAIL)


def find_ip_addresses(source: Source) -> Iterator[Finding]:
    """Public IP addresses of both families, but for version numbers, network names and public DNS servers."""
    yield from _ipv4(source)
    yield from _ipv6(source)


def _ipv4(source: Source) -> Iterator[Finding]:
    text = source.text
    for match in _IPV4_TAIL.finditer(text):
        head = text[max(0, match.start() - 4) : match.start()]
        first = head[len(head.rstrip(string.digits)) :]
        start, value = match.start() - len(first), first + match.group()
        before = text[max(0, start - 1) : start]
        if not 0 < len(first) < 4 or before.isalnum() or before in (".", "_"):
            continue
        if not _is_public(value) or _is_version(text, start, value) or value.replace(".", "") in "123456789":
            continue
        if is_example(source, start, match.end()):
            continue
        if before in ("", "\n", ">", '"') and _SECTION_AFTER.match(text, match.end()):
            continue
        if text.startswith(".in-addr", match.end()) and not _is_public(".".join(reversed(value.split(".")))):
            continue
        yield Finding("ip-address", start, match.end(), _documentation_v4(value))


def _ipv6(source: Source) -> Iterator[Finding]:
    text = source.text
    characters, end = string.hexdigits + ":", 0
    for match in _IPV6_MIDDLE.finditer(text):
        if match.start() < end:
            continue
        head, tail = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 40]
        start = match.start() - (len(head) - len(head.rstrip(characters)))
        end = match.end() + len(tail) - len(tail.lstrip(characters))
        value = text[start:end]
        if value.endswith(":") and not value.endswith("::"):  # "host 2a00::1: no answer"
            value = value[:-1]
        bounded = _GLOBAL_UNICAST.match(value) and _is_bounded(text, start, start + len(value))
        if bounded and _is_public(value) and not is_example(source, start, end):
            yield Finding("ip-address", start, start + len(value), _documentation_v6(value))


def _is_bounded(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return not (before.isalnum() or before in ("_", ".", ":", "-") or after.isalnum() or after in ("_", "."))


def _is_public(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or str(address) in _PUBLIC_DNS:
        return False
    if any(address in network for network in _PUBLIC_SERVICES):
        return False
    return not value.endswith((".0", "::"))  # a network, or a mask


def _is_version(text: str, start: int, value: str) -> bool:
    numbers = [int(octet) for octet in value.split(".")]
    if max(numbers[:3]) <= _HIGHEST_OF_A_VERSION or max(numbers[1:]) <= _HIGHEST_OF_A_SECTION:
        return True
    if _EXAMPLE_OCTETS.fullmatch(value) or _OBJECT_IDENTIFIER.match(value):
        return True
    return bool(_VERSION_BEFORE.search(text, max(0, start - 40), start))


def _hash(value: str) -> int:
    return int.from_bytes(hashlib.blake2b(str(ipaddress.ip_address(value)).encode(), digest_size=8).digest(), "big")


def _documentation_v4(value: str) -> str:
    number = _hash(value) % (len(_DOCUMENTATION_V4) * 254)
    return f"{_DOCUMENTATION_V4[number // 254]}{number % 254 + 1}"


def _documentation_v6(value: str) -> str:
    return f"2001:db8::{_hash(value) % 0xFFFF + 1:x}"  # RFC 3849
