"""The tokens that text can never produce, and what they are called in other model families."""

from __future__ import annotations

from dataclasses import dataclass

END_OF_TEXT = "<|endoftext|>"
CHAT_START, CHAT_END = "<|im_start|>", "<|im_end|>"
FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX = "<fim_prefix>", "<fim_middle>", "<fim_suffix>"

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

# (prefix, suffix, middle) as each family spells them. DeepSeek's "hole" stands where the suffix begins.
FIM_SPELLINGS: tuple[tuple[str, str, str], ...] = (
    (FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE),  # StarCoder, Stable Code, Midspan
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),  # Qwen2.5-Coder, CodeGemma
    ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),  # DeepSeek-Coder
    ("▁<PRE>", "▁<SUF>", "▁<MID>"),  # Code Llama
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
)


@dataclass(frozen=True)
class FimTokens:
    """The ids that mark the three parts of a fill-in-the-middle sample."""

    prefix: int
    suffix: int
    middle: int
