"""The tokens that text can never produce, and what they are called in other model families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

END_OF_TEXT = "<|endoftext|>"
CHAT_START, CHAT_END = "<|im_start|>", "<|im_end|>"
FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX = "<fim_prefix>", "<fim_middle>", "<fim_suffix>"

# What a released tokenizer may lack, by what it is needed for.
FIM_NAMES = (FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX)
REPOSITORY_TOKENS = ("<filename>", "<reponame>", "<repo_continuation>")
CHAT_TOKENS = (CHAT_START, CHAT_END)

# StarCoder's set in StarCoder's order, then the markers of repository samples and of ChatML.
SPECIAL_TOKENS: tuple[str, ...] = (
    END_OF_TEXT,
    FIM_PREFIX,
    FIM_MIDDLE,
    FIM_SUFFIX,
    "<fim_pad>",
    "<filename>",
    "<gh_stars>",
    "<issue_start>",
    "<issue_comment>",
    "<issue_closed>",
    "<jupyter_start>",
    "<jupyter_text>",
    "<jupyter_code>",
    "<jupyter_output>",
    "<empty_output>",
    "<commit_before>",
    "<commit_msg>",
    "<commit_after>",
    "<reponame>",
    "<repo_continuation>",
    CHAT_START,
    CHAT_END,
)

ENDS_OF_TEXT = (
    END_OF_TEXT,
    "<|end_of_text|>",
)  # the latter: Llama 3, Granite; where a tokenizer has neither, its "eos" is the end
UNNAMED_ENDS = ("</s>", "<｜end▁of▁sentence｜>", "<eos>")  # for a tokenizer without a tokenizer_config.json

# What ends a completion wherever a tokenizer has it: the ends of texts and turns as the families name them, and the
# markers after which another file or another layout begins.
ENDS: tuple[str, ...] = (
    *ENDS_OF_TEXT,
    CHAT_END,
    "<|eot_id|>",
    "<|eom_id|>",
    "<｜end▁of▁sentence｜>",  # DeepSeek
    "<|EOT|>",
    "▁<EOT>",  # Code Llama, after a middle
    "<end_of_turn>",  # Gemma
    "<|end|>",  # Phi-3
    "<fim_pad>",
    "<|fim_pad|>",
    "<fim-pad>",
    "<filename>",
    "<reponame>",
    "<file_sep>",
    "<repo_name>",
    "<|file_sep|>",
    "<|file_separator|>",
    "<|repo_name|>",
)


@dataclass(frozen=True)
class FimLayout:
    """How a family spells a fill-in-the-middle sample, and what it does there that others do not."""

    prefix: str
    suffix: str  # DeepSeek's "hole" stands where the suffix begins
    middle: str
    end: str = ""  # what ends a middle; "": the end of text
    space_before_prefix: bool = False  # the prefix is encoded with a space before it, as by itself


FIM_LAYOUTS: tuple[FimLayout, ...] = (
    FimLayout(FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE),  # StarCoder, Stable Code, Midspan
    FimLayout("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen2.5-Coder, CodeGemma
    FimLayout("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),  # DeepSeek-Coder
    # `▁<PRE> {prefix} ▁<SUF>{suffix} ▁<MID>{middle} ▁<EOT>` (Rozière et al. 2023, arXiv 2308.12950).
    FimLayout("▁<PRE>", "▁<SUF>", "▁<MID>", end="▁<EOT>", space_before_prefix=True),  # Code Llama
    FimLayout("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
)


# What stands before a repository and before each of its files, as the families name it; the first is StarCoder's.
REPOSITORY_LAYOUTS: tuple[tuple[str, str], ...] = (
    ("<reponame>", "<filename>"),
    ("<repo_name>", "<file_sep>"),  # StarCoder 2
    ("<|repo_name|>", "<|file_sep|>"),  # Qwen2.5-Coder
)


@dataclass(frozen=True)
class RepositoryTokens:
    """The ids that mark the beginning of a repository and of each of its files."""

    repository: int
    file: int


def find_repository(special_ids: Mapping[str, int]) -> RepositoryTokens | None:
    """The markers of the first layout that `special_ids` holds whole."""
    for repository, file in REPOSITORY_LAYOUTS:
        if special_ids.keys() >= {repository, file}:
            return RepositoryTokens(special_ids[repository], special_ids[file])
    return None


@dataclass(frozen=True)
class FimTokens:
    """The ids that mark the three parts of a fill-in-the-middle sample and the end of its middle."""

    prefix: int
    suffix: int
    middle: int
    end: int
    space_before_prefix: bool = False


def find_fim(special_ids: Mapping[str, int], end_of_text: int) -> FimTokens | None:
    """The markers of the first layout that `special_ids` holds whole."""
    for layout in FIM_LAYOUTS:
        if special_ids.keys() >= {layout.prefix, layout.suffix, layout.middle}:
            prefix, suffix, middle = (special_ids[name] for name in (layout.prefix, layout.suffix, layout.middle))
            end = special_ids.get(layout.end, end_of_text)
            return FimTokens(prefix, suffix, middle, end, layout.space_before_prefix)
    return None
