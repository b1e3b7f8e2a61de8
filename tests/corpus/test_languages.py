"""Languages by name, first line and content; what names alone cannot tell."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.corpus.ambiguous import BY_CONTENT
from midspan.corpus.encodings import NotTextError, decode_source
from midspan.corpus.languages import (
    LANGUAGES,
    PROSE_AND_SETTINGS,
    canonical_language,
    check_languages,
    detect_language,
    language_of_name,
)
from midspan.errors import UserError

STABLE_CODE = "c c++ java javascript css go html ruby rust markdown shell php sql r typescript python jupyter"
MORE = "lua kotlin swift julia c# scala perl haskell elixir dart zig makefile cmake dockerfile toml yaml terraform"
BESIDE = "restructuredtext protobuf graphql vue svelte json less scss"


def test_the_languages_of_stable_code_and_those_that_teams_have_beside_are_known() -> None:
    assert {*STABLE_CODE.split(), *MORE.split(), *BESIDE.split()} <= set(LANGUAGES)
    assert set(LANGUAGES) >= PROSE_AND_SETTINGS


CPLUSPLUS = (
    "enum class Colour { red };",
    "enum struct Colour : char;",
    "namespace a::b {",
    "inline namespace v1 {",
    "class Window {",
    "class EXPORT_3 Window final : public Widget {",
    "class [[nodiscard]] Result;",
    "class Window\n{",
    "struct A : B {};",
    "constexpr int x = 1;",
    "static inline constexpr int x = 1;",
    "void f(std::string x);",
    "int f(const a::B& x);",
    "#include <vector>",
    "#include <QtCore/QString>",
    '#include "a/b.hpp"',
    "int f() noexcept;",
    "void *p = nullptr;",
    "using x = int;",
    "  Q_OBJECT",
    'extern "C" int f(void);',
    "#ifndef __cplusplus\n#error C++\n#endif\nvirtual void f() = 0;",
    "#ifdef __cplusplus\nnamespace a {\n#if X\nint f();\n#endif\n}\n#endif",
    "#ifdef __OBJC__\n@class NSView;\n#else\nint x;\n#endif\nclass A {};",
)
PLAIN_C = (
    "struct class_ { int class; };\nint class = 1;",
    "int f(struct namespace *namespace, int template);",
    "enum colour { red };",
    'asm volatile("nop" ::: "memory");',
    'asm("x"::"r"(y));',
    "[[gnu::packed]] struct a;",
    'static const char *name = "a::b";',
    "struct a { unsigned private : 1; };",
    '#ifdef __cplusplus\nextern "C" {\n#endif\n#define X 1\n#ifdef __cplusplus\n}\n#endif',
    "#ifdef __cplusplus\n#if X\nint g();\n#endif\nclass A {};\n#endif\nint f(void);",
    "#ifndef __cplusplus\ntypedef int bool_;\n#else\nclass A;\n#endif\nint f(void);",
    "#if defined(__cplusplus)\nnamespace a {}\n#elif X\nint f(void);\n#endif\nint g(void);",
    '#include <stdio.h>\n#include "a-b.h"',
    "int operator;\nx = default_;",
)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a/B.PY", "", "python"),
        ("a.kt", "", "kotlin"),
        ("main.tf", "", "terraform"),
        ("Makefile", "", "makefile"),
        ("Makefile.am", "", "makefile"),
        ("CMakeLists.txt", "", "cmake"),
        ("Dockerfile.dev", "", "dockerfile"),
        ("dev.dockerfile", "", "dockerfile"),
        ("Jenkinsfile", "", "groovy"),
        ("BUILD.bazel", "", "starlark"),
        ("go.mod", "module example.org/x\n", "go module"),
        ("config.h.in", "#undef HAVE_X\n", "c"),
        ("setup.py.in", "", "python"),
        ("notes.in", "", None),
        ("page.html.erb", "<% x %>", "erb"),
        ("run", "#!/bin/bash\n", "shell"),
        ("run", "#! /usr/bin/env -S python3.11 -I\n", "python"),
        ("run", "#!/usr/bin/env NODE_OPTIONS=x node\n", "javascript"),
        ("run", "#!/usr/bin/env\n", None),
        ("_rg", "#compdef rg\n\nlocal ret=1\n", "shell"),
        ("_rg", "# compdef\n", None),
        ("run", "#!/usr/local/bin/Rscript --vanilla\n", "r"),
        ("run", '#!/bin/sh\n# the next line restarts \\\nexec tclsh "$0" "$@"\n', "tcl"),
        ("run", "#!/usr/bin/lua5.3\n", "lua"),
        ("run", "#!/opt/unknown\n", None),
        ("x.cgi", "#!/usr/bin/perl -w\n", "perl"),
        ("init", "# -*- mode: ruby -*-\n", "ruby"),
        ("init", "; vim: set ft=clojure :\n", "clojure"),
        ("notes.txt", "#!/bin/bash\n", "text"),
        ("picture.png", "", None),
        ("a.h", "int f(void);\n", "c"),
        ("a.h", "/* class X { using namespace std; */\nint f(void);\n", "c"),
        ("a.h", '#ifdef __cplusplus\nextern "C" {\nclass X;\n#endif\nint f(void);\n', "c"),
        ("a.h", "template <typename T> T f();\n", "c++"),
        ("a.h", "namespace x {\nint f();\n}\n", "c++"),
        ("a.h", "#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n", "objective-c"),
        ("a.m", "function y = f(x)\n% twice x\ny = 2 * x;\nend\n", "matlab"),
        ("a.m", '#import "A.h"\n@implementation A\n@end\n', "objective-c"),
        ("a.m", '(* ::Package:: *)\nBeginPackage["A`"]\n', "wolfram"),
        ("a.mm", "@implementation A\n@end\n", "objective-c++"),
        ("a.pl", "use strict;\nmy $x = 1;\n", "perl"),
        ("a.pl", ":- module(a, [b/1]).\nb(X) :-\n    c(X).\n", "prolog"),
        ("a.pl", "#!/usr/bin/swipl\nmain.\n", "prolog"),
        ("a.pl", "parent(tom, bob).\nparent(bob, ann).\n", "prolog"),
        ("a.t", "use Test::More;\nok(1);\n", "perl"),
        ("a.t", "some text\n", None),
        ("a.ts", "export const x: number = 1;\n", "typescript"),
        ("a.ts", '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS version="2.1">\n', "qt linguist"),
        ("a.r", "f <- function(x) x\n", "r"),
        ("a.R", "f <- function(x) x\n", "r"),
        ("a.r", "REBOL [\n Title: 1\n]\n", "rebol"),
        ("a.v", "module counter(input clk);\nendmodule\n", "verilog"),
        ("a.v", "Require Import List.\nLemma x : True.\nProof. auto. Qed.\n", "coq"),
        ("a.v", "module main\n\nfn main() {\n}\n", "v"),
        ("a.sql", "SELECT 1;\n", "sql"),
        ("a.d", "main.o: main.c main.h\n", "makefile"),
        ("a.d", "module a.b;\nimport std.stdio;\n", "d"),
        ("a.pp", "class apache {\n  package { 'httpd': }\n}\n", "puppet"),
        ("a.pp", "unit a;\ninterface\n", "pascal"),
        ("a.cls", "\\NeedsTeXFormat{LaTeX2e}\n", "tex"),
        ("a.cls", "public with sharing class A {}\n", "apex"),
        ("a.inc", "<?php\n", "php"),
        ("a.inc", "plain words\n", None),
        ("a.1", ".TH A 1\n.SH NAME\n", "roff"),
        ("libx.so.1", "words\n", None),
        ("a.fs", "module A\nlet x = 1\n", "f#"),
        ("a.fs", "#version 330\nvoid main() {}\n", "glsl"),
        ("a.cl", "__kernel void f(__global float *x) {}\n", "opencl"),
        ("a.cl", "(defun f (x) x)\n", "common lisp"),
        *(("a.h", f"{text}\n", "c++") for text in CPLUSPLUS),
        *(("a.h", f"{text}\n", "c") for text in PLAIN_C),
        ("FooConfig.cmake.in", "@PACKAGE_INIT@\n", "cmake"),
        ("version.hpp.in", "", "c++"),
        ("a.h.in", "#define V @V@\nnamespace x {\n", "c++"),
        ("config.h.cmake", "#cmakedefine X\n", "c"),
        ("foo.pc.in", "prefix=@prefix@\n", "ini"),
        ("foo.1.in", ".TH FOO 1\n", "roff"),
        ("foo.sh.in", "", "shell"),
        ("foo.in", "#!@PERL@ -w\n", "perl"),
        ("foo.in", "#! @SHELL@\n", "shell"),
        ("Makefile.in", "", "makefile"),
        ("configure.in", "", "m4"),
        ("a.ts", "<!-- Copyright X -->\n\n<!-- and\nmore -->\n<!DOCTYPE TS><TS>\n", "qt linguist"),
        ("a.ts", "\n\n<TS version='2.1' language='de'>\n", "qt linguist"),
        ("a.ts", "// <?xml?>\nconst x = <T>y;\n", "typescript"),
        ("a.tsx", "<!-- tiles -->\n<?xml version='1.0'?>\n<tileset>\n", "xml"),
        ("a.tsx", "export const x = <b/>;\n", "typescript"),
        ("a.ui", "<!-- c -->\n<ui version='4.0'>\n", "xml"),
        ("a.d", "#pragma D option quiet\nsyscall::open:entry\n{\n}\n", None),
        ("a.d", '/* c */\nimport std.stdio : writeln;\nstring s = "a" ~ \\\n', "d"),
        ("a.d", "build/a.o build/b.o: a.c \\\n b.h\n", "makefile"),
        ("a.cs", "namespace A { class B {} }\n", "c#"),
        ("a.cs", "!Object methodsFor: 'x'!\n", "smalltalk"),
        ("a.md", "# Title\n", "markdown"),
        ("a.md", ';; Machine description\n(define_insn "add"\n', None),
        ("a.rs", "#pragma version(1)\n#pragma rs java_package_name(a)\n", None),
        ("a.rs", "fn main() {}\n", "rust"),
        ("a.ll", "%{\n%}\n%%\n", "c++"),
        ("a.ll", "define i32 @f() {\n}\n", "llvm"),
        ("a.al", "use strict;\nsub f {}\n", "perl"),
        ("a.al", "words\n", None),
        ("a.pro", "-keep class a.** { *; }\n", None),
        ("a.pro", "QT += widgets\n", "qmake"),
        ("a.t", "BEGIN { chdir 't' }\nprint \"1..2\\n\";\n", "perl"),
        ("a.sig", "-----BEGIN PGP SIGNATURE-----\n", "text"),
    ],
)
def test_a_language_is_told(path: str, text: str, expected: str | None) -> None:
    assert detect_language(path, text) == expected


@given(st.sampled_from(sorted(BY_CONTENT)), st.text())
def test_whatever_the_text_a_shared_extension_gives_a_known_language_or_none(extension: str, text: str) -> None:
    assert detect_language(f"a.{extension}", text) in {*LANGUAGES, None}


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_name_and_text_can_be_asked_for(path: str, text: str) -> None:
    assert detect_language(path, text) in {*LANGUAGES, None}
    assert language_of_name(path) in {*LANGUAGES, None}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *[("C++", "c++"), ("c-sharp", "c#"), ("C#", "c#"), ("Jupyter Notebook", "jupyter"), ("HTML+ERB", "erb")],
        *[("reStructuredText", "restructuredtext"), ("Common Lisp", "common lisp"), ("emacs-lisp", "emacs lisp")],
        *[("visual-basic", "visual basic"), ("Vim Script", "vim"), ("PLpgSQL", "sql"), ("Dockerfile", "dockerfile")],
        *[("literate-haskell", "haskell"), ("Objective-C", "objective-c"), ("no such", None)],
    ],
)
def test_the_names_of_data_sets_are_understood(theirs: str, ours: str | None) -> None:
    assert canonical_language(theirs) == ours


def test_an_unknown_language_in_a_recipe_is_the_users_mistake() -> None:
    assert check_languages(["Python", "C++"]) == {"python", "c++"}
    with pytest.raises(UserError, match="klingon"):
        check_languages(["klingon"])


def test_the_c_headers_of_the_interpreter_are_c() -> None:
    folder = Path(sysconfig.get_paths()["include"])
    told = {}
    for header in sorted(folder.glob("*.h")):
        try:
            told[header.name] = detect_language(header.name, decode_source(header.read_bytes(), header.name))
        except NotTextError:
            continue
    if len(told) < 50:
        pytest.skip("this interpreter came without its headers")
    assert {name: language for name, language in told.items() if language != "c"} == {}
