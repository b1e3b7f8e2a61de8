"""One file and one row add an objective, a benchmark or a start format: the examples of docs/contracts.md, in use."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import yaml

from midspan.errors import UserError
from midspan.evaluate.result import read_result
from midspan.export import import_model
from midspan.files import read_json, read_jsonl, write_json
from midspan.model import Decoder, DecoderConfig, load_decoder, open_weights
from midspan.recipe import load_recipe
from midspan.run import run_recipe
from midspan.tokens import Tokenizer

HERE = Path(__file__).parent
TEXT = (HERE.parent / "docs" / "contracts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python file=(\S+)\n(.*?)^```\n```python row=(\S+):(\w+)\n(.*?)^```", TEXT, re.M | re.S)
PlaceExample = Callable[[str], None]


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> PlaceExample:
    """Puts the example of a table in place: its file as a module, its row into the table."""

    def to(table: str) -> None:
        ((file, code, where, _, row),) = (example for example in EXAMPLES if example[3] == table)
        module = ModuleType(module_name(file))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(code, file, "exec"), vars(module))
        room = import_module(module_name(where))
        names = {**vars(room), **vars(module), Path(file).stem: module}
        for name, kind in eval(f"{{{row}}}", names).items():
            monkeypatch.setitem(getattr(room, table), name, kind)

    return to


def module_name(file: str) -> str:
    return "midspan." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def run_base(run: Path, fields: dict[str, object]) -> None:
    """The tiny recipe's first stage, with other fields, judged by the example's benchmark alone."""
    recipe = yaml.safe_load((HERE / "tiny.yaml").read_text())
    recipe["stages"] = [recipe["stages"][0] | {"tokens": 1024} | fields]
    recipe["alignment"] = []
    recipe["evaluate"] = dict.fromkeys(("likelihood", "infilling", "exercises", "preferences", "completions"), False)
    (run / "asked.yaml").parent.mkdir(parents=True)
    (run / "asked.yaml").write_text(yaml.safe_dump(recipe))
    run_recipe(load_recipe(run / "asked.yaml"), run)


def losses(run: Path) -> list[float]:
    return [row["loss"] for row in read_jsonl(run / "stages" / "base" / "metrics.jsonl")]


def test_there_is_one_example_of_each() -> None:
    assert [table for *_, table, _ in EXAMPLES] == ["OBJECTIVES", "BENCHMARKS", "FORMATS"]


def test_an_objective_trains_a_stage_as_its_settings_say(add: PlaceExample, tmp_path: Path) -> None:
    add("OBJECTIVES")
    run_base(tmp_path / "causal", {})
    run_base(tmp_path / "all alike", {"objective": {"kind": "focal", "gamma": 0}})
    run_base(tmp_path / "focal", {"objective": {"kind": "focal", "gamma": 1}})
    assert losses(tmp_path / "all alike") == losses(tmp_path / "causal")
    assert 0 < losses(tmp_path / "focal")[0] < losses(tmp_path / "causal")[0]
    summary = read_json(tmp_path / "focal" / "stages" / "base" / "summary.json")
    assert (summary["objective"], summary["gamma"]) == ("focal", 1)
    assert all("probability" in row for row in read_jsonl(tmp_path / "focal" / "stages" / "base" / "metrics.jsonl"))
    assert "probability" in (tmp_path / "focal" / "report.html").read_text()
    with pytest.raises(UserError, match="did you mean 'gamma'"):
        run_base(tmp_path / "mistaken", {"objective": {"kind": "focal", "gama": 1}})


def test_a_benchmark_is_asked_of_a_runs_models_and_reported(add: PlaceExample, tmp_path: Path) -> None:
    add("BENCHMARKS")
    run_base(tmp_path / "run", {})
    result = read_result(tmp_path / "run" / "evaluation" / "base" / "attributes.json")
    (score,) = result.scores
    assert (score.name, score.trials) == ("known attributes", 7)
    assert "known attributes" in (tmp_path / "run" / "report.html").read_text()


def test_a_benchmark_passes_what_is_right(add: PlaceExample) -> None:
    add("BENCHMARKS")
    from midspan.evaluate.benchmark import HeldOut
    from midspan.evaluate.benchmarks import BENCHMARKS
    from midspan.inference import Completion
    from midspan.step import Tools

    kind = BENCHMARKS["attributes"]
    items = kind.items(kind.settings(modules=("json", "math", "os")), HeldOut(1))
    answers = [Completion(text, [], "stop", 1) for text in ("dumps(x)", "nothing", "")]
    verdicts = kind.grade(items, answers, Tools())
    assert [verdict.outcome for verdict in verdicts] == ["passed", "failed", "failed"]


@pytest.fixture
def numpy_model(tmp_path: Path, code_tokenizer: Tokenizer) -> tuple[Path, Decoder]:
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig("stablelm", code_tokenizer.vocabulary_size, 32, 48, 2, 2, 2, 16, 128)).eval()
    place = tmp_path / "numpy"
    place.mkdir()
    for name, tensor in decoder.state_dict().items():
        np.save(place / f"{name}.npy", tensor.numpy())
    write_json(place / "shape.json", asdict(decoder.config))
    code_tokenizer.save(place)
    return place, decoder


def test_a_start_format_is_opened_and_imported(
    add: PlaceExample, numpy_model: tuple[Path, Decoder], tmp_path: Path
) -> None:
    place, decoder = numpy_model
    with pytest.raises(UserError, match=r"no config\.json"):
        open_weights(place)
    add("FORMATS")
    assert open_weights(place).config == decoder.config
    tokens = torch.arange(20)[None]  # [1, sequence]
    assert torch.equal(load_decoder(place)(tokens), decoder(tokens))
    import_model(place, tmp_path / "imported")
    assert torch.equal(load_decoder(tmp_path / "imported")(tokens), decoder(tokens))


def test_a_stage_starts_from_it(add: PlaceExample, numpy_model: tuple[Path, Decoder], tmp_path: Path) -> None:
    add("FORMATS")
    place, decoder = numpy_model
    run_base(tmp_path / "run", {"start": str(place), "context": 128})
    assert load_decoder(tmp_path / "run" / "models" / "base").config == decoder.config
    (place / "norm.weight.npy").unlink()
    with pytest.raises(UserError, match=r"missing: norm\.weight; unexpected: none"):
        open_weights(place)
    shutil.copy(place / "shape.json", place / "norm.weight.npy")
    with pytest.raises(UserError, match="cannot be read"):
        open_weights(place)
