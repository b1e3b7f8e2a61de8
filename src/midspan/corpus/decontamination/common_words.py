"""Words that say nothing about a problem, so that no match rests on them: keywords, boilerplate, grammar, phrases.

Chosen from what matched between evaluation sets and files that hold none (standard library, site-packages, system
documentation); docs/results/corpus-decontamination.md has the list of those matches.
"""

from __future__ import annotations

import re

_KEYWORDS = """
and any args arr array assert async await begin bool boolean break byte case cast catch char class const continue data
def default del dict double elif else end endif enum esac except export extends false final finally float fmt fn for
foreach from fun func function get global goto has if impl implements import include int integer interface isinstance
iter key keys lambda len length let lib list local long loop main map math max min mod module mut name namespace new
nil none not null num number obj object override package pass print printf println private protected pub public push
raise range ref return self set short shift size sizeof sort sorted static std stdin stdio stdlib stdout str string
struct sum super switch synchronized template test tests text then this throw throws todo true try tuple type typedef
typeof undefined union unsigned until use using usize val value values var vec vector void volatile where while with
yield append count index item items join next output input result results temp tmp typing util java
"""
_BOILERPLATE = """
__init__ __main__ __name__ unittest testcase setup teardown arraylist arrays system out utf8 utf-8 utf ascii doctype
html head body title meta charset lang div span script style href src content viewport device width height initial
scale http https www com org add sub foo bar baz qux stretchr testify github assertequal expected actual candidate check
select distinct insert into values update delete create table drop alter primary foreign references unique constraint
varchar bigint smallint decimal numeric date time timestamp zone group order asc desc limit inner left right outer
between like exists count avg
"""
_ENGLISH = """
about after all also and another any are because been before being below both but can could did does doing down during
each few had has have having her here hers him his how into its itself just more most must not now off once only other
our out over own same she should some such than that the their them then there these they this those through under
until was were what when where which while who whom why will with would you your
"""
_STOCK = """
zero one two three four five six seven eight nine ten eleven twelve first second third
january february march april may june july august september october november december jan feb mar apr jun jul aug sep
oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun red green blue
the quick brown fox jumps jumped over lazy dog lorem ipsum dolor sit amet consectetur adipiscing elit hello world
apple banana cherry alice bob charlie john doe jane smith person age
"""
_COMMON = frozenset(f"{_KEYWORDS}{_BOILERPLATE}{_ENGLISH}{_STOCK}".encode().split())
_TELLING = re.compile(rb"(?=.{3})[^a-z\x80-\xff]*[a-z\x80-\xff].*[a-z\x80-\xff]", re.DOTALL)


def is_telling(word: bytes) -> bool:
    """Whether a (normalised) word can be evidence: two letters or more, three characters, not common everywhere."""
    return word not in _COMMON and bool(_TELLING.match(word))
