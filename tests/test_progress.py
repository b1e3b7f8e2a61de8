"""The progress line says how much, how fast and how long."""

from __future__ import annotations

import pytest

from midspan.progress import ProgressLine, progress


def test_rate_and_time_left_do_not_count_what_an_earlier_run_did() -> None:
    line = ProgressLine("base", 1000, "tokens", done=400)
    line.update(500, loss=2.34567)
    text = line.text(line.started + 10)
    assert "50%" in text
    assert "10/s" in text
    assert "0:50 left" in text
    assert "loss 2.346" in text


def test_an_unknown_total_gives_no_percentage() -> None:
    line = ProgressLine("files", None, "files", done=0)
    line.update(20)
    assert "%" not in line.text(line.started + 2)


def test_the_last_line_says_whether_it_ended_or_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("one", 2) as line:
        line.update(2)
    with pytest.raises(RuntimeError), progress("two", 2):
        raise RuntimeError
    first, second = capsys.readouterr().err.splitlines()
    assert " in 0:00" in first
    assert "stopped after" in second
