"""Passwords where a program reads them from words: options of commands, netrc, SQL, settings separated by a space."""

from __future__ import annotations

from midspan.corpus.secrets.anchored import AnchoredRule
from midspan.corpus.secrets.source import KEY, PASSWORD
from midspan.corpus.secrets.values import is_common, is_placeholder, is_plain, is_random


def _password(value: str) -> bool:
    """A letter, and digits or signs; no path, no variable, no option."""
    return (
        not (is_plain(value) or is_placeholder(value) or is_common(value))
        and any(map(str.isalpha, value))
        and value[0] not in "-/$\\(."
    )


def _key(value: str) -> bool:
    return is_random(value, 16) and not is_placeholder(value) and value[0] not in "-/$\\(."


def _spaced(anchor: bytes, pattern: str, before: str = "") -> AnchoredRule:
    return AnchoredRule("password", anchor, pattern, _password, PASSWORD, before)


def _option(anchor: bytes, pattern: str, before: str) -> AnchoredRule:
    return AnchoredRule("key-on-command-line", anchor, pattern + r"[ =]+" + _VALUE, _key, KEY, before)


_WORD = r"[^\s\"'`|;&<>,)]"
_VALUE = rf"[\"']?({_WORD}{{5,200}})"
_PASS = r"pass(?:w(?:or)?d|phrase|code)?"
_REST_OF_LINE = r"\b[^\n|]{0,200}"
_WITH_P = r"sshpass|mongo\w*|(?:docker|podman|buildah|oc|az|registry)\s+login|vncpasswd|ipmitool|sqlcmd|psexec|bcp"
_WITH_ATTACHED_P = r"(?:mysql|mariadb|7z)\w{0,10}"
_OPTION = r"(?<![\w-])--?(?:[\w-]{0,20}-)?"
_INSTRUCTION = r"(?<!\w)(?:ENV|ARG|setx?)\s+\w{0,30}"
_NAME_ENDS = r"(?:_\w{1,10})?"

COMMAND_RULES = (
    _spaced(b"-u", rf"-u(?:ser)?[ =]?[\"']?[\w.@+-]{{1,64}}[:%]({_WORD}{{5,200}})", before=r"\s-?|--proxy-?"),
    _spaced(b" -p", rf" -p\s?{_VALUE}", before=rf"(?:{_WITH_P}){_REST_OF_LINE}"),
    _spaced(b" -p", rf" -p[\"']?({_WORD}{{6,100}})", before=rf"{_WITH_ATTACHED_P}{_REST_OF_LINE}"),
    _spaced(b" -p", rf" -P\s?{_VALUE}", before=rf"\b(?:zip|unzip|rar|unrar){_REST_OF_LINE}"),
    _spaced(b"redis-cli", rf"redis-cli\b[^\n|]{{0,190}}?\s-a\s+{_VALUE}"),
    _spaced(b"ldapsearch", rf"ldapsearch\b[^\n|]{{0,290}}?\s-w\s+{_VALUE}"),
    _spaced(b"pass", rf"{_PASS}[ =]+{_VALUE}", before=r"(?<![\w-])--?[\w-]{0,20}"),
    _spaced(b"pass", rf"pass(?:in|out)?\s+[\"']?pass:{_VALUE}", before="-"),
    _spaced(
        b"pass",
        r"passwd",
        before=r"(?:[\"']|\s)[\w.-]{1,40}:([^\s\"'|:]{5,100})[\"']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?ch",
    ),
    _spaced(
        b"pass",
        r"password-stdin",
        before=rf"echo\s+(?:-n\s+)?[\"']?({_WORD}{{5,120}})[\"']?\s{{0,4}}\|[^\n|]{{0,120}}--",
    ),
    _spaced(  # netrc, on one line or several
        b"pass",
        r"password\s+(\S{5,200})",
        before=r"(?<!\w)(?:machine\s+[\w.:-]{1,80}|default)(?:\s+(?:login|account)\s+\S{1,80}){1,2}\s+",
    ),
    _spaced(b"pass", rf"pass\s+{_VALUE}", before="require|master"),
    _spaced(b"pass", rf"{_PASS}{_NAME_ENDS}[ =]+{_VALUE}", before=_INSTRUCTION),
    _spaced(
        b"pass",
        r"password\s{1,4}[\"']([^\"'\s]{6,128})[\"']",
        before=r"\b(?:with|encrypted|user|role|login|set)\s{1,4}(?:\S{1,60}\s{1,4}){0,3}",
    ),
    _spaced(b"pass", r"password\s+[\"']([^\"'\s]{6,128})[\"']", before="store|key"),
    _spaced(b"pass", rf"passwd -[cmBd]{{0,3}}b[cmBd]{{0,3}} +\S{{1,80}} +\S{{1,80}} +{_VALUE}", before="ht"),
    _spaced(b"pass", r"password_pbkdf2\s+\S{1,40}\s+(grub\.pbkdf2\.[\w.]{60,400})"),
    _spaced(b"pass", r"password\s+[57]\s+([^\s]{8,80})"),  # of a router's configuration
    _spaced(b"pass", r"password::?\s*\{(?:S?SHA\d*|S?MD5|CRYPT)\}([^\s\"']{20,140})"),  # of a directory (LDIF)
    _spaced(b"identified", r"identified\s+(?:with\s+\w+\s+)?by\s+(?:password\s+)?[\"']([^\"'\s]{5,128})[\"']"),
    _spaced(b"identified", r"identified by ([^\"'\s;]{6,128})", before=r"\buser\s+\S{1,60}\s+"),
    _spaced(b"securestring", r"securestring\s+(?:-string\s+)?[\"']([^\"'\s]{5,128})[\"']"),
    _spaced(b":5432:", r":5432:[\w*.-]+:[\w*.@-]+:([^\s\"'`]{5,128})"),  # .pgpass
    _option(b"token", "token", before=_OPTION),
    _option(b"secret", "secret(?:-key)?", before=_OPTION),
    _option(b"key", "key", before=_OPTION + "(?:api|access|secret|auth|account|admin|private|license|app)-?"),
    _option(b"token", "token" + _NAME_ENDS, before=_INSTRUCTION),
    _option(b"secret", "secret" + _NAME_ENDS, before=_INSTRUCTION),
    _option(b"key", "key" + _NAME_ENDS, before=_INSTRUCTION),
)
