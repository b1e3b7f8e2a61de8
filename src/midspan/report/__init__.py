"""A run or an evaluation as one self-contained page, and a model's card: written from what happened."""

from midspan.report.card import model_card
from midspan.report.evaluation import render_evaluation
from midspan.report.page import render_report
from midspan.report.run_steps import write_card, write_corpus_card, write_report

__all__ = [
    "model_card",
    "render_evaluation",
    "render_report",
    "write_card",
    "write_corpus_card",
    "write_report",
]
