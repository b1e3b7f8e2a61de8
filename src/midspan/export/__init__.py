"""Finished models for other software."""

from midspan.export.hf import export_hf

__all__ = ["export_hf"]
