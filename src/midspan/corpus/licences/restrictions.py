"""What a sentence forbids or asks for beside a licence, or without one.

They have a name and make any licence non-permissive; conditions nobody has named are found by conditions.py.
"""

from __future__ import annotations

import re

from midspan.corpus.licences.phrases import phrase

_NOT = (
    r"\b(?:not|no|nor|never|neither|cannot|prohibit\w*|forbid\w*|forbidden|exclud\w+|except|without|other than"
    r"|disallow\w*)\b"
)
_NOT_ALLOWED = r"(?:prohibited|forbidden|disallowed|not (?:permitted|allowed))"
_PURPOSE = r"(?:academic|educational|education|research|evaluation|personal|private|internal|teaching|scientific)"
_HANDED_ON = r"(?:copy|copied|(?:re)?distributed?|reproduced?|disclosed?|publish|published)"
_THIS = (
    r"(?:this|these|any part|without|in any|outside|to third|to anyone"
    r"|the (?:software|code|source|file|program|document|material|contents?))"
)
_HARM = (
    r"(?:military|weapons?|nuclear|surveillance|warfare|torture|harm|evil|unethical|gambling"
    r"|competing|competitors?|competes?|fossil|police)"
)
_MODEL = (
    r"(?:machine learning|deep learning|artificial intelligence|generative ai|language models?|neural networks?"
    r"|data mining|(?:ai|ml) (?:models?|systems?|training)|llms?"
    r"|train(?:ing)?(?: \w+){0,4} (?:models?|ai|ml|networks?|datasets?|data))"
)

RESTRICTIONS = (
    phrase(
        "LicenseRef-non-commercial",
        "commercial,sold,sell,sale,profit",
        r"(?<!commercial or )(?<!commercial and )\bnon ?commercial\w*(?! (?:or|and|as well as) commercial)",
        rf"{_NOT}(?: \w+){{0,6}} (?<!non )commercial(?:ly|i[sz]e)?\b(?! or non ?commercial)",
        rf"(?<!non )\bcommercial(?: \w+){{0,3}} (?:is|are) (?:strictly )?{_NOT_ALLOWED}",
        r"(?<!non )\bcommercial(?: \w+){0,3} (?:requires?|must|needs?)\b",
        r"not for (?:sale|resale|profit)\b|\bnot (?:be |to )?(?:sold|sell|resold|resell)\b|prohibited from selling",
    ),
    phrase(
        "LicenseRef-limited-purpose",
        "academic,education,research,evaluation,personal,private,internal,teaching,scientific",
        rf"\b(?:only|solely|exclusively|strictly|limited)(?: \w+){{0,2}} (?:for|to)(?: \w+){{0,4}} {_PURPOSE}\b",
        rf"\b{_PURPOSE}(?: (?:and|or) \w+)*(?: non \w+)?(?: use| uses| purposes?)+ (?:only|solely|exclusively)\b",
        rf"\bfor(?: \w+)? {_PURPOSE}(?: (?:and|or) {_PURPOSE})* (?:use|purposes?)\b"
        r"(?! (?:or|and) (?:commercial|any))",
    ),
    phrase(
        "LicenseRef-field-of-use",
        "evil,military,weapon,nuclear,surveil,warfare,torture,harm,unethical,gambling,compet,fossil,police,human,hippocratic",
        rf"good not evil|{_NOT}(?: \w+){{0,12}} {_HARM}\b",
        rf"\b{_HARM} (?:use|uses|purposes?)(?: \w+){{0,4}} {_NOT_ALLOWED}",
        r"universal declaration of human rights|hippocratic license|do no harm",
    ),
    phrase(
        "LicenseRef-no-machine-learning",
        "learning,artificial,generative,language model,neural,data mining,llm,train,ai ,ml ",
        rf"{_NOT}(?: \w+){{0,14}} {_MODEL}\b",
        rf"\b{_MODEL}(?: \w+){{0,6}} {_NOT_ALLOWED}",
    ),
    phrase(
        "LicenseRef-proprietary",
        "proprietary,confidential,secret,commercial license,unpublished",
        r"\b(?:is|are|strictly|and|company|highly|contains|confidential) (?:proprietary|confidential)\b",
        r"\bproprietary (?:and|or|information|to|rights|license|property|material|trade|of)\b|trade secrets?\b",
        r"\bconfidential (?:and|or|information|property|material|proprietary|do not)\b",
        r"^(?:proprietary|confidential)\b",
        r"\b(?:proprietary|confidential) all rights|all rights reserved (?:proprietary|confidential)",
        r"\bunder (?:a |the )?(?:separate )?commercial license|unpublished (?:work|source|proprietary|rights)",
    ),
    phrase(
        "LicenseRef-no-redistribution",
        "not ,no ,don t,cannot,neither,unauthori,prohibited,forbidden,without",
        r"\b(?:do not|don t|may not|must not|shall not|cannot|can not|may neither|is not to|not to)(?: be)? "
        rf"(?:\w+ or |\w+ )?{_HANDED_ON}(?: or \w+)?(?: in whole or in part)?(?: {_THIS}\b| ?\.|$)",
        r"\bno part of (?:this|the) (?:\w+ )?(?:file|code|software|source|program|work|document|material)\b",
        r"\bunauthori[sz]ed (?:\w+ )?(?:copying|use|(?:re)?production|(?:re)?distribution|duplication|disclosure)",
        r"\b(?:copying|reproduction|(?:re)?distribution|duplication|use|modification|disclosure)(?: \w+){0,14} "
        rf"(?:is|are) (?:hereby )?(?:strictly |expressly )?{_NOT_ALLOWED}",
        r"\bnot (?:permitted|allowed|authori[sz]ed) to (?:use|copy|modify|distribute)|no rights (?:are )?granted",
        r"\b(?:cop(?:y|ied|ying)|(?:reproduc|distribut|redistribut|disclos|publish|modif)\w*)(?: \w+){0,14}"
        r" without (?!specific)(?:\w+ ){0,4}?(?:written|express|explicit|prior) "
        r"(?:\w+ ){0,4}?(?:permission|consent)",
        r"\bno (?:license|permission) (?:\w+ )?(?:is |are )?(?:hereby )?granted",
    ),
)

# One of these nearby makes a restriction of a phrase that code comments use in other senses ("internal use only").
LEGAL = re.compile(
    r"\||licens|copyright|permi[st]|redistribut|distributed under|rights reserved|propriet|confidential|unauthori"
    r"|granted|free of charge|this (?:software|program|source|code)|this file (?:may|must|can"
    r"|shall) (?:not|only)|the software|all rights|written consent"
)

LEGAL_WORDS = re.compile(r"licens|copyright|permi[st]|redistribut|propriet|confidential|granted|consent")

# What looks like a condition or a licence and is none.
NEUTRAL = re.compile(
    # What an exception gives beside a licence (LLVM, fmt), what a licence is not for (Node.js, libuv), a choice.
    r"optional exception to the license|as an exception if as a result of your compiling your source code"
    r"|embedded into(?: \w+){1,5} object form(?: \w+){0,5} you may redistribute such embedded portions"
    r"(?: \w+){0,6} without(?: \w+){0,4} (?:copyright and permission notices|complying(?: \w+){0,10})"
    r"|licenses? applies to (?:all |the )?(?:parts|portions|files|code|everything)(?: \w+){0,6}"
    r" not externally maintained(?: libraries)?"
    r"|you may (?:use|choose|select|copy|distribute)(?: \w+){0,4} under(?: the terms of)? (?:either|any|one)"
    r"(?: one)?(?: of)?(?: (?:the|these|those))?(?: \w+)? licenses?"
    r"|terms and conditions|following conditions|if not (?:see|write)|would appreciate not|not copyrighted"
    r"|do not (?:edit|modify|change|remove|delete)"
    r"|not subject to (?:us )?(?:copyright|any license)|osi approved|approved by the osi"
    r"|(?:except|unless) (?:where |when |as )?(?:\w+ )?(?:otherwise )?(?:\w+ )?(?:noted|stated|indicated|specified)"
    r"|without (?:any )?(?:fee|charge|restrictions?)|non restrictive|no restrictions?"
    r"|(?:logos?|names?|marks?|trademarks?|brand\w*|artwork)(?: \w+){0,15} not (?:covered|licensed"
    r"|granted|included|part of)"
    r"(?: \w+){0,2}(?: (?:by|under|in|with|of) (?:this|the|these) (?:\w+ )?licenses?)?"
    r"|(?:does not|do not|nothing in this license) (?:\w+ )?grants? (?:\w+ ){0,5}(?:trademarks?"
    r"|trade names?|logos?)(?: rights)?"
    r"|no (?:copyright assignment|cla|contributor license agreement) (?:is )?required(?: to contribute)?"
    r"|may not be copied modified or distributed except according to (?:those|these|the) terms"
    r"|did not receive(?: a copy)?|(?:was|is|were) not (?:distributed|included) with"
    r"|for conditions of (?:distribution|use)(?: and use)?"
    r"|(?:this|these|the above|all) (?:copyright |license )?(?:notice|header|comment)s? (?:must|shall|should|may) "
    r"(?:not be (?:removed|altered)|be (?:retained|preserved|kept|left intact)|remain|stay)"
    r"|(?:must|may|should) not (?:be )?(?:remove[d]?|alter(?:ed)?) (?:or \w+ )?(?:this|the|these"
    r"|any) (?:\w+ )?(?:notice|header)s?"
    r"|shall be (?:dual |multi )?licensed (?:as|under) (?:the )?(?:above|same)(?: terms)?"
    r"|except as documented below|contributions made by many individuals"  # the foundation of jQuery and Lodash
    r"|gpl compatible|compatible with the (?:gnu )?gpl|incompatible with the gpl|unlike the gpl|most but not all"
)
# Two licences named before, one of which may be chosen.
CHOSEN = re.compile(
    r"\byou may (?:select|choose|use)(?: \w+){0,3} (?:one|either) of (?:the |these )?(?:two |above |listed )*licenses"
)
# A choice between two licences, each named once.
CHOICE = re.compile(
    r"\b(?:dual(?:ly)? licensed|licensed under either)\b(.{0,60}?) (?:or|and) (?:the |under )*(.{0,40})"
)
