"""The files of a tokenizer in an HF-layout directory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.files import write_json, write_text
from midspan.tokens.rebuilt import as_transformers_opens, class_to_save

ROLES = ("bos", "eos", "unk", "pad")
DEFINITION, TEMPLATE, GENERATION = "tokenizer.json", "chat_template.jinja", "generation_config.json"
NAMES = (DEFINITION, "tokenizer_config.json", "special_tokens_map.json", TEMPLATE, GENERATION, "config.json")


@dataclass(frozen=True)
class TokenizerTexts:
    """What stands in a tokenizer's files, by name, those that there are; equal wherever they lie."""

    directory: Path = field(compare=False)
    texts: tuple[tuple[str, str], ...]

    def parsed(self, name: str) -> dict[str, Any]:
        """The object that the file `name` holds; {} where there is no such file, UserError where it is damaged."""
        text, file = dict(self.texts).get(name), self.directory / name
        if text is None:
            return {}
        try:
            content = json.loads(text)
        except ValueError as error:
            raise UserError(f"{file} cannot be read ({error}): download or build the tokenizer again") from error
        if not isinstance(content, dict):
            raise UserError(f"{file} cannot be read (it holds no JSON object): download or build the tokenizer again")
        return content


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


def read_texts(directory: Path) -> TokenizerTexts:
    """Read the files; UserError if there is no tokenizer.json, or for one that is not text."""
    if not (directory / DEFINITION).is_file():
        raise UserError(f"no {DEFINITION} in {directory}: give the directory of a tokenizer or of a model")
    return TokenizerTexts(
        directory, tuple((name, _text(directory / name)) for name in NAMES if (directory / name).is_file())
    )


def files_of(texts: TokenizerTexts) -> TokenizerFiles:
    """What the files say, as `transformers.AutoTokenizer` reads them; UserError for a damaged one."""
    configuration, definition = texts.parsed("tokenizer_config.json"), texts.parsed(DEFINITION)
    configuration = configuration | texts.parsed("special_tokens_map.json") | configuration  # the first is right
    opened = as_transformers_opens(definition, configuration, texts.parsed("config.json").get("model_type"))
    there = dict(texts.texts)
    return TokenizerFiles(
        there[DEFINITION] if opened is definition else json.dumps(opened, ensure_ascii=False),
        configuration,
        there.get(TEMPLATE, _template(configuration)),
        texts.parsed(GENERATION) if GENERATION in there else None,
    )


def write_tokenizer_files(directory: Path, files: TokenizerFiles) -> None:
    """Write the files that `transformers.AutoTokenizer` reads, so that it gives the same ids.

    generation_config.json is the model's, and written with its weights.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_text(directory / DEFINITION, files.definition)
    configuration = {key: value for key, value in files.configuration.items() if key != "chat_template"}
    configuration["tokenizer_class"] = class_to_save(json.loads(files.definition), configuration)
    if files.chat_template is not None:
        configuration["chat_template"] = files.chat_template
        write_text(directory / TEMPLATE, files.chat_template)
    write_json(directory / "tokenizer_config.json", configuration)
    roles = {f"{role}_token": named(configuration, role) for role in ROLES}
    write_json(directory / "special_tokens_map.json", {role: name for role, name in roles.items() if name})


def _template(configuration: dict[str, Any]) -> str | None:
    template = configuration.get("chat_template")
    if isinstance(template, list):  # several named templates, as in tool-using models
        template = next((entry["template"] for entry in template if entry.get("name") == "default"), None)
    return template


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} cannot be read ({error}): download or build the tokenizer again") from error
