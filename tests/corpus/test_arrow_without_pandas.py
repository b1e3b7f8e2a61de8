"""pandas is not loaded for the corpus, and is there for who asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from {module} import {name}
import pyarrow
table = pyarrow.table({{"a": [1, 2], "b": ["x", None]}})
assert table.to_pylist() == pyarrow.Table.from_pylist(table.to_pylist()).to_pylist()
assert "pandas" not in sys.modules
frame = table.to_pandas()
assert list(frame["a"]) == [1, 2]
assert pyarrow.array(frame["a"]).to_pylist() == [1, 2]
"""


@pytest.mark.parametrize(("module", "name"), [("documents", "Document"), ("token_shards", "TokenShard")])
def test_pyarrow_loads_pandas_when_it_is_asked_for_and_not_before(module: str, name: str) -> None:
    pytest.importorskip("pandas")
    program = PROGRAM.format(module=f"midspan.corpus.{module}", name=name)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
