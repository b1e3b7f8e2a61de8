from __future__ import annotations

import pytest

from midspan.errors import UserError
from midspan.sandbox import Sandbox


@pytest.fixture(params=["nsjail", "bwrap"], scope="session")
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each backend in turn; skipped, with the sandbox's own words, where it cannot isolate."""
    try:
        return Sandbox(request.param)
    except UserError as error:
        pytest.skip(str(error))
