"""The scorer as a recipe names it: what it scores below the threshold is left out, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from midspan.corpus.scorer.model import load_scorer
from midspan.corpus.scorer.trial import trial_at

if TYPE_CHECKING:  # worker processes have no need of pydantic
    from midspan.recipe import Corpus

REASON = "own scorer"


@dataclass(frozen=True)
class OwnJudge:
    """Where the scorer lies, and from which score on a text is kept."""

    folder: Path
    threshold: float

    @classmethod
    def of(cls, settings: Corpus) -> OwnJudge | None:
        """The judge that the settings name, None where they name none; UserError if it cannot be read."""
        if settings.scorer is None:
            return None
        judge = cls(Path(settings.scorer.path).expanduser(), settings.scorer.threshold)
        load_scorer(judge.folder)
        return judge

    def score(self, text: str) -> float:
        """The score of a text, in [0, 1]."""
        return load_scorer(self.folder).score(text)

    def why_not(self, text: str) -> tuple[str, str] | None:
        """The reason and its detail for which a text is left out, None for one to keep."""
        score = self.score(text)
        return None if score >= self.threshold else (REASON, f"score {score:.4f} < {self.threshold:g}")

    def facts(self) -> dict[str, Any]:
        """For the data card: labels, and precision and recall at this threshold on labels that were not seen."""
        facts = load_scorer(self.folder).facts
        known = {name: facts[name] for name in ("labels", "good", "left_out", "comments")}
        return {"name": self.folder.name, **known, **trial_at(facts["trial"], self.threshold)}
