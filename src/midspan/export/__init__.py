"""Models for other software, and from it."""

from midspan.export.hf import export_hf
from midspan.export.imported import import_model

__all__ = ["export_hf", "import_model"]
