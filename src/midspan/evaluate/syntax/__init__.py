"""Answers as syntax: where they end, what they name."""
