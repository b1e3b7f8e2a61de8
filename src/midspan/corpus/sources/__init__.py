"""Where documents come from: a source of the recipe to a plan of tasks, and a task to its items."""

from midspan.corpus.sources.commits import git_revision, has_history
from midspan.corpus.sources.items import Content, Excluded, Raw, SourcePlan, SourceTask
from midspan.corpus.sources.plan import plan_source
from midspan.corpus.sources.read import read_items
from midspan.corpus.sources.roots import repositories_in

__all__ = [
    "Content",
    "Excluded",
    "Raw",
    "SourcePlan",
    "SourceTask",
    "git_revision",
    "has_history",
    "plan_source",
    "read_items",
    "repositories_in",
]
