"""How the families of code models are asked for a middle and for an answer, as they publish it.

The engine here lays a middle out by the ids of a tokenizer (`tokens.FimTokens`); whoever reads text reads these. They
are those of the families' model cards and tokenizers; what a tokenizer brings itself, a chat template, goes before.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

STARCODER_FILL = "<fim_prefix>{prefix}<fim_suffix>{suffix}<fim_middle>"

# ChatML; DEFAULT is the system message where a conversation has none.
CHATML = (
    "{% if messages[0].role != 'system' and 'DEFAULT' %}{{ '<|im_start|>system\\nDEFAULT<|im_end|>\\n' }}{% endif %}"
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# A system message stands within the first question (Touvron et al. 2023, arXiv 2307.09288, appendix A.3.3) …
LLAMA = (
    "{% set ns = namespace(system='') %}{% for message in messages %}"
    "{% if message.role == 'system' %}{% set ns.system = '<<SYS>>\\n' + message.content + '\\n<</SYS>>\\n\\n' %}"
    "{% elif message.role == 'user' %}{{ bos_token + '[INST] ' + ns.system + message.content + ' [/INST]' }}"
    "{% set ns.system = '' %}{% else %}{{ ' ' + message.content + ' ' + eos_token }}{% endif %}{% endfor %}"
)
# … or before the last one (mistral-common, version 3).
MISTRAL = (
    "{% set ns = namespace(system='') %}{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}{% set ns.system = message.content + '\\n\\n' %}"
    "{% elif message.role == 'user' %}{{ '[INST] ' + (ns.system if loop.last else '') + message.content + '[/INST]' }}"
    "{% else %}{{ ' ' + message.content + eos_token }}{% endif %}{% endfor %}"
)
# A line that names who speaks, before what is said.
LINES = (
    "{% for message in messages %}"
    "{{ {'system': 'SYSTEM', 'user': 'USER', 'assistant': 'ASSISTANT'}[message.role] + '\\n' + message.content }}"
    "{{ END }}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT\\n' }}{% endif %}"
)
DEEPSEEK_SYSTEM = (
    "You are an AI programming assistant, utilizing the Deepseek Coder model, developed by Deepseek Company, and you "
    "only answer questions related to computer science. For politically sensitive questions, security and privacy "
    "issues, and other non-computer science questions, you will refuse to answer\\n"
)
DEEPSEEK = (
    "{{ bos_token }}{% if messages[0].role != 'system' %}{{ '"
    + DEEPSEEK_SYSTEM
    + "' }}{% endif %}{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}"
    "{% elif message.role == 'user' %}{{ '### Instruction:\\n' + message.content + '\\n' }}"
    "{% else %}{{ '### Response:\\n' + message.content + '\\n<|EOT|>\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}"
)


def _lines(system: str, user: str, assistant: str, end: str) -> str:
    """The template of a family that names speakers in lines; `end` is a Jinja expression."""
    marks = {"SYSTEM": system, "USER": user, "ASSISTANT": assistant, "END": end}
    return re.sub("|".join(marks), lambda found: marks[found[0]], LINES)


def _chatml(default: str = "") -> str:
    return CHATML.replace("DEFAULT", default)


@dataclass(frozen=True)
class Family:
    """One family: its models are known by a pattern in their names."""

    name: str
    models: str
    fill: str = ""  # the text that asks for a middle; "": it learnt none
    chat: str = ""  # a Jinja template; "": it does not converse, or its tokenizer alone says how
    converse: str = ""  # a pattern in the names of those that do
    ends: tuple[str, ...] = ()  # what an answer ends with, where whoever runs the model leaves it in the text

    def asks(self, prefix: str, suffix: str) -> str:
        """The text that asks for what stands between two others; neither is looked at for a place of the other."""
        texts = {"{prefix}": prefix, "{suffix}": suffix}
        return re.sub(r"\{(?:prefix|suffix)\}", lambda found: texts[found[0]], self.fill)

    @property
    def markers(self) -> tuple[str, ...]:
        """The special tokens of `fill`, in its order."""
        return tuple(part.strip() for part in re.split(r"\{prefix\}|\{suffix\}", self.fill) if part.strip())


END_OF_TEXT = "<|endoftext|>"
FAMILIES: tuple[Family, ...] = (
    Family(
        "Stable Code", r"stable-code|stablecode", STARCODER_FILL, _chatml(), "instruct", (END_OF_TEXT, "<|im_end|>")
    ),
    Family("StarCoder", r"starcoder|starchat|wizardcoder-(3b|15b)", STARCODER_FILL, ends=(END_OF_TEXT, "<file_sep>")),
    Family("SantaCoder", r"santacoder", "<fim-prefix>{prefix}<fim-suffix>{suffix}<fim-middle>", ends=(END_OF_TEXT,)),
    # The markers have their spaces in them: as text, " <SUF>" and " <MID>" (Rozière et al. 2023, arXiv 2308.12950).
    Family(
        "Code Llama",
        r"code-?llama",
        "▁<PRE> {prefix}▁<SUF>{suffix}▁<MID>",
        LLAMA,
        "instruct",
        ("▁<EOT>", "<EOT>", "</s>"),
    ),
    Family(
        "DeepSeek-Coder",
        r"deepseek-coder",
        "<｜fim▁begin｜>{prefix}<｜fim▁hole｜>{suffix}<｜fim▁end｜>",
        DEEPSEEK,
        "instruct",
        ("<｜end▁of▁sentence｜>", "<|EOT|>"),
    ),
    Family(
        "Qwen2.5-Coder",
        r"qwen2\.5-coder|qwen3-coder",
        "<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>",
        _chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
        "instruct",
        (END_OF_TEXT, "<|im_end|>", "<|fim_pad|>", "<|file_sep|>", "<|repo_name|>"),
    ),
    Family(
        "Granite",
        r"granite",
        STARCODER_FILL,
        _lines("System:", "Question:", "Answer:", "'\\n\\n'"),
        "instruct",
        (END_OF_TEXT,),
    ),
    # The suffix goes before the prefix, and no marker follows (mistral-common's FIM requests).
    Family("Codestral", r"codestral", "[SUFFIX]{suffix}[PREFIX]{prefix}", MISTRAL, ends=("</s>",)),
    Family("CodeGen", r"codegen", ends=(END_OF_TEXT,)),
    Family(
        "Zephyr", r"zephyr", chat=_lines("<|system|>", "<|user|>", "<|assistant|>", "eos_token + '\\n'"), ends=("</s>",)
    ),
    Family(
        "Neural-Chat",
        r"neural-chat",
        chat=_lines("### System:", "### User:", "### Assistant:", "'\\n'"),
        ends=("</s>",),
    ),
    Family(
        "Tulu 2",
        r"tulu-2",
        chat=_lines(
            "<|system|>", "<|user|>", "<|assistant|>", "(eos_token if message.role == 'assistant' else '') + '\\n'"
        ),
        ends=("</s>",),
    ),
)


def family_of(name: str) -> Family | None:
    """The family that the name of a model, or its hub id, says it is of; without its chat template for a base model."""
    family = next((family for family in FAMILIES if re.search(family.models, name.lower())), None)
    return family if family is None or re.search(family.converse, name.lower()) else replace(family, chat="")


def family_by_tokens(vocabulary: Collection[str]) -> Family | None:
    """The first family all of whose fill-in-the-middle markers are tokens of a vocabulary."""
    return next((one for one in FAMILIES if one.markers and all(mark in vocabulary for mark in one.markers)), None)
