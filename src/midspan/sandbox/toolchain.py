"""What a program finds beside the system's own directories: a compiler, its caches, its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Toolchain:
    """`readonly` are paths of the host, shown at their own place where they exist; `environment` adds to the usual."""

    readonly: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


SYSTEM = Toolchain()
