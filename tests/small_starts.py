"""Released models small enough for a test: a family's shape with random weights in bfloat16, and its tokenizer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from families import directory_of
from small_decoders import randomise
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as Backend

from midspan.tokens.patterns import CL100K, QWEN2

TEXTS = [Path(json.__file__).read_text(encoding="utf-8"), Path(json.decoder.__file__).read_text(encoding="utf-8")]
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
FIM = ("<fim_prefix>", "<fim_middle>", "<fim_suffix>")
CHAT = ("<|im_start|>", "<|im_end|>")


@dataclass(frozen=True)
class Start:
    """One released model: what it is made of, and what Midspan has to add to it for the whole road."""

    tokenizer: Callable[[Path], None]  # writes its files into a directory
    shape: str  # transformers' class of configs
    fields: Mapping[str, Any]
    lacks: Sequence[str]
    licence: str = "apache-2.0"
    ids: Mapping[str, Any] = field(default_factory=dict)  # bos, eos and pad
    name: str = "owner/small"


def released(family: str) -> Callable[[Path], None]:
    """A tokenizer that is on this machine, or else the test is skipped."""

    def write(directory: Path) -> None:
        for file in directory_of(family).iterdir():
            shutil.copyfile(file, directory / file.name)

    return write


def byte_level(directory: Path) -> None:
    """As Llama 3.1's base model: `<|begin_of_text|>` before every text, many reserved tokens, no FIM, no template."""
    backend = Backend(models.BPE(ignore_merges=True))
    backend.pre_tokenizer = cut_into_words(CL100K)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet))
    named = ["<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>", "<|eot_id|>", "<|eom_id|>"]
    backend.add_special_tokens([*named, *(f"<|reserved_special_token_{number}|>" for number in range(19))])
    begin = backend.token_to_id("<|begin_of_text|>")
    opening = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", begin)]
    )
    backend.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), opening])
    write_tokenizer(backend, directory, bos_token="<|begin_of_text|>", eos_token="<|end_of_text|>")


def sentence_piece(directory: Path) -> None:
    """As Llama's and Mistral's: `▁` for a space, bytes for what has no token, `<s>` before every text."""
    backend = Backend(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=special, max_token_length=12)
    backend.train_from_iterator([line for text in TEXTS for line in text.splitlines()], trainer)
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    definition = json.loads(backend.to_str())
    definition["added_tokens"] = [token for token in definition["added_tokens"] if token["id"] < 3]
    backend = Backend.from_str(json.dumps(definition))
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "add_bos_token": True}
    write_tokenizer(backend, directory, **names)


def fim_and_chat(directory: Path) -> None:
    """As Qwen2.5-Coder's: FIM tokens (not flagged special) and chat tokens, a template, nothing before a text."""
    backend = Backend(models.BPE())
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = cut_into_words(QWEN2)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet))
    backend.add_special_tokens(["<|endoftext|>", *CHAT])
    fim = ("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>")
    backend.add_tokens([AddedToken(name, special=False, normalized=False) for name in fim])
    names = {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "bos_token": None, "add_bos_token": False}
    write_tokenizer(backend, directory, chat_template=CHATML, tokenizer_class="Qwen2Tokenizer", **names)


def cut_into_words(pattern: str) -> pre_tokenizers.PreTokenizer:
    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def write_tokenizer(backend: Backend, directory: Path, **configuration: Any) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    backend.save(str(directory / "tokenizer.json"))
    configuration = {"tokenizer_class": "PreTrainedTokenizerFast", **configuration}
    (directory / "tokenizer_config.json").write_text(json.dumps(configuration))


LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5e5,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
SIZE = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
STABLE_CODE = SIZE | {"hidden_size": 80, "num_attention_heads": 1, "num_key_value_heads": 1}
ENDS = {"bos_token_id": 1, "eos_token_id": 2}

STARTS = {
    "stable-code": Start(
        released("neox"),
        "StableLmConfig",
        STABLE_CODE | {"vocab_size": 50304, "max_position_embeddings": 4096, "use_qkv_bias": False},
        (*FIM, *CHAT),
        licence="other",
        ids={"bos_token_id": 0, "eos_token_id": 0},
    ),
    "mistral": Start(
        released("mistral"),
        "MistralConfig",
        SIZE | {"vocab_size": 32000, "max_position_embeddings": 8192, "sliding_window": 48},
        (*FIM, *CHAT),
        ids=ENDS,
    ),
    "code-llama": Start(
        released("code-llama"),
        "LlamaConfig",
        SIZE | {"vocab_size": 32016, "max_position_embeddings": 16384, "rope_theta": 1e6, "rms_norm_eps": 1e-5},
        CHAT,
        licence="llama2",
        ids=ENDS,
    ),
    "qwen": Start(
        released("qwen"),
        "Qwen2Config",
        SIZE | {"vocab_size": 151936, "max_position_embeddings": 32768, "tie_word_embeddings": True},
        (),
        ids={"eos_token_id": 151643, "bos_token_id": 151643},
    ),
    "llama-3.1": Start(
        byte_level,
        "LlamaConfig",
        SIZE | {"vocab_size": 524, "max_position_embeddings": 131072, "rope_parameters": LLAMA3},
        (*FIM, *CHAT),
        licence="llama3.1",
        ids={"bos_token_id": 500, "eos_token_id": 501, "pad_token_id": 502},
    ),
    "sentence-piece": Start(
        sentence_piece,
        "LlamaConfig",
        SIZE | {"vocab_size": 700, "max_position_embeddings": 2048, "tie_word_embeddings": True},
        (*FIM, *CHAT),
        ids=ENDS,
    ),
    "fim-and-chat": Start(
        fim_and_chat,
        "Qwen2Config",
        SIZE | {"vocab_size": 704, "max_position_embeddings": 2048},
        (),
        ids={"eos_token_id": 602, "pad_token_id": 600},
    ),
}


def write_start(start: Start, directory: Path, seed: int = 0) -> Path:
    """The model in a folder of the hub's cache, as `resolve` gives it; returns the folder."""
    import transformers

    directory = directory / f"models--{start.name.replace('/', '--')}" / "snapshots" / "0123abc"
    directory.mkdir(parents=True)
    start.tokenizer(directory)
    config = getattr(transformers, start.shape)(**start.fields, **start.ids)
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config)
    randomise(model)
    for table in (model.get_input_embeddings(), model.get_output_embeddings()):
        torch.nn.init.normal_(table.weight, std=0.02)  # no token far likelier than others
    model.generation_config.update(temperature=0.6, top_p=0.9, do_sample=True, **start.ids)
    model.to(torch.bfloat16).save_pretrained(directory)
    named = "license_name: small-community\nlicense_link: https://example.org/licence\n" * (start.licence == "other")
    (directory / "README.md").write_text(f"---\nlicense: {start.licence}\n{named}---\n# Small\n")
    return directory
