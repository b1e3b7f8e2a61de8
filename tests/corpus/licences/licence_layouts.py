"""Layouts of licence files in a repository, each with what its code may be used under; kinds met in real packages."""

from __future__ import annotations

from licence_samples import APACHE_NOTICE, BSD_3, GPL_NOTICE, ISC, MIT

P, N, U = "permissive", "non-permissive", "unknown"
Files = dict[str, str | bytes]

RUST_COPYRIGHT = """Copyrights in the Rust project are retained by their contributors. No
copyright assignment is required to contribute to the Rust project.

Some files include explicit copyright notices and/or license notices.
For full authorship information, see the version control history or
https://thanks.rust-lang.org

Except as otherwise noted (below and/or in individual files), Rust is
licensed under the Apache License, Version 2.0 <LICENSE-APACHE> or
<http://www.apache.org/licenses/LICENSE-2.0> or the MIT license
<LICENSE-MIT> or <http://opensource.org/licenses/MIT>, at your option.
"""
CLA = "Thank you for your interest. You grant us a perpetual, irrevocable copyright license to your contributions.\n"
HOLDERS = "Copyright (c) 2017 Jane Roe\nCopyright (c) 2018 John Doe <john@example.org>\n"
MIT_DE = "MIT-Lizenz\n\nHiermit wird unentgeltlich jeder Person die Erlaubnis erteilt, uneingeschränkt zu nutzen.\n"
MIT_ZH = "MIT 许可证\n\n特此免费授予任何获得本软件副本的人不受限制地处理本软件的权限。\n"
SETUP_PY = 'from setuptools import setup\n\nsetup(name="x", license={!r}, classifiers=[{}])\n'
POM = "<project><name>x</name><licenses>{}</licenses></project>\n"
FMT = """

--- Optional exception to the license ---

As an exception, if, as a result of your compiling your source code, portions
of this Software are embedded into a machine-executable object form of such
source code, you may redistribute such embedded portions in such object form
without including the above copyright and permission notices.
"""
DUAL = "This project is dual-licensed under the Unlicense and MIT licenses.\n\n"
UNDER_TWO = DUAL + "You may use this code under the terms of {}.\n"
PARTS = "This license applies to all parts of frob that are not externally maintained libraries{}.\n"
REUSE_TOML = 'version = 1\n\n[[annotations]]\npath = {}\nprecedence = "{}"\nSPDX-License-Identifier = "{}"\n'

LAYOUTS: list[tuple[str, str, Files]] = [
    ("MIT with fmt's exception", P, {"LICENSE.rst": MIT + FMT}),
    (
        "MIT with an exception that takes",
        U,
        {"LICENSE": MIT + FMT.replace("without including", "only after obtaining")},
    ),
    ("COPYING as ripgrep's", P, {"COPYING": UNDER_TWO.format("either license"), "LICENSE-MIT": MIT}),
    ("COPYING of a choice with a condition", U, {"COPYING": UNDER_TWO.format("either license at home only")}),
    (
        "MIT for all but libraries, as libuv",
        P,
        {"LICENSE": "frob is licensed for use as follows:\n\n" + MIT + PARTS.format("")},
    ),
    ("MIT for all but libraries, not for sale", N, {"LICENSE": MIT + PARTS.format(" and must not be sold")}),
    # Files beside a good licence that give none and take none.
    ("COPYRIGHT with a holder", P, {"LICENSE": MIT, "COPYRIGHT": "Copyright (c) 2017 Jane Roe\n"}),
    (
        "COPYRIGHT with holders and rights reserved",
        P,
        {"LICENSE": MIT, "COPYRIGHT": HOLDERS + "All rights reserved.\n"},
    ),
    ("COPYRIGHT with bare names", P, {"LICENSE": ISC, "COPYRIGHT": "Jane Roe\nJohn Doe <john@example.org>\n"}),
    ("COPYRIGHT empty", P, {"LICENSE": MIT, "COPYRIGHT": ""}),
    ("COPYRIGHT of the project's history", P, {"COPYING": ISC, "COPYRIGHT": "Frob was written by Jane Roe in 2009.\n"}),
    ("COPYRIGHT as Rust's", P, {"COPYRIGHT": RUST_COPYRIGHT, "LICENSE-MIT": MIT, "LICENSE-APACHE": APACHE_NOTICE}),
    ("COPYRIGHT as Rust's, alone", P, {"COPYRIGHT": RUST_COPYRIGHT}),
    ("empty LICENSE beside COPYING", P, {"LICENSE": "\n", "COPYING": BSD_3}),
    (
        "template of headers, of holders",
        P,
        {"LICENSE": MIT, "license-header.txt": "/*\n * Copyright ${year} Acme\n */\n"},
    ),
    ("template of headers, of the same licence", P, {"LICENSE": ISC, "LICENSE_HEADER": APACHE_NOTICE}),
    ("CLA", P, {"LICENSE": MIT, "CLA.md": CLA}),
    ("individual CLA", P, {"LICENSE": MIT, "individual-contributor-license-agreement.txt": CLA}),
    ("DCO", P, {"LICENSE": MIT, "DCO": "Developer Certificate of Origin\nBy contributing I certify the license.\n"}),
    ("translated into Chinese", P, {"LICENSE": MIT, "LICENSE.zh-CN": MIT_ZH}),
    ("translated into German", P, {"LICENSE": MIT, "LICENSE-de.md": MIT_DE}),
    ("translated, with another separator", P, {"LICENSE.txt": MIT, "LICENSE_CN.txt": MIT_ZH}),
    (
        "a pointer to the others",
        P,
        {"LICENSE": "See LICENSE-MIT and LICENSE-BSD.\n", "LICENSE-MIT": MIT, "LICENSE-BSD": BSD_3},
    ),
    (
        "a page that includes the licence",
        P,
        {"LICENSE": MIT, "src/license.rst": "License\n=======\n\n.. include:: ../LICENSE\n"},
    ),
    ("a link as Windows checks it out", P, {"LICENSE": "COPYING.md", "COPYING.md": MIT}),
    (
        "permissive licences of third parties",
        P,
        {"LICENSE": MIT, "ThirdPartyNotices.txt": ISC, "LICENSES_bundled.txt": BSD_3},
    ),
    # What a licence file may look like.
    ("UTF-16", P, {"LICENSE": MIT.encode("utf-16")}),
    ("UTF-16, big end first", P, {"LICENSE": b"\xfe\xff" + MIT.encode("utf-16-be")}),
    ("Latin-1", P, {"LICENSE": MIT.replace("Somebody", "François Müller").encode("latin-1")}),
    ("byte-order mark", P, {"LICENSE.txt": b"\xef\xbb\xbf" + MIT.encode()}),
    ("a name", P, {"LICENSE": "Apache-2.0\n"}),
    ("a full name", P, {"LICENSE.md": "# The MIT License\n"}),
    ("a tag", P, {"LICENSE": "SPDX-License-Identifier: MIT OR Apache-2.0\n"}),
    ("an address", P, {"LICENSE": "https://opensource.org/licenses/MIT\n"}),
    ("the address of Apache's", P, {"LICENSE.txt": "http://www.apache.org/licenses/LICENSE-2.0\n"}),
    ("more information at the end", P, {"LICENSE": MIT + "\nFor more details, see <https://spdx.org/licenses/MIT>.\n"}),
    ("a trademark", P, {"LICENSE": MIT + "\nFrob is a registered trademark of Acme.\n"}),
    (
        "a notice in another's words",
        P,
        {"LICENSE": APACHE_NOTICE.replace("Apache License, Version 2.0", "MIT License")},
    ),
    # Manifests alone.
    ("package.json, object", P, {"package.json": '{"license": {"type": "MIT", "url": "https://x.org"}}'}),
    ("package.json, old list", P, {"package.json": '{"licenses": [{"type": "BSD-3-Clause"}]}'}),
    (
        "package.json points to the text",
        P,
        {"package.json": '{"license": "SEE LICENSE IN LICENSE.md"}', "LICENSE.md": MIT},
    ),
    ("Cargo.toml with a slash", P, {"Cargo.toml": '[package]\nlicense = "MIT/Apache-2.0"\n'}),
    ("Cargo.toml names the file", P, {"Cargo.toml": '[package]\nlicense-file = "LICENSE"\n', "LICENSE": MIT}),
    ("pyproject.toml", P, {"pyproject.toml": '[project]\nlicense = "BSD-3-Clause"\n'}),
    ("pyproject.toml, text", P, {"pyproject.toml": '[project]\nlicense = {text = "MIT License"}\n'}),
    ("pyproject.toml, file", P, {"pyproject.toml": '[project]\nlicense = {file = "LICENSE"}\n', "LICENSE": ISC}),
    ("pyproject.toml, Poetry", P, {"pyproject.toml": '[tool.poetry]\nlicense = "Apache-2.0"\n'}),
    (
        "pyproject.toml, classifiers",
        P,
        {"pyproject.toml": '[project]\nclassifiers = ["License :: OSI Approved :: ISC License (ISCL)"]\n'},
    ),
    ("setup.cfg", P, {"setup.cfg": "[metadata]\nname = x\nlicense = BSD 3-Clause\n"}),
    ("setup.py", P, {"setup.py": SETUP_PY.format("MIT", '"License :: OSI Approved :: MIT License"')}),
    (
        "pom.xml",
        P,
        {"pom.xml": POM.format("<license><name>The Apache Software License, Version 2.0</name></license>")},
    ),
    ("composer.json, choice", P, {"composer.json": '{"license": ["MIT", "GPL-3.0-or-later"]}'}),
    ("gemspec", P, {"x.gemspec": "Gem::Specification.new do |s|\n  s.licenses = ['MIT']\nend\n"}),
    (
        "DESCRIPTION of R",
        P,
        {"DESCRIPTION": "License: MIT + file LICENSE\n", "LICENSE": "YEAR: 2020\nCOPYRIGHT HOLDER: Roe\n"},
    ),
    ("Cabal", P, {"x.cabal": "name: x\nlicense: BSD3\nlicense-file: LICENSE\n", "LICENSE": BSD_3}),
    ("mix.exs", P, {"mix.exs": 'def package, do: [licenses: ["Apache-2.0"], links: %{}]\n'}),
    ("csproj", P, {"x.csproj": "<Project><PackageLicenseExpression>MIT</PackageLicenseExpression></Project>"}),
    ("CITATION.cff", P, {"CITATION.cff": "cff-version: 1.2.0\nlicense: MIT\n"}),
    ("a manifest in a folder below", P, {"LICENSE": MIT, "src/package.json": '{"license": "ISC"}'}),
    (
        "a choice that the README tells, as zstd's",
        P,
        {
            "LICENSE": BSD_3,
            "COPYING": GPL_NOTICE.replace("version 3", "version 2"),
            "README.md": "# frob\n\n## License\n\nFrob is dual-licensed under [BSD](LICENSE) and [GPLv2](COPYING).\n",
        },
    ),
    (
        "two texts of which the README leaves no choice",
        N,
        {
            "LICENSE": BSD_3,
            "COPYING": GPL_NOTICE.replace("version 3", "version 2"),
            "README.md": "# frob\n\n## License\n\nThe library is under BSD, the program under GPLv2.\n",
        },
    ),
    (
        "a choice of which both texts are there",
        P,
        {
            "x.gemspec": "s.license = 'MIT OR GPL-2.0-only'\n",
            "LICENSE-MIT": MIT,
            "LICENSE-GPL": GPL_NOTICE.replace("version 3", "version 2"),
        },
    ),
    # The README alone.
    (
        "README, section with a name",
        P,
        {"README.md": "# frob\n\n## License\n\nMIT\n\n## Thanks\n\nTo the GPL authors.\n"},
    ),
    ("README, section with a holder", P, {"README.md": "# frob\n\n## License\n\nMIT © [Jane Roe](https://roe.org)\n"}),
    ("README, sentence", P, {"README.md": "# frob\n\nThis project is licensed under the Apache License 2.0.\n"}),
    (
        "README, sentence that points to a file",
        P,
        {
            "README.rst": "frob\n====\n\nLicense\n-------\n\nfrob is released under the MIT License,"
            " see the LICENSE file.\n"
        },
    ),
    (
        "README, badge",
        P,
        {"README.md": "# frob\n\n![License](https://img.shields.io/badge/License-Apache_2.0-blue.svg)\n"},
    ),
    # REUSE.
    (
        "REUSE.toml",
        P,
        {"REUSE.toml": REUSE_TOML.format('"src/**"', "closest", "MIT"), "LICENSES/GPL-3.0-only.txt": GPL_NOTICE},
    ),
    (
        "REUSE.toml, the later annotation",
        P,
        {
            "REUSE.toml": REUSE_TOML.format('"**"', "closest", "GPL-3.0-only")
            + '[[annotations]]\npath = ["src/*.py"]\nSPDX-License-Identifier = "ISC"\n'
        },
    ),
    ("dep5", P, {".reuse/dep5": "Format: x\n\nFiles: *\nCopyright: Roe\nLicense: MIT\n"}),
    ("sidecar", P, {"src/main.py.license": "SPDX-License-Identifier: MIT\n", "LICENSES/GPL-2.0-only.txt": GPL_NOTICE}),
    # Not permissive, whatever else may look so.
    ("GPL in the manifest beside MIT", U, {"LICENSE": MIT, "package.json": '{"license": "GPL-3.0"}'}),
    (
        "GPL in a classifier beside MIT",
        U,
        {
            "LICENSE": MIT,
            "setup.py": SETUP_PY.format("MIT", '"License :: OSI Approved :: GNU General Public License v3 (GPLv3)"'),
        },
    ),
    ("proprietary manifest beside MIT", U, {"LICENSE": MIT, "composer.json": '{"license": "proprietary"}'}),
    ("UNLICENSED alone", N, {"package.json": '{"license": "UNLICENSED"}'}),
    ("GPL in the manifest alone", N, {"Cargo.toml": '[package]\nlicense = "GPL-3.0-or-later"\n'}),
    (
        "two manifests, one of the GPL",
        N,
        {"package.json": '{"license": "MIT"}', "composer.json": '{"license": "GPL-2.0-only"}'},
    ),
    (
        "licences of pom.xml all hold",
        N,
        {"pom.xml": POM.format("<license><name>MIT</name></license><license><name>GPLv3</name></license>")},
    ),
    (
        "a manifest that points to what is not there",
        U,
        {"package.json": '{"license": "SEE LICENSE IN EULA.pdf"}', "LICENSE": MIT},
    ),
    ("a manifest with a condition", U, {"package.json": '{"license": "MIT with additional terms"}'}),
    ("a modified MIT", U, {"package.json": '{"license": "Modified MIT"}'}),
    ("a name that is none", U, {"LICENSE": "MIT-ish, ask Bob\n"}),
    ("the name of the GPL", N, {"LICENSE": "GPLv3\n"}),
    ("LICENSE with holders alone", U, {"LICENSE": HOLDERS}),
    (
        "LICENSE with rights reserved beside a manifest",
        N,
        {"LICENSE": "Copyright Acme. All rights reserved.\n", "package.json": '{"license": "MIT"}'},
    ),
    (
        "an unknown text beside a manifest",
        U,
        {"LICENSE": "Ask Bob for a copy.\n", "package.json": '{"license": "MIT"}'},
    ),
    ("COPYRIGHT that restricts", N, {"LICENSE": MIT, "COPYRIGHT": "Copyright Acme. For non-commercial use only.\n"}),
    (
        "COPYRIGHT with a condition",
        U,
        {"LICENSE": MIT, "COPYRIGHT": "Frob was written by Roe. You must ask him first.\n"},
    ),
    ("a translation of the GPL", N, {"LICENSE": MIT, "LICENSE.fr": "Distribué sous GNU General Public License v3\n"}),
    ("a translation alone", U, {"LICENSE.de": MIT_DE.replace("MIT-Lizenz", "Lizenz")}),
    ("GPL among third parties", U, {"LICENSE": MIT, "third_party_licenses.txt": GPL_NOTICE}),
    ("licences of third parties alone", U, {"THIRD-PARTY-LICENSES": MIT}),
    ("template of the GPL's header", U, {"LICENSE": MIT, "license_header.txt": GPL_NOTICE}),
    ("GPL beside MIT", N, {"LICENSE": MIT, "COPYING": GPL_NOTICE}),
    ("README that only points", U, {"README.md": "# frob\n\n## License\n\nSee [LICENSE](LICENSE).\n"}),
    (
        "README of a dependency's licence",
        U,
        {"README.md": "# frob\n\nUses libfoo, which is licensed under the MIT License.\n"},
    ),
    ("README with the GPL", N, {"README.md": "# frob\n\n## License\n\nGPL v3\n"}),
    (
        "README with a condition",
        U,
        {"README.md": "# frob\n\n## License\n\nMIT, but you must ask before you sell it.\n"},
    ),
    (
        "README with parts under another",
        N,
        {"README.md": "# frob\n\n## License\n\nMIT. The images are CC BY-NC 4.0.\n"},
    ),
    ("README beside the GPL", N, {"README.md": "# frob\n\n## License\n\nMIT\n", "COPYING": GPL_NOTICE}),
    ("sidecar of another file", N, {"src/other.py.license": "SPDX-License-Identifier: MIT\n", "COPYING": GPL_NOTICE}),
    ("sidecar of the GPL", N, {"src/main.py.license": "SPDX-License-Identifier: GPL-3.0-only\n", "LICENSE": MIT}),
    (
        "REUSE.toml of other paths",
        N,
        {"REUSE.toml": REUSE_TOML.format('"docs/*"', "closest", "MIT"), "COPYING": GPL_NOTICE},
    ),
    (
        "REUSE.toml whose star crosses no folder",
        N,
        {"REUSE.toml": REUSE_TOML.format('"*"', "closest", "MIT"), "COPYING": GPL_NOTICE},
    ),
    ("dep5, the later paragraph", N, {".reuse/dep5": "Files: *\nLicense: MIT\n\nFiles: src/*\nLicense: GPL-3+\n"}),
    ("a manifest in a folder below, of the GPL", U, {"LICENSE": MIT, "src/package.json": '{"license": "GPL-3.0"}'}),
    ("Perl's terms", N, {"LICENSE": "You may redistribute it under the same terms as Perl itself.\n"}),
    ("Perl's terms in META.json", N, {"META.json": '{"license": ["perl_5"]}'}),
    ("setup.py that computes its licence", U, {"setup.py": 'setup(license=open("x").read())\n'}),
]
