"""pass@1 counts what the sandbox saw, by group."""

from __future__ import annotations

from small_models import TOOLS

from midspan.evaluate.benchmark import HeldOut
from midspan.evaluate.benchmarks.exercises import EXERCISES, Settings, items
from midspan.exercises import messages
from midspan.inference import Completion


def test_reference_answers_pass_and_empty_ones_do_not() -> None:
    asked = items(Settings(count=6, per_family=6), HeldOut(seed=1))
    assert [item.group for item in asked] == ["new parameters"] * 6 + ["new families"] * 3
    texts = [
        messages(item.source, item.source.solution)[-1]["content"] if item.group == "new parameters" else "```\n```"
        for item in asked
    ]
    verdicts = EXERCISES.grade(asked, [Completion(text, [], "stop", 1) for text in texts], TOOLS)
    scores = EXERCISES.scores(asked, verdicts)
    assert [(score.group, score.value, score.trials) for score in scores] == [
        ("new parameters", 1.0, 6),
        ("new families", 0.0, 3),
    ]
    assert {verdict.detail.split()[0] for verdict in verdicts[6:]} == {"error", "failed"}
