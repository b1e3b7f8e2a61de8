"""Programs out of conversations: the code in an answer, and what a question had that it goes on without.

A model that is asked in chat writes the whole function, signature and all, so its own is graded: with the question's in
front of it every function would be there twice (github.com/scitix/sieval, pull request 138).
"""

from __future__ import annotations

import re
from dataclasses import replace

from midspan.evaluate.subject import Item
from midspan.evaluate.whole_functions import go_file
from midspan.inference import Chat, Plain
from midspan.tokens import Message

FENCED = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"\s*(//|--|/?\*|#(?!include|!|\[))")  # of any of the languages
# A main function of the answer's own would stand where the tests' is to.
RUST_MAIN = r"^(?:pub )?fn main\s*\("
MAINS = {"cpp": r"^int main\s*\(", "rs": RUST_MAIN, "rust": RUST_MAIN, "java": r"^\s*public static void main\s*\("}
LITERALS = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'|//[^\n]*|/\*.*?\*/", re.DOTALL)
FUTURE = re.compile(r"^from __future__ import .*$", re.MULTILINE)


QUESTION = (
    "Complete this {language} function. Answer with the whole function in one block of code.\n\n```{fence}\n{code}\n```"
)


def question(text: str) -> Chat:
    """A conversation that begins with it."""
    return Chat([Message(role="user", content=text)])


def in_chat(item: Item, language: str, fence: str) -> Item:
    """An item that asks for a function to be gone on with, asked in conversation."""
    assert isinstance(item.prompt, Plain)
    asked = QUESTION.format(language=language, fence=fence, code=item.prompt.text)
    return replace(item, prompt=question(asked))


def code_in(answer: str) -> str:
    """The first fenced block of an answer, also one that is not closed; without any, all of it."""
    block = FENCED.search(answer)
    return (block[1] if block else answer).strip("\n")


def name_in(prompt: str) -> str:
    """The last Python function that a prompt begins."""
    return str(re.findall(r"^def (\w+)", prompt, re.MULTILINE)[-1])


def python_program(prompt: str, code: str, name: str) -> str:
    """The question's imports and helpers before the answer's own function `name`.

    A mere body goes on from the question. What the answer takes from the future stays first.
    """
    if not re.search(rf"^\s*(?:async )?def {re.escape(name)}\b", code, re.MULTILINE):
        return f"{prompt.rstrip()}\n{code}"
    before = re.split(rf"^def {re.escape(name)}\b", prompt, maxsplit=1, flags=re.MULTILINE)[0]
    future = FUTURE.findall(code)
    return "\n".join([*future, before, FUTURE.sub("", code)])


def whole_program(language: str, prompt: str, code: str, tests: str) -> str:
    """The answer as it stands before the tests, which in MultiPL-E close what a prompt leaves open.

    The question's imports come first where the answer has not got them; closing braces are taken off its end until as
    many are open as the tests close. A mere body goes on from the question.
    """
    lines = prompt.rstrip().split("\n")
    name = re.search(r"(\w+)(?:\s*=)?\s*\(", lines[-1])
    if not name or not re.search(rf"\b{name[1]}\b", code):
        return f"{prompt.rstrip()}\n{code}"
    begins = code.index(name[1])
    if language in MAINS and (main := re.compile(MAINS[language], re.MULTILINE).search(code, begins)):
        code = code[: main.start()]
    code = re.sub(r"^\s*<\?php|\?>\s*$", "", code)
    before = [line for line in _prelude(lines) if line.strip()]
    if "class " in code:
        before = [line for line in before if not line.startswith("class ")]
    if language == "go":
        return go_file(code, prompt, tests)
    if all(line.strip() in code for line in before):
        before = []
    text = "\n".join([*before, code.rstrip()])
    open_at_end = -_open(tests)
    while _open(text) < open_at_end and text.endswith("}"):
        text = text[:-1].rstrip()
    return text


def _prelude(lines: list[str]) -> list[str]:
    """What stands before a function and the comment on it."""
    end = len(lines) - 1
    while end and COMMENT.match(lines[end - 1]):
        end -= 1
    return lines[:end]


def _open(text: str) -> int:
    """The braces that are open at the end, those in strings and comments aside; negative where more are closed."""
    bare = LITERALS.sub("", text)
    return bare.count("{") - bare.count("}")
