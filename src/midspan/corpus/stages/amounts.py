"""Documents and bytes, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Amount = dict[str, int]  # {"documents": …, "bytes": …}


def amount(documents: int = 0, size: int = 0) -> Amount:
    """So many documents of so many bytes together."""
    return {"documents": documents, "bytes": size}


def add(amounts: dict[str, Amount], name: str, size: int, documents: int = 1) -> None:
    """Count documents of `size` bytes under `name`."""
    entry = amounts.setdefault(name, amount())
    entry["documents"] += documents
    entry["bytes"] += size


def merged(many: Iterable[Mapping[str, Amount]]) -> dict[str, Amount]:
    """The sums of several counts, the largest first."""
    total: dict[str, Amount] = {}
    for one in many:
        for name, entry in one.items():
            add(total, name, entry["bytes"], entry["documents"])
    return dict(sorted(total.items(), key=lambda item: (-item[1]["bytes"], -item[1]["documents"], item[0])))


def total(amounts: Mapping[str, Amount]) -> Amount:
    """The sum of all entries."""
    return amount(sum(one["documents"] for one in amounts.values()), sum(one["bytes"] for one in amounts.values()))
