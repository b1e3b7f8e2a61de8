"""Conversations to text by a model's own template, under the rules of transformers' apply_chat_template."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from midspan.errors import UserError

_ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


def render(
    template: str,
    messages: Sequence[Mapping[str, object]],
    named: Callable[[str], str],
    add_generation_prompt: bool,
    marks: tuple[str, str] = ("", ""),
) -> str:
    """The text of a conversation; `named` gives the special token of a role ("bos"), "" where there is none.

    `marks` are put around what stands in `{% generation %}`. UserError where the template refuses the conversation.
    """
    special_tokens = {f"{role}_token": named(role) for role in _ROLES if named(role)}
    try:
        return _compiled(template).render(
            messages=messages,
            tools=None,
            documents=None,
            add_generation_prompt=add_generation_prompt,
            generation_marks=marks,
            **special_tokens,
        )
    except Exception as error:  # a template is a stranger's program, and may fail in any way
        raise UserError(f"the chat template refuses this conversation: {' '.join(str(error).split())}") from error


class _Generation(jinja2.ext.Extension):
    """`{% generation %}…{% endgeneration %}`: what the model is to learn to say."""

    tags = {"generation"}  # noqa: RUF012 — as jinja2 declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        call = self.call_method("_marked", [nodes.ContextReference()])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _marked(self, context: Context, caller: Callable[[], str]) -> str:
        before, after = context["generation_marks"]
        return f"{before}{caller()}{after}"


@functools.lru_cache(maxsize=8)
def _compiled(template: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return environment.from_string(template)


def _tojson(value: Any, ensure_ascii: bool = False, **settings: Any) -> str:
    """Jinja's own escapes HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **settings)


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
