"""A run from each kind of released model: it ends, says what was not asked and what was added, and harms nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from families import smollm2
from small_starts import STARTS, Start, write_start

from midspan.files import read_json
from midspan.inference import Chat, Engine
from midspan.model import load_decoder, open_weights
from midspan.recipe import Recipe
from midspan.run import run_recipe
from midspan.tokens import Tokenizer, open_tokenizer

transformers = pytest.importorskip("transformers", reason="a development extra")

TEXT = "def f(x):\n    return  x  # naïve 十\n"
SCHEDULE = {"learning_rate": 0.001}
EVALUATE: dict[str, Any] = {
    "likelihood": {"bytes": 1000},
    "infilling": {"lines": 2},
    "exercises": {"count": 1, "per_family": 1, "max_tokens": 4},
    "preferences": {"pairs": 1},
    "completions": {"max_tokens": 4},
}
PAIRS = {"per_family": 1, "pairs": 2, "heldout": 1, "samples_per_exercise": 1, "max_tokens": 4}
RUNTIME = {"threads": 1, "workers": 1, "checkpoint_seconds": 600}


def stage(name: str, data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A stage of two steps."""
    short = {"tokens": 1024, "context": 512, "tokens_per_step": 512, "schedule": SCHEDULE}
    return {"name": name, "data": [data], **short, **fields}


def code(start: object, **fields: Any) -> dict[str, Any]:
    """Continued pre-training with FIM."""
    part = {"tokens": "corpus", "fim": {"rate": 0.9}}
    return stage("code", part, start=str(start), **{"context": 64, "tokens": 512, "tokens_per_step": 256} | fields)


SFT = stage("sft", {"conversations": "exercises"})
DPO = stage("dpo", {"pairs": "own-failures"}, objective={"kind": "dpo"})


@dataclass(frozen=True)
class Run:
    """What became of a recipe: its directory, and all that was said on the way."""

    place: Path
    said: str

    def text(self, file: str) -> str:
        return (self.place / file).read_text(encoding="utf-8")

    @property
    def release(self) -> Path:
        return self.place / "models" / "release"


Carry = Callable[..., Run]


@pytest.fixture(scope="session")
def carry(tmp_path_factory: pytest.TempPathFactory, repositories: Path) -> Carry:
    """Carries a recipe of these stages out, in a directory of its own."""

    def carried(*stages: dict[str, Any], **fields: Any) -> Run:
        values = {
            "name": "starts",
            "seed": 5,
            "corpus": {"source": str(repositories), "licences": ["unknown"], "heldout_fraction": 0.3},
            "alignment": [
                {"name": "exercises", "kind": "exercises", "per_family": 1},
                {"name": "own-failures", "kind": "own-failures", **PAIRS},
            ],
            "stages": list(stages),
            "evaluate": EVALUATE,
            "runtime": RUNTIME,
        }
        place = tmp_path_factory.mktemp("runs") / "run"
        with redirect_stderr(StringIO()) as said:
            run_recipe(Recipe.model_validate({**values, **fields}), place)
        return Run(place, said.getvalue())

    return carried


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The place of one of the small released models, made when it is first asked for."""
    made: dict[str, Path] = {}

    def place(name: str) -> Path:
        if name not in made:
            made[name] = write_start(STARTS[name], tmp_path_factory.mktemp(name))
        return made[name]

    return place


@pytest.fixture(scope="module", params=STARTS)
def road(request: pytest.FixtureRequest, started: Callable[[str], Path], carry: Carry) -> Iterator[tuple[Start, Path, Run]]:
    """A start, where it lies, and the whole road from it."""
    place = started(request.param)
    yield STARTS[request.param], place, carry(code(place), SFT, DPO)


def test_what_a_start_lacks_is_added_and_said_before_the_corpus_is_built(road: tuple[Start, Path, Run]) -> None:
    start, place, run = road
    before = run.said.split("corpus")[0]
    lines = [line for line in before.splitlines() if "lacks" in line]
    assert lines == ([f"{place} lacks {', '.join(start.lacks)}: they are added, with the mean of all embeddings"] if start.lacks else [])
    given, own = open_tokenizer(place), Tokenizer.load(run.place / "tokenizer")
    assert own.special_ids.keys() - given.special_ids.keys() == set(start.lacks)
    assert own.encode(TEXT) == given.encode(TEXT)
    added = f"Tokens that the released tokenizer lacked were added: {', '.join(start.lacks)}."
    for file in ("card.md", "report.html"):
        assert (as_written(added) in as_written(run.text(file))) == bool(start.lacks)


def as_written(text: str) -> str:
    """Without what Markdown and HTML put around special characters."""
    return text.replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")


def test_with_its_tokens_every_start_is_asked_everything(road: tuple[Start, Path, Run]) -> None:
    _, _, run = road
    assert "not asked" not in run.said
    for model in ("code", "sft", "dpo"):
        for benchmark in EVALUATE:
            assert not read_json(run.place / "evaluation" / model / f"{benchmark}.json")["not_asked"]


def test_the_export_keeps_the_starts_precision_positions_ends_and_defaults(road: tuple[Start, Path, Run]) -> None:
    start, place, run = road
    before, after = (read_json(at / "config.json") for at in (place, run.release))
    assert after["dtype"] == after["torch_dtype"] == "bfloat16"
    assert after["max_position_embeddings"] == start.fields["max_position_embeddings"]
    for role in ("bos_token_id", "eos_token_id", "pad_token_id"):
        assert after.get(role) == start.ids.get(role), role
    assert after["vocab_size"] >= before["vocab_size"]
    assert after["vocab_size"] % 64 == 0 or after["vocab_size"] == before["vocab_size"]
    before, after = (read_json(at / "generation_config.json") for at in (place, run.release))
    ends = after["eos_token_id"] if isinstance(after["eos_token_id"], list) else [after["eos_token_id"]]
    assert set(ends) == {before["eos_token_id"], Tokenizer.load(run.release).chat_end}
    version = {"transformers_version", "eos_token_id"}
    assert {key: after[key] for key in after.keys() - version} == {key: before[key] for key in before.keys() - version}


def test_transformers_reads_equal_weights_logits_and_tokens_from_the_export(road: tuple[Start, Path, Run]) -> None:
    _, _, run = road
    theirs = transformers.AutoModelForCausalLM.from_pretrained(run.release, dtype="auto").eval()
    tokenizer, peer = Tokenizer.load(run.release), transformers.AutoTokenizer.from_pretrained(run.release)
    assert peer(TEXT)["input_ids"] == [*tokenizer.opening, *tokenizer.encode(TEXT)]
    chat = [{"role": "user", "content": TEXT}]
    asked = peer.apply_chat_template(chat, add_generation_prompt=True, tokenize=True, return_dict=False)
    assert Engine.open(run.release).ids(Chat(chat), 4).tokens == asked
    assert theirs.dtype == torch.bfloat16
    ours = load_decoder(run.release)
    tokens = torch.tensor([[*tokenizer.opening, *tokenizer.encode(TEXT)] * 5])
    with torch.no_grad():
        stored, expected = ours(tokens).float(), theirs(tokens).logits.float()
        assert (stored - expected).norm() < 0.03 * expected.norm()
        torch.testing.assert_close(ours.float()(tokens), theirs.float()(tokens).logits, atol=1e-4, rtol=1e-4)


def test_the_card_names_the_start_and_its_licence_and_no_path(road: tuple[Start, Path, Run]) -> None:
    start, place, run = road
    card = run.text("models/release/README.md")
    front = card.split("---")[1]
    assert f"license: {start.licence}\n" in front
    assert f"base_model: {start.name}\n" in front
    assert ("license_name: small-community\n" in front) == (start.licence == "other")
    assert f"starting from {start.name}" in card
    for folder in (place, run.place):
        assert not any(str(parent) in card for parent in [folder, *list(folder.parents)[:-2]])


def test_training_moved_the_weights_and_left_the_shape(road: tuple[Start, Path, Run]) -> None:
    _, place, run = road
    start, end = open_weights(place), open_weights(run.release)
    before, after = dict(start.tensors()), dict(end.tensors())
    assert before.keys() == after.keys()
    moved = [name for name in before if not torch.equal(before[name], after[name][: len(before[name])])]
    assert len(moved) > len(before) / 2
    assert replace(end.config, vocabulary_size=1) == replace(start.config, vocabulary_size=1)
