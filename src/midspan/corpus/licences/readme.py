"""What a README says of its project's licence: in its section, in a sentence about the project, in badges."""

from __future__ import annotations

import re
from urllib.parse import unquote

from midspan.corpus.licences.canonical_names import canonical
from midspan.corpus.licences.expressions import all_of, licence_class
from midspan.corpus.licences.recognition import UNRECOGNISED, fields, recognise

LONGEST_README = 200_000
_LONGEST_SECTION = 20_000
_TITLE = (
    r"\W*(?:\d+[.)]\s*)?(?:copyright (?:and|&) )?(?:the )?(?:\w+ )?licen[cs](?:e|es|ing)"
    r"(?: (?:and|&|info\w*|details|terms|notice)\b.*)?\W*"
)
_HEADING = re.compile(
    r"^(?:#{1,6}[ \t]*(?P<hash>.{1,120}?)[ \t#]{0,9}|(?P<line>\S.{0,120})\n(?:={3,}|-{3,}|~{3,}|\^{3,})"
    r"|[ \t]{0,9}<h\d[^>]{0,200}>(?P<html>.{0,200}?)</h\d>"
    r"|\*\*(?P<bold>[^*\n]{1,60})\*\*:?|={2,}[ \t]*(?P<adoc>.{1,120}))[ \t]{0,9}$",
    re.MULTILINE | re.IGNORECASE,
)
_BADGE = re.compile(
    r"(?:img\.shields\.io|badgen\.net)/(?:static/v1\?label=licen[cs]e&message=([^&\s)\"]{1,80})"
    r"|badge/licen[cs]e[-/]([^\s)\"'<>]{1,80}?)(?:[-/]\w{1,30})?(?:\.(?:svg|png))?(?:\?[^)\s\"]{0,200})?(?=[)\s\"'>\]]))",
    re.IGNORECASE,
)
_IMAGE = re.compile(
    r"\[?!\[([^\]\n]{0,200})\]\([^)\n]{0,400}\)(?:\]\([^)\n]{0,400}\))?"
    r"|<img[^>]{0,400}>|^\.\. image::.*$(?:\n[ \t]+:.*$)*",
    re.MULTILINE,
)
_LINK = re.compile(r"\[([^\]\n]{0,200})\]\([^)\n]{0,400}\)|`([^`<\n]{1,100}?)\s{0,5}<[^>\n]{0,400}>`_+")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,300}>")
_HOLDER = re.compile(r"(?:©|\(c\)|&copy;|\bcopyright\b)[^\n.]*", re.IGNORECASE)
_OF_PROJECT = re.compile(
    r"^\W*(?:(?:this|the|our|all)\s+(?:\w+\s+)?(?:project|software|library|code|source|package|program|module|repo\w*|tool"
    r"|crate|gem|plugin|application|app|framework|work|repository|files?)\b.{0,60}?\b(?:licen[cs]ed?|released|distributed"
    r"|available|published|provided|covered|shared)\b|(?:it\s+is\s+)?(?:dual[- ])?(?:licen[cs]ed"
    r"|released|distributed)\s+under\b"
    r"|(?P<name>[\w.-]+)\s+is\s+(?:\w+,?\s+){0,6}?(?:licen[cs]ed|released|distributed|available|published)\b)",
    re.IGNORECASE | re.DOTALL,
)


def stated_in_readme(text: str) -> list[str]:
    """The SPDX expressions that a README states of its project, all of which hold; none if it leaves it to a file."""
    text = text[:LONGEST_README]
    if "licen" not in text.lower():
        return []
    found = [canonical(_unescaped(next(filter(None, badge.groups())))) for badge in _BADGE.finditer(text)]
    plain = _LINK.sub(lambda link: link.group(1) or link.group(2) or "", _IMAGE.sub("", text))
    sections, rest = _sections(plain)
    found += [_of_section(section) for section in sections]
    found += [_of_section(paragraph) for paragraph in _paragraphs(rest)]
    found += fields(plain)
    return list(dict.fromkeys(filter(None, found)))


def _sections(text: str) -> tuple[list[str], str]:
    """The sections whose titles are of licences, and the rest of the text."""
    headings = list(_HEADING.finditer(text))
    sections, rest, end = [], [], 0
    for heading, after in zip(headings, [*headings[1:], None][: len(headings)], strict=True):
        title = next(filter(None, heading.groups()), "")
        stop = after.start() if after else len(text)
        if re.fullmatch(_TITLE, title, re.IGNORECASE):
            sections.append(text[heading.end() : stop][:_LONGEST_SECTION])
        else:
            rest.append(text[end:stop])
        end = stop
    return sections, "\n\n".join(rest) if headings else text


def _paragraphs(text: str) -> list[str]:
    """The paragraphs that say under what the project stands; its name is that of the first line."""
    title = re.sub(r"[^\w.-]+", " ", text.strip().split("\n")[0]).strip().lower()
    told = []
    for paragraph in re.split(r"\n[ \t]*\n", _TAG.sub(" ", text)):
        for sentence in re.split(r"(?<=[.!?])\s+", paragraph):
            match = _OF_PROJECT.match(sentence)
            if match and "licen" in paragraph.lower() and (match["name"] or "").lower() in ("", "it", title):
                told.append(paragraph)
                break
    return told


def _of_section(section: str) -> str:
    """The expression of a section: a short name and the holder, or a notice or text; "" if it gives none."""
    stripped = _TAG.sub(" ", section)
    short = " ".join(_HOLDER.sub(" ", stripped).split()).strip(" -–—*_`.,:|•>")
    if len(short) < 100 and (name := canonical(short)) and licence_class(name) != "unknown":
        return name
    found = recognise(stripped)
    if found is None:
        line, _, others = short.partition(". ")
        name = canonical(line)
        known = licence_class(name) != "unknown"
        return all_of([name, recognise(others) or ""]) if known and not others else UNRECOGNISED if known else ""
    return found


def _unescaped(badge: str) -> str:
    """The message of a shields.io badge: "--" for a dash, "_" for a space."""
    return unquote(badge).replace("--", "\0").replace("_", " ").replace("-", " ").replace("\0", "-")
