"""Public reports on whole builds, replayed: datatrove, dolma, NeMo Curator, data-juicer, text-dedup, tree-sitter."""

from __future__ import annotations

import random
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from field_builds import Built, build, write_files
from small_corpus import MIT, module_text

from midspan.corpus.stages.manifest import Row
from midspan.corpus.stages.workplace import Workplace
from midspan.errors import UserError
from midspan.files import hash_path

ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
CHINESE = "".join(map(chr, range(0x4E00, 0x4E00 + 800)))
ACCENTED = "áčďéěíňóřšťúůýž"


def made_up(alphabet: str, seed: int, words: bool, sentences: int = 60) -> str:
    """Prose of some alphabet in paragraphs; without `words`, in runs that only punctuation parts, as Chinese is."""
    draw = random.Random(seed)

    def sentence() -> str:
        parts = ["".join(draw.choices(alphabet, k=draw.randint(3, 9))) for _ in range(draw.randint(6, 14))]
        return f"{' '.join(parts)}." if words else f"{'，'.join(parts)}。"

    space = " " if words else ""
    return "\n\n".join(space.join(sentence() for _ in range(4)) for _ in range(sentences // 4)) + "\n"


def table_module(seed: int) -> str:
    """A module that is a table of measured numbers."""
    draw = random.Random(seed)
    rows = "".join(f"    rainfall_at_station_{n:02d} = {draw.randrange(9000)}\n" for n in range(40))
    return f'"""Rainfall in millimetres, by station."""\n\n\nclass Rainfall:\n{rows}'


CHINESE_TEXT = made_up(CHINESE, 1, words=False)
CZECH = made_up("abcdeghijklmnoprstuvz" + ACCENTED, 2, words=True)
CODE: dict[str, str | bytes] = {
    "one/a.py": module_text(1),
    "one/b.py": module_text(2),
    "one/table1.py": table_module(1),
    "one/table2.py": table_module(2),
    "one/empty.py": "",
    "one/blank.py": "\n \n\t\n",
    "one/nul.py": module_text(3).encode() + b"\x00\n",
    "one/line.py": "x = '" + "a b " * 700_000 + "'\n",
    "one/deep.js": "export const deep =\n" + "(\n" * 30_000 + "1\n" + ")\n" * 30_000,
    "two/a_copy.py": module_text(1),
    "two/LICENSE": MIT,
}
PROSE: dict[str, str | bytes] = {
    **{f"arabic{n}.txt": made_up(ARABIC, 100 + n, words=True) for n in range(3)},
    **{f"chinese{n}.txt": made_up(CHINESE, 200 + n, words=False) for n in range(3)},
    "copied/chinese.txt": CHINESE_TEXT,
    "copied/chinese_again.txt": CHINESE_TEXT.replace(CHINESE_TEXT[300:310], CHINESE[:10]) + "完。\n",
    "normal/nfc.txt": unicodedata.normalize("NFC", CZECH),
    "normal/nfd.txt": unicodedata.normalize("NFD", CZECH),
    "short/cat.txt": "the cat sat\n",
    "short/dog.txt": "a dog ran\n",
    "short/cat_again.txt": "the cat sat\n",
}


def sources(root: Path) -> list[dict[str, Any]]:
    code = {"kind": "folder", "path": str(root / "code")}
    return [code, {"kind": "folder", "path": str(root / "prose"), "content": "text", "name": "prose"}]


def hashes(corpus: Path) -> dict[str, str]:
    return {name: hash_path(corpus / name) for name in ("train", "heldout", "excluded.jsonl")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """The corpus of one uninterrupted build with one worker."""
    root = tmp_path_factory.mktemp("field")
    write_files(root / "code", CODE)
    write_files(root / "prose" / "texts", PROSE)
    return root, build(root / "corpus", sources(root), shard_bytes=20_000)


def reason_of(built: Built, ending: str) -> str:
    """Why the one file whose repository and path end so is left out, "" if it is kept."""
    found = [row["reason"] for row in built.excluded if f"{row['repository']}/{row['path']}".endswith(ending)]
    kept = [one.path for one in built.documents if f"{one.repository}/{one.path}".endswith(ending)]
    assert len(found) + len(kept) == 1, (ending, found, kept)
    return "" if kept else found[0]


COPIES = ("exact copy", "near copy")


@pytest.mark.parametrize("kind", ["arabic", "chinese"])
def test_different_texts_in_other_scripts_all_stay(kind: str, whole: tuple[Path, Built]) -> None:
    """ChenghaoMou/text-dedup#90: all Arabic was one duplicate; serega/gaoya#21: languages that set no spaces."""
    assert [reason_of(whole[1], f"{kind}{n}.txt") for n in range(3)] == ["", "", ""]


def test_a_near_copy_in_chinese_goes(whole: tuple[Path, Built]) -> None:
    """serega/gaoya#21: words that nothing parts cannot be counted in fives."""
    found = [reason_of(whole[1], f"copied/{name}.txt") for name in ("chinese", "chinese_again")]
    assert sorted(found) == ["", "near copy"]


def test_one_text_in_two_normal_forms_is_kept_once_and_as_it_was(whole: tuple[Path, Built]) -> None:
    """Tatoeba/tatoeba2#2139: canonically equivalent, and not seen to be the same."""
    found = [reason_of(whole[1], f"normal/{name}.txt") for name in ("nfc", "nfd")]
    assert sorted(found) == ["", "near copy"]


def test_tables_of_other_numbers_are_no_copies(whole: tuple[Path, Built]) -> None:
    """huggingface/datatrove#218: "1|2|300$" became "0", and so did every line of every table."""
    assert [reason_of(whole[1], f"table{n}.py") for n in (1, 2)] == ["", ""]


def test_short_texts_are_no_copies_of_each_other_and_empty_ones_stop_nothing(whole: tuple[Path, Built]) -> None:
    """OpenDCAI/DataFlow#526 and datajuicer/data-juicer#1051: no n-grams, one signature, or a ValueError."""
    short = [reason_of(whole[1], f"short/{name}.txt") for name in ("cat", "dog", "cat_again")]
    assert short[1] not in COPIES
    assert [reason for reason in short if reason in COPIES] == ["exact copy"]
    assert {reason_of(whole[1], name) for name in ("empty.py", "blank.py")}.isdisjoint({"", "near copy"})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("line.py", "line"),  # huggingface/datasets#630: one line of megabytes
        ("nul.py", "not text"),
        ("deep.js", ""),  # tree-sitter/tree-sitter#5807: the parser's stack; it may stay or go, and the build goes on
    ],
)
def test_a_file_that_stops_other_tools_costs_itself_at_most(name: str, reason: str, whole: tuple[Path, Built]) -> None:
    assert reason in reason_of(whole[1], name)
    assert {"b.py", "table1.py"} <= {path.rsplit("/", 1)[-1] for path in whole[1].paths}


def test_of_two_copies_the_one_that_may_be_used_stays_and_no_id_stands_twice(whole: tuple[Path, Built]) -> None:
    """huggingface/datatrove#376: which copy goes is to be known; allenai/dolma#157: ids that stand twice."""
    assert (reason_of(whole[1], "two/a_copy.py"), reason_of(whole[1], "one/a.py")) == ("", "exact copy")
    ids = [one.id for one in whole[1].documents]
    assert len(ids) == len(set(ids))


def test_the_number_of_workers_changes_nothing(whole: tuple[Path, Built], tmp_path: Path) -> None:
    """huggingface/datatrove#106: the fast clustering keeps other documents in every run."""
    root, built = whole
    again = build(tmp_path / "corpus", sources(root), workers=2, shard_bytes=20_000)
    assert hashes(tmp_path / "corpus") == hashes(root / "corpus")
    assert again.paths == built.paths


class StoppedError(Exception):
    """Stands in for a kill after a stage."""


@pytest.fixture(scope="module")
def stopped(whole: tuple[Path, Built], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build leaves that was killed in the middle."""
    original = Workplace.run

    def run(self: Workplace, stage: str, *rest: Any) -> list[Row]:
        rows = original(self, stage, *rest)
        if stage == "gather":
            raise StoppedError
        return rows

    corpus = tmp_path_factory.mktemp("stopped") / "corpus"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(StoppedError):
        patch.setattr(Workplace, "run", run)
        build(corpus, sources(whole[0]), shard_bytes=20_000)
    return corpus


def test_a_stopped_build_goes_on_and_counts_what_was_done_before(
    whole: tuple[Path, Built], stopped: Path, tmp_path: Path
) -> None:
    """huggingface/datatrove#220 and huggingface/datatrove#316: can it be resumed?

    huggingface/datatrove#360: and the statistics were those of the rest alone.
    """
    root, built = whole
    corpus = shutil.copytree(stopped, tmp_path / "corpus")
    done = corpus / ".work" / "gather" / "000000"
    aside = shutil.copytree(done, done.with_name(".000000.0.part"))  # as a killed writer leaves it
    (aside / "documents.parquet").write_bytes((done / "documents.parquet").read_bytes()[:-20])
    again = build(corpus, sources(root), shard_bytes=20_000)
    assert hashes(corpus) == hashes(root / "corpus")
    changing = {"seconds", "stages"}
    assert {name: one for name, one in again.statistics.items() if name not in changing} == {
        name: one for name, one in built.statistics.items() if name not in changing
    }
    assert not list(corpus.glob(".*"))


def test_a_damaged_file_of_an_earlier_build_is_told_or_made_anew(
    whole: tuple[Path, Built], stopped: Path, tmp_path: Path
) -> None:
    """huggingface/datatrove#157, "Hash order error"; huggingface/datatrove#301, "buffer of a multiple of 68 bytes"."""
    corpus = shutil.copytree(stopped, tmp_path / "corpus")
    damaged = corpus / ".work" / "gather" / "000000" / "documents.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    message = ""
    try:
        build(corpus, sources(whole[0]), shard_bytes=20_000)
    except UserError as refusal:
        message = str(refusal)
    assert "build the corpus again" in message or hashes(corpus) == hashes(whole[0] / "corpus")
