"""The model card says what happened, for exports and for every stage."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from synthetic_run import RECIPE, STAGES, write

from midspan.errors import UserError
from midspan.report import model_card


def test_the_card_of_an_export_describes_the_last_stage(run: Path) -> None:
    card = model_card(run, "release")
    assert "weights of the stage “dpo”" in card
    assert "| bits per byte | 2.114 | 2.047 | 2.391 | 2.402 |" in card
    assert "| exact match, both sides | 4.5% (2.4–8.3, n = 200) |" in card
    assert "| **dpo** |" in card
    for fact in ("| Layers | 4 |", "| Rotary base | 100,000 |", "| Positions | 2,048 |", "5.25 million", "PSF-2.0"):
        assert fact in card


def test_the_card_can_be_written_before_the_export_exists(run: Path) -> None:
    before = model_card(run, "release")
    shutil.rmtree(run / "models" / "release")
    assert model_card(run, "release") == before


def test_the_card_of_a_stage_ends_with_that_stage(run: Path) -> None:
    card = model_card(run, "base")
    training = card[card.index("## Training\n") : card.index("## Evaluation")]
    assert "| base | causal |" in training
    assert "| sft |" not in training
    assert "chat template" not in card.partition("## Architecture")[0]
    assert "trained for 3 min 25 s" in card


def test_its_front_matter_is_yaml_and_its_tables_have_even_rows(run: Path) -> None:
    card = model_card(run, "release")
    assert yaml.safe_load(card.split("---\n")[1])["tags"] == ["code", "fill-in-the-middle", "midspan"]
    for table in re.findall(r"(?:^\|.*\n)+", card, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert not re.search(r"\b(None|nan)\b", card)


def test_hostile_labels_stay_in_their_cells(run: Path) -> None:
    path = run / "corpus" / "statistics.json"
    statistics = json.loads(path.read_text())
    write(path, statistics | {"by_licence": {"x | y\n# heading <script>": 3}})
    assert "x \\| y \\# heading &lt;script&gt;: 3 files" in model_card(run, "release")


def test_a_model_trained_without_fim_is_not_called_a_fim_model(ablation: Path) -> None:
    card = model_card(ablation, "long")
    assert "fill-in-the-middle" not in card.partition("---\n")[2].partition("---\n")[0]
    assert "suffix=" not in card


def test_licence_and_name_are_those_of_the_model_that_it_started_from(run: Path) -> None:
    write(run / "recipe.yaml", RECIPE.replace("name: base,", "name: base, start: /home/me/models/SmolLM2,"))
    for name in (*STAGES, "release"):
        facts = {"start": "HuggingFaceTB/SmolLM2-135M", "licence": "apache-2.0", "added_tokens": ["<fim_prefix>"]}
        write(run / "models" / name / "midspan.json", facts)
    card = model_card(run, "release")
    front = yaml.safe_load(card.split("---\n")[1])
    assert (front["license"], front["base_model"]) == ("apache-2.0", "HuggingFaceTB/SmolLM2-135M")
    assert "starting from HuggingFaceTB/SmolLM2-135M" in card
    assert "lacked were added: &lt;fim\\_prefix&gt;" in card
    assert "/home/me" not in card


def test_no_local_path_stands_in_a_card(run: Path) -> None:
    write(run / "recipe.yaml", RECIPE.replace("name: base,", "name: base, start: /home/me/models/secret,"))
    card = model_card(run, "release")
    assert "starting from a released model" in card
    assert "/home/me" not in card
    assert str(run) not in card
    assert "license" not in yaml.safe_load(card.split("---\n")[1])


def test_a_model_that_is_not_in_the_run_is_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are: base, long, sft, dpo, release"):
        model_card(run, "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no stage is finished"):
        model_card(tmp_path / "empty", "release")


def test_the_report_needs_no_torch() -> None:
    code = "import sys, midspan.report; sys.exit('torch' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
