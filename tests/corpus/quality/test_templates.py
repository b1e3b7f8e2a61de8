"""Templates are parsed as what is made from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.languages import detect_language
from midspan.corpus.quality import missing_grammars
from midspan.corpus.quality.placeholders import filled
from midspan.corpus.quality.syntax import error_share
from midspan.corpus.quality.text import Text

TEMPLATES = {
    "config.h.in": "#cmakedefine HAVE_X 1\n#cmakedefine01 HAVE_Y\n#undef HAVE_Z\n"
    '#define V "@VERSION@"\nint x = @X@;\n@EXTRA@\n',
    "config.h.cmake": "#cmakedefine HAVE_X @X@\n#define SIZE ${SIZE}\n@CODE@;\n",
    "FooConfig.cmake.in": '@PACKAGE_INIT@\n\ninclude("${CMAKE_CURRENT_LIST_DIR}/@NAME@Targets.cmake")\n'
    "check_required_components(@NAME@)\n@A@ @B@\n",
    "setup.py.in": "version = @VERSION@\n@IMPORTS@\ndef f():\n    return '@x@'\n",
    "main.c.in": "int main(void) { return @CODE@(@ARGUMENT@); }\n",
    "script.sh.in": "#!@SHELL@\nprefix=@prefix@\n@SETUP@\necho $prefix\n",
    "main.go.tmpl": "package {{ .Package }}\n\n{{ range .Items }}\n"
    "func f{{ .Name }}() int { return {{ .Value }} }\n{{ end }}\n",
    "deploy.py.template": "{% if a %}\nx = {{ a }}\n{% endif %}\ny = 2\n",
    "Foo.java.in": "package @PACKAGE@;\nclass Foo { int x = @X@; }\n",
}


@pytest.mark.parametrize("path", sorted(TEMPLATES))
def test_a_template_parses(path: str) -> None:
    language = detect_language(path, TEMPLATES[path])
    assert language is not None
    if missing_grammars([language]):
        pytest.skip(f"no grammar of {language}")
    assert error_share(Text(TEMPLATES[path], path, language)) == 0


def test_what_is_no_template_is_parsed_as_it_stands() -> None:
    text = "x = @VERSION@\n" * 9
    assert error_share(Text(text, "setup.py.in", "python")) == 0
    assert (error_share(Text(text, "setup.py", "python")) or 0) > 0.1


def test_a_broken_template_is_broken() -> None:
    share = error_share(Text("these are @words@ and no C at all, ) is = = it?\n" * 9, "a.h.in", "c"))
    assert share is not None
    assert share > 0.1


@given(st.text(alphabet="@ab {}%<>\n#;").map(str.encode))
def test_every_byte_stays_in_its_place(data: bytes) -> None:
    made = filled(data)
    assert len(made) == len(data)
    assert [place for place, byte in enumerate(data) if byte == 10] == [p for p, byte in enumerate(made) if byte == 10]
