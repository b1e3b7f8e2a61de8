"""Runs one untrusted program and says what happened."""

from midspan.sandbox.layout import interpreter
from midspan.sandbox.policy import Outcome, Policy
from midspan.sandbox.run import Sandbox
from midspan.sandbox.toolchain import Toolchain

__all__ = ["Outcome", "Policy", "Sandbox", "Toolchain", "interpreter"]
