"""The command line: one file for each group of verbs."""

from midspan.cli.main import main

__all__ = ["main"]
