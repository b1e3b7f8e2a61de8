"""Notebooks as scripts, and what is none."""

from __future__ import annotations

import pytest

from midspan.corpus.encodings import NotTextError, notebook_source


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', "[" * 100_000])
def test_what_is_no_notebook_is_not_text(text: str) -> None:
    with pytest.raises(NotTextError):
        notebook_source(text)


def test_a_notebook_with_a_lone_surrogate_is_not_text() -> None:
    with pytest.raises(NotTextError):
        notebook_source('{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}')
