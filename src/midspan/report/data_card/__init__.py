"""What a corpus holds and how it came about, written from its build's records: the data card."""

from midspan.report.data_card.page import write_data_card

__all__ = ["write_data_card"]
