"""A run as one self-contained page, and a model's card: written from what happened."""

from midspan.report.card import model_card
from midspan.report.page import write_report

__all__ = ["model_card", "write_report"]
