"""Extensions that several languages share: which one a text is in, by signs that only one of them has.

For each extension an ordered list of (language, sign); the first sign that is found decides, and the last entry,
without a sign, is what the extension means otherwise. The signs are lines that the language cannot do without.
"""

from __future__ import annotations

import re

LOOKED_AT = 50_000  # characters: after so many of them there is a sign, or there is none


def _sign(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.MULTILINE)


_OBJECTIVE_C = _sign(r"^[ \t]*(?:@(?:interface|implementation|protocol|class|property|end|import)\b|#import\s)")
_CPLUSPLUS = _sign(
    r"^[ \t]*(?:class\s+[A-Za-z_\[]|enum\s+(?:class|struct)\s|(?:inline\s+)?namespace\b[^\n;=]*\{?$|template\s*<"
    r"|struct\s+\w+(?:\s+final)?\s*:\s*[A-Za-z_]|using\s+(?:namespace\s+)?[\w:]+\s*[;=]|extern\s+\"C\""
    r"|(?:public|private|protected)\s*(?:slots\s*|Q_SLOTS\s*)?:|(?:virtual|explicit|friend|typename)\s"
    r"|(?:(?:static|inline|extern)\s+)*(?:constexpr|consteval|thread_local)\s|Q_(?:OBJECT|GADGET|DECLARE_\w+)\b)"
    r"|\b(?:static|const|dynamic|reinterpret)_cast<|\b(?:noexcept|nullptr|decltype)\b|=\s*(?:default|delete)\s*;"
    r"|\boperator\s*(?:[=<>!+*/-]=?|\[\]|\(\)|<<|new\b|delete\b)|^[^\"'\n]*(?<![\[\w,])[A-Za-z_]\w*::~?[A-Za-z_]"
    r"|^[ \t]*#[ \t]*include[ \t]*[<\"][\w/+-]+(?:\.(?:hpp|hh|hxx|ipp|tpp))?[>\"]"
)
# In a C header neither its comments nor the part that only other compilers see says anything.
_C_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_CONDITION = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif|endif)\b([^\n]*)\n?", re.MULTILINE)
_LINKAGE = re.compile(r"extern\s+\"C\"")
_DIRECTIVE = re.compile(r"^[ \t]*#.*(?:\\\n.*)*", re.MULTILINE)
_PERL = _sign(
    r"^[ \t]*(?:use\s+(?:strict|warnings|vars|utf8|lib|parent|base|v?5|[A-Z]\w*)|package\s+[\w:]+\s*[;{]|sub\s+\w+"
    r"|my\s*[$@%(]|our\s+[$@%]|require\s+['\"\w]|=(?:head1|pod|cut)\b)|^\s*[$@%]\w+\s*="
)
_PROLOG = _sign(
    r"^[ \t]*:-\s*\w+|^[a-z]\w*(?:\([^\n]*\))?\s*:-\s*(?:%.*)?$|^[a-z]\w*\([^\n()]*\)\.\s*$|^[a-z]\w*(?:\(.*\))?\s*-->"
)
_BEGINNING = r"\A\s*(?:<!--.*?-->\s*)*+"  # of a file of markup: after comments and blank lines
_XML = re.compile(_BEGINNING + r"<(?:\?xml|!DOCTYPE\b)", re.DOTALL | re.IGNORECASE)
_QT_LINGUIST = re.compile(_BEGINNING + r"<(?:\?xml|!DOCTYPE\s+TS\b|TS\b)", re.DOTALL | re.IGNORECASE)
_MARKUP = re.compile(_BEGINNING + r"<[?!A-Za-z]", re.DOTALL)
_LEX = _sign(r"^%%|^%\{")
_COQ = _sign(r"^[ \t]*(?:Require\s+(?:Import|Export)|From\s+\w+\s+Require|Lemma\s|Theorem\s|Inductive\s|Proof\.|Qed\.)")
_VERILOG = _sign(
    r"^[ \t]*(?:module\s+\w+\s*[#(;]|`(?:timescale|define|include|ifdef|default_nettype)|endmodule\b|always\s*@)"
)
_ROFF = _sign(r"\A(?:'\\\"|\.\\\"|\.(?:TH|Dd|SH|so|de|ig|ds|nh)\b)|^\.(?:TH|SH|PP|TP|Dd|Sh)\b")
_MERCURY_OR_LIMBO = _sign(r"^:- module\b|^implement\s+\w+;")
_WOLFRAM = _sign(r"\A\s*\(\*|^(?:BeginPackage|Begin|Needs|Get)\[|:=\s*(?:Module|Block|With)\[")
_MATLAB = _sign(
    r"^[ \t]*(?:%|function\b|classdef\b|end\s*;?\s*$|clear\b|close all|disp\(|fprintf\(|\w+\s*=\s*.*;\s*$|##)"
)
_FORTRAN = _sign(
    r"(?i)^(?:[ \t]+|[c*!].*\n\s*)?(?:subroutine|program|function|module|integer|real|double precision|end)\b"
)
_FORTH = _sign(r"^:\s+\S+|^\\\s")

# Extension → [(language, sign that it is)], in order.
BY_CONTENT: dict[str, tuple[tuple[str | None, re.Pattern[str] | None], ...]] = {
    "as": (("actionscript", _sign(r"^[ \t]*(?:package\b|import\s+[\w.]+;|(?:public|private)\s)")), (None, None)),
    "asc": (("text", _sign(r"\A-----BEGIN PGP")), ("asciidoc", _sign(r"^=+ \w")), (None, None)),
    "bas": (("visual basic", None),),
    "al": (("perl", _PERL), (None, None)),
    "cl": (
        ("opencl", _sign(r"\b__?(?:kernel|global|local)\b|\bget_global_id\b")),
        ("common lisp", _sign(r"^\s*\(")),
        (None, None),
    ),
    "cls": (
        ("tex", _sign(r"^[ \t]*(?:\\(?:NeedsTeXFormat|ProvidesClass|LoadClass|documentclass|def|newcommand)|%)")),
        ("visual basic", _sign(r"^(?:VERSION \d|Attribute VB_|(?:Public|Private) (?:Sub|Function)\b|Option Explicit)")),
        (
            "apex",
            _sign(
                r"(?i)\b(?:public|global|private)\s+(?:with(?:out)?\s+sharing\s+|virtual\s+|abstract\s+)*(?:class|interface)\b"
            ),
        ),
        (None, None),
    ),
    "cs": (("smalltalk", _sign(r"^!\s*[\w\s]+methodsFor:")), ("c#", None)),
    "d": (
        (None, _sign(r"^#pragma D\b|^\w*:\w*:\w*:\w*\s*$")),  # DTrace
        (
            "d",
            _sign(
                r"^[ \t]*(?:module\s+[\w.]+;|(?:public\s+|static\s+)?import\s+[\w.]+\s*[:;,=]|@(?:safe|nogc|property)"
                r"|(?:void|int)\s+main\s*\(|unittest\b|version\s*\(|mixin\s*[\w(])"
            ),
        ),
        ("makefile", _sign(r"\A(?:#[^\n]*\n|\s*\n)*[^\n]*\S:(?:\s|$)|\\$")),
        (None, None),
    ),
    "f": (("fortran", _FORTRAN), ("forth", _FORTH), ("fortran", None)),
    "for": (("fortran", _FORTRAN), ("forth", _FORTH), ("fortran", None)),
    "fs": (
        ("glsl", _sign(r"^[ \t]*(?:#version|precision\s|uniform\s|varying\s|void\s+main\s*\()")),
        ("forth", _sign(r"^:\s+\S+\s.*;|^\\ ")),
        ("f#", None),
    ),
    "h": (("objective-c", _OBJECTIVE_C), ("c++", _CPLUSPLUS), ("c", None)),
    "inc": (
        ("php", _sign(r"<\?(?:php|=)")),
        ("c++", _CPLUSPLUS),
        (
            "c",
            _sign(r"^[ \t]*(?:#[ \t]*(?:include|define|if)|(?:static|const|struct|int|void|char|extern)\s)|\{$|\};?$"),
        ),
        ("assembly", _sign(r"(?i)^\s*(?:\.?macro\b|%macro|\.section|\.global|mov\s|equ\s)")),
        ("pascal", _sign(r"(?i)^\s*(?:procedure|function|unit|begin|const|type|var)\b|\{\$\w")),
        (None, None),
    ),
    "l": (
        ("c", _LEX),
        ("roff", _ROFF),
        ("common lisp", _sign(r"^\s*\((?:def|in-package|setq)")),
        (None, None),
    ),
    "ll": (("c++", _LEX), ("llvm", None)),
    "m": (
        ("objective-c", _OBJECTIVE_C),
        ("wolfram", _WOLFRAM),
        (None, _MERCURY_OR_LIMBO),
        ("matlab", _MATLAB),
        ("objective-c", _sign(r"^\s*(?:#include|//|/\*)")),
        ("matlab", None),
    ),
    "md": ((None, _sign(r"\A\s*;;|^\(define_(?:insn|expand|attr)\b")), ("markdown", None)),  # none: of GCC's machines
    "ms": (("roff", _ROFF), (None, None)),
    "ml": (("standard ml", _sign(r"^(?:structure|signature|functor)\s+\w+.*=|^val _ =")), ("ocaml", None)),
    "mm": (("roff", _ROFF), ("xml", _MARKUP), ("objective-c++", None)),
    "mod": (
        ("xml", _MARKUP),
        ("modula-2", _sign(r"^\s*(?:IMPLEMENTATION |DEFINITION )?MODULE\s+\w+")),
        (None, None),
    ),
    "pl": (("perl", _PERL), ("prolog", _PROLOG), ("perl", None)),
    "pm": (("perl", _PERL), (None, _sign(r"\A/\* XPM \*/")), ("perl", None)),
    "pp": (
        ("pascal", _sign(r"(?i)^\s*(?:unit|program|uses|procedure|interface|implementation)\b|\{\$mode")),
        ("puppet", _sign(r"^\s*(?:class|define|node|include|\$\w+\s*=|(?:file|package|service|exec)\s*\{)")),
        ("pascal", None),
    ),
    "pro": (
        ("prolog", _PROLOG),
        ("qmake", _sign(r"^\s*(?:TEMPLATE|QT|SOURCES|HEADERS|TARGET|CONFIG|SUBDIRS)\s*[+-]?=")),
        (None, _sign(r"^\s*-(?:keep|dontwarn|optimizations)\b")),  # ProGuard
        ("idl", _sign(r"(?i)^\s*(?:pro|function)\s+\w+|^\s*(?:compile_opt|endfor|endif)\b")),
        (None, None),
    ),
    "r": (("rebol", _sign(r"(?i)\A\s*rebol\s*\[")), ("r", None)),
    "rd": (("r", _sign(r"^\\(?:name|title|usage|arguments|description)\{")), (None, None)),
    "re": (
        ("c++", _sign(r"^\s*(?:#\s*include|/\*!re2c)")),
        ("reason", _sign(r"^\s*(?:let|module|type|open)\s")),
        (None, None),
    ),
    "rs": (("xml", _XML), (None, _sign(r"^#pragma\s+(?:version|rs)\b")), ("rust", None)),  # none: RenderScript
    "s": (("assembly", None),),
    "sc": (("scala", _sign(r"^\s*(?:import\s+[\w.]+|object\s|class\s|def\s|val\s)")), ("supercollider", None)),
    "sol": (("solidity", _sign(r"\bpragma\s+solidity\b|^\s*(?:contract|interface|library)\s+\w+")), (None, None)),
    "sig": (("text", _sign(r"\A-----BEGIN PGP")), ("standard ml", None)),
    "sql": (("sql", None),),
    "st": (("smalltalk", _sign(r"^!|^\s*\w+\s+(?:sub)?[cC]lass:|^\s*\|[\w\s]+\||\^\s*self\b")), (None, None)),
    "t": (
        ("perl", _PERL),
        ("perl", _sign(r"\A#!.*\bperl|^\s*(?:BEGIN\s*\{|print\s*\(?\s*[\"']1\.\.|(?:plan|ok|is)\s*\(?\s*[$@'\"\w(])")),
        ("turing", _sign(r"^\s*(?:var\s+\w+\s*:\s*int|put\s+\")")),
        (None, None),
    ),
    "tm": (("tcl", _sign(r"^\s*(?:proc|namespace|package|set)\s")), (None, None)),
    "ts": (("qt linguist", _QT_LINGUIST), ("typescript", None)),
    "tsx": (("xml", _XML), ("typescript", None)),
    "ui": (("xml", _MARKUP), (None, None)),
    "v": (
        ("coq", _COQ),
        ("verilog", _VERILOG),
        ("v", _sign(r"^\s*(?:pub\s+)?fn\s+|^module\s+\w+$|^import\s+\w+")),
        (None, None),
    ),
    "vs": (("glsl", _sign(r"^\s*(?:#version|uniform\s|attribute\s|void\s+main)")), (None, None)),
    "yy": (("c++", _sign(r"^%%")), ("json", _sign(r"\A\s*\{")), (None, None)),
    "y": (("c", _LEX), (None, None)),
    **dict.fromkeys("123456789", (("roff", _ROFF), (None, None))),
}


def language_of_content(extension: str, text: str) -> str | None:
    """The language of a text whose extension is in BY_CONTENT; None where it is in none that is known."""
    head = text[:LOOKED_AT]
    if extension == "h":
        head = _for_c(_C_COMMENT.sub("", head))
    return next(language for language, sign in BY_CONTENT[extension] if sign is None or sign.search(head))


def _for_c(head: str) -> str:
    """A header without what stands under `__cplusplus` and `__OBJC__`, unless that is all there is."""
    if "__cplusplus" not in head and "__OBJC__" not in head:
        return head
    kept: list[str] = []
    open_: list[tuple[bool, bool]] = []  # of each condition: is it about the compiler, does C pass over the branch?
    place = 0
    for condition in _CONDITION.finditer(head):
        if not any(hidden for _, hidden in open_):
            kept.append(head[place : condition.start()])
        place = condition.end()
        word, rest = condition.groups()
        if word.startswith("if"):
            about = "__cplusplus" in rest or "__OBJC__" in rest
            open_.append((about, about and word != "ifndef" and not rest.lstrip(" \t(").startswith("!")))
        elif word == "endif":
            del open_[-1:]
        elif open_ and open_[-1][0]:
            open_[-1] = (True, not open_[-1][1])
    if not any(hidden for _, hidden in open_):
        kept.append(head[place:])
    left = "".join(kept)
    return left if _DIRECTIVE.sub("", left).strip() else _LINKAGE.sub("", head)
