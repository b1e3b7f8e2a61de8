"""What the tokenizer promises: exact round trips, and special ids that no text can produce."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midspan.errors import UserError
from midspan.tokens import SPECIAL_TOKENS, Tokenizer, train_tokenizer

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
TEXTS = [file.read_text(encoding="utf-8") for file in sorted(STANDARD_LIBRARY.glob("a*.py"))]
OURS = train_tokenizer(TEXTS, 700)

any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
hostile_text = st.lists(
    st.one_of(any_text, st.sampled_from([*SPECIAL_TOKENS, "\n    ", "\r\n", "\t", "e\u0301", "ﬁ", "\x00", "👩‍👩‍👧"]))
).map("".join)


def foreign_tokenizer(directory: Path, specials: list[tuple[str, bool]], **configuration: object) -> Tokenizer:
    """A tokenizer of another family: the same merges, other special tokens, flagged special or not."""
    OURS.save(directory)
    definition = json.loads((directory / "tokenizer.json").read_text())
    kept = [token for token in definition["added_tokens"] if token["content"] == "<|endoftext|>"]
    # As Qwen and DeepSeek do: ids after the vocabulary, and FIM tokens that are not flagged special.
    start = len(definition["model"]["vocab"])
    for offset, (name, special) in enumerate(specials):
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
        kept.append({"id": start + offset, "content": name} | flags)
    definition["added_tokens"] = kept
    (directory / "tokenizer.json").write_text(json.dumps(definition))
    (directory / "chat_template.jinja").unlink()
    (directory / "special_tokens_map.json").unlink()
    (directory / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|endoftext|>"} | configuration))
    return Tokenizer.load(directory)


@given(hostile_text)
def test_any_text_survives_the_round_trip_and_gives_no_special_id(text: str) -> None:
    ids = OURS.encode(text)
    assert OURS.decode(ids) == text
    assert all(len(SPECIAL_TOKENS) <= one < OURS.vocabulary_size for one in ids)
    assert OURS.encode_batch([text, ""]) == [ids, []]


def test_special_tokens_are_the_first_ids_in_order() -> None:
    assert [OURS.special(name) for name in SPECIAL_TOKENS] == list(range(len(SPECIAL_TOKENS)))
    assert (OURS.end_of_text, OURS.chat_end) == (0, SPECIAL_TOKENS.index("<|im_end|>"))
    assert OURS.fim is not None
    assert OURS.decode([OURS.fim.prefix, OURS.fim.suffix, OURS.fim.middle]) == "<fim_prefix><fim_suffix><fim_middle>"
    assert OURS.decode([OURS.fim.prefix, *OURS.encode("x")], skip_special=True) == "x"


def test_an_unknown_special_token_is_a_user_error_that_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"<none>.*<fim_prefix>"):
        OURS.special("<none>")


def test_merges_respect_lines_digits_and_the_requested_size() -> None:
    assert OURS.vocabulary_size == 700
    pieces = [OURS.decode([one]) for one in OURS.encode("\n        return 1234\r\n\r\n    self.name")]
    assert pieces[0] == "\n        "  # a cursor after the indentation stands between two tokens
    assert [piece.strip() for piece in pieces if any(map(str.isdigit, piece))] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("size", [-1, 0, 256, 277])
def test_a_vocabulary_too_small_for_the_bytes_is_a_user_error(size: int) -> None:
    with pytest.raises(UserError, match="278"):
        train_tokenizer(["x"], size)


def test_the_smallest_vocabulary_and_no_text_at_all_still_round_trip() -> None:
    tiny = train_tokenizer([], 278)
    assert tiny.vocabulary_size == 278
    assert tiny.decode(tiny.encode("naïve\x00<|endoftext|>")) == "naïve\x00<|endoftext|>"


def test_text_full_of_special_tokens_does_not_teach_a_merge_that_spells_one() -> None:
    poisoned = train_tokenizer(["".join(SPECIAL_TOKENS) * 50] * 20, 600)
    for name in SPECIAL_TOKENS:
        assert poisoned.special(name) not in poisoned.encode(name * 3)
        assert poisoned.decode(poisoned.encode(name)) == name


TRAIN_AND_PRINT = """
import sys, tempfile, pathlib
from midspan.tokens import train_tokenizer
from midspan.files import hash_path
root = pathlib.Path(sys.argv[1])
texts = [file.read_text(encoding="utf-8") for file in sorted(root.glob("[a-d]*.py"))]
tokenizer = train_tokenizer(texts, 900)
with tempfile.TemporaryDirectory() as directory:
    tokenizer.save(pathlib.Path(directory))
    print(hash_path(pathlib.Path(directory)), tokenizer.fingerprint)
"""


def test_training_gives_the_same_bytes_for_any_thread_count_and_hash_seed() -> None:
    outputs = set()
    for threads, seed in (("1", "1"), ("2", "2"), ("4", "3")):
        environment = os.environ | {"RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", TRAIN_AND_PRINT, str(STANDARD_LIBRARY)]
        outputs.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(outputs) == 1


def test_a_saved_tokenizer_loads_the_same_and_saves_the_same(tmp_path: Path) -> None:
    OURS.save(tmp_path / "a")
    loaded = Tokenizer.load(tmp_path / "a")
    loaded.save(tmp_path / "b")
    assert loaded.fingerprint == OURS.fingerprint
    assert loaded.encode(TEXTS[0]) == OURS.encode(TEXTS[0])
    for file in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / file.name).read_bytes() == file.read_bytes()


def test_the_fingerprint_tells_vocabularies_apart() -> None:
    assert train_tokenizer(TEXTS, 701).fingerprint != OURS.fingerprint
    assert train_tokenizer(list(reversed(TEXTS)), 700).fingerprint == OURS.fingerprint  # order is no matter


def test_transformers_opens_the_directory_and_gives_the_same_ids(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    OURS.save(tmp_path)
    peer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in [*TEXTS[:5], "def f():\r\n\treturn 'é'  # 12.5\n\n\n", " <b>don't</b> ."]:
        assert peer.encode(text, add_special_tokens=True) == OURS.encode(text)
        assert peer.decode(OURS.encode(text)) == text
    assert peer.eos_token_id == peer.pad_token_id == peer.bos_token_id == OURS.end_of_text
    assert len(peer) == OURS.vocabulary_size
    assert peer.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == list(range(len(SPECIAL_TOKENS)))


@pytest.mark.parametrize(
    "names",
    [
        ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
        ("▁<PRE>", "▁<SUF>", "▁<MID>"),
    ],
)
def test_other_families_fim_tokens_are_found_by_name_and_text_cannot_spell_them(
    tmp_path: Path, names: tuple[str, str, str]
) -> None:
    foreign = foreign_tokenizer(tmp_path, [(name, False) for name in names])
    assert foreign.fim is not None
    assert [foreign.fim.prefix, foreign.fim.suffix, foreign.fim.middle] == [foreign.special(name) for name in names]
    text = "x".join(names)
    assert not {foreign.special(name) for name in names} & set(foreign.encode(text))
    assert foreign.decode(foreign.encode(text)) == text
    assert foreign.vocabulary_size == 703  # ids beyond the model's own vocabulary count
    foreign.save(tmp_path / "again")
    assert json.loads((tmp_path / "again/tokenizer.json").read_text())["added_tokens"][-1]["special"] is False


def test_ordinary_added_tokens_of_other_families_stay_ordinary(tmp_path: Path) -> None:
    foreign = foreign_tokenizer(tmp_path, [("        ", False), ("→→", False)])  # as GPT-NeoX's spaces
    assert foreign.encode("→→") == [701]
    assert foreign.decode([700, 701], skip_special=True) == "        →→"
    assert foreign.fim is None


def test_the_configured_end_of_text_is_used_where_there_is_no_endoftext(tmp_path: Path) -> None:
    OURS.save(tmp_path)
    definition = json.loads((tmp_path / "tokenizer.json").read_text())
    definition["added_tokens"] = [token for token in definition["added_tokens"] if "fim" in token["content"]]
    (tmp_path / "tokenizer.json").write_text(json.dumps(definition))
    (tmp_path / "special_tokens_map.json").unlink()
    (tmp_path / "tokenizer_config.json").write_text('{"eos_token": {"content": "<fim_pad>"}}')
    assert Tokenizer.load(tmp_path).end_of_text == OURS.special("<fim_pad>")


def test_a_missing_or_damaged_tokenizer_is_a_user_error_that_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=str(tmp_path)):
        Tokenizer.load(tmp_path)
    for damaged in (
        '{"model":',
        "[]",
        "{}",
        '{"model": {"type": "BPE"}}',
        '{"decoder": 1, "added_tokens": [{}]}',
        "\x00",
    ):
        (tmp_path / "tokenizer.json").write_text(damaged)
        with pytest.raises(UserError, match=r"tokenizer\.json cannot be read") as failure:
            Tokenizer.load(tmp_path)
        assert "\n" not in str(failure.value)


def test_the_same_contents_are_parsed_once_and_others_anew(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    OURS.save(one)
    OURS.save(other)
    assert Tokenizer.load(one) is Tokenizer.load(other)
    (other / "generation_config.json").write_text('{"eos_token_id": 0}')
    assert Tokenizer.load(other).generation == {"eos_token_id": 0}
    assert Tokenizer.load(one).generation is None
    (one / "tokenizer.json").write_text("{")
    with pytest.raises(UserError, match=re.escape(f"{one / 'tokenizer.json'} cannot be read")):
        Tokenizer.load(one)
