"""What a build would read, keep and cost, told beforehand from a listing and a sample; nothing is written."""

from midspan.corpus.forecast.forecast import forecast

__all__ = ["forecast"]
