"""Released models made ready to be trained further: in HF layout, with one tokenizer that has all the run needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from midspan.files import atomic_directory, write_text
from midspan.model import (
    ModelFacts,
    facts_of,
    facts_of_mean,
    grow_vocabulary,
    load_decoder,
    open_weights,
    save_decoder,
    save_tensors,
)
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


def take_tokenizer(*, needs: Sequence[str], start: Path, tokenizer: Path, key: str, tools: Tools) -> None:
    """Write the tokenizer of the model at `start`, with the special tokens that it lacks for `needs`.

    As Stable Code did with Stable LM's.
    """
    own = open_tokenizer(start)
    with atomic_directory(tokenizer) as aside:
        own.extended(lacking(own, needs)).save(aside)


def take_released(*, start: Path, tokenizer: Path, output: Path, key: str, tools: Tools) -> None:
    """Write the model at `start` to `output`, in HF layout and with the run's tokenizer.

    The embeddings of tokens that its tokenizer lacked are drawn as the others lie. The weights keep their precision.
    """
    weights, known, decoder = open_weights(start), open_tokenizer(start), load_decoder(start)
    own = Tokenizer.load(tokenizer)
    added = [name for name in own.special_ids if name not in known.special_ids]
    if added:
        grow_vocabulary(decoder, own.vocabulary_size, known.vocabulary_size)
        say(f"{output.name}: {', '.join(added)} added to {weights.origin.name or start.name}")
    with atomic_directory(output) as aside:
        own.save(aside)
        save_decoder(decoder, aside, generation=weights.generation)
        write_text(aside / "README.md", weights.origin.card())
        facts_of(start, weights.origin, added).write(aside)


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
        facts_of_mean([ModelFacts.read(model) for model in models]).write(aside)
