"""Public reports on licences, replayed: licensee, scancode-toolkit, license-checker. One build judges all of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from field_builds import build, write_files
from small_corpus import module_text

COMMON = Path("/usr/share/common-licenses")  # on Debian
MIT = """MIT License

Copyright (c) 2020 Jane Roe

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
APACHE = """Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
"""
GPL = """This program is free software: you can redistribute it and/or modify
it under the terms of the GNU General Public License as published by
the Free Software Foundation, either version 3 of the License, or
(at your option) any later version.
"""
DEP_5 = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: asyncly

Files: *
Copyright: 2018-2020, Jane Roe and others
License: Apache-2.0
"""
RUST = """Short version for non-lawyers:

The project is dual-licensed under Apache 2.0 and MIT terms.

Longer version:

Copyrights in the project are retained by their contributors. No copyright assignment is required to contribute.
"""
PERL = """This is free software; you can redistribute it and/or modify it under
the same terms as the Perl 5 programming language system itself.
"""
DATATABLES = """This source file is free software, available under the following license:
  MIT license - http://datatables.net/license/mit

This source file is distributed in the hope that it will be useful, but
WITHOUT ANY WARRANTY; without even the implied warranty of MERCHANTABILITY
or FITNESS FOR A PARTICULAR PURPOSE. See the license files for details.
"""
MPL_WORDS = """This Source Code Form is subject to the terms of the MIT License.
If a copy of the MIT was not distributed with this file, You can obtain one at https://opensource.org/licenses/MIT.
Copyright (C) Leszek Roe and Contributors.
All Rights Reserved.
"""
BOTH = """Copyright (c) Someone and affiliates.

This source code is licensed under both the MIT license found in the
LICENSE_MIT file in the root directory of this source tree and the Apache
License, Version 2.0 found in the LICENSE_APACHE file in the root directory
of this source tree.
"""
BSD_OR_APACHE = """This file is dual licensed under the terms of the Apache License, Version
2.0, and the BSD License. See the LICENSE file in the root of this
repository for complete details.
"""
SEE_LICENCE = '{\n  "name": "stackframe",\n  "version": "0.3.1",\n  "license": "SEE LICENSE IN LICENSE.md"\n}\n'
CARGO = '[package]\nname = "diskus"\nversion = "0.4.0"\nlicense = "MIT/Apache-2.0"\n'
README = f"# Latinum\n\nMoney.\n\n## Usage\n\nCall it.\n\n## License\n\n{MIT}"


@dataclass(frozen=True)
class Case:
    """A repository with one module in it, and what becomes of the module."""

    outcome: str  # "permissive", "non-permissive", "unknown", or several that are as good
    files: dict[str, str | bytes]
    header: str = ""  # of the module
    suffix: str = ".py"


CASES: dict[str, Case] = {
    "licensee/licensee#414": Case("permissive", {"LICENSE": APACHE, "COPYRIGHT": DEP_5}),
    "licensee/licensee#553": Case("permissive", {"LICENSE": MIT, "COPYING": ""}),
    "licensee/licensee#553 with the GPL": Case("non-permissive", {"LICENSE": GPL, "COPYING": ""}),
    "licensee/licensee#114": Case("permissive", {"LICENSE-MIT": MIT, "LICENSE-APACHE": APACHE, "COPYRIGHT": RUST}),
    "licensee/licensee#114 with the GPL": Case("non-permissive", {"LICENSE": MIT, "COPYING": GPL}),
    "licensee/licensee#427": Case("permissive", {"LICENSE.txt": b"\xef\xbb\xbf" + MIT.encode()}),
    "licensee/licensee#420": Case("permissive", {"LICENSE": MIT.replace("Roe", "Röe").encode("latin-1")}),
    "licensee/licensee#420 in UTF-16": Case("permissive", {"LICENSE": MIT.replace("Roe", "Röe").encode("utf-16")}),
    "licensee/licensee#271": Case("permissive", {"README.md": README}),
    "franciscop/legally#23": Case("permissive", {"package.json": SEE_LICENCE, "LICENSE.md": MIT}),
    "franciscop/legally#23 without the file": Case("unknown", {"package.json": SEE_LICENCE}),
    "sharkdp/diskus#8": Case("permissive", {"Cargo.toml": CARGO}),
    "aboutcode-org/scancode-toolkit#3223": Case(
        "permissive",
        {"LICENSE": MIT},
        "#define SGI_GPL2_IRQ\tSGINT_LOCAL1 + 2\t/* General Purpose LOCAL1_N<2> */\n",
        ".c",
    ),
    "aboutcode-org/scancode-toolkit#680": Case("permissive", {}, DATATABLES),
    "aboutcode-org/scancode-toolkit#3768": Case("permissive", {}, MPL_WORDS),
    "aboutcode-org/scancode-toolkit#3738": Case("permissive", {"LICENSE_MIT": MIT, "LICENSE_APACHE": APACHE}, BOTH),
    "aboutcode-org/scancode-toolkit#179": Case("permissive", {}, BSD_OR_APACHE),
    "aboutcode-org/scancode-toolkit#397": Case("non-permissive unknown", {}, "colResizable - by A. Roe - MIT & GPL\n"),
    "aboutcode-org/scancode-toolkit#3797": Case("non-permissive unknown", {"LICENSE": MIT}, PERL),
}
MORE = ("link", "CC0", "GitHub's CC0")
REASONS = {"licence not permissive": "non-permissive", "licence unknown": "unknown"}
C_LINES = "int value_{n}(int a) {{\n    int b = a * {n};\n    return b + a;\n}}\n"


def module_of(case: Case, number: int) -> str:
    if case.suffix == ".c":
        return case.header + "\n".join(C_LINES.format(n=n) for n in range(number, number + 12))
    return "".join(f"# {line}".rstrip() + "\n" for line in case.header.splitlines()) + "\n" + module_text(number)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What becomes of each case's module where only what is permissive is kept."""
    root = tmp_path_factory.mktemp("licences")
    names = {report: f"r{number}" for number, report in enumerate([*CASES, *MORE])}
    for number, (report, case) in enumerate(CASES.items()):
        write_files(root / "all" / names[report], {f"module{case.suffix}": module_of(case, number), **case.files})
    linked = write_files(root / "all" / names["link"], {"LICENSE": MIT, "module.py": module_text(100)})
    (linked / "COPYING").symlink_to("LICENSE")
    if (COMMON / "CC0-1.0").is_file():
        for number, (name, text) in enumerate(zip(("CC0", "GitHub's CC0"), creative_commons_zero(), strict=True)):
            files = {"LICENSE": text, "module.py": module_text(200 + number)}
            write_files(root / "all" / names[name], files)  # type: ignore[arg-type]
    built = build(root / "corpus", [{"kind": "folder", "path": str(root / "all")}], licences=["permissive"])
    kept = {one.repository.rsplit("/", 1)[-1]: "permissive" for one in built.documents if "module." in one.path}
    dropped = {row["repository"].rsplit("/", 1)[-1]: row for row in built.excluded if "module." in row["path"]}
    reasons = {name: REASONS.get(row["reason"], row["reason"]) for name, row in dropped.items()}
    return {report: (reasons | kept).get(name, "absent") for report, name in names.items()}


def creative_commons_zero() -> tuple[str, str]:
    """CC0 as Creative Commons gives it, and as GitHub's own template had it until 2019: without the disclaimer."""
    whole = (COMMON / "CC0-1.0").read_text(encoding="utf-8")
    purpose = whole[whole.index("Statement of Purpose") :]
    link = "\nFor more information, please see\n<http://creativecommons.org/publicdomain/zero/1.0/>\n"
    return whole, f"CC0 1.0 Universal\n\n{purpose}{link}"


# what is not right now, and why
@pytest.mark.parametrize("report", CASES)
def test_a_repository_is_under_the_licence_that_its_files_give(report: str, outcomes: dict[str, str]) -> None:
    assert outcomes[report] in CASES[report].outcome.split()


def test_a_copying_that_links_to_the_licence_says_nothing_new(outcomes: dict[str, str]) -> None:
    """licensee/licensee#227: LICENSE, and COPYING as a link to it."""
    assert outcomes["link"] == "permissive"


@pytest.mark.skipif(not (COMMON / "CC0-1.0").is_file(), reason="takes the text from Debian's common licences")
@pytest.mark.parametrize("name", ["CC0", "GitHub's CC0"])
def test_both_texts_of_cc0_are_known(name: str, outcomes: dict[str, str]) -> None:
    """licensee/licensee#172: with the disclaimer of Creative Commons, and without."""
    assert outcomes[name] == "permissive"
