"""What manifests and READMEs state; every reader of the table on its own example, and REUSE's precedences."""

from __future__ import annotations

import time

import pytest
from licence_samples import MIT

from midspan.corpus.licences import licence_of
from midspan.corpus.licences.manifests import _READERS, stated_in
from midspan.corpus.licences.readme import stated_in_readme

EXAMPLES: list[tuple[str, str, list[str]]] = [
    ("package.json", '{"license": "SEE LICENSE IN EULA.txt"}', ["see EULA.txt"]),
    ("package.json", '{"licenses": [{"type": "MIT"}, {"type": "GPL"}]}', ["MIT", "GPL"]),
    ("package.json", '{"license": ', []),
    ("package.json", "[1]", []),
    ("composer.json", '{"license": ["LGPL-2.1-only", "GPL-3.0-or-later"]}', ["LGPL-2.1-only OR GPL-3.0-or-later"]),
    ("Cargo.toml", '[workspace.package]\nlicense = "MIT"\n', ["MIT"]),
    ("gleam.toml", 'licences = ["Apache-2.0"]\n', ["Apache-2.0"]),
    ("pyproject.toml", '[project]\nlicense = {file = "COPYING"}\n', ["see COPYING"]),
    ("pyproject.toml", f"[project]\nlicense = {{text = '''{MIT}'''}}\n", ["MIT"]),
    (
        "setup.cfg",
        "[metadata]\nlicense = file: LICENSE\nclassifiers =\n    License :: OSI Approved :: MIT License\n",
        ["MIT"],
    ),
    ("setup.py", 'import setuptools\nL = "MIT"\nsetuptools.setup(license=L)\n', ["MIT"]),
    ("setup.py", "setup(license=)\n", []),
    (
        "PKG-INFO",
        "License: BSD\nClassifier: License :: OSI Approved :: BSD License\n\nLicense: GPL\n",
        ["BSD-3-Clause"],
    ),
    (
        "pom.xml",
        "<!-- <license><name>GPL</name></license> --><license><url>https://spdx.org/licenses/MIT</url></license>",
        ["MIT"],
    ),
    ("x.nuspec", '<license type="file">LICENSE.txt</license>', ["see LICENSE.txt"]),
    ("x.gemspec", "s.licenses = %w[MIT Ruby]\n", ["MIT", "Ruby"]),
    ("x.podspec", "s.license = { :type => 'MIT', :file => 'LICENSE' }\n", ["MIT"]),
    ("mix.exs", 'licenses: ["MIT"]\n', ["MIT"]),
    ("x.app.src", '{licenses, ["Apache-2.0"]}\n', ["Apache-2.0"]),
    ("build.gradle", "license {\n  name = 'The Apache License, Version 2.0'\n}\n", ["Apache-2.0"]),
    ("build.sbt", 'licenses += ("MIT", url("x"))\n', ["MIT"]),
    ("project.clj", '(defproject x :license {:name "EPL-2.0"})\n', ["EPL-2.0"]),
    ("meson.build", "project('x', 'c', license : ['MIT', 'GPL-2.0-only'])\n", ["MIT", "GPL-2.0-only"]),
    ("Makefile.PL", "WriteMakefile(LICENSE => 'perl');\n", ["GPL-1.0-or-later OR Artistic-1.0-Perl"]),
    ("conanfile.py", 'class X:\n    license = "MIT"\n', ["MIT"]),
    ("dune-project", "(lang dune 2)\n(license ISC)\n", ["ISC"]),
    ("dub.sdl", 'license "BSL-1.0"\n', ["BSL-1.0"]),
    ("PKGBUILD", "license=('MIT' 'GPL')\n", ["MIT", "GPL"]),
    ("DESCRIPTION", "License: GPL-2 | MIT + file LICENSE\n", ["GPL-2.0 OR MIT", "see LICENSE"]),
    ("CITATION.cff", "license:\n  - MIT\n  - Apache-2.0\n", ["MIT OR Apache-2.0"]),
    ("x.cabal", "license:      BSD3\nlicense-file: LICENSE\n", ["BSD-3-Clause"]),
]


@pytest.mark.parametrize(("name", "text", "expected"), EXAMPLES)
def test_a_manifest_states_its_licence(name: str, text: str, expected: list[str]) -> None:
    assert stated_in(name, text) == expected


def test_every_reader_of_the_table_has_an_example() -> None:
    for pattern, _ in _READERS:
        assert any(pattern.fullmatch(name) and expected for name, _, expected in EXAMPLES), pattern.pattern


ODD = ("null", "1", "true", "[]", "{}", "[[1]]", "[{}]", '["MIT", 1]', '{"type": 1}', '{"name": {"x": [1]}}')


@pytest.mark.parametrize("name", sorted({name for name, _, _ in EXAMPLES}))
def test_whatever_stands_in_the_fields_of_a_manifest_is_read_or_passed_over(name: str) -> None:
    for value in ODD:
        for field in ("license", "licenses", "classifiers"):
            toml, python = value.replace(":", "="), value.replace("null", "None").replace("true", "True")
            for text in (
                value,
                f'{{"{field}": {value}}}',
                f"{field}: {value}",
                f"[package]\n{field} = {toml}\n",
                f"[project]\n{field} = {toml}\n",
                f"setup({field}={python}, version='\\d')",
            ):
                assert all(isinstance(one, str) for one in stated_in(name, text))


@pytest.mark.parametrize("annotations", ["1", "[1]", "[[1]]", '"x"', "[{path = 1}]", "[{path = [1], precedence = 2}]"])
def test_a_reuse_toml_of_another_shape_says_nothing(annotations: str) -> None:
    assert reuse(f"annotations = {annotations}\n", "a/b.py")[1] == "unknown"


def test_a_manifest_nested_beyond_reason_states_nothing() -> None:
    assert stated_in("package.json", '{"license": ' * 100_000) == []
    assert stated_in("setup.py", "(" * 100_000) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## License\n\n[MIT](LICENSE)\n", ["MIT"]),
        ("# x\n\n**License:** MIT\n", ["MIT"]),
        ("<h2>License</h2>\n<p>ISC</p>\n", ["ISC"]),
        ("# Frob\n\nFrob is free software, licensed under the MIT license.\n", ["MIT"]),
        ("![x](https://img.shields.io/badge/license-Apache%202.0-blue)\n", ["Apache-2.0"]),
        ("![x](https://img.shields.io/badge/License-BSD_3--Clause-blue.svg)\n", ["BSD-3-Clause"]),
        ("![x](https://img.shields.io/github/license/a/b)\n", []),
        ("# Frob\n\nBootstrap is licensed under the MIT license.\n", []),
        ("## License\n\nSee the LICENSE file.\n", []),
        ("## License checker\n\nFinds files without MIT headers.\n", []),
    ],
)
def test_a_readme_states_the_licence_of_its_project(text: str, expected: list[str]) -> None:
    assert stated_in_readme(text) == expected


def reuse(annotations: str, path: str, text: str = "x = 1\n") -> tuple[str, str]:
    found = licence_of(text, "", "", [("REUSE.toml", "version = 1\n" + annotations)], path)
    return found.expression, found.outcome


GPL_HEADER, MIT_HEADER = "# SPDX-License-Identifier: GPL-2.0-only\n", "# SPDX-License-Identifier: MIT\n"


def test_reuse_toml_gives_way_to_a_header_joins_it_or_holds_beside_it() -> None:
    note = '[[annotations]]\npath = "**"\nprecedence = "{}"\nSPDX-License-Identifier = "ISC"\n'
    for precedence in ("closest", "aggregate", "override"):
        assert reuse(note.format(precedence), "a/b.py") == ("ISC", "permissive")
        assert reuse(note.format(precedence), "a/b.py", GPL_HEADER)[1] == "non-permissive"
    assert reuse(note.format("closest"), "a/b.py", MIT_HEADER)[0] == "MIT"
    assert reuse(note.format("aggregate"), "a/b.py", MIT_HEADER)[0] == "MIT AND ISC"


def test_the_paths_of_reuse_toml_are_globs_from_its_folder() -> None:
    note = '[[annotations]]\npath = {}\nSPDX-License-Identifier = "ISC"\n'
    for path in ('"a/*.py"', '"a/**"', '["x", "a/b.py"]', '"**/b.py"', '"a/\\\\b.py"'):
        assert reuse(note.format(path), "a/b.py")[0] == "ISC", path
    for path in ('"*.py"', '"a"', '"b.py"', '"a/\\\\*.py"'):
        assert reuse(note.format(path), "a/b.py")[0] == "unknown", path
    files = [("sub/REUSE.toml", note.format('"b.py"')), ("REUSE.toml", note.format('"**"').replace("ISC", "GPL-3.0"))]
    assert licence_of("", "", "", files, "sub/b.py").expression == "ISC"


def test_a_glob_with_too_many_stars_makes_every_file_unknown() -> None:
    note = '[[annotations]]\npath = "{}"\nSPDX-License-Identifier = "ISC"\n'
    assert reuse(note.format("a*" * 40), "b.py")[1] == "unknown"
    assert reuse(note.format("**"), "a" * 5_000)[1] == "unknown"


HOSTILE = {
    "badges": ("README", "img.shields.io/badge/license-"),
    "images": ("README", "licen![a]("),
    "links": ("README", "licen[a]("),
    "headings": ("README", "licen\n# a  "),
    "titles": ("README", "licen <h1>"),
    "XML": ("pom.xml", "<license>"),
    "XML comments": ("pom.xml", "<!--"),
    "gemspec": ("x.gemspec", ".license = ["),
    "mix": ("mix.exs", "licenses: ("),
    "PKGBUILD": ("PKGBUILD", "license=(\n"),
    "lines": ("x.cabal", "license:\n - a\n"),
    "setup.py": ("setup.py", "a."),
    "minus": ("setup.py", "-"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_read_of_manifests_and_readmes_takes_linear_time(name: str) -> None:
    file, part = HOSTILE[name]

    def seconds(times: int) -> float:
        start = time.process_time()
        stated_in_readme(part * times) if file == "README" else stated_in(file, part * times)
        return time.process_time() - start

    times = 200_000 // len(part)  # as much as is read of any file
    assert seconds(times) < max(8 * seconds(times // 4), 1.0)
