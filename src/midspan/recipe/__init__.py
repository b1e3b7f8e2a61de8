"""What a run is: one YAML file, typed and validated."""

from midspan.recipe.alignment import AlignmentSource
from midspan.recipe.corpus import (
    Corpus,
    FolderSource,
    GitSource,
    HubSource,
    NearDuplicates,
    OwnScorer,
    Share,
    Source,
    SourceFields,
    StdlibSource,
    TableSource,
)
from midspan.recipe.fields import Kind, Settings
from midspan.recipe.loading import fingerprint, load_recipe, parse_fields, parse_overrides, recipe_of
from midspan.recipe.model import Model, Tokenizer
from midspan.recipe.recipe import Recipe
from midspan.recipe.runtime import Parallel, Runtime
from midspan.recipe.stages import CORPUS, LINEAR_LAYERS, Data, Fim, Full, Lora, Optimizer, Schedule, Stage

__all__ = [
    "CORPUS",
    "LINEAR_LAYERS",
    "AlignmentSource",
    "Corpus",
    "Data",
    "Fim",
    "FolderSource",
    "Full",
    "GitSource",
    "HubSource",
    "Kind",
    "Lora",
    "Model",
    "NearDuplicates",
    "Optimizer",
    "OwnScorer",
    "Parallel",
    "Recipe",
    "Runtime",
    "Schedule",
    "Settings",
    "Share",
    "Source",
    "SourceFields",
    "Stage",
    "StdlibSource",
    "TableSource",
    "Tokenizer",
    "fingerprint",
    "load_recipe",
    "parse_fields",
    "parse_overrides",
    "recipe_of",
]
