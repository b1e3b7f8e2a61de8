"""Recipes are read strictly, and mistakes are named with their fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from midspan.errors import UserError
from midspan.recipe import Fim, Recipe, fingerprint, load_recipe, parse_fields, parse_overrides

RECIPES = Path(__file__).parent.parent / "recipes"
MINIMAL = """
name: small
alignment: [{name: questions, kind: exercises}]
stages:
  - {name: base, data: [{tokens: corpus, fim: {rate: 0.9}}], tokens: 1000, schedule: {learning_rate: 0.001}}
  - {name: tuned, data: [{conversations: questions, weight: 7}, {tokens: corpus}], epochs: 2,
     schedule: {learning_rate: 1}}
"""
SOURCES = MINIMAL + "corpus:\n  sources:\n"
STAGE = "stages: [{name: base, data: [{tokens: corpus}], tokens: 10, schedule: {learning_rate: 1}%s}]"


def write(tmp_path: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(RECIPES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    assert load_recipe(path).name == path.stem


def test_the_ablation_differs_from_its_recipe_in_fim_alone() -> None:
    whole, ablation = load_recipe(RECIPES / "scratch.yaml"), load_recipe(RECIPES / "ablations" / "no-fim.yaml")
    assert ablation.model_copy(update={"name": "scratch", "stages": whole.stages}) == whole
    assert [stage.name for stage in ablation.stages] == ["base", "long"]
    for stage, other in zip(ablation.stages, whole.stages, strict=False):
        assert [part.fim.rate for part in stage.data if part.fim] == [0]
        assert stage.model_copy(update={"data": other.data}) == other


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL.replace("rate: 0.9", "rat: 1"), r"'stages.base.data.corpus.fim.rat'; did you mean 'rate'\?"),
        (MINIMAL + "nmae: x\n", r"unknown field 'nmae'; did you mean 'name'\?"),
        (MINIMAL.replace("epochs", "epoch"), r"'stages.tuned.epoch'; did you mean 'epochs'\?"),
        (MINIMAL.replace("tokens: 1000, ", ""), "stages.base: give tokens or epochs"),
        (MINIMAL.replace("0.9", "1.5"), "stages.base.data.corpus.fim.rate: input should be less than or equal to 1"),
        (
            MINIMAL.replace("tokens: corpus, fim", "fim"),
            "stages.base.data.0: give one of tokens, ",
        ),
        (MINIMAL.replace("weight: 7", "fim: {}"), "fim is for tokens, not for conversations"),
        (MINIMAL.replace("{tokens: corpus}]", "{pairs: questions}]"), "pairs cannot be mixed"),
        (MINIMAL.replace("conversations: questions", "conversations: exercises"), "no alignment source is called"),
        (MINIMAL.replace("tuned", "base"), "two stages or alignment sources are called 'base'"),
        (MINIMAL.replace("tuned", "release"), "the name is taken"),
        (MINIMAL.replace("name: tuned", "name: No Name"), r"stages.No Name.name"),
        ("name: x\n" + STAGE % ", context: 3000", "tokens_per_step 4096 is not a multiple of context 3000"),
        ("name: x\n" + STAGE % ", tokens_per_step: 1.5", "tokens_per_step: input should be a valid integer"),
        ("name: x\n" + STAGE % ", objective: dpo", "stages.base.objective: input should be a valid dictionary"),
        (MINIMAL + "model: {num_heads: 3}\n", "not a multiple of num_heads 3"),
        (SOURCES + "    - {kind: folder, pth: x}\n", r"unknown field 'corpus.sources.0.pth'; did you mean 'path'\?"),
        (SOURCES + "    - {kind: stdlib, by_language: {c: {epoch: 2}}}\n", r"did you mean 'epochs'\?"),
        (SOURCES + "    - {kind: folder}\n", "corpus.sources.0.path: field required"),
        (SOURCES + "    - {kind: git, path: x, url: y}\n", "give path or url"),
        (SOURCES + "    - {kind: hub, url: x}\n", "unknown field 'corpus.sources.0.url'"),
        (SOURCES + "    - {kind: folder, path: x, revision: v1}\n", "unknown field 'corpus.sources.0.revision'"),
        (SOURCES + "    - {kind: git, path: x, columns: {text: a}}\n", "unknown field 'corpus.sources.0.columns'"),
        (SOURCES + "    - {kind: parquet, path: x, columns: {txt: a}}\n", "corpus.sources.0.columns.txt"),
        (
            SOURCES + "    - {kind: git, path: x, content: issues}\n",
            "input should be 'code', 'documentation' or 'text'",
        ),
        (SOURCES + "    - {kind: stdlib, weight: 1, epochs: 2}\n", "give weight or epochs, not both"),
        (SOURCES + "    - {kind: stdlib, weight: 0}\n", "weight: input should be greater than 0"),
        (SOURCES + "    - {kind: git, path: a/x}\n    - {kind: git, url: b/x.git}\n", "two sources are called 'x'"),
        (SOURCES + "    - {path: x}\n", "corpus.sources.0: its kind is missing or unknown; known are stdlib, folder"),
        (SOURCES + "    - {kind: foldr, path: x}\n", "its kind is missing or unknown"),
        ("seed: 2\n", "name: field required"),
        ("- a list\n", "holds no fields"),
        ("name: [\n", "is not YAML"),
        ("extends: missing.yaml\n", "no recipe at"),
        ("extends: recipe.yaml\n", "extends itself"),
    ],
)
def test_a_mistake_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load_recipe(write(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "instead"),
    [
        ("pretrain", {"base": {"tokens": 10}}, "stages: "),
        ("pretrain.long.context", 128, "stages: "),
        ("sft", {"epochs": 3}, "conversations: exercises"),
        ("sft.replay", 0.1, "weight: "),
        ("sft.per_family", 9, "per_family: "),
        ("dpo", {"beta": 1}, "objective: {kind: dpo}"),
        ("dpo.beta", 1, "stages.dpo.objective.beta"),
        ("dpo.pairs", 9, "kind: own-failures"),
        ("fim.rate", 1, "fim: {rate: "),
        ("optimizer.beta2", 1, "optimizer of each stage"),
        ("model.start_from", "x", "start of the first stage"),
        ("evaluate.heldout_bytes", 9, "evaluate.likelihood.bytes"),
        ("evaluate.fim_lines", 9, "evaluate.infilling.lines"),
        ("evaluate.exercises", 9, "evaluate.exercises.count"),
        ("evaluate.preference_pairs", 9, "evaluate.preferences.pairs"),
        ("evaluate.max_tokens", 9, "evaluate.exercises.max_tokens"),
    ],
)
def test_a_field_of_an_earlier_recipe_says_what_takes_its_place(
    tmp_path: Path, field: str, value: object, instead: str
) -> None:
    path = write(tmp_path, MINIMAL)
    with pytest.raises(UserError) as set_from_outside:
        load_recipe(path, {field: value})
    group: dict[str, object] = {}
    *parents, last = field.split(".")
    inner = group
    for parent in parents:
        inner = inner.setdefault(parent, {})  # type: ignore[assignment]
    inner[last] = value
    with pytest.raises(UserError) as in_the_file:
        load_recipe(write(tmp_path, MINIMAL + yaml.safe_dump(group)))
    for caught in (set_from_outside, in_the_file):
        assert "is no longer a field" in str(caught.value)
        assert "\n" not in str(caught.value)
    assert instead in str(set_from_outside.value)


def test_a_corpus_has_one_source_for_short_or_several(tmp_path: Path) -> None:
    short = load_recipe(write(tmp_path, MINIMAL)).corpus.all_sources
    assert [(source.kind, source.label) for source in short] == [("stdlib", "stdlib")]
    folder = load_recipe(write(tmp_path, MINIMAL + "corpus: {source: work/projects/}\n")).corpus.all_sources
    assert [(source.kind, source.path, source.label) for source in folder] == [("folder", "work/projects/", "projects")]
    several = (
        SOURCES
        + "    - {kind: git, url: 'https://host/owner/x.git', weight: 2}\n    - {kind: jsonl, path: a/b.jsonl}\n"
    )
    assert [one.label for one in load_recipe(write(tmp_path, several)).corpus.all_sources] == ["x", "b.jsonl"]


def test_extending_replaces_field_by_field_and_addresses_lists_by_name(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL, "parent.yaml")
    stages = "stages: [{name: base, data: [{tokens: corpus, fim: {rate: 0.2}}]}, tuned]\n"
    child = load_recipe(write(tmp_path, "extends: parent.yaml\nname: child\n" + stages))
    parent = load_recipe(tmp_path / "parent.yaml")
    assert child.stages[0].data[0].fim == parent.stages[0].data[0].fim.model_copy(update={"rate": 0.2})  # type: ignore[union-attr]
    assert child.stages[0].tokens == 1000
    assert child.stages[1] == parent.stages[1]


def test_a_childs_list_says_which_entries_there_are_and_in_what_order(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL, "parent.yaml")
    short = load_recipe(write(tmp_path, "extends: parent.yaml\nstages: [base]\n"))
    assert [stage.name for stage in short.stages] == ["base"]
    other = load_recipe(write(tmp_path, "extends: parent.yaml\nstages: [tuned, {name: base, context: 1024}]\n"))
    assert [(stage.name, stage.context) for stage in other.stages] == [("tuned", 512), ("base", 1024)]
    with pytest.raises(UserError, match="has no 'lnog'; it has base, tuned"):
        load_recipe(write(tmp_path, "extends: parent.yaml\nstages: [base, lnog]\n"))


def test_overrides_set_single_fields_by_name(tmp_path: Path) -> None:
    values = parse_overrides(
        [
            "stages.base.data.corpus.fim.rate=0.25",
            "corpus.languages=[Python, C]",
            "stages.base.tokens=1.3e12",
            "stages.tuned.objective={kind: dpo}",
            "stages.tuned.objective.beta=2",
            "evaluate.infilling.lines=5",
            "evaluate.exercises=false",
            "alignment.questions.per_family=3",
        ]
    )
    recipe = load_recipe(write(tmp_path, MINIMAL), values)
    base, tuned = recipe.stages
    assert base.data[0].fim is not None
    assert (base.data[0].fim.rate, recipe.corpus.languages, base.tokens) == (0.25, ["Python", "C"], 1_300_000_000_000)
    assert tuned.objective.fields == {"beta": 2}
    assert recipe.evaluate == {"infilling": {"lines": 5}, "exercises": False}
    assert recipe.alignment[0].fields == {"per_family": 3}
    with pytest.raises(UserError, match="write field=value"):
        parse_overrides(["seed"])
    with pytest.raises(UserError, match="name is not a group"):
        load_recipe(write(tmp_path, MINIMAL), {"name.x": 1})
    with pytest.raises(UserError, match="there is no 'log' here, only base, tuned"):
        load_recipe(write(tmp_path, MINIMAL), {"stages.log.tokens": 1})


@given(number=st.integers(min_value=1, max_value=10**15))
def test_counts_may_be_written_as_people_write_them(number: int) -> None:
    stage = {"name": "base", "data": [{"tokens": "corpus"}], "schedule": {"learning_rate": "1e-3"}}
    for written in (number, str(number), float(number), f"{number:.20e}"):
        assert Recipe(name="x", stages=[{**stage, "tokens": written}]).stages[0].tokens == number  # type: ignore[list-item]


def test_the_fingerprint_changes_with_any_field_and_with_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)
    assert fingerprint(load_recipe(path)) == fingerprint(load_recipe(path))
    assert fingerprint(load_recipe(path)) != fingerprint(load_recipe(path, {"stages.base.data.corpus.fim.rate": 0.4}))


@pytest.mark.parametrize(
    ("fim", "message"),
    [
        ({"layouts": "pms"}, "fim.layouts"),
        ({"layouts": {}}, "fim.layouts"),
        ({"cuts": {"nodes": 0}}, "fim.cuts"),
        ({"parts": "together"}, "fim.parts"),
        ({"spm_share": 0.5}, "unknown field"),
    ],
)
def test_a_mistake_in_how_texts_are_cut_is_named(fim: dict[str, object], message: str) -> None:
    data = [{"tokens": "corpus", "fim": fim}]
    stage = {"name": "base", "data": data, "tokens": 1024, "schedule": {"learning_rate": 1e-3}}
    with pytest.raises(UserError, match=message):
        parse_fields(Recipe, {"name": "r", "stages": [stage]}, "recipe.yaml")


def test_a_layout_or_a_cut_alone_has_all_the_weight() -> None:
    fim = Fim.model_validate({"layouts": "line-start", "cuts": {"lines": 3, "nodes": 1}})
    assert fim.layouts == {"line-start": 1.0}
    assert fim.cuts == {"lines": 3.0, "nodes": 1.0}
    assert fim.best_layout == "line-start"
    assert Fim().best_layout == "psm"
