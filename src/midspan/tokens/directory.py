"""The files of a tokenizer in an HF-layout directory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.files import write_json, write_text
from midspan.tokens.rebuilt import as_transformers_opens, class_to_save

ROLES = ("bos", "eos", "unk", "pad")


@dataclass(frozen=True)
class TokenizerFiles:
    """The text of a tokenizer.json, what stands beside it in other files, and None for what does not."""

    definition: str
    configuration: dict[str, Any]
    chat_template: str | None
    generation: dict[str, Any] | None


def named(configuration: dict[str, Any], role: str) -> str:
    """The text of the "bos", "eos", "unk" or "pad" token of a tokenizer_config.json, "" if it has none."""
    token = configuration.get(f"{role}_token") or ""
    return str(token["content"] if isinstance(token, dict) else token)


def read_tokenizer_files(directory: Path) -> TokenizerFiles:
    """Read the files as `transformers.AutoTokenizer` does; UserError if there are none, or for a damaged one."""
    file = directory / "tokenizer.json"
    if not file.is_file():
        raise UserError(f"no tokenizer.json in {directory}: give the directory of a tokenizer or of a model")
    configuration = _read(directory / "tokenizer_config.json")
    configuration = configuration | _read(directory / "special_tokens_map.json") | configuration  # the first is right
    definition = _read(file)
    opened = as_transformers_opens(definition, configuration, _read(directory / "config.json").get("model_type"))
    text = file.read_text(encoding="utf-8") if opened is definition else json.dumps(opened, ensure_ascii=False)
    generation = directory / "generation_config.json"
    return TokenizerFiles(
        text, configuration, _template(directory, configuration), _read(generation) if generation.is_file() else None
    )


def write_tokenizer_files(directory: Path, files: TokenizerFiles) -> None:
    """Write the files that `transformers.AutoTokenizer` reads, so that it gives the same ids.

    generation_config.json is the model's, and written with its weights.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_text(directory / "tokenizer.json", files.definition)
    configuration = {key: value for key, value in files.configuration.items() if key != "chat_template"}
    configuration["tokenizer_class"] = class_to_save(json.loads(files.definition), configuration)
    if files.chat_template is not None:
        configuration["chat_template"] = files.chat_template
        write_text(directory / "chat_template.jinja", files.chat_template)
    write_json(directory / "tokenizer_config.json", configuration)
    roles = {f"{role}_token": named(configuration, role) for role in ROLES}
    write_json(directory / "special_tokens_map.json", {role: name for role, name in roles.items() if name})


def _template(directory: Path, configuration: dict[str, Any]) -> str | None:
    file = directory / "chat_template.jinja"
    if file.is_file():
        return _text(file)
    template = configuration.get("chat_template")
    if isinstance(template, list):  # several named templates, as in tool-using models
        template = next((entry["template"] for entry in template if entry.get("name") == "default"), None)
    return template


def _read(file: Path) -> dict[str, Any]:
    """The object a JSON file holds; {} where there is no such file."""
    if not file.is_file():
        return {}
    try:
        content = json.loads(_text(file))
    except ValueError as error:
        raise UserError(f"{file} cannot be read ({error}): download or build the tokenizer again") from error
    if not isinstance(content, dict):
        raise UserError(f"{file} cannot be read (it holds no JSON object): download or build the tokenizer again")
    return content


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} cannot be read ({error}): download or build the tokenizer again") from error
