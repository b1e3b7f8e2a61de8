"""Which files a file imports, language by language, in small repositories as people write them."""

# ruff: noqa: E501 – a file of a repository stands on its line

from __future__ import annotations

import pytest

from midspan.corpus.repositories.modules import ModuleIndex

Repository = dict[str, str]  # path → text

REPOSITORIES: dict[str, tuple[str, Repository, dict[str, set[str]]]] = {
    "python packages, relative and absolute": (
        "python",
        {
            "src/pkg/__init__.py": "from .core import run\n",
            "src/pkg/core.py": "import json, os.path\nfrom pkg import helpers as h\nfrom .deep.leaf import (\n    x,\n    y,\n)\n",
            "src/pkg/helpers.py": "def lazy():\n    from ..pkg.deep import leaf\n",
            "src/pkg/deep/__init__.py": "",
            "src/pkg/deep/leaf.py": "from ...nowhere import z\nfrom .. import helpers, \\\n    core\n>>> import pkg.core\n",
            "src/pkg/json.py": "import json\n",
            "tests/test_core.py": "import pkg.core as c, pkg.deep.leaf.x\nimport helpers\n",
        },
        {
            "src/pkg/__init__.py": {"src/pkg/core.py"},
            "src/pkg/core.py": {"src/pkg/helpers.py", "src/pkg/deep/leaf.py"},
            "src/pkg/helpers.py": {"src/pkg/deep/leaf.py"},
            "src/pkg/deep/leaf.py": {"src/pkg/helpers.py", "src/pkg/core.py"},
            "tests/test_core.py": {"src/pkg/core.py", "src/pkg/deep/leaf.py"},
        },
    ),
    "python, the repository is the package": (
        "python",
        {"__init__.py": "", "core/__init__.py": "", "core/a.py": "", "b.py": "from whole.core.a import x\nimport whole.core\n"},
        {"b.py": {"core/a.py", "core/__init__.py"}},
    ),
    "javascript and typescript": (
        "typescript",
        {
            "src/index.ts": "import React from 'react';\nexport * from './lib/math';\nimport { a } from \"@/util/text\";\n",
            "src/lib/math.ts": "import {\n  one,\n  two,\n} from '../numbers.js'\nconst x = require('../config');\n",
            "src/numbers.ts": "await import('./lib')\nimport type { T } from './types'\n",
            "src/types.d.ts": "",
            "src/lib/index.ts": "import './math'\n",
            "src/util/text.ts": "import { b } from '@scope/widgets/button'\n",
            "src/config/index.ts": "",
            "packages/widgets/src/button.ts": "",
        },
        {
            "src/index.ts": {"src/lib/math.ts", "src/util/text.ts"},
            "src/lib/math.ts": {"src/numbers.ts", "src/config/index.ts"},
            "src/numbers.ts": {"src/lib/index.ts", "src/types.d.ts"},
            "src/lib/index.ts": {"src/lib/math.ts"},
            "src/util/text.ts": {"packages/widgets/src/button.ts"},
        },
    ),
    "c and c++": (
        "c++",
        {
            "src/main.cc": '#include <vector>\n#include "util.h"\n  #  include "net/socket.h"\n#include <lib/api.hpp>\n',
            "src/util.h": '#include "util.h"\n',
            "old/util.h": "",
            "include/net/socket.h": '#include "../net/types.h"\n',
            "include/net/types.h": "",
            "include/lib/api.hpp": "",
        },
        {
            "src/main.cc": {"src/util.h", "include/net/socket.h", "include/lib/api.hpp"},
            "include/net/socket.h": {"include/net/types.h"},
        },
    ),
    "java": (
        "java",
        {
            "src/main/java/a/App.java": "package a;\nimport a.b.Tool;\nimport static a.b.Names.FIRST;\nimport a.c.*;\n"
            "class App { Side s; Helper h; String t; }\n",
            "src/main/java/a/Side.java": "package a;\npublic final class Side {}\n",
            "src/main/java/a/b/Tool.java": "package a.b;\npublic interface Tool {}\n",
            "src/main/java/a/b/Names.java": "package a.b;\nenum Names { FIRST }\n",
            "src/main/java/a/c/Helper.java": "package a.c;\nrecord Helper(int x) {}\n",
            "src/main/java/a/c/Unused.java": "package a.c;\nclass Unused {}\n",
        },
        {
            "src/main/java/a/App.java": {
                f"src/main/java/a/{name}.java" for name in ("Side", "b/Tool", "b/Names", "c/Helper")
            }
        },
    ),
    "kotlin": (
        "kotlin",
        {
            "app/Main.kt": "package app\nimport lib.greet\nimport lib.Person as P\nfun main() { greet(); Local() }\n",
            "app/Local.kt": "package app\nclass Local\n",
            "lib/Greet.kt": "package lib\ninline fun greet() {}\n",
            "lib/Person.kt": "package lib\ndata class Person(val n: Int)\n",
        },
        {"app/Main.kt": {"app/Local.kt", "lib/Greet.kt", "lib/Person.kt"}},
    ),
    "scala": (
        "scala",
        {
            "M.scala": "package x\npackage y\nimport z.{A, B => C}\nimport w._\nobject M { val d = D }\n",
            "A.scala": "package z\ntrait A\n",
            "B.scala": "package z\ncase class B()\n",
            "D.scala": "package w\nobject D\n",
            "E.scala": "package x.y\nclass E(m: M)\n",
        },
        {"M.scala": {"A.scala", "B.scala", "D.scala"}, "E.scala": {"M.scala"}},
    ),
    "c#": (
        "c#",
        {
            "Api/Start.cs": "using System;\nusing Shop.Data;\nnamespace Shop.Api { class Start { Order o; Clock c; } }\n",
            "Data/Order.cs": "namespace Shop.Data;\npublic record Order(int Id);\n",
            "Data/Other.cs": "namespace Shop.Data;\npublic class Other {}\n",
            "Clock.cs": "namespace Shop\n{\n    static class Clock {}\n}\n",
        },
        {"Api/Start.cs": {"Data/Order.cs", "Clock.cs"}},
    ),
    "go": (
        "go",
        {
            "cmd/main.go": 'package main\n\nimport (\n\t"fmt"\n\tst "example.com/me/tool/internal/store"\n\t"example.com/me/tool/web"\n)\n'
            "func main() { fmt.Println(st.Open(), web.Serve) }\n",
            "internal/store/open.go": "package store\n\nfunc Open() *DB { return nil }\n",
            "internal/store/db.go": "package store\n\ntype DB struct{}\n",
            "web/server.go": "package web\n\nvar Serve = 1\n",
            "web/fmt/print.go": "package fmt\n\nfunc Println() {}\n",
        },
        {
            "cmd/main.go": {"internal/store/open.go", "web/server.go"},
            "internal/store/open.go": {"internal/store/db.go"},
        },
    ),
    "rust": (
        "rust",
        {
            "core/src/lib.rs": "mod parse;\npub mod tree;\n",
            "core/src/parse/mod.rs": "mod lexer;\nuse super::tree::Node;\n",
            "core/src/parse/lexer.rs": "use crate::{tree::{self, Node as N}, util::*};\nuse super::super::tree;\n",
            "core/src/tree.rs": "mod leaf;\n",
            "core/src/tree/leaf.rs": "use std::fmt;\n",
            "core/src/util.rs": "",
            "cli/src/main.rs": "use core::tree::Node;\nuse serde::Serialize;\n",
        },
        {
            "core/src/lib.rs": {"core/src/parse/mod.rs", "core/src/tree.rs"},
            "core/src/parse/mod.rs": {"core/src/parse/lexer.rs", "core/src/tree.rs"},
            "core/src/parse/lexer.rs": {"core/src/tree.rs", "core/src/util.rs"},
            "core/src/tree.rs": {"core/src/tree/leaf.rs"},
            "cli/src/main.rs": {"core/src/tree.rs"},
        },
    ),
    "ruby": (
        "ruby",
        {
            "lib/shop.rb": "require 'json'\nrequire 'shop/cart'\nrequire_relative \"shop/item\"\n",
            "lib/shop/cart.rb": "autoload :Item, 'shop/item'\n",
            "lib/shop/item.rb": "",
            "spec/cart_spec.rb": "require 'shop'\n",
            "vendor/json.rb": "",
        },
        {
            "lib/shop.rb": {"lib/shop/cart.rb", "lib/shop/item.rb"},
            "lib/shop/cart.rb": {"lib/shop/item.rb"},
            "spec/cart_spec.rb": {"lib/shop.rb"},
        },
    ),
    "php": (
        "php",
        {
            "index.php": "<?php\nrequire_once __DIR__ . '/inc/setup.php';\nuse App\\Http\\{Kernel, Request as R};\nuse App\\Model;\n",
            "inc/setup.php": "",
            "src/Http/Kernel.php": "<?php\nnamespace App\\Http;\nfinal class Kernel { function f(Request $r) {} }\n",
            "src/Http/Request.php": "<?php\nnamespace App\\Http;\nclass Request {}\n",
            "src/Model.php": "<?php\nnamespace App;\nabstract class Model {}\n",
        },
        {
            "index.php": {"inc/setup.php", "src/Http/Kernel.php", "src/Http/Request.php", "src/Model.php"},
            "src/Http/Kernel.php": {"src/Http/Request.php"},
        },
    ),
    "dart": (
        "dart",
        {
            "lib/app.dart": "import 'dart:io';\nimport 'package:app/src/view.dart';\npart 'app.g.dart';\n",
            "lib/app.g.dart": "part of 'app.dart';\n",
            "lib/src/view.dart": "export '../theme.dart';\n",
            "lib/theme.dart": "",
        },
        {"lib/app.dart": {"lib/src/view.dart", "lib/app.g.dart"}, "lib/src/view.dart": {"lib/theme.dart"}},
    ),
    "lua": (
        "lua",
        {"main.lua": 'local a = require "game.map"\nrequire("game")\n', "game/map.lua": "", "game/init.lua": "require'game.map'"},
        {"main.lua": {"game/map.lua", "game/init.lua"}, "game/init.lua": {"game/map.lua"}},
    ),
    "shell": (
        "shell",
        {"bin/run.sh": '. "$(dirname "$0")/../lib/log.sh"\nsource ${HERE}/env.sh\nsource ./env.sh\n', "lib/log.sh": "", "bin/env.sh": ""},
        {"bin/run.sh": {"bin/env.sh"}},
    ),
    "css": (
        "scss",
        {"a.scss": "@use 'parts/colours';\n@import url(\"b.css\");\n", "parts/_colours.scss": "", "b.css": ""},
        {"a.scss": {"parts/_colours.scss", "b.css"}},
    ),
    "html": (
        "html",
        {
            "site/index.html": '<link rel="stylesheet" href="style.css">\n<script src="/js/app.js?v=2"></script>\n'
            '<script src="https://cdn.example.com/js/app.js"></script>',
            "site/style.css": "",
            "site/js/app.js": "",
        },
        {"site/index.html": {"site/style.css", "site/js/app.js"}},
    ),
    "perl": (
        "perl",
        {"x.pl": "use strict;\nuse My::Tool qw(f);\nuse parent 'My::Base';\n", "lib/My/Tool.pm": "", "lib/My/Base.pm": ""},
        {"x.pl": {"lib/My/Tool.pm", "lib/My/Base.pm"}},
    ),
    "haskell": (
        "haskell",
        {"app/Main.hs": "import qualified Data.Map as M\nimport Core.Eval (run)\nimport Util\n", "src/Core/Eval.hs": "", "src/Util.hs": ""},
        {"app/Main.hs": {"src/Core/Eval.hs", "src/Util.hs"}},
    ),
    "swift": (
        "swift",
        {"App.swift": "struct App { let store: Store }", "Store.swift": "final class Store {}", "Other.swift": "enum Other {}"},
        {"App.swift": {"Store.swift"}},
    ),
    "elixir": (
        "elixir",
        {
            "lib/a.ex": "defmodule Shop.A do\n  alias Shop.{B, C.D}\n  use Shop.Base\nend\n",
            "lib/b.ex": "defmodule Shop.B do\nend\n",
            "lib/d.ex": "defmodule Shop.C.D do\nend\n",
            "lib/base.ex": "defmodule Shop.Base do\nend\n",
        },
        {"lib/a.ex": {"lib/b.ex", "lib/d.ex", "lib/base.ex"}},
    ),
    "julia": ("julia", {"a.jl": 'include("b/c.jl")\n', "b/c.jl": ""}, {"a.jl": {"b/c.jl"}}),
    "r": ("r", {"a.R": "source('b/c.R')\n", "b/c.R": ""}, {"a.R": {"b/c.R"}}),
    "zig": ("zig", {"a.zig": 'const c = @import("b/c.zig");\nconst s = @import("std");', "b/c.zig": ""}, {"a.zig": {"b/c.zig"}}),
    "markdown, which imports nothing": ("markdown", {"a.md": "import b\n", "b.md": ""}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", REPOSITORIES)
def test_the_imports_of_a_small_repository_are_found(name: str) -> None:
    language, repository, expected = REPOSITORIES[name]
    files = sorted(((path, text, language) for path, text in repository.items()), key=lambda file: file[0].split("/"))
    index = ModuleIndex(files)
    found = {files[place][0]: {files[other][0] for other in index.imported_by(place)} for place in range(len(files))}
    assert {path: others for path, others in found.items() if others} == expected


def test_files_of_languages_that_do_not_meet_do_not_import_each_other() -> None:
    files = [("lib/util.py", "import util", "python"), ("lib/util.rb", "", "ruby"), ("util.lua", "", "lua")]
    index = ModuleIndex(files)
    assert [index.imported_by(place) for place in range(3)] == [{}, {}, {}]


def test_of_two_files_with_the_name_the_nearer_is_meant() -> None:
    files = [
        ("one/include/api/x.h", "", "c"),
        ("one/src/a.c", '#include "api/x.h"\n', "c"),
        ("two/include/api/x.h", "", "c"),
        ("two/src/a.c", '#include "api/x.h"\n', "c"),
    ]
    index = ModuleIndex(files)
    assert (index.imported_by(1), index.imported_by(3)) == ({0: True}, {2: True})
