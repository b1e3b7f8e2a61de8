"""Recipes are read strictly, and mistakes are named with their fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from midspan.errors import UserError
from midspan.recipe import fingerprint, load_recipe, parse_overrides

RECIPES = Path(__file__).parent.parent / "recipes"
MINIMAL = "name: small\npretrain:\n  base: {tokens: 1000, learning_rate: 0.001}\n"
SOURCES = MINIMAL + "corpus:\n  sources:\n"


def write(tmp_path: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(RECIPES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    assert load_recipe(path).name == path.stem


def test_the_ablation_differs_from_quickstart_in_fim_alone() -> None:
    whole, ablation = load_recipe(RECIPES / "quickstart.yaml"), load_recipe(RECIPES / "ablations" / "no-fim.yaml")
    same = {"name": "quickstart", "fim": whole.fim, "sft": whole.sft, "dpo": whole.dpo}
    assert ablation.model_copy(update=same) == whole
    assert ablation.fim.rate == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL + "fim: {rat: 1}\n", r"unknown field 'fim.rat'; did you mean 'rate'\?"),
        (MINIMAL + "nmae: x\n", r"unknown field 'nmae'; did you mean 'name'\?"),
        (MINIMAL + "sft: {learning_rate: 1, epoch: 2}\n", r"'sft.epoch'; did you mean 'epochs'\?"),
        (MINIMAL.replace("tokens", "tokns"), r"pretrain.base"),
        (MINIMAL + "fim: {rate: 1.5}\n", "fim.rate: input should be less than or equal to 1"),
        (MINIMAL + "dpo: {learning_rate: 1}\n", "dpo needs sft"),
        (MINIMAL + "sft: {learning_rate: 1, context: 9999}\n", "sft.context 9999 is longer than the model's 512"),
        (MINIMAL + "model: {num_heads: 3}\n", "not a multiple of num_heads 3"),
        (MINIMAL.replace("base", "sft"), "the name is taken"),
        (SOURCES + "    - {kind: folder, pth: x}\n", r"unknown field 'corpus.sources.0.pth'; did you mean 'path'\?"),
        (SOURCES + "    - {kind: stdlib, by_language: {c: {epoch: 2}}}\n", r"did you mean 'epochs'\?"),
        (SOURCES + "    - {kind: folder}\n", "corpus.sources.0: kind folder needs a path"),
        (SOURCES + "    - {kind: git, path: x, url: y}\n", "give path or url"),
        (SOURCES + "    - {kind: hub, url: x}\n", "a url is for kind git"),
        (SOURCES + "    - {kind: folder, path: x, revision: v1}\n", "kind folder has no revision"),
        (SOURCES + "    - {kind: git, path: x, columns: {text: a}}\n", "kind git has no columns"),
        (SOURCES + "    - {kind: parquet, path: x, columns: {txt: a}}\n", "corpus.sources.0.columns.txt"),
        (SOURCES + "    - {kind: git, path: x, content: issues}\n", "issues are read from kind jsonl"),
        (SOURCES + "    - {kind: stdlib, weight: 1, epochs: 2}\n", "give weight or epochs, not both"),
        (SOURCES + "    - {kind: stdlib, weight: 0}\n", "weight: input should be greater than 0"),
        (SOURCES + "    - {kind: git, path: a/x}\n    - {kind: git, url: b/x.git}\n", "two sources are called 'x'"),
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


def test_extending_replaces_field_by_field(tmp_path: Path) -> None:
    write(tmp_path, MINIMAL + "fim: {rate: 0.9, spm_share: 0.1}\n", "base.yaml")
    child = load_recipe(write(tmp_path, "extends: base.yaml\nname: child\nfim: {rate: 0.2}\n"))
    assert (child.name, child.fim.rate, child.fim.spm_share) == ("child", 0.2, 0.1)


def test_overrides_set_single_fields(tmp_path: Path) -> None:
    values = parse_overrides(["fim.rate=0.25", "corpus.languages=[Python, C]", "pretrain.base.tokens=2000"])
    plan = load_recipe(write(tmp_path, MINIMAL), values)
    assert (plan.fim.rate, plan.corpus.languages, plan.pretrain["base"].tokens) == (0.25, ["Python", "C"], 2000)
    with pytest.raises(UserError, match="write field=value"):
        parse_overrides(["fim.rate"])
    with pytest.raises(UserError, match="name is not a group"):
        load_recipe(write(tmp_path, MINIMAL), {"name.x": 1})


def test_the_fingerprint_changes_with_any_field_and_with_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)
    assert fingerprint(load_recipe(path)) == fingerprint(load_recipe(path))
    assert fingerprint(load_recipe(path)) != fingerprint(load_recipe(path, {"fim.rate": 0.4}))
