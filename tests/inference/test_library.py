"""`midspan.load` and `midspan.generate`, and which model a path means."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import midspan
from midspan.compute import best_device
from midspan.errors import UserError
from midspan.files import write_json
from midspan.inference import Engine, Fill, Plain, Sampling, WeightsFormat, find_model
from midspan.model import Decoder, ModelFacts, save_decoder
from midspan.tokens import Tokenizer


def save(model: Decoder, tokenizer: Tokenizer, directory: Path, written: float = 0.0) -> Path:
    save_decoder(model, directory)
    tokenizer.save(directory)
    if written:
        os.utime(directory / "config.json", (written, written))
    return directory


def test_a_saved_model_generates_what_it_generated_before(engine: Engine, tmp_path: Path) -> None:
    save(engine.decoder, engine.tokenizer, tmp_path / "m")
    loaded = midspan.load(str(tmp_path / "m"), weights="fp32")
    for keywords in ({}, {"suffix": "return"}, {"suffix": "", "temperature": 1.0, "seed": 4}):
        text = midspan.generate(loaded, "def f(", max_tokens=9, **keywords)
        assert text == midspan.generate(engine, "def f(", max_tokens=9, **keywords)
        assert text


def test_a_suffix_asks_for_the_text_between(engine: Engine) -> None:
    (expected,) = engine.complete([Fill("def f(", "")], Sampling(max_tokens=5))
    assert midspan.generate(engine, "def f(", suffix="", max_tokens=5) == expected.text


def test_one_stop_string_may_come_alone(engine: Engine) -> None:
    whole = midspan.generate(engine, "def f(", max_tokens=12)
    stop = whole[3:6]
    assert midspan.generate(engine, "def f(", max_tokens=12, stop=stop) == whole[: whole.index(stop)]


def test_a_long_text_around_the_cursor_still_fits(engine: Engine) -> None:
    assert midspan.generate(engine, "x = 1\n" * 500, suffix="y = 2\n" * 500, max_tokens=5)


def test_what_a_model_can_be_asked_is_known(engine: Engine) -> None:
    assert engine.can == {"plain", "fill", "chat"}


@pytest.mark.parametrize(("weights", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_weights_are_held_as_asked(engine: Engine, tmp_path: Path, weights: WeightsFormat, dtype: torch.dtype) -> None:
    loaded = Engine.open(save(engine.decoder, engine.tokenizer, tmp_path / "m"), weights=weights)
    assert {parameter.dtype for parameter in loaded.decoder.parameters()} == {dtype}
    assert loaded.device == best_device()
    assert loaded.complete([Plain("def f(")], Sampling(max_tokens=3))[0].text


def test_a_run_means_its_release_else_the_model_of_its_last_step(
    model: Decoder, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    save(model, tokenizer, tmp_path / "models" / "sft", 2000)
    save(model, tokenizer, tmp_path / "models" / "base", 1000)
    (tmp_path / "models" / "dpo").mkdir()  # begun, not written
    assert find_model(tmp_path) == tmp_path / "models" / "sft"
    write_json(tmp_path / "manifest.json", {"steps": {"tokens": {}, "sft": {}, "base": {}, "report": {}}})
    assert find_model(tmp_path) == tmp_path / "models" / "base"
    save(model, tokenizer, tmp_path / "models" / "release", 500)
    assert find_model(tmp_path) == tmp_path / "models" / "release"
    assert find_model(tmp_path / "models" / "base") == tmp_path / "models" / "base"


def test_a_path_without_a_model_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or directory, and not a hub id"):
        find_model(tmp_path / "absent")
    with pytest.raises(UserError, match=r"runs/no-such-run does not exist: `midspan run` makes it"):
        find_model("runs/no-such-run")
    with pytest.raises(UserError, match="holds no model"):
        find_model(tmp_path)
    (tmp_path / "recipe.yaml").write_text("name: x\n")
    with pytest.raises(UserError, match="has no model yet"):
        find_model(tmp_path)


def test_generate_is_a_function_whatever_was_imported_before() -> None:
    program = "import midspan, midspan.inference\nassert type(midspan.generate).__name__ == 'function'"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_midspan_imports_no_torch() -> None:
    program = (
        "import sys, midspan; assert midspan.__version__; sys.exit('torch' in sys.modules or 'pydantic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_model_says_whether_its_prompts_are_healed(engine: Engine, tmp_path: Path) -> None:
    directory = save(engine.decoder, engine.tokenizer, tmp_path / "m")
    assert Engine.open(directory).heals
    for said in (True, False):
        ModelFacts(healing=said).write(directory)
        assert Engine.open(directory).heals == said
    for layout in ("spm", "line-start", None):
        ModelFacts(layout=layout).write(directory)
        assert Engine.open(directory).layout == layout
        assert ("fill" in Engine.open(directory).can) == (layout is not None)
    for wrong in ({"heals": True}, {"healing": "no"}, {"layout": "msp"}, []):
        write_json(directory / "midspan.json", wrong)
        with pytest.raises(UserError, match=r"midspan\.json cannot be read"):
            Engine.open(directory)
