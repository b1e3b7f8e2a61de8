"""The systems that Stable Code is compared with, each run by its name, and the scores that are published for them.

Sources: the model cards of stable-code-3b and stable-code-instruct-3b (stabilityai, January and March 2024), and the
authors' submission to the BigCode leaderboard (7 February 2024; temperature 0.2, 50 samples). For the same weights the
card and the leaderboard differ by 0.5 to 3.4 points, so that no reproduction is held to less than 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Label = tuple[str, str]  # benchmark, label of the score
CARD, LEADERBOARD = "model card", "BigCode leaderboard"


@dataclass(frozen=True)
class Published:
    """Scores from one source, in percent or on the source's own scale."""

    source: str
    scores: Mapping[Label, float]


@dataclass(frozen=True)
class System:
    """One system: `midspan evaluate NAME` runs it."""

    hub: str
    size: str  # parameters
    by: Literal["engine", "transformers"] = "engine"
    published: tuple[Published, ...] = field(default=())

    @property
    def given(self) -> str:
        """What it is opened by."""
        return self.hub if self.by == "engine" else f"transformers:{self.hub}"


LANGUAGES = ("C++", "JavaScript", "Java", "PHP", "Rust")
CATEGORIES = ("date", "group by", "order by", "ratio", "join", "where")


def _written(*percent: float, python: str, others: str) -> dict[Label, float]:
    """Python by HumanEval, then LANGUAGES by MultiPL-E."""
    labels = [(python, "pass@1"), *((others, f"pass@1, {language}") for language in LANGUAGES)]
    return dict(zip(labels, percent, strict=True))


def _base(*percent: float) -> Published:
    return Published(CARD, _written(*percent, python="humaneval", others="multipl-e"))


def _instruct(*percent: float, judged: float | None = None, sql: Sequence[float] = ()) -> Published:
    scores = _written(*percent, python="humaneval-instruct", others="multipl-e-instruct") if percent else {}
    if judged is not None:
        scores["mt-bench", "score, coding"] = judged
    scores |= {("text-to-sql", f"right, {name}"): value for name, value in zip(CATEGORIES, sql, strict=False)}
    return Published(CARD, scores)


_STABLE_CODE_BOARD = Published(
    LEADERBOARD,
    _written(30.72, 29.42, 31.64, 28.75, 23.68, 22.15, python="humaneval", others="multipl-e")
    | {("multipl-e", "pass@1, Lua"): 17.54, ("humaneval", "pass@10"): 46.84},
)

SYSTEMS: Mapping[str, System] = MappingProxyType(
    {
        "stablelm-3b": System("stabilityai/stablelm-3b-4e1t", "2.8B"),
        "stable-code-alpha-3b": System("stabilityai/stablecode-completion-alpha-3b-4k", "3B", "transformers"),
        "stable-code-3b": System(
            "stabilityai/stable-code-3b",
            "2.8B",
            published=(_base(32.4, 30.9, 32.1, 32.1, 24.2, 23.0), _STABLE_CODE_BOARD),
        ),
        "stable-code-instruct-3b": System(
            "stabilityai/stable-code-instruct-3b",
            "2.8B",
            published=(_instruct(59, 49, 49, 44, 45, 37, judged=5.8, sql=(24.0, 54.2, 68.5, 40.0, 54.2, 42.8)),),
        ),
        "codellama-7b": System(
            "codellama/CodeLlama-7b-hf", "7B", published=(_base(30.0, 28.2, 32.5, 31.1, 25.7, 26.3),)
        ),
        "codellama-7b-instruct": System(
            "codellama/CodeLlama-7b-Instruct-hf", "7B", published=(_instruct(33, 31, 31, 29, 31, 25, judged=3.55),)
        ),
        "deepseek-coder-1.3b": System(
            "deepseek-ai/deepseek-coder-1.3b-base", "1.3B", published=(_base(28.6, 29.2, 28.7, 29.0, 23.6, 18.5),)
        ),
        "deepseek-coder-1.3b-instruct": System(
            "deepseek-ai/deepseek-coder-1.3b-instruct",
            "1.3B",
            published=(_instruct(52, 52, 41, 46, 45, 28, judged=4.6, sql=(24.0, 37.1, 51.4, 34.3, 45.7, 45.7)),),
        ),
        "deepseek-coder-6.7b-instruct": System(
            "deepseek-ai/deepseek-coder-6.7b-instruct", "6.7B", published=(_instruct(judged=6.9),)
        ),
        "starcoder-3b": System(
            "bigcode/starcoderbase-3b", "3B", "transformers", published=(_base(21.6, 19.8, 21.5, 20.5, 19.0, 16.9),)
        ),
        "wizardcoder-3b": System(
            "WizardLMTeam/WizardCoder-3B-V1.0",
            "3B",
            "transformers",
            published=(_base(31.6, 25.6, 26.2, 25.8, 25.3, 20.4),),
        ),
        "replit-code-3b": System(
            "replit/replit-code-v1_5-3b", "3B", "transformers", published=(_base(23.0, 25.9, 26.2, 23.6, 23.2, 21.5),)
        ),
        "deci-coder-1b": System(
            "Deci/DeciCoder-1b", "1B", "transformers", published=(_base(19.1, 6.8, 18.4, 16.7, 2.1, 1.7),)
        ),
        "starchat2-15b": System(
            "HuggingFaceH4/starchat2-15b-v0.1", "15B", "transformers", published=(_instruct(judged=5.7),)
        ),
        "sqlcoder-7b": System(
            "defog/sqlcoder-7b", "7B", published=(_instruct(sql=(64.0, 82.9, 74.3, 54.3, 74.3, 74.3)),)
        ),
        "codegen-2b-multi": System("Salesforce/codegen-2B-multi", "2.7B", "transformers"),
        "zephyr-7b": System("HuggingFaceH4/zephyr-7b-beta", "7B"),
        "neural-chat-7b": System("Intel/neural-chat-7b-v3-1", "7B"),
        "tulu-2-dpo-70b": System("allenai/tulu-2-dpo-70b", "70B"),
    }
)


def published_for(labels: Sequence[Label]) -> dict[str, dict[Label, float]]:
    """By system and source, what is published of these scores; a system without any is left out."""
    found: dict[str, dict[Label, float]] = {}
    for name, system in SYSTEMS.items():
        for source in system.published:
            scores = {label: source.scores[label] for label in labels if label in source.scores}
            if scores:
                found[f"{name}, {source.source}"] = scores
    return found
