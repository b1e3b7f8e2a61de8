"""Writes a corpus's data card: one HTML page, and the README of a dataset hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from midspan.corpus.documents import DOCUMENT_SCHEMA
from midspan.corpus.inspection import SIDES
from midspan.corpus.stages.later import DOCUMENTS as LATER
from midspan.files import write_text
from midspan.report.card import markdown
from midspan.report.data_card.contents import content_sections
from midspan.report.data_card.filters import filter_sections
from midspan.report.data_card.record import DataRecord, read_data
from midspan.report.data_card.section import Section
from midspan.report.figures import ABSENT, amount, byte_size, count, duration, percent
from midspan.report.overview import Headline
from midspan.report.page import environment
from midspan.report.plots import bar, stacked_bar

HUB_SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))
FATES = {  # what becomes of what is listed, in the order of the stages
    "licence": ("licence unknown", "licence not permissive"),
    "exact copy": ("exact copy",),
    "near copy": ("near copy",),
    "contaminated": ("contaminated",),
    "not taken": ("not in the mixture", "over max_bytes"),
}


# What a dataset hub calls a licence, where it has a name for it: huggingface.co/docs/hub/repositories-licenses
HUB_LICENCES = {
    "Apache-2.0": "apache-2.0",
    "MIT": "mit",
    "BSD-2-Clause": "bsd-2-clause",
    "BSD-3-Clause": "bsd-3-clause",
    "BSL-1.0": "bsl-1.0",
    "CC0-1.0": "cc0-1.0",
    "CC-BY-4.0": "cc-by-4.0",
    "ISC": "isc",
    "MPL-2.0": "mpl-2.0",
    "NCSA": "ncsa",
    "PostgreSQL": "postgresql",
    "Unlicense": "unlicense",
    "WTFPL": "wtfpl",
    "Zlib": "zlib",
    "GPL-2.0-only": "gpl-2.0",
    "GPL-3.0-only": "gpl-3.0",
}


def write_data_card(directory: Path) -> tuple[Path, Path]:
    """Write card.html and README.md into a corpus from what its build recorded; their paths.

    UserError if `directory` (or its folder `corpus`) holds no whole corpus.
    """
    data = read_data(directory)
    values = _values(data)
    written = []
    for template, name in (("data_card.html", "card.html"), ("data_card.md.jinja", "README.md")):
        templates = environment(autoescape=template.endswith(".html"))
        templates.filters["markdown"] = markdown
        path = data.path / name
        write_text(path, templates.get_template(template).render(values))
        written.append(path)
    return written[0], written[1]


def _values(data: DataRecord) -> dict[str, Any]:
    sections = [section for section in [*content_sections(data), *filter_sections(data)] if section.rows]
    fates = count_fates(data)
    licences = sorted(data.statistics["by_licence"])
    return {
        "data": data,
        "bar": bar,
        "headlines": _headlines(data),
        "fates": stacked_bar([(f"{label}, {count(number)}", number) for label, number in fates]),
        "sections": sections,
        "revisions": _revisions(data),
        "settings": json.dumps(data.settings.model_dump(mode="json", exclude_defaults=True), indent=2),
        "licences": licences,
        "hub_licences": [HUB_LICENCES[name] for name in licences] if set(licences) <= HUB_LICENCES.keys() else [],
        "columns": DOCUMENT_SCHEMA.names,
        "sides": [side for side in SIDES if any((data.path / side).glob("*.parquet"))],
        "later": LATER if (data.path / "heldout" / LATER).is_file() else "",
        "languages": list(data.statistics["by_language"]),
        "size_category": next((name for limit, name in HUB_SIZES if data.statistics["documents"] < limit), "n>10M"),
    }


def _headlines(data: DataRecord) -> list[Headline]:
    statistics = data.statistics
    tokens = sum(shard["tokens"] for shard in data.tokens.values())
    seconds = sum(stage["seconds"] for stage in statistics["stages"])
    read = data.stage("read")["in"]["bytes"]
    permissive = statistics["by_licence_class"].get("permissive", {"documents": 0})["documents"]
    dropped = statistics["listed"] - statistics["documents"]
    return [
        Headline("Documents", count(statistics["documents"]), f"of {count(statistics['listed'])} files listed"),
        Headline("Size", byte_size(statistics["bytes"]), f"{byte_size(statistics['heldout']['bytes'])} of it held out"),
        Headline("Tokens", amount(tokens) if tokens else ABSENT, "" if tokens else "not tokenised yet"),
        Headline(
            "Left out", percent(dropped / max(statistics["listed"], 1)), "of the files listed, for the reasons below"
        ),
        Headline("Permissively licensed", percent(permissive / max(statistics["documents"], 1)), "of the documents"),
        Headline(
            "Languages", count(len(statistics["by_language"])), f"{count(statistics['repositories'])} repositories"
        ),
        Headline("Built in", duration(seconds), f"of one worker: {read / 1e6 / max(seconds, 1e-3):.1f} MB/s"),
    ]


def count_fates(data: DataRecord) -> list[tuple[str, int]]:
    """What became of everything that was listed: kept, or dropped for one group of reasons."""
    train, heldout = (data.statistics[side]["documents"] for side in ("train", "heldout"))
    groups = {label: sum(data.reason(name)["documents"] for name in reasons) for label, reasons in FATES.items()}
    judged = data.dropped.get("judge", {})
    quality = sum(one["documents"] for reason, one in judged.items() if reason not in ("exact copy", "contaminated"))
    rest = data.statistics["listed"] - train - heldout - sum(groups.values()) - quality
    found = [("to train on", train), ("held out", heldout), ("quality", quality), *groups.items()]
    return [(label, number) for label, number in [*found, ("not text, language, folder", rest)] if number]


def _revisions(data: DataRecord) -> Section:
    """The repositories of all sources with their commits, as far as they were recorded."""
    rows = [
        [one["name"], facts["name"], one["revision"] or ABSENT, one["date"] or ABSENT]
        for facts in data.statistics["sources"]
        for one in facts.get("revisions") or []
    ]
    return Section("Repositories", "", ["Repository", "Source", "Revision", "Date"], rows)
