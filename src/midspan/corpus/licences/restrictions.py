"""What a sentence forbids or asks for beside a licence, or without one.

Patterns are matched against words as in names.py. RESTRICTIONS have a name and make any licence non-permissive;
CONDITION only tells that there is a condition nobody has read, which makes a permissive licence unknown.
"""

from __future__ import annotations

import re

_NOT = r"\b(?:not|no|nor|never|neither|cannot|prohibit\w*|forbid\w*|forbidden|exclud\w+|except|without|other than|disallow\w*)\b"
_NOT_ALLOWED = r"(?:prohibited|forbidden|disallowed|not (?:permitted|allowed))"
_PURPOSE = r"(?:academic|educational|education|research|evaluation|personal|private|internal|teaching|scientific)"
_HANDED_ON = r"(?:copy|copied|(?:re)?distributed?|reproduced?|share|disclosed?|publish|published|modify|modified)"
_THIS = (
    r"(?:this|these|any part|without|in any|outside|to third|to anyone"
    r"|the (?:software|code|source|file|program|document|material|contents?))"
)
_HARM = (
    r"(?:military|weapons?|nuclear|surveillance|warfare|torture|harm|evil|unethical|gambling|competing|competitors?|competes?"
    r"|fossil|police)"
)
_MODEL = (
    r"(?:machine learning|deep learning|artificial intelligence|generative ai|language models?|neural networks?"
    r"|data mining|(?:ai|ml) (?:models?|systems?|training)|llms?"
    r"|train(?:ing)?(?: \w+){0,4} (?:models?|ai|ml|networks?|datasets?|data))"
)


def _patterns(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives))


RESTRICTIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "LicenseRef-non-commercial",
        _patterns(
            r"(?<!commercial or )(?<!commercial and )\bnon ?commercial\w*(?! (?:or|and|as well as) commercial)",
            rf"{_NOT}(?: \w+){{0,6}} (?<!non )commercial(?:ly|i[sz]e)?\b(?! or non ?commercial)",
            rf"(?<!non )\bcommercial(?: \w+){{0,3}} (?:is|are) (?:strictly )?{_NOT_ALLOWED}",
            r"(?<!non )\bcommercial(?: \w+){0,3} (?:requires?|must|needs?)\b",
            r"not for (?:sale|resale|profit)\b|\bnot (?:be |to )?(?:sold|sell|resold|resell)\b|prohibited from selling",
        ),
    ),
    (
        "LicenseRef-limited-purpose",
        _patterns(
            rf"\b(?:only|solely|exclusively|strictly|limited)(?: \w+){{0,2}} (?:for|to)(?: \w+){{0,4}} {_PURPOSE}\b",
            rf"\b{_PURPOSE}(?: (?:and|or) \w+)*(?: non \w+)?(?: use| uses| purposes?)+ (?:only|solely|exclusively)\b",
            rf"\bfor(?: \w+)? {_PURPOSE}(?: (?:and|or) {_PURPOSE})* (?:use|purposes?)\b(?! (?:or|and) (?:commercial|any))",
        ),
    ),
    (
        "LicenseRef-field-of-use",
        _patterns(
            rf"good not evil|{_NOT}(?: \w+){{0,12}} {_HARM}\b",
            rf"\b{_HARM} (?:use|uses|purposes?)(?: \w+){{0,4}} {_NOT_ALLOWED}",
            r"universal declaration of human rights|hippocratic license|do no harm",
        ),
    ),
    (
        "LicenseRef-no-machine-learning",
        _patterns(rf"{_NOT}(?: \w+){{0,14}} {_MODEL}\b", rf"\b{_MODEL}(?: \w+){{0,6}} {_NOT_ALLOWED}"),
    ),
    (
        "LicenseRef-proprietary",
        _patterns(
            r"\b(?:is|are|strictly|and|company|highly|contains|confidential) (?:proprietary|confidential)\b",
            r"\bproprietary (?:and|or|information|to|rights|license|property|material|trade|of)\b|trade secrets?\b",
            r"\bconfidential (?:and|or|information|property|material|proprietary|do not)\b|^(?:proprietary|confidential)\b",
            r"\b(?:proprietary|confidential) all rights|all rights reserved (?:proprietary|confidential)",
            r"\bunder (?:a |the )?(?:separate )?commercial license|unpublished (?:work|source|proprietary|rights)",
        ),
    ),
    (
        "LicenseRef-no-redistribution",
        _patterns(
            r"\b(?:do not|don t|may not|must not|shall not|cannot|can not|may neither|is not to|not to)(?: be)? "
            rf"(?:\w+ or |\w+ )?{_HANDED_ON}(?: or \w+)?(?: in whole or in part)?(?: {_THIS}\b|$)",
            r"\bno part of (?:this|the) (?:\w+ )?(?:file|code|software|source|program|work|document|material|publication)",
            r"\bunauthori[sz]ed (?:\w+ )?(?:copying|use|(?:re)?production|(?:re)?distribution|duplication|disclosure)",
            r"\b(?:copying|reproduction|(?:re)?distribution|duplication|use|modification|disclosure)(?: \w+){0,14} "
            rf"(?:is|are) (?:hereby )?(?:strictly |expressly )?{_NOT_ALLOWED}",
            r"\bnot (?:permitted|allowed|authori[sz]ed) to (?:use|copy|modify|distribute)|no rights (?:are )?granted",
            r"\b(?:cop(?:y|ied|ying)|(?:reproduc|distribut|redistribut|disclos|publish|transmit|modif)\w*)(?: \w+){0,14} "
            r"without (?!specific)(?:\w+ ){0,4}?(?:written|express|explicit|prior) (?:\w+ ){0,4}?(?:permission|consent)",
            r"\bno (?:license|permission) (?:\w+ )?(?:is |are )?(?:hereby )?granted",
        ),
    ),
)
# None of the above is there without one of these.
RESTRICTION_SIGNS = (
    *(
        "commercial",
        "sold",
        "sell",
        "profit",
        "sale",
        "only",
        "solely",
        "exclusively",
        "limited",
        "purpose",
        " use",
        "evil",
    ),
    *(
        "not ",
        "no ",
        "never",
        "neither",
        "prohibit",
        "forbid",
        "except",
        "exclud",
        "without",
        "human rights",
        "hippocratic",
    ),
    *("don t", "disallow", "proprietary", "confidential", "unauthori", "trade secret", "unpublished", "other than"),
)

# One of these nearby makes a restriction of a phrase that code comments use in other senses ("internal use only").
LEGAL = re.compile(
    r"licens|copyright|permi[st]|distribut|rights reserved|propriet|confidential|unauthori|granted|free of charge"
    r"|this (?:software|program|source|code|work|package|library)|the software|all rights|written consent"
)
CONDITION = re.compile(
    r"\b(?:may not|must|shall|only|except|unless|excluding|prohibit\w*|restrict\w*|forbid\w*|disallow\w*|\w*commercial\w*"
    r"|academic|evaluation|proprietary|confidential|royalt\w+|fees?|pay|paid|payment|purchase|subscription|consent"
    r"|conditions?|provided that|provided you|as long as|terminat\w+|militar\w+|weapon\w*|machine learning|artificial"
    r"|agree(?:s|d|ing)?|cannot|can not|do not|don t|not (?:be )?(?:use|used|allowed|permitted|granted|licensed)"
    r"|permission|required?|requires|obligat\w+|evil|harm\w*|ethic\w*|human rights|train(?:ing|ed)?|postcard|donat\w+)\b"
)
# What looks like a condition or a licence and is none; the last lines are from the history in Python's own licence.
NEUTRAL = re.compile(
    r"terms and conditions|following conditions"
    r"|(?:except|unless) (?:where |when |as )?(?:\w+ )?(?:otherwise )?(?:\w+ )?(?:noted|stated|indicated|specified)"
    r"|without (?:any )?(?:fee|charge|restrictions?)|non restrictive|no restrictions?"
    r"|gpl compatible|compatible with the (?:gnu )?gpl|with the gpl|unlike the gpl"
    r"|mean that we re distributing python under the gpl"
    r"|python with other software that is released under the gpl the others don t"
)
POINTER = re.compile(
    r"(?:under the terms of |under )?(?:either|both|any|all|one)(?: one)? of (?:the|these) (?:\w+ )?licenses"
    r"(?: found in(?: (?:the )?\w*license \w+(?: (?:or|and))?)+)?|under the terms of both these licenses"
)
# A choice between the licences named next; not where one of them must be bought.
CHOICE = re.compile(
    r"\b(?:dual(?:ly)? licensed|choose between (?:\w+ )?licenses|licensed under either|may be (?:used|distributed) under either"
    r"|alternatively this (?:software|file|program|code|work) may be)\b(?!.{0,250}\b(?:commercial|proprietary)\b)(.{0,250})"
)
