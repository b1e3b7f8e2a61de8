"""Decoders from and to Hugging Face checkpoint directories (config.json and safetensors)."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from midspan.errors import UserError
from midspan.files import atomic_file, read_json, write_json
from midspan.model.config import DecoderConfig
from midspan.model.decoder import Decoder
from midspan.model.hf_config import config_from_hf, config_to_hf


def load_config(directory: Path) -> DecoderConfig:
    """The config of the checkpoint in `directory`. Raises UserError where it is missing or not supported."""
    path = directory / "config.json"
    if not path.is_file():
        raise UserError(f"{directory}: no config.json; give a directory in Hugging Face layout")
    try:
        values = read_json(path)
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}); fetch it again") from None
    return config_from_hf(values, path)


def tensor_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor in a checkpoint of `config`."""
    with torch.device("meta"):
        decoder = Decoder(config)
    return {_checkpoint_name(name): tuple(value.shape) for name, value in decoder.state_dict().items()}


def load_decoder(directory: Path, dtype: torch.dtype = torch.float32) -> Decoder:
    """The decoder in `directory` (config.json, and model.safetensors or its shards), on the CPU, in evaluation mode.

    Every tensor's name and shape is checked. Raises UserError for what is missing, unexpected or not supported.
    """
    config = load_config(directory)
    with torch.device("meta"):
        decoder = Decoder(config)
    wanted = {_checkpoint_name(name): (name, value.shape) for name, value in decoder.state_dict().items()}
    state: dict[str, Tensor] = {}
    unexpected: list[str] = []
    second_head: Tensor | None = None
    for file in _weight_files(directory):
        try:
            with safe_open(file, framework="pt") as tensors:
                for stored in tensors.keys():  # noqa: SIM118 (not a dict)
                    if stored.endswith("rotary_emb.inv_freq"):  # a constant that old Llama checkpoints carry
                        continue
                    if stored == "lm_head.weight" and config.tied_embeddings:
                        second_head = tensors.get_tensor(stored).to(dtype)
                    elif stored not in wanted:
                        unexpected.append(stored)
                    else:
                        name, shape = wanted[stored]
                        tensor = tensors.get_tensor(stored)
                        if tensor.shape != shape:
                            raise UserError(
                                f"{file}: {stored} is {list(tensor.shape)}, but config.json asks for {list(shape)}"
                            )
                        state[name] = tensor.to(dtype)
        except SafetensorError as error:
            raise UserError(f"{file}: not a whole safetensors file ({error}); fetch it again") from None
    missing = [stored for stored, (name, _) in wanted.items() if name not in state]
    if missing or unexpected:
        raise UserError(
            f"{directory}: the weights do not fit config.json; missing: {_listed(missing)}; "
            f"unexpected: {_listed(unexpected)}"
        )
    if second_head is not None and not torch.equal(second_head, state["embed_tokens.weight"]):
        raise UserError(
            f"{directory}: config.json ties the embeddings, but lm_head.weight differs from them; "
            "set tie_word_embeddings to false"
        )
    decoder.load_state_dict(state, assign=True)
    return decoder.eval()


def save_decoder(
    decoder: Decoder,
    directory: Path,
    dtype: torch.dtype = torch.float32,
    end_of_text: int = 0,
    chat_end: int | None = None,
) -> None:
    """Write config.json, generation_config.json and model.safetensors to `directory`, each whole or not at all.

    transformers and vLLM open the result. Other files there (the tokenizer's) stay.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {
        _checkpoint_name(name): value.detach().to("cpu", dtype).contiguous()
        for name, value in decoder.state_dict().items()
    }
    with atomic_file(directory / "model.safetensors") as aside:
        save_file(tensors, aside, metadata={"format": "pt"})
    ends = end_of_text if chat_end is None else [end_of_text, chat_end]  # where generation stops
    special = {"bos_token_id": end_of_text, "eos_token_id": ends}
    write_json(directory / "generation_config.json", {"_from_model_config": True, **special})
    write_json(directory / "config.json", config_to_hf(decoder.config, dtype, end_of_text))


def _checkpoint_name(name: str) -> str:
    return name if name.startswith("lm_head.") else f"model.{name}"


def _weight_files(directory: Path) -> list[Path]:
    index = directory / "model.safetensors.index.json"
    if (directory / "model.safetensors").is_file():
        return [directory / "model.safetensors"]
    if index.is_file():
        files = [directory / name for name in sorted(set(read_json(index)["weight_map"].values()))]
        absent = [file.name for file in files if not file.is_file()]
        if absent:
            raise UserError(f"{index}: these shards are not there: {_listed(absent)}; fetch the rest of the checkpoint")
        return files
    if list(directory.glob("pytorch_model*.bin")):
        raise UserError(
            f"{directory}: pytorch_model.bin can run code when opened, and is not read; take a revision of the "
            "checkpoint with safetensors, or convert it with transformers' from_pretrained and save_pretrained"
        )
    raise UserError(f"{directory}: no model.safetensors and no model.safetensors.index.json")


def _listed(names: list[str], limit: int = 5) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(sorted(names)[:limit]) + more
