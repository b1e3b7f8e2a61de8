"""A released model made ready to be trained further: in HF layout, with the tokens that it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from midspan.files import atomic_directory, write_text
from midspan.model import ModelFacts, grow_vocabulary, load_decoder, open_weights, save_decoder, save_tensors
from midspan.progress import say
from midspan.step import Tools
from midspan.tokens import Tokenizer, open_tokenizer
from midspan.tokens.special import CHAT_TOKENS, FIM_NAMES, REPOSITORY_TOKENS


def lacking(tokenizer: Tokenizer, needs: Sequence[str]) -> list[str]:
    """The special tokens that `tokenizer` has none of, for what a recipe needs."""
    wanted: list[str] = []
    if "fim" in needs and tokenizer.fim is None:
        wanted += FIM_NAMES
    if "repositories" in needs:
        wanted += REPOSITORY_TOKENS
    if "chat" in needs and tokenizer.chat_template is None:
        wanted += CHAT_TOKENS
    return [name for name in wanted if name not in tokenizer.special_ids]


def take_released(*, needs: Sequence[str], start: Path, output: Path, key: str, tools: Tools) -> None:
    """Write the model at `start` to `output`; tokens that it lacks are added, their embeddings the mean of all others.

    As Stable Code did with Stable LM's tokenizer and table. The weights keep their precision.
    """
    weights, tokenizer, decoder = open_weights(start), open_tokenizer(start), load_decoder(start)
    added = lacking(tokenizer, needs)
    generation = weights.generation
    if added:
        known = tokenizer.vocabulary_size
        tokenizer = tokenizer.extended(added)
        grow_vocabulary(decoder, tokenizer.vocabulary_size, known)
        say(f"start: {', '.join(added)} added to the tokenizer of {start.name}")
    if tokenizer.chat_end is not None:
        generation = generation.also_ending_with(tokenizer.chat_end)
    with atomic_directory(output) as aside:
        tokenizer.save(aside)
        save_decoder(decoder, aside, generation=generation)
        write_text(aside / "README.md", weights.origin.card())
        ModelFacts(weights.origin.name, weights.origin.licence, tuple(added)).write(aside)


def take_tokenizer(*, start: Path, tokenizer: Path, key: str, tools: Tools) -> None:
    """Copy the tokenizer of the model directory `start`."""
    with atomic_directory(tokenizer) as aside:
        Tokenizer.load(start).save(aside)


def average(*, models: Sequence[Path], output: Path, key: str, tools: Tools) -> None:
    """Write the mean of several models' weights (Wortsman et al. 2022, "Model Soups"), in the first one's precision."""
    first, *others = (open_weights(model) for model in models)
    mean = {name: tensor.float() / len(models) for name, tensor in first.tensors()}
    for weights in others:
        for name, tensor in weights.tensors():
            mean[name] += tensor.float() / len(models)
    with atomic_directory(output) as aside:
        save_tensors(mean.items(), first.config, aside, first.dtype, first.generation)
        Tokenizer.load(models[0]).save(aside)
        ModelFacts.read(models[0]).write(aside)
