"""A step's key is its function, its settings and the contents of what it reads; its outputs are looked after."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from midspan.files import claim, write_json
from midspan.manifest import Manifest
from midspan.recipe import Fim
from midspan.step import Step, Tools


def copy(*, times: int, source: Path, output: Path, key: str, tools: Tools, fim: Fim | None = None) -> None:
    output.mkdir(exist_ok=True)
    (output / "copy").write_text(source.read_text() * times)


def other(**arguments: Any) -> None: ...


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "given").write_text("text")
    return tmp_path / "run"


def step_in(run: Path, **changes: Any) -> Step:
    fields = {
        "name": "copy",
        "function": copy,
        "settings": {"times": 2, "fim": Fim()},
        "reads": {"source": run.parent / "given"},
        "writes": {"output": run / "copied"},
    }
    return Step(**{**fields, **changes})


def carried_out(step: Step, run: Path) -> Manifest:
    manifest = Manifest.read(run)
    key = manifest.key(step)
    step.run(key, Tools())
    manifest.note(step, key, 1.0)
    return Manifest.read(run)


def test_a_step_that_was_done_is_done_for_a_new_process(run: Path) -> None:
    step = step_in(run)
    assert not Manifest.read(run).is_done(step)
    assert carried_out(step, run).is_done(step)


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"times": 3, "fim": Fim()}},
        {"settings": {"times": 2, "fim": Fim(rate=0.4)}},
        {"settings": {"times": 2}},
        {"function": other},
        {"format": 2},
    ],
)
def test_any_change_of_function_settings_or_format_is_another_key(run: Path, changes: dict[str, Any]) -> None:
    manifest = carried_out(step_in(run), run)
    assert not manifest.is_done(step_in(run, **changes))


def test_what_is_read_is_known_by_its_contents_not_by_its_place_or_time(run: Path) -> None:
    step = step_in(run)
    carried_out(step, run)
    os.utime(run.parent / "given", (0, 0))
    assert Manifest.read(run).is_done(step)
    shutil.copy(run.parent / "given", run.parent / "elsewhere")
    assert Manifest.read(run).is_done(step_in(run, reads={"source": run.parent / "elsewhere"}))
    (run.parent / "given").write_text("other text")
    assert not Manifest.read(run).is_done(step)


def test_a_run_directory_may_be_moved(run: Path) -> None:
    after = step_in(run, name="after", reads={"source": run / "copied" / "copy"}, writes={"output": run / "after"})
    carried_out(step_in(run), run)
    carried_out(after, run)
    moved = run.rename(run.parent / "moved")
    again = step_in(
        moved, name="after", reads={"source": moved / "copied" / "copy"}, writes={"output": moved / "after"}
    )
    assert Manifest.read(moved).is_done(again)


@pytest.mark.parametrize("damage", ["lost", "truncated", "emptied", "changed", "one file lost"])
def test_a_damaged_output_is_noticed(run: Path, damage: str) -> None:
    step = step_in(run)
    carried_out(step, run)
    file = run / "copied" / "copy"
    match damage:
        case "lost":
            shutil.rmtree(run / "copied")
        case "one file lost":
            file.unlink()
        case "truncated":
            os.truncate(file, 3)
        case "emptied":
            file.write_text("")
        case "changed":
            file.write_text("TEXTTEXT")
    assert not Manifest.read(run).is_done(step)


def test_an_output_that_was_only_touched_or_copied_is_still_good(run: Path) -> None:
    step = step_in(run)
    carried_out(step, run)
    os.utime(run / "copied" / "copy", (1, 1))
    assert Manifest.read(run).is_done(step)


def test_what_follows_a_forgotten_step_is_keyed_by_what_lies_there(run: Path) -> None:
    manifest = carried_out(step_in(run), run)
    manifest.forget(step_in(run))
    assert "copy" not in Manifest.read(run).steps


def test_a_claimed_folder_keeps_its_keys_files_and_loses_all_others(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    claim(folder, "one")
    write_json(folder / "kept", 1)
    (folder / ".torn.1.part").write_text("left by a kill")
    claim(folder, "one")
    assert sorted(file.name for file in folder.iterdir()) == [".key", "kept"]
    claim(folder, "two")
    assert [file.name for file in folder.iterdir()] == [".key"]


def test_a_folder_that_no_key_claimed_is_cleared(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    (folder / "metrics.jsonl").write_text("of an older Midspan")
    claim(folder, "one")
    assert [file.name for file in folder.iterdir()] == [".key"]
