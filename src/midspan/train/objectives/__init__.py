"""What training minimises. A new objective is one file here and one row of the table."""

from midspan.train.objectives import causal, dpo
from midspan.train.objectives.objective import Feed, Objective, ObjectiveKind

OBJECTIVES: dict[str, ObjectiveKind] = {
    "causal": ObjectiveKind(causal.Settings, causal.Causal, data=("tokens", "conversations")),
    "dpo": ObjectiveKind(dpo.Settings, dpo.Dpo, data=("pairs",)),
}

__all__ = ["OBJECTIVES", "Feed", "Objective", "ObjectiveKind"]
