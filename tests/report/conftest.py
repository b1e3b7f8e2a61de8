from pathlib import Path

import pytest
from synthetic_run import write_ablation, write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run, with no ablation beside it."""
    return write_run(tmp_path / "runs" / "quickstart")


@pytest.fixture
def ablation(run: Path) -> Path:
    """The run beside it that was trained without FIM."""
    return write_ablation(run.with_name("no-fim"))
