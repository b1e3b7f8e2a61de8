"""Conditions beside a licence that nobody has named before: what makes a permissive licence unknown.

Every sentence of a licence file that is not of a known text must be harmless: without a word of duty or refusal, and
no running prose but of whose the work is, where it comes from, or which licence follows. The header of a source file
stands among descriptions of the code, so there only words of duty in sentences on legal matters count, and prose in the
midst of a licence text.
"""

from __future__ import annotations

import re

from midspan.corpus.licences.restrictions import LEGAL, LEGAL_WORDS, NEUTRAL
from midspan.corpus.licences.texts import Text
from midspan.corpus.licences.words import SENTENCE_END, words_of

SENTENCE_WORDS, RUNNING_WORDS = 3, 2  # of so many, with so many in lower case, a run of words is no title or name
_DUTY = re.compile(
    r"\b(?:may not|must|shall|only|except|unless|exclud(?:es|ing)|excluded from|prohibit\w*|restrict\w*|forbid\w*"
    r"|disallow\w*|\w*commercial\w*|academic|evaluation|proprietary|confidential|royalt\w+|fees?|pay|paid|payment|purchase"
    r"|subscription|consent|conditions?|provided that|provided you|as long as|terminat\w+|revok\w+|militar\w+|weapon\w*"
    r"|machine learning|artificial|agree(?:s|d|ing)?|cannot|can not|do not|don t|not|none of|never|permission"
    r"|prior|approv\w+|ask(?:ed|ing)?|notify|inform(?:ed|ing)?|require[ds]?|needs?|have to|has to|obligat\w+|evil"
    r"|harm\w*|ethic\w*|human rights|train(?:ing|ed)?|postcard|donat\w+|employees|individuals|companies|subsidiaries"
    r"|usage)\b"
)
# Who keeps to a condition, what it is about, and what descriptions of code are about.
_ADDRESSED = re.compile(
    r"\b(?:you|your|users?|licensees?|anyone|everyone|nobody|persons?|people|compan(?:y|ies)|customers?|employees|individuals"
    r"|organi[sz]ations?|subsidiaries|vendors?|redistribut\w+|modifications?|modified versions?"
    r"|derivative\w*|copies|us|our"
    r"|products?|commercial\w*|royalt\w+|fees?|pay|paid|payment|approval|consent|permission"
    r"|contributed back|use of|use by"
    r"|used (?:by|in|for|to)|not for|shipping|selling|sold|train\w*|ai|military|evil)\b"
)
_WORK = (
    r"\b(?:this|the) (?:software|program|source|code|file|library|work|project|package|product|material|header)\b"
    r"|licens|copyright|redistribut|derivative|modified versions?"
)
_OF_WORK = re.compile(rf"{_WORK}|permission|rights")
# In a comment far from the licence a user may lack the permission to read a file, or the rights to set a priority.
_OF_WORK_ALONE = re.compile(
    rf"{_WORK}|(?:written|prior|express|explicit|without|asked?|asking|our|your|my) (?:\w+ )?permission|all rights"
    r"|permission (?:is|are|must|shall|from|of|granted|for)\b|permission to (?:use|copy|modify|distribute|sell|publish)"
    r"|rights (?:are|reserved|granted|to (?:use|copy|modify|distribute|sell|publish))"
)
_MONEY = re.compile(
    r"\b(?:fees?|pay|paid|payment|purchase\w*|subscription|royalt\w+|donat\w+|\w*commercial\w*|postcard)\b"
)
_CODE = re.compile(
    r"\b(?:exceptions?|thrown?|throws|class(?:es)?|functions?|methods?|returns?|returned|objects?|instances?|threads?|threaded"
    r"|null|pointers?|buffers?|arrays?|lists?|strings?|values?|arguments?|parameters?|callers?|call|called|calls|callbacks?|init|edit|interface"
    r"|implementation|api|variables?|constants?|modules?|imports?|imported|included|headers?|macros?|defined?|compiled?|compiler"
    r"|nodes?|index(?:es)?|cache\w*|lock\w*|initiali[sz]\w+|clone|types?|fields?|queue|stream|socket|request|response|errors?"
    r"|loops?|iterator|database|table|queries|tests?|edited|generated|platforms?|byte\w*|memory|config\w*|options?)\b"
)
# What only says whose the work is, where it comes from, and which licence holds for what.
_HARMLESS = re.compile(
    r"\b(?:"
    + "|".join(
        (
            r"copyright(?:s|ed)?|all rights reserved|(?:and|individual|other|node|many) contributors|and others",
            r"affiliates|contributions (?:by|from|towards)|^c (?:19|20)\d\d",
            r"the \w+ (?:\w+ )?(?:developers|team|project)|to present|its suppliers",
            r"university of|universite de|regents of",
            r"institute of|their institutions|equipment corporation|public interest inc|maintainer",
            r"(?:derived|taken|adapted|extracted|copied|translated|downloaded|obtained|ported|translation) (?:from|of)",
            r"based on|derivative work of|forks?(?: of)?",
            r"original (?:\w+ )?(?:code|authors?|algorithms?|descriptions?)",
            r"(?:written|created|developed|maintained|optimi[sz]ed|(?:re)?packaged|debianized) (?:\w+ )?(?:by|in \d)",
            r"implements|algorithm is|debian|upstream|third party software|version (?:is|of)|this is version",
            r"authors? (?:file|txt|listed)|see (?:the )?(?:\w+ ){0,5}(?:files?|license|copying|authors|readme)",
            r"voluntary contributions|exact contribution history|sample code is defined as"
            r"|externally maintained libraries",
            r"(?:short|longer?) version|compatible licenses|except according to (?:those|these|the) terms",
            r"licensed (?:for use )?(?:as|under|both)|is under the|different licenses",
            r"licens\w+ (?:\w+ ){0,2}(?:below|files?|texts?)",
            r"licenses? (?:applies|applicable|listed|is located|are|can be)|you may use this software under",
            r"reproduced|(?:released|distributed) (?:under|with) the|without any warranty|express or implied",
            r"no representation|or the authors?|have any questions",
            r"(?:for )?(?:more|further|additional|full|authorship) (?:information|details)"
            r"|at your option|own copyright notices",
            r"(?:code|file|files) for (?:this|the) package|(?:except|unless) (?:as"
            r"|where) otherwise noted|(?:is|are) (?:a |the )?(?:registered )?trademarks?",
            r"clause bsd|bsd license|public domain|terms and conditions|open source definition",
            r"names? of|portions of|some (?:\w+ )?(?:files|software)|(?:these|the) files",
            r"(?:including|includes?) the (?:following|next)|osi and fsf",
        )
    )
    + r")\b"
)
# A run of nothing but names and addresses of licences.
_LISTED = re.compile(
    r"(?:(?:apache|mit|bsd|isc|zlib|boost|licenses?|version|v|\d+|or|and|the|of|either|clause|found|in|at|your|option"
    r"|https?|www|org|com|opensource|software)(?: |$))+"
)
_POINTER = re.compile(
    r"(?:under the terms of |under )?(?:either|both|any|all|one)(?: one)? of (?:the|these) (?:\w+ )?licenses"
    r"(?: found in(?: (?:the )?\w*license \w+(?: (?:or|and))?)+)?|under the terms of both these licenses"
)


def has_duty(text: str) -> bool:
    """Whether there is a word of duty or refusal in a text."""
    return bool(_DUTY.search(NEUTRAL.sub("|", " ".join(words_of(text)))))


def file_sets_condition(body: Text) -> bool:
    """Whether a licence file says more than its known texts, in words that may be a condition."""
    duty = _DUTY.search(NEUTRAL.sub("|", body.remainder()))
    return bool(duty) or any(_is_prose(body, place) for place in body.uncovered())


def header_sets_condition(body: Text) -> bool:
    """The same of a comment in a source file, where other prose is the rule."""
    near = False  # to the end of a text
    for sentence in NEUTRAL.sub("|", body.remainder()).split(SENTENCE_END):
        legal = near or bool(LEGAL.search(sentence))
        if _DUTY.search(sentence) and (_binds_user(sentence) or (legal and not _is_about_code(sentence))):
            return True
        near = sentence.endswith("| ") or (near and not sentence.strip())
    return any(_is_prose(body, place) for place in body.uncovered(inside=True))


def sets_condition_alone(text: str) -> bool:
    """The same of a comment that no licence stands in: only what is said to whoever uses the work is a condition."""
    sentences = NEUTRAL.sub("|", " ".join(words_of(text))).split(SENTENCE_END)
    return any(_DUTY.search(one) and _binds_user(one, _OF_WORK_ALONE) and not _describes_use(one) for one in sentences)


def _describes_use(sentence: str) -> bool:
    """Whether a sentence tells how code is used: "You must call init() before you use the library"."""
    return bool(_CODE.search(sentence)) and not (LEGAL_WORDS.search(sentence) or _MONEY.search(sentence))


def _binds_user(sentence: str, of_work: re.Pattern[str] = _OF_WORK) -> bool:
    """Whether a sentence with a word of duty is for those who use the work, and about it or about money."""
    return bool(_ADDRESSED.search(sentence) and (of_work.search(sentence) or _MONEY.search(sentence)))


def _is_about_code(sentence: str) -> bool:
    """Whether a sentence after a licence describes code: "Exception thrown when a clone cannot be created"."""
    said = sentence.strip().removeprefix("|")
    return bool(_CODE.search(said)) and not LEGAL.search(said) and not _ADDRESSED.search(said)


def points_elsewhere(text: str) -> bool:
    """Whether a licence file only says where the licences are: "found in LICENSE.APACHE or LICENSE.BSD"."""
    words = " ".join(words_of(text[:1000]))
    told = _POINTER.search(words) is not None and len(text) < 1000
    return told and not _DUTY.search(NEUTRAL.sub("|", _POINTER.sub("|", words)))


def _is_prose(body: Text, place: slice) -> bool:
    """Whether a run of words is running prose that is not harmless."""
    running = sum(body.running[place])
    says_something = place.stop - place.start >= SENTENCE_WORDS and running >= RUNNING_WORDS
    words = " ".join(body.words[place])
    neutral = not NEUTRAL.sub("", words).strip()
    return says_something and not (neutral or _LISTED.fullmatch(words) or _HARMLESS.search(words))
