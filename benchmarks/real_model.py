"""A released model on several benchmarks, by Midspan's engine and by transformers in one run: scores, time, answers.

    python benchmarks/real_model.py MODEL --data DATA --output OUTPUT [--humaneval 60 --mbpp 16 …]

MODEL is a directory in HF layout that both can open. DATA is a folder with humaneval/, mbpp/, humaneval_infilling/,
sql_eval/ and defog_data/. Both compute in float32, greedily. Where answers differ, the items are named; at a cursor the
engine heals token boundaries, so it is asked a second time without that, under the name `unhealed`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from midspan.compute import free_threads, use_threads
from midspan.evaluate.pairs import pairs_of
from midspan.evaluate.session import evaluate
from midspan.evaluate.table import print_comparison, print_scores
from midspan.files import read_jsonl
from midspan.model import ModelFacts
from midspan.report import render_evaluation
from midspan.step import Tools

AT_CURSORS = ("humaneval-infilling",)


def benchmarks(data: Path, given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What is asked, and of how much."""
    sql = data / "sql_eval" / "2024-03-19" / "questions_gen_postgres.csv"
    return {
        "humaneval": {
            "data": str(data / "humaneval" / "HumanEval.jsonl.gz"),
            "first": given.humaneval,
            "max_tokens": 256,
        },
        "mbpp": {"data": str(data / "mbpp" / "mbpp.jsonl"), "first": given.mbpp, "max_tokens": 256},
        "humaneval-infilling": {
            "data": (str(data / "humaneval_infilling" / "HumanEval-SingleLineInfilling.jsonl.gz"),),
            "first": given.infilling,
        },
        "text-to-sql": {
            "data": str(sql),
            "databases": (str(data / "defog_data" / "2024-03"), str(data / "defog_data")),
            "server": "postgres",
            "first": given.sql,
            "max_tokens": 200,
        },
        "bits-per-byte": {"data": (str(given.files),)},
    }


def unhealed(model: Path, folder: Path) -> Path:
    """The same model, which is asked at a cursor with the tokens of what stands there, as transformers asks."""
    place = folder / "unhealed"
    place.mkdir(parents=True, exist_ok=True)
    for file in model.iterdir():
        if file.name != "midspan.json" and not (place / file.name).exists():
            (place / file.name).symlink_to(file.resolve())
    replace(ModelFacts.read(model), healing=False).write(place)
    return place


def differing(before: Path, after: Path) -> Iterator[str]:
    """The items whose answers are not alike to the letter."""
    for pair in pairs_of(before, after):
        name = f"{pair.after.benchmark}.jsonl"
        rows = zip(read_jsonl(before / name), read_jsonl(after / name), strict=True)
        items = [one["item"] for one, other in rows if one["answer"] != other["answer"]]
        if items:
            yield f"{pair.after.benchmark}: {before.name} and {after.name} differ on {', '.join(items)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--files", type=Path, default=Path(__file__).parents[1] / "src" / "midspan" / "sandbox")
    parser.add_argument("--output", type=Path, required=True)
    for name, count in (("humaneval", 60), ("mbpp", 16), ("infilling", 60), ("sql", 10)):
        parser.add_argument(f"--{name}", type=int, default=count, help="so many items; 0: all")
    given = parser.parse_args()
    use_threads(free_threads())
    subjects = [str(given.model), f"transformers:{given.model}", str(unhealed(given.model, given.output / "models"))]
    results: dict[str, list[Any]] = {}
    started = time.monotonic()
    for benchmark, settings in benchmarks(given.data, given).items():
        for subject in subjects if benchmark in AT_CURSORS else subjects[:2]:
            begun = time.monotonic()
            found = evaluate([subject], {benchmark: settings}, given.output, precision="fp32", tools=Tools())
            for name, of_model in found.items():
                results.setdefault(name, []).extend(of_model)
                print(f"{benchmark}: {name}: {time.monotonic() - begun:.0f} s", flush=True)
    print(f"all: {(time.monotonic() - started) / 60:.1f} min", flush=True)
    print_scores(results)
    folders = [given.output / name for name in results]
    for other in folders[1:]:
        print_comparison(folders[0], other, 5)
    for one, other in ((folders[0], folders[1]), (folders[1], folders[2])):
        print(*differing(one, other), sep="\n")
    print(render_evaluation(folders, given.output / "evaluation.html"))


if __name__ == "__main__":
    main()
