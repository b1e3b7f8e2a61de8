"""The short names of licences in manifests and registries, and the words of which names of licences consist."""

from __future__ import annotations

from midspan.corpus.licences.names import PERL, PUBLIC_DOMAIN
from midspan.corpus.licences.recognition import PROPRIETARY


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(",")]


ALIASES = {
    "Apache-2.0": _names(
        """
        apache, apache2, asl 2, apache software, apachev2, alv2, al 2, apache software 2, apache public 2
        """
    ),
    "MIT": _names(
        """
        mit x11, x11 mit, expat, mit expat, mit style, mit like, mit open source, mit licence, mit opensource
        """
    ),
    "BSD-3-Clause": _names(
        """
        bsd, bsd3, bsd new, new bsd, modified bsd, revised bsd, bsd revised, bsd modified, bsd style, bsd like, bsd
        3, bsd 3clause, 3 clause bsd, bsd 3 clause, three clause bsd, new bsd 3 clause, bsd clause 3, bsd 3 clause
        new, bsd 3 clause revised, bsd 3 clause new or revised, berkeley distribution, bsd licence, bsd3clause, bsd
        type, eclipse distribution, eclipse distribution 1, edl 1
        """
    ),
    "BSD-2-Clause": _names(
        """
        bsd2, bsd 2, 2 clause bsd, simplified bsd, bsd simplified, freebsd, bsd 2 clause, two clause bsd, bsd 2
        clause simplified, bsd 2clause, bsd2clause
        """
    ),
    "0BSD": _names("bsd zero clause, zero clause bsd, bsd 0 clause, 0 clause bsd"),
    "Apache-2.0 WITH LLVM-exception": _names("apache 2 0 with llvm exception, apache 2 0 with llvm exceptions"),
    "ISC": _names("iscl, isc, internet systems consortium"),
    "PSF-2.0": _names("psf, psfl, python, python foundation, psf 2, python software foundation"),
    "Zlib": _names("zlib, zlib libpng, libpng zlib"),
    "BSL-1.0": _names("boost, boost 1, boost 1 0, bsl 1, boost software"),
    "CC0-1.0": _names(
        """
        cc0, cc 0, cc0 1, cc0 universal, cc0 1 0 universal, creative commons zero, public domain cc0, cc0 1 0
        universal public domain dedication, creative commons cc0
        """
    ),
    "Unlicense": _names("unlicense, public domain unlicense"),
    "CC-BY-4.0": _names(
        """
        cc by, cc by 4, creative commons attribution 4, creative commons attribution 4 0 international
        """
    ),
    PUBLIC_DOMAIN: _names("public domain, publicdomain, pd"),
    "PostgreSQL": _names("postgresql, postgres"),
    "Artistic-2.0": _names("artistic 2"),
    PERL: _names(
        """
        perl, perl 5, perl5, perl itself, same terms as perl itself, same as perl, artistic or gpl, gpl or artistic,
        gpl artistic, artistic gpl
        """
    ),
    PROPRIETARY: _names(
        """
        proprietary, commercial, closed, closed source, all rights reserved, allrightsreserved, private, internal,
        confidential, other proprietary, restricted, non free, nonfree, shareware, freeware, copyright, copyrighted,
        custom commercial, eula, no license granted, no redistribution, non commercial, noncommercial, free for non
        commercial use, academic, research only, evaluation, trial, paid
        """
    ),
}
# What stands in the field of a licence and says nothing of it.
SILENT = frozenset(
    _names(
        """
        , add here, copying, dual, file, file md, file txt, files, free, free for use, in file, insert here, md,
        multiple, n a, na, no, noassertion, none, not set, not specified, null, open source, open source initiative,
        opensource, osi, osi approved, other, other open source, otherlicense, see, see copying, see file, see file
        for details, see in file, see in repository, see md, see readme, see txt, spdx, tbd, todo, txt, undefined,
        unknown, unspecified, various, your
        """
    )
)
# Left out where names are compared.
DROPPED = frozenset(_names("a, license, licensed, licenses, of, software, terms, the, under, v, version"))
# Another word than these beside a permissive name may be a condition.
NAME_WORDS = DROPPED | frozenset(
    _names(
        """
        academic, affero, and, any, apache, approved, artistic, as, asl, at, attribution, berkeley, blue, boost,
        bsd, by, cc, clause, code, com, commons, creative, creativecommons, dedication, directory, distribution, do,
        domain, dual, eclipse, either, en, expat, file, foundation, free, fuck, general, gnu, greater, higher, html,
        http, https, illinois, in, initiative, international, is, isc, it, itself, later, lesser, libpng, library,
        licence, like, microsoft, mit, model, mozilla, mulan, ncsa, newer, oak, only, open, opensource, option, or,
        org, osi, package, permissive, php, postgresql, project, psf, psl, public, publicdomain, published, python,
        root, same, see, source, spdx, style, this, three, to, two, txt, universal, university, unlicense, unported,
        upl, want, what, with, wtfpl, www, x11, you, your, zero, zlib, zope
        """
    )
)
OF_BSD = frozenset(_names("modified, new, revised, simplified"))
